// The record: Brier score by season beside the closing line and the coin, and the figures behind it.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';
import { all, percent } from '/api.js';

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Rows of /v1/accuracy to one line a model, in step with SEASONS.
function series(rows, seasons, model) {
  const bySeason = new Map(rows.filter((row) => row.model === model).map((row) => [row.season, row.brier]));
  return seasons.map((season) => bySeason.get(season) ?? null);
}

function Chart({ rows }) {
  const box = useRef();
  useEffect(() => {
    let plot, stopped = false;
    const seasons = [...new Set(rows.map((row) => row.season))].sort((a, b) => a - b);
    const models = [...new Set(rows.map((row) => row.model))];
    const colours = { closing_line: '--away', coin: '--even' };
    import('/vendor/uplot.js').then(({ default: UPlot }) => {
      if (stopped) return;
      const size = () => ({ width: box.current.clientWidth - 24, height: 270 });
      const axis = { stroke: style('--soft'), grid: { stroke: style('--line') }, ticks: { stroke: style('--line') } };
      plot = new UPlot({
        ...size(),
        scales: { x: { time: false } },
        axes: [{ ...axis, values: (_, ticks) => ticks.map((t) => (Number.isInteger(t) ? String(t) : '')) },
          { ...axis, size: 60, values: (_, ticks) => ticks.map((t) => t.toFixed(3)) }],
        series: [{ label: 'Season', value: (_, v) => v ?? '–' }, ...models.map((model) => ({
          label: model.replace('_', ' '), stroke: style(colours[model] ?? '--home'), width: 2, points: { show: true, size: 5 },
          value: (_, v) => v?.toFixed(4) ?? '–' }))],
      }, [seasons, ...models.map((model) => series(rows, seasons, model))], box.current);
      window.addEventListener('resize', () => plot.setSize(size()));
    });
    return () => { stopped = true; plot?.destroy(); };
  }, [rows]);
  return html`<figure class="chart" ref=${box} role="img" aria-label="Brier score of each season; lower is better. The table below has the numbers."></figure>`;
}

function Tiles({ rows }) {
  if (rows.length === 0) return '';
  const brier = (model) => {
    const own = rows.filter((row) => row.model === model && row.brier !== null);
    const n = own.reduce((total, row) => total + row.total_predictions, 0);
    return n ? (own.reduce((total, row) => total + row.brier * row.total_predictions, 0) / n).toFixed(4) : '–';
  };
  return html`<dl class="tiles">${[...new Set(rows.map((row) => row.model))].map((model) => {
    const own = rows.filter((row) => row.model === model);
    const total = own.reduce((n, row) => n + row.total_predictions, 0);
    const right = own.reduce((n, row) => n + row.correct_predictions, 0);
    return html`<div class="tile"><dt>${model.replace('_', ' ')}</dt><dd>${brier(model)}<small>Brier score over ${total} games${
      right ? `, ${percent(right / total, 1)} of winners` : ''}</small></dd></div>`;
  })}</dl>`;
}

function Table({ rows }) {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Accuracy by season"><table>
    <thead><tr><th scope="col">Season</th><th scope="col">Model</th><th scope="col">Games</th><th scope="col">Right</th><th scope="col">Hit rate</th>
      <th scope="col">Brier</th><th scope="col">Log loss</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><td>${row.season}</td><td>${row.model.replace('_', ' ')}</td><td>${row.total_predictions}</td>
      <td>${row.correct_predictions}</td><td>${row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`}</td>
      <td>${row.brier?.toFixed(4) ?? '–'}</td><td>${row.log_loss?.toFixed(4) ?? '–'}</td></tr>`)}</tbody></table></div>`;
}

export function Page({ failure }) {
  const [state, setState] = useState({});
  useEffect(() => { all('/v1/accuracy', { type: 'game' }).then((rows) => setState({ rows }), (error) => setState({ error })); }, []);
  if (state.error) return failure(state.error);
  if (!state.rows) return html`<h1>Accuracy</h1><p class="soft">How often, and by how much, the forecasts were right.</p><div class="tiles">${
    Array.from({ length: 3 }, () => html`<div class="tile skeleton"></div>`)}</div><div class="chart skeleton"></div>`;
  if (state.rows.length === 0) return html`<h1>Accuracy</h1><p>Nothing is graded yet. Run <code>gridiron grade</code> after games are over.</p>`;
  return html`<h1>Accuracy</h1>
    <p class="soft">How often, and by how much, the forecasts were right. The Brier score is the mean squared error of the win probability: 0 is perfect,
      0.25 is a coin. Luck alone moves a season's score by about ±.01, so look at many seasons.</p>
    <${Tiles} rows=${state.rows} /><${Chart} rows=${state.rows} /><${Table} rows=${state.rows} />`;
}
