// A chart by uPlot, loaded when the first one is drawn; colours are those of the sheet.
import { html, useEffect, useRef } from '/vendor/htm-preact.js';

const HEIGHT = 270, PADDING = 24;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// One line of a chart; BAND is drawn behind it, from low to high.
function series(line, format) {
  return { label: line.label, dash: line.dash, stroke: colour(line.colour), width: line.width ?? 2, points: { show: !line.dash, size: 5 },
    value: (_, v) => (v === null || v === undefined ? '–' : format(v)) };
}

function bands(lines) {
  const edge = { stroke: 'transparent', points: { show: false } };
  return lines.filter((line) => line.band).map((line) => ({ line, edges: [{ ...edge, label: `${line.label}, high` }, { ...edge, label: `${line.label}, low` }] }));
}

function options(width, { lines, x, format, whole }) {
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 } };
  const shaded = bands(lines);
  return {
    width, height: HEIGHT, scales: { x: { time: false } },
    axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => (!whole || Number.isInteger(t) ? String(t) : '')) },
      { ...axis, size: 60, values: (_, ticks) => ticks.map(format) }],
    series: [{ label: x, value: (_, v) => v ?? '–' }, ...lines.map((line) => series(line, format)), ...shaded.flatMap(({ edges }) => edges)],
    bands: shaded.map(({ line }, i) => ({ series: [lines.length + 1 + 2 * i, lines.length + 2 + 2 * i], fill: `color-mix(in srgb, ${colour(line.colour)} 18%, transparent)` })),
    legend: { live: true },
  };
}

// XS: places; lines: [{label, colour, values, dash, band: {low, high}}], in step with XS.
export function Chart({ label, x, xs, lines, format = (v) => v.toFixed(1), whole = true }) {
  const box = useRef();
  useEffect(() => {
    let plot, stopped = false;
    const width = () => box.current.clientWidth - PADDING;
    const resize = () => plot?.setSize({ width: width(), height: HEIGHT });
    import('/vendor/uplot.js').then(({ default: UPlot }) => {
      if (stopped) return;
      const shaded = lines.filter((line) => line.band).flatMap((line) => [line.band.high, line.band.low]);
      plot = new UPlot(options(width(), { lines, x, format, whole }), [xs, ...lines.map((line) => line.values), ...shaded], box.current);
      addEventListener('resize', resize);
    });
    return () => { stopped = true; removeEventListener('resize', resize); plot?.destroy(); };
  }, [xs, lines]);
  return html`<figure class="chart" ref=${box} role="img" aria-label=${label}></figure>`;
}
