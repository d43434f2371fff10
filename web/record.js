// Parts of the record of one model: whether its chances were right, and a season week by week.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { all, get, percent } from '/api.js';
import { Chart } from '/chart.js';
import { Choice, Skeleton } from '/parts.js';

export const BREAK_EVEN = percent(11 / 21, 1); // of bets at −110
const Z = 1.96;
const RIVALS = { line: 'Closing line', opening_line: 'Opening line', elo: 'Elo', coin: 'Coin' };

export const spaced = (text) => text.replaceAll(' %', '\u00a0%');

// The sum of ROWS as bettors tell it: right, wrong and, where there was one, pushes; and the share of right ones.
export function record(rows) {
  const add = (pick) => rows.reduce((sum, row) => sum + pick(row), 0);
  const right = add((row) => row.correct_predictions), pushes = add((row) => row.push_count), decided = add((row) => row.total_predictions) - pushes;
  return { balance: `${right}–${decided - right}${pushes ? `–${pushes}` : ''}`, rate: decided ? spaced(percent(right / decided, 1)) : '–' };
}

function Balance({ row }) {
  const { balance, rate } = row ? record([row]) : { balance: '–' };
  return html`<td>${balance}${rate && html` <span class="soft">(${rate})</span>`}</td>`;
}

// The rows of one week, or of the season, as one line; of RIVALS the Brier score beside ours.
function Line({ name, rows, rivals }) {
  const of = (type) => rows.find((row) => row.prediction_type === type);
  const win = of('game'), brier = (scores) => html`<td>${scores?.brier?.toFixed(4) ?? '–'}</td>`;
  return html`<tr><th scope="row">${name}</th><${Balance} row=${win} /><${Balance} row=${of('ats')} /><${Balance} row=${of('total')} />
    ${brier(win)}${rivals.map((key) => brier(win?.details[key]))}</tr>`;
}

// KINDS: the rows of every season and type of MODEL, which are read anew when these are others.
export function Weeks({ model, kinds, failure }) {
  const seasons = [...new Set(kinds.map((row) => row.season))].sort((a, b) => b - a);
  const [season, setSeason] = useState(seasons[0]);
  const [state, setState] = useState({});
  useEffect(() => {
    let isStale = false;
    all('/v1/accuracy/history', { season, model }).then((rows) => !isStale && setState({ season, rows }), (error) => !isStale && setState({ error }));
    return () => { isStale = true; };
  }, [season, model, kinds]);
  if (state.error) return failure(state.error);
  const weeks = [...new Set((state.rows ?? []).map((row) => row.week))];
  const rivals = Object.keys(RIVALS).filter((key) => state.rows?.some((row) => row.details[key]));
  return html`<div class="head"><h2>Week by week</h2><div class="picks"><${Choice} label="Season" value=${season} values=${seasons} onChange=${(v) => setSeason(Number(v))} /></div></div>
    <p class="soft">Right, wrong and pushes of ${model}. Bets at −110 break even at ${BREAK_EVEN}. The Brier scores are those of the winners, beside the closing line's, Elo's and a coin's on the same games, and the opening line's on those where one was told or seen.</p>
    ${!state.rows ? html`<${Skeleton} kind="rows" />` : html`<div class="wide" tabindex="0" role="region" aria-label="The record week by week"><table>
      <thead><tr><th scope="col">Week</th><th scope="col">Winners</th><th scope="col">Against the spread</th><th scope="col">Over/under</th><th scope="col">Brier</th>
        ${rivals.map((key) => html`<th scope="col">${RIVALS[key]}</th>`)}</tr></thead>
      <tbody>${weeks.map((week) => html`<${Line} key=${week} name=${week} rivals=${rivals} rows=${state.rows.filter((row) => row.week === week)} />`)}</tbody>
      <tfoot><${Line} name="Season" rivals=${rivals} rows=${kinds.filter((row) => row.season === state.season)} /></tfoot></table></div>`}`;
}

// Chances as they were called against what came of them; KINDS as above.
export function Calibration({ model, kinds, failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    let isStale = false;
    get('/v1/accuracy/calibration', { model }).then(({ data }) => {
      if (isStale) return;
      const called = data.map((row) => 100 * row.mean_probability), luck = data.map((row) => 100 * Z * row.standard_error);
      setState({ data, xs: called, lines: [
        { label: 'came true', colour: '--home', values: data.map((row) => 100 * row.observed_share) },
        { label: 'as called, and where luck alone leaves 95 %', colour: '--even', dash: [6, 4], values: called, band: { low: called.map((x, i) => Math.max(0, x - luck[i])), high: called.map((x, i) => Math.min(100, x + luck[i])) } }] });
    }, (error) => !isStale && setState({ error }));
    return () => { isStale = true; };
  }, [model, kinds]);
  if (state.error) return failure(state.error);
  const bin = (row) => `${(100 * row.low).toFixed(0)} to ${spaced(percent(row.high))}`;
  const share = (v) => `${v.toFixed(1)} %`;
  return html`<h2>Calibration</h2>
    <p class="soft">Whether 60 % happened 6 times in 10: every winner picked, in bins by the chance it was given, and how many of each bin won. What is within the band may be luck.</p>
    ${!state.data ? html`<${Skeleton} />` : state.data.length === 0 ? html`<p>None is graded yet.</p>` : html`<${Chart} label="How often picks came true by the chance they were given; the table below has the numbers" x="Called" xs=${state.xs} lines=${state.lines} format=${share} tick=${(v) => `${v.toFixed(0)} %`}
        name=${(x) => bin(state.data[state.xs.indexOf(x)])} marks=${[60, 70, 80, 90].filter((x) => x > state.xs[0] && x < state.xs.at(-1)).map((x) => ({ x, label: `${x} %` }))} />
      <div class="wide" tabindex="0" role="region" aria-label="Calibration"><table>
        <thead><tr><th scope="col">Called</th><th scope="col">Forecasts</th><th scope="col">On average</th><th scope="col">Came true</th><th scope="col">95 % by luck alone</th></tr></thead>
        <tbody>${state.data.map((row, i) => html`<tr key=${row.low}><th scope="row">${bin(row)}</th><td>${row.forecast_count}</td><td>${percent(row.mean_probability, 1)}</td><td>${percent(row.observed_share, 1)}</td>
          <td>${state.lines[1].band.low[i].toFixed(1)} to ${state.lines[1].band.high[i].toFixed(1)} %</td></tr>`)}</tbody></table></div>`}`;
}
