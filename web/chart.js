// A chart by uPlot, loaded when the first one is drawn; colours are those of the sheet.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';

const HEIGHT = 270, PADDING = 24;
const dark = matchMedia('(prefers-color-scheme: dark)');
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The library, which is a plain script.
let loading;
function library() {
  loading ??= new Promise((done, fail) => {
    document.head.append(Object.assign(document.createElement('script'), { src: '/vendor/uplot.js', onload: () => done(window.uPlot), onerror: () => fail(new Error('The chart did not load.')) }));
  });
  return loading;
}

// One line of a chart; its band, which is drawn behind it, is told beside its value.
function series(line, format) {
  const value = (_, v, __, i) => (v === null || v === undefined ? '–' : `${format(v)}${line.band && i !== null ? ` (${format(line.band.low[i])} to ${format(line.band.high[i])})` : ''}`);
  return { label: line.label, dash: line.dash, stroke: colour(line.colour), width: line.width ?? 2, points: { show: !line.dash, size: 5 }, value };
}

function bands(lines) {
  const edge = { stroke: 'transparent', points: { show: false }, class: 'edge' };
  return lines.filter((line) => line.band).map((line) => ({ line, edges: [edge, edge] }));
}

// Where the axis is told: at MARKS, or where uPlot thinks best.
function places(axis, marks) {
  return marks ? { ...axis, splits: () => marks.map((mark) => mark.x), values: () => marks.map((mark) => mark.label) }
    : { ...axis, values: (_, ticks) => ticks.map((t) => (Number.isInteger(t) ? String(t) : '')) };
}

function options(width, { x, xs, lines, format, tick, name, marks }) {
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--line'), width: 1 }, ticks: { stroke: colour('--line'), width: 1 } };
  const shaded = bands(lines), last = xs.length - 1;
  return {
    width, height: HEIGHT, scales: { x: { time: false } },
    axes: [places(axis, marks), { ...axis, size: 60, values: (_, ticks) => ticks.map(tick ?? format) }],
    series: [{ label: x, value: (_, v) => (v === null || v === undefined ? '–' : name?.(v) ?? v) }, ...lines.map((line) => series(line, format)), ...shaded.flatMap(({ edges }) => edges)],
    bands: shaded.map(({ line }, i) => ({ series: [lines.length + 1 + 2 * i, lines.length + 2 + 2 * i], fill: `color-mix(in srgb, ${colour(line.colour)} 18%, transparent)` })),
    legend: { live: true },
    // The newest values, where nobody points at any.
    hooks: { setLegend: [(plot) => { if (plot.legend.idx === null || plot.legend.idx === undefined) plot.setLegend({ idx: last }, false); }] },
  };
}

// What a chart shows, for those who do not see it.
function inWords(label, lines, format) {
  const tell = ({ label: name, values }) => {
    const known = values.filter((v) => v !== null && v !== undefined);
    return known.length === 0 ? `${name}: nothing yet` : `${name}: first ${format(known[0])}, last ${format(known.at(-1))}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))}`;
  };
  return `${label}. ${lines.map(tell).join('; ')}.`;
}

// XS: places; lines: [{label, colour, values, dash, band: {low, high}}], in step with XS. FORMAT a value, TICK it at the axis, NAME a place;
// MARKS: [{x, label}], where the axis is told.
export function Chart({ label, x, xs, lines, format = (v) => v.toFixed(1), tick, name, marks }) {
  const box = useRef();
  const [scheme, setScheme] = useState(dark.matches);
  useEffect(() => {
    const change = () => setScheme(dark.matches);
    dark.addEventListener('change', change);
    return () => dark.removeEventListener('change', change);
  }, []);
  useEffect(() => {
    let plot, stopped = false;
    const figure = box.current;
    const width = () => box.current.clientWidth - PADDING;
    const resize = () => plot?.setSize({ width: width(), height: HEIGHT });
    library().then((UPlot) => {
      if (stopped) return;
      const shaded = lines.filter((line) => line.band).flatMap((line) => [line.band.high, line.band.low]);
      plot = new UPlot(options(width(), { x, xs, lines, format, tick, name, marks }), [xs, ...lines.map((line) => line.values), ...shaded], box.current);
      plot.setLegend({ idx: xs.length - 1 }, false);
      figure.plot = plot; // for whoever asks what is drawn
      addEventListener('resize', resize);
    }).catch((error) => { if (!stopped) box.current.textContent = error.message; });
    return () => { stopped = true; removeEventListener('resize', resize); plot?.destroy(); delete figure.plot; };
  }, [xs, lines, scheme]);
  return html`<figure class="chart" ref=${box} role="img" aria-label=${inWords(label, lines, format)}></figure>`;
}
