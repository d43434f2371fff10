// Accuracy so far as a small chart, drawn as SVG so that the first page needs no chart library.
import { html } from '/vendor/htm-preact.js';

// Drawn as wide as its place on this screen is, so that its words are of one size everywhere; AROUND: what stands to both sides of it.
const AROUND = 58, WIDTH = Math.max(200, Math.min(1062, document.documentElement.clientWidth - AROUND));
const HEIGHT = 200, LABEL = 64, LEFT = 40, RIGHT = 20, TOP = 10, BOTTOM = 24, COIN = 0.25;

// Who is beside ours, drawn in this order, and the score of each.
const RIVALS = [['elo', 'Elo', (row) => row.details.elo?.brier], ['line', 'closing line', (row) => row.details.line?.brier]];
const OURS = (row) => row.brier;

const isKnown = (x) => x !== null && x !== undefined;

// Places on the picture for seasons and scores.
function scale(rows) {
  const scores = rows.flatMap((row) => [OURS, ...RIVALS.map(([, , score]) => score)].map((score) => score(row))).filter(isKnown);
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
  const points = (score) => rows.filter((row) => isKnown(score(row))).map((row) => [x(row.season), y(score(row))]);
  const every = Math.ceil(rows.length * LABEL / WIDTH);
  return html`<figure class="trend"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Brier score of each season, ours, Elo's and the closing line's; lower is better">
    ${ticks.map((t) => html`<g><line class="rule" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(t)} y2=${y(t)} /><text x=${LEFT - 6} y=${y(t) + 4} text-anchor="end">${t.toFixed(2)}</text></g>`)}
    ${rows.filter((_, i) => i % every === 0).map((row) => html`<text x=${x(row.season)} y=${HEIGHT - 6} text-anchor="middle">${row.season}</text>`)}
    <line class="coin" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(COIN)} y2=${y(COIN)} />
    ${RIVALS.map(([name, , score]) => html`<path class=${name} d=${path(points(score))} />`)}<path class="own" d=${path(points(OURS))} />
    ${points(OURS).map(([cx, cy]) => html`<circle class="own" cx=${cx} cy=${cy} r="2.5" />`)}</svg>
    <figcaption>${[['own', 'ours'], ...RIVALS.toReversed(), ['coin', 'coin']].map(([name, label]) => html`<span><i class=${`key ${name}`}></i> ${label}</span> `)}
      Brier score by season, less is better. <a href="/accuracy">The numbers</a></figcaption></figure>`;
}
