// Accuracy so far as a small chart, drawn as SVG so that the first page needs no chart library.
import { html } from '/vendor/htm-preact.js';

// Drawn for the screen that it is on, so that its words are of one size everywhere.
const WIDTH = innerWidth < 640 ? 350 : 1060, HEIGHT = 200, LABEL = 80, LEFT = 40, RIGHT = 20, TOP = 10, BOTTOM = 24, COIN = 0.25;

// Places on the picture for seasons and scores.
function scale(rows) {
  const scores = rows.flatMap((row) => [row.brier, row.details.line?.brier]).filter((x) => x !== null && x !== undefined);
  const low = Math.floor(Math.min(...scores, COIN) * 100 - 0.5) / 100, high = Math.ceil(Math.max(...scores, COIN) * 100 + 0.5) / 100;
  const first = rows[0].season, span = Math.max(1, rows[rows.length - 1].season - first);
  return {
    x: (season) => LEFT + (season - first) / span * (WIDTH - LEFT - RIGHT),
    y: (score) => TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM),
    ticks: Array.from({ length: Math.round((high - low) * 100) + 1 }, (_, i) => low + i / 100).filter((_, i) => i % 2 === 0),
  };
}

const path = (points) => points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

export function Trend({ rows }) {
  if (rows.length === 0) return '';
  const { x, y, ticks } = scale(rows);
  const own = rows.filter((row) => row.brier !== null).map((row) => [x(row.season), y(row.brier)]);
  const line = rows.filter((row) => row.details.line).map((row) => [x(row.season), y(row.details.line.brier)]);
  const every = Math.ceil(rows.length * LABEL / WIDTH);
  return html`<figure class="trend"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Brier score of each season, ours and the closing line's; lower is better">
    ${ticks.map((t) => html`<g><line class="rule" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(t)} y2=${y(t)} /><text x=${LEFT - 6} y=${y(t) + 4} text-anchor="end">${t.toFixed(2)}</text></g>`)}
    ${rows.filter((_, i) => i % every === 0).map((row) => html`<text x=${x(row.season)} y=${HEIGHT - 6} text-anchor="middle">${row.season}</text>`)}
    <line class="coin" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(COIN)} y2=${y(COIN)} /><path class="line" d=${path(line)} /><path class="own" d=${path(own)} />
    ${own.map(([cx, cy]) => html`<circle class="own" cx=${cx} cy=${cy} r="2.5" />`)}</svg>
    <figcaption><span class="key own"></span> ours <span class="key line"></span> closing line <span class="key coin"></span> coin:
      Brier score by season, less is better. <a href="/accuracy">The numbers</a></figcaption></figure>`;
}
