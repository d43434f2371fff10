// The record: Brier score by season beside Elo, the closing line and the coin, and the figures behind it.
import { html, useEffect, useMemo, useRef, useState } from '/vendor/htm-preact.js';
import { HOUSE, all, percent, signed } from '/api.js';
import { Chart } from '/chart.js';
import { live } from '/live.js';
import { Data, Warning, useTitle } from '/parts.js';
import { BREAK_EVEN, Calibration, Weeks, record, spaced } from '/record.js';

const opening = (row) => row.details.opening_line;
// The house's own first, which the figures and the warning are of.
const models = (rows) => [...new Set(rows.map((row) => row.model))].sort((a, b) => (b === HOUSE) - (a === HOUSE));
const first = (rows) => rows.filter((row) => row.model === models(rows)[0]);

// The mean of a score over all games of ROWS that have it.
function mean(rows, score, games) {
  const scored = rows.filter((row) => score(row) !== undefined && score(row) !== null);
  const n = scored.reduce((sum, row) => sum + games(row), 0);
  return n ? scored.reduce((sum, row) => sum + score(row) * games(row), 0) / n : null;
}

// One line of the chart a model, in step with SEASONS; Elo's, the closing line's and the coin's beside them.
function lines(rows, seasons) {
  const at = (pick, own) => seasons.map((season) => {
    const row = own.find((each) => each.season === season);
    return row ? pick(row) ?? null : null;
  });
  return [
    ...models(rows).map((model, i) => ({ label: model, colour: i ? '--good' : '--home', values: at((row) => row.brier, rows.filter((row) => row.model === model)) })),
    { label: 'closing line', colour: '--away', values: at((row) => row.details.line?.brier, first(rows)) },
    { label: 'Elo', colour: '--bad', values: at((row) => row.details.elo?.brier, first(rows)) },
    { label: 'coin', colour: '--even', values: at((row) => row.details.coin?.brier, first(rows)), dash: [6, 4] },
  ];
}

function Seasons({ rows }) {
  const seasons = useMemo(() => [...new Set(rows.map((row) => row.season))].sort((a, b) => a - b), [rows]);
  const drawn = useMemo(() => lines(rows, seasons), [rows]);
  return html`<${Chart} label="Brier score of each season; lower is better; the table below has the numbers" x="Season" xs=${seasons} lines=${drawn} format=${(v) => v.toFixed(4)} tick=${(v) => v.toFixed(3).replace(/0$/, '')} />`;
}

function Tile({ name, value, note }) {
  return html`<div class="tile"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;
}

// By Brier score; SCORES of a row are a rival's, or the row's own.
function Scored({ name, rows, scores, note }) {
  const brier = mean(rows, (row) => scores(row)?.brier, (row) => scores(row).games);
  return html`<${Tile} name=${name} value=${brier === null ? '–' : brier.toFixed(4)} note=${note} />`;
}

// How often a rival named the winner, on the games of ROWS.
function hits(rows, scores) {
  const [right, decided] = ['correct', 'decided'].map((key) => rows.reduce((n, row) => n + (scores(row)?.[key] ?? 0), 0));
  return decided ? `; ${percent(right / decided, 1).replace(' ', '\u00a0')} of winners` : '';
}

// By hit rate, against the line.
function Sided({ name, rows, what }) {
  if (rows.length === 0) return '';
  const { balance, rate } = record(rows);
  return html`<${Tile} name=${name} value=${rate} note=${spaced(`${balance} ${what}; bets at −110 break even at ${BREAK_EVEN}`)} />`;
}

const elo = (row) => row.details.elo, line = (row) => row.details.line, coin = (row) => row.details.coin;

// ROWS: of the winner; KINDS: of every type. Of one model all.
function Tiles({ rows, kinds }) {
  const games = rows.reduce((n, row) => n + row.total_predictions, 0), of = (type) => kinds.filter((row) => row.prediction_type === type);
  return html`<dl class="tiles">
    <${Scored} name=${rows[0].model} rows=${rows} scores=${(row) => ({ brier: row.brier, games: row.total_predictions })} note=${`Brier score over ${games} games; ${record(rows).rate} of winners`} />
    <${Scored} name="closing line" rows=${rows} scores=${line} note=${`on the same games${hits(rows, line)}`} />
    ${rows.some(opening) && html`<${Scored} name="opening line" rows=${rows} scores=${opening} note=${`told by the feed or first seen, on ${rows.reduce((n, row) => n + (opening(row)?.games ?? 0), 0)} games; there the closing line has ${mean(rows, (row) => opening(row)?.closing_brier, (row) => opening(row).games).toFixed(4)}`} />`}
    <${Scored} name="Elo" rows=${rows} scores=${elo} note=${`ratings by results alone, on the same games${hits(rows, elo)}`} />
    <${Scored} name="coin" rows=${rows} scores=${coin} note="50 % for every game; a tie is no error of it" />
    <${Sided} name="against the spread" rows=${of('ats')} what="right, wrong and pushes" /><${Sided} name="over/under" rows=${of('total')} what="likewise" /></dl>`;
}

// How much better (+) or worse (−) than a rival, with its 95 % interval.
function gain(against) {
  return against ? `${signed(against.brier, 4)} (${signed(against.low, 4)} to ${signed(against.high, 4)})` : '–';
}

function Table({ rows }) {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Accuracy by season"><table>
    <thead><tr><th scope="col">Season</th><th scope="col">Model</th><th scope="col">Games</th><th scope="col">Right</th><th scope="col">Hit rate</th>
      <th scope="col">Brier</th><th scope="col">Line's Brier</th><th scope="col">Gain on the line</th><th scope="col">Elo's Brier</th><th scope="col">Gain on Elo</th><th scope="col">Log loss</th><th scope="col">Line's log loss</th><th scope="col">Elo's log loss</th>${rows.some(opening) && html`<th scope="col">Opening line</th>`}</tr></thead>
    <tbody>${rows.toReversed().map((row) => html`<tr><td>${row.season}</td><td>${row.model}</td><td>${row.total_predictions}</td>
      <td>${row.correct_predictions}</td><td>${row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`}</td>
      <td>${row.brier?.toFixed(4) ?? '–'}</td><td>${row.details.line?.brier.toFixed(4) ?? '–'}</td><td>${gain(row.details.gain_on_line)}</td>
      <td>${row.details.elo?.brier.toFixed(4) ?? '–'}</td><td>${gain(row.details.gain_on_elo)}</td><td>${row.log_loss?.toFixed(4) ?? '–'}</td>
      <td>${row.details.line?.log_loss.toFixed(4) ?? '–'}</td><td>${row.details.elo?.log_loss.toFixed(4) ?? '–'}</td>
      ${rows.some(opening) && html`<td>${opening(row) ? `${opening(row).brier.toFixed(4)} (${opening(row).games} games)` : '–'}</td>`}</tr>`)}</tbody></table></div>`;
}

const Head = () => html`<h1>Accuracy</h1>
  <p class="soft">How often, and by how much, the forecasts were right. The Brier score is the mean squared error of the win probability: 0 is perfect,
    0.25 is a coin. Luck alone moves a season's score by about ±.01, so look at many seasons. Nobody in public is known to beat the closing line.</p>`;

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const model = query.get('model') ?? undefined;
  const load = () => all('/v1/accuracy', { model }).then((kinds) => {
    const rows = kinds.filter((row) => row.prediction_type === 'game');
    setState({ rows, kinds, own: kinds.filter((row) => row.model === models(rows)[0]) });
  }, (error) => setState((now) => (now.rows ? now : { error })));
  const shown = useRef();
  shown.current = state.kinds;
  useEffect(() => { load(); return live(load, () => shown.current); }, []);
  useTitle(model ? `Accuracy of ${model}` : 'Accuracy');
  if (state.error) return failure(state.error);
  if (!state.rows) return html`<${Head} /><div class="tiles">${Array.from({ length: 6 }, () => html`<div class="tile skeleton"></div>`)}</div><div class="chart skeleton"></div>`;
  if (state.rows.length === 0) return html`<${Head} /><p>Nothing is graded yet. Run <code>gridiron grade</code> after games are over.</p>`;
  const [own] = models(state.rows), kinds = state.own;
  return html`<${Head} /><${Warning} rows=${kinds} season=${Math.max(...state.rows.map((row) => row.season))} /><${Tiles} rows=${first(state.rows)} kinds=${kinds} /><${Seasons} rows=${state.rows} /><${Table} rows=${state.rows} />
    <${Weeks} model=${own} kinds=${kinds} failure=${failure} /><${Calibration} model=${own} kinds=${kinds} failure=${failure} />
    <${Data} path="/v1/accuracy" isPaged query=${{ model }} />`;
}
