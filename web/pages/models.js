// Every model's record side by side, type by type, over the seasons they have in common with the reader's choice.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { HOUSE, all, percent, signed } from '/api.js';
import { Choice, Data, Skeleton, go, useTitle } from '/parts.js';

const TYPES = { game: 'Winner', ats: 'Against the spread', total: 'Total', prop: 'Props' };

// The rows of one model and type as one: sums, and means by games.
function sum(rows) {
  const add = (pick) => rows.reduce((total, row) => total + (pick(row) ?? 0), 0);
  const games = add((row) => row.total_predictions), decided = games - add((row) => row.push_count);
  const mean = (pick) => {
    const own = rows.filter((row) => pick(row) !== null && pick(row) !== undefined), n = own.reduce((t, row) => t + row.total_predictions, 0);
    return n ? own.reduce((t, row) => t + pick(row) * row.total_predictions, 0) / n : null;
  };
  return { model: rows[0].model, rival: rows[0].rival, type: rows[0].prediction_type, games, right: add((row) => row.correct_predictions), decided,
    first: Math.min(...rows.map((row) => row.season)), last: Math.max(...rows.map((row) => row.season)),
    brier: mean((row) => row.brier), loss: mean((row) => row.log_loss), units: add((row) => row.units) };
}

// Wilson's interval of a share at 95 %: honest where few games are graded.
function wilson(right, n) {
  const z = 1.96, p = right / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n), half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return [middle - half, middle + half];
}

function Rate({ row }) {
  if (!row.decided) return html`<td>–</td>`;
  if (row.rival === 'coin') return html`<td>50 %</td>`;
  const [low, high] = wilson(row.right, row.decided);
  return html`<td>${percent(row.right / row.decided, 1)} <span class="soft">(${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})</span></td>`;
}

function Table({ type, rows }) {
  return html`<h2>${TYPES[type] ?? type}</h2><div class="wide" tabindex="0" role="region" aria-label=${`Models: ${TYPES[type] ?? type}`}><table>
    <thead><tr><th scope="col">Model</th><th scope="col">Seasons</th><th scope="col">Forecasts</th><th scope="col">Right</th><th scope="col">Hit rate (95 % interval)</th>
      <th scope="col">Brier</th><th scope="col">Log loss</th><th scope="col">Units</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${`${row.rival ?? ''} ${row.model}`}><td>${row.rival ? row.model : html`<a href=${`/accuracy?model=${encodeURIComponent(row.model)}`}>${row.model}</a>`}</td>
      <td>${row.first === row.last ? row.first : `${row.first}–${row.last}`}</td><td>${row.games}</td><td>${row.rival === 'coin' ? '–' : row.right}</td><${Rate} row=${row} />
      <td>${row.brier?.toFixed(4) ?? '–'}</td><td>${row.loss?.toFixed(4) ?? '–'}</td><td>${row.rival ? '–' : signed(row.units)}</td></tr>`)}</tbody></table></div>`;
}

// Who is beside every model: by what the record of ours says of them, on the games of ours.
const RIVALS = { line: 'closing line', opening_line: 'opening line', elo: 'Elo', coin: 'coin' };

function rivals(rows) {
  return rows.filter((row) => row.model === HOUSE).flatMap((row) => Object.keys(RIVALS).filter((key) => row.details[key]).map((key) => {
    const { games, decided = games, correct, brier, log_loss: loss } = row.details[key];
    // What a line says of its own two sides is what a coin says.
    const model = row.prediction_type === 'game' ? RIVALS[key] : 'closing line, a coin';
    return { model, rival: key, prediction_type: row.prediction_type, season: row.season, total_predictions: games, push_count: games - decided, correct_predictions: correct ?? games / 2, brier, log_loss: loss };
  }));
}

function grouped(own) {
  const groups = new Map(), rows = [...own, ...rivals(own)];
  for (const row of rows) {
    const key = `${row.prediction_type} ${row.rival ?? ''} ${row.model}`;
    groups.set(key, [...groups.get(key) ?? [], row]);
  }
  return Object.groupBy([...groups.values()].map(sum).sort((a, b) => (a.brier ?? 1) - (b.brier ?? 1)), (row) => row.type);
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const season = query.get('season') ?? '';
  useEffect(() => { all('/v1/accuracy', {}).then((rows) => setState({ rows }), (error) => setState({ error })); }, []);
  useTitle(season ? `Models, season ${season}` : 'Models');
  if (state.error) return failure(state.error);
  const seasons = [...new Set((state.rows ?? []).map((row) => row.season))].sort((a, b) => b - a);
  const tables = grouped((state.rows ?? []).filter((row) => !season || row.season === Number(season)));
  return html`<div class="head"><h1>Models</h1><div class="picks">
      <${Choice} label="Season" value=${season} values=${['', ...seasons]} names=${['all', ...seasons]} onChange=${(v) => go(v ? { season: v } : {})} /></div></div>
    <p class="soft">Every model that publishes here is graded alike, on what it said before kick-off. A bet at −110 breaks even at 52.4 %; units are won or lost for a stake of one at the odds of the time. The lines, Elo (ratings by results alone) and a coin compete on the games of ${HOUSE}.</p>
    ${!state.rows ? html`<${Skeleton} kind="rows" />` : state.rows.length === 0 ? html`<p>Nothing is graded yet.</p>`
      : Object.keys(TYPES).filter((type) => tables[type]).map((type) => html`<${Table} key=${type} type=${type} rows=${tables[type]} />`)}
    ${state.rows && html`<${Data} path="/v1/accuracy" isPaged query=${{ season }} />`}`;
}
