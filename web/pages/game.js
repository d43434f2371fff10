// One game: what is forecast of it, how sure, what came of it, and what the forecast says at the reader's own line.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { HOUSE, chance, get, mayUse, percent, signed } from '/api.js';
import { american, fullKickoff, hasBegun, isEven, margin, teams } from '/games.js';
import { Closed, Data, Simulated, Skeleton, useTitle } from '/parts.js';
import { atTime } from '/time.js';
import { WhatIf } from '/what-if.js';

const MARKETS = { moneyline: 'To win', spread: 'To cover', total: 'Total' };

const TYPES = ['game', 'ats', 'total'];

// The nearest line that bets are made at.
const quarter = (line) => Math.round(4 * line) / 4;

function push({ push: back, half_win: won, half_loss: lost }) {
  if (won || lost) return `half ${won ? 'won' : 'lost'} ${percent(won || lost, 1)}`;
  return back ? percent(back, 1) : '–';
}

async function load(id) {
  const path = `/v1/games/${encodeURIComponent(id)}`;
  const [game, past, seen, changes, team, access] = await Promise.all([get(path), get(`${path}/predictions`), get(`${path}/lines`), get(`${path}/changes`), teams(), get('/v1/access')]);
  const ratings = await get('/v1/ratings', { season: game.season, week: game.week });
  // Of each type the newest is the one that counts.
  const forecasts = TYPES.map((type) => past.data.find((row) => row.prediction_type === type)).filter(Boolean);
  return { game, forecasts, past: past.data, seen: seen.data, changes: changes.data, access, teams: [team(game.away_team), team(game.home_team)], ratings: [game.away_team, game.home_team].map((code) => ratings.data.find((row) => row.team === code)) };
}

// The score, where there is one, and where a forecast of the winner is shown, the chances.
function Chances({ game, win, teams: [away, home] }) {
  const onHome = win?.prediction_data.home_win_probability, onAway = win && 1 - onHome - (win.prediction_data.tie_probability ?? 0);
  const side = (team, score, p) => html`<div class="side"><b>${team.nickname}</b>${score !== null && html`<span class="score">${score}</span>`}${win && html`<span class="big">${chance(p, 1)}</span>`}</div>`;
  return html`<div class=${win ? 'versus' : 'versus alone'}>${side(away, game.away_score, onAway)}${side(home, game.home_score, onHome)}</div>
    ${game.cancelled_at && html`<p class="notice">This game was called off: its forecasts and picks are void, neither right nor wrong.</p>`}
    ${win && html`<div class="odds tall" role="img" aria-label=${`${away.nickname} ${chance(onAway)}, ${home.nickname} ${chance(onHome)}`}><i style=${{ width: `${100 * onAway}%` }}></i></div>`}
    ${win?.prediction_data.home_points !== undefined && html`<p>Projected score: ${away.nickname} <strong>${win.prediction_data.away_points.toFixed(1)}</strong>, ${home.nickname} <strong>${win.prediction_data.home_points.toFixed(1)}</strong></p>`}`;
}

function Verdict({ row }) {
  if (!row.outcome) return html`<td>–</td>`;
  if (row.is_correct === null) return html`<td class="push">${row.outcome}</td>`;
  return html`<td class=${row.is_correct ? 'right' : 'wrong'}>${row.is_correct ? '✓ right' : '✗ wrong'}</td>`;
}

function said(row, game) {
  const data = row.prediction_data;
  if (row.prediction_type === 'game') return `${row.pick === 'home' ? game.home_team : game.away_team} wins`;
  if (row.prediction_type === 'ats') return `${margin(game, data.spread)} ± ${data.margin_sd.toFixed(1)}`;
  return `${data.total.toFixed(1)} ± ${data.total_sd.toFixed(1)} points`;
}

function picked(row, game) {
  if (!row.pick) return 'no line yet';
  if (row.prediction_type === 'total') return `${row.pick} ${row.line}`;
  const team = row.pick === 'home' ? game.home_team : game.away_team;
  return row.prediction_type === 'ats' ? `${team} ${signed(row.pick === 'home' ? -row.line : row.line)}` : team;
}

// By how many points the forecast is off the market's line, with the 95 % interval of what it expects.
const Z = 1.96;
function offLine({ line, prediction_data: { spread, total, margin_se: ofMargin, total_se: ofTotal } }) {
  const points = spread ?? total, se = ofMargin ?? ofTotal;
  if (line === null || points === undefined || se === undefined) return '–';
  const [off, ...interval] = [0, -Z, Z].map((z) => signed(points - line + z * se));
  return html`${off} <span class="soft">(${interval.join(' to ')})</span>`;
}

function Forecasts({ game, rows }) {
  const names = { game: 'Winner', ats: 'Spread', total: 'Total' };
  const winner = rows.find((row) => row.prediction_type === 'game'), by = rows.find((row) => row.prediction_type === 'ats')?.prediction_data.spread ?? 0;
  const isSplit = winner?.pick && !isEven(by) && (winner.pick === 'home') !== (by > 0);
  return html`<div class="wide" tabindex="0" role="region" aria-label="Forecasts of this game"><table>
    <thead><tr><th scope="col">Market</th><th scope="col">Forecast</th><th scope="col">Pick</th><th scope="col">Chance</th><th scope="col">Fair odds</th><th scope="col">Off the line</th><th scope="col">Came true</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row">${names[row.prediction_type]}</th><td>${said(row, game)}</td><td>${picked(row, game)}</td>
      <td>${row.confidence === null ? '–' : chance(row.confidence, 1)}</td><td>${american(row.prediction_data.fair_odds ?? null)}</td><td>${offLine(row)}</td><${Verdict} row=${row} /></tr>`)}</tbody></table></div>
    <p class="soft">± is one standard deviation of what the game may bring; a pick's chance leaves ties and pushes aside. Off the line: points that the forecast gives ${game.home_team}, or both teams, beyond the market, with the 95 % interval of what it expects: one that holds 0 is no quarrel with the market. Made ${atTime(rows[0].predicted_at)}${rows[0].prediction_data.backfilled ? ', of a game already over, from what was known before its week' : ''};
      tier ${rows[0].tier}: ${rows[0].saw_line ? 'it saw this game\'s line' : 'it did not see this game\'s line'}.${isSplit ? ' Winner and spread name different sides here: the game is as good as even, and its chances and its points are estimated apart.' : ''}</p>`;
}

// The forecast at any line and odds.
function Lines({ game, id }) {
  const [asked, setAsked] = useState({ spread: quarter(game.spread_line ?? 0), total: quarter(game.total_line ?? 44) });
  const [state, setState] = useState({ rows: [] });
  useEffect(() => {
    let isStale = false;
    get(`/v1/predictions/${id}/lines`, asked).then(({ data }) => !isStale && setState({ rows: data }), (error) => !isStale && setState(({ rows }) => ({ rows, error })));
    return () => { isStale = true; };
  }, [asked]);
  const labels = { spread: `${game.home_team} favoured by`, total: 'Total', home_spread_odds: `Odds on ${game.home_team} to cover`, away_spread_odds: `Odds on ${game.away_team} to cover`, over_odds: 'Odds on over', under_odds: 'Odds on under' };
  // The server calls a field by its name in the API; what stands below then is the answer before.
  const inWords = ({ field: name, message }) => `${labels[name] ? message.replace(new RegExp(`^${name}`, 'i'), labels[name]) : message}${state.rows.length > 0 ? ' Below are the chances asked for before.' : ''}`;
  // The browser keeps what is in a field: an answer that comes while somebody types must not put back what was asked.
  const field = (name, props) => html`<label>${labels[name]}<input type="number" defaultValue=${asked[name] ?? ''} ...${props} onChange=${({ target }) => setAsked((now) => ({ ...now, [name]: target.value }))} /></label>`;
  const odds = { step: 5, placeholder: '-110' };
  return html`<h2>At your line</h2><div class="picks wrap">
      ${field('spread', { step: 0.25, min: -80, max: 80 })}${field('total', { step: 0.25, min: 0, max: 140 })}
      ${['home_spread_odds', 'away_spread_odds', 'over_odds', 'under_odds'].map((name) => field(name, odds))}</div>
    <div class="lines" aria-live="polite">${state.error && html`<p class="notice">${inWords(state.error)}</p>`}${state.rows.length > 0 && html`<div class="wide" tabindex="0" role="region" aria-label="Chances at your line"><table>
      <thead><tr><th scope="col">Bet</th><th scope="col">Market</th><th scope="col">Wins</th><th scope="col">Push</th><th scope="col">Fair odds</th><th scope="col">Worth</th><th scope="col">Stake</th></tr></thead>
      <tbody>${state.rows.map((row) => html`<tr><th scope="row">${row.bet.replace('-', '−')}</th><td class="soft">${MARKETS[row.market]}</td><td>${chance(row.win, 1)}</td><td>${push(row)}</td>
        <td>${american(row.fair_odds)}</td><td>${row.expected_value === null ? '–' : `${signed(100 * row.expected_value)} %`}</td><td>${row.stake === null ? '–' : percent(row.stake, 1)}</td></tr>`)}</tbody></table></div>`}</div>
    <p class="soft">Worth: what a bet returns on average, at the odds given. Stake: a quarter of Kelly's share of the bankroll, 5 % at most. At a quarter line half the stake is at the line below, half at the one above: one half may come back alone. If the forecast is wrong, so is this.</p>`;
}

// What stood of the game from each moment on at which something was forecast anew.
function Past({ game, rows }) {
  const times = [...new Set(rows.map((row) => row.predicted_at))];
  if (times.length < 2) return '';
  const stood = (time) => TYPES.map((type) => rows.find((row) => row.prediction_type === type && Date.parse(row.predicted_at) <= Date.parse(time)));
  const forecast = (row) => html`<td>${row ? said(row, game) : '–'}</td>`;
  const pick = (row) => html`<td>${row ? `${picked(row, game)}${row.confidence === null ? '' : ` ${chance(row.confidence, 1)}`}` : '–'}</td>`;
  return html`<h2>Every forecast as it stood</h2><div class="wide" tabindex="0" role="region" aria-label="Forecasts as they stood"><table>
    <thead><tr><th scope="col">As it stood on</th><th scope="col">Winner</th><th scope="col">Spread</th><th scope="col">Pick</th><th scope="col">Total</th><th scope="col">Pick</th></tr></thead>
    <tbody>${times.map((time) => { const [win, ats, total] = stood(time); return html`<tr key=${time}><th scope="row">${atTime(time)}</th>${pick(win)}${forecast(ats)}${pick(ats)}${forecast(total)}${pick(total)}</tr>`; })}</tbody></table></div>`;
}

// Lines as they moved, where this installation was there to see it.
function Seen({ game, rows }) {
  if (rows.length === 0) return '';
  const spread = (by) => (by === null ? '–' : by === 0 ? 'even' : `${by > 0 ? game.home_team : game.away_team} −${Math.abs(by)}`);
  return html`<h2>The line as it moved</h2><div class="wide" tabindex="0" role="region" aria-label="Lines as they were seen"><table>
    <thead><tr><th scope="col">Seen</th><th scope="col">Spread</th><th scope="col">Total</th><th scope="col">${game.away_team} to win</th><th scope="col">${game.home_team} to win</th><th scope="col"><span class="unseen">Which it is</span></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><td>${row.seen_at ? atTime(row.seen_at) : 'Opening line'}</td><td>${spread(row.spread_line)}</td><td>${row.total_line ?? '–'}</td><td>${american(row.away_moneyline)}</td><td>${american(row.home_moneyline)}</td><td class="soft">${row.is_opening ? 'opening line' : ''}</td></tr>`)}</tbody></table></div>`;
}

// What the game was before, the newest change first.
const CHANGES = {
  moved: (was) => `Moved: it was in week ${was.week}, ${fullKickoff(was)}.`,
  result: (was) => `Its result was corrected: it had been ${was.away_score}–${was.home_score}. Forecasts and picks are graded again.`,
  'called off': () => 'Called off.',
  back: () => 'On again, after it had been called off.',
};

function Changes({ rows }) {
  if (rows.length === 0) return '';
  return html`<h2>What changed</h2><ul>${rows.map((row) => html`<li>${atTime(row.until)}: ${CHANGES[row.kind](row)}</li>`)}</ul>`;
}

function Ratings({ rows }) {
  const cell = (value, se) => html`<td>${signed(value)} <span class="soft">±${se.toFixed(1)}</span></td>`;
  return html`<h2>The teams before this week</h2><div class="wide" tabindex="0" role="region" aria-label="Ratings of both teams"><table>
    <thead><tr><th scope="col">Team</th><th scope="col">Rank</th><th scope="col">Rating</th><th scope="col">Offence</th><th scope="col">Defence</th><th scope="col">Quarterback</th><th scope="col"><span class="unseen">Who that is</span></th></tr></thead>
    <tbody>${rows.filter(Boolean).map((row) => html`<tr key=${row.team}><td><a href=${`/ratings?season=${row.season}&week=${row.week}&team=${row.team}`}>${row.team}</a></td><td>${row.rank}</td>
      ${cell(row.total, row.total_se)}${cell(row.offence, row.offence_se)}${cell(row.defence, row.defence_se)}${cell(row.quarterback, row.quarterback_se)}<td class="soft">${row.quarterback_name ?? ''}</td></tr>`)}</tbody></table></div>`;
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const id = query.get('id');
  useEffect(() => { (id ? load(id) : Promise.reject(new Error('The address names no game: choose one from the week.'))).then(setState, (error) => setState({ error })); }, []);
  const { game, forecasts, past, ratings, seen, changes, access, teams: [away, home] = [] } = state;
  useTitle(game && `${away.nickname} at ${home.nickname}, week ${game.week} of ${game.season}`);
  if (state.error) return failure(state.error);
  if (!game) return html`<div class="head"><h1>One moment …</h1></div><${Skeleton} kind="rows" />`;
  const win = forecasts.find((row) => row.prediction_type === 'game');
  return html`<div class="head"><h1>${away.name} at ${home.name}</h1>
      <p class="soft">${fullKickoff(game)}${game.is_neutral ? ', neutral site' : ''} · <a href=${`/?season=${game.season}&week=${game.week}`}>season ${game.season}, week ${game.week}</a></p></div>
    <${Simulated} rows=${[game]} /><${Chances} game=${game} win=${win} teams=${[away, home]} />
    ${forecasts.length ? html`<${Forecasts} game=${game} rows=${forecasts} />${mayUse(access, 'advanced_analytics') ? html`<${Lines} game=${game} id=${forecasts[0].id} />` : html`<h2>At your line</h2><${Closed} what="Chances, fair odds and what a bet is worth at any line:" feature="advanced_analytics" />`}`
      : html`<p class="notice">${access.audience === 'entitled' ? 'There is no forecast of this game yet.' : 'The forecast of this game is for subscribers. Three forecasts of each week are open to all.'}</p>`}
    ${!hasBegun(game) && html`<${WhatIf} game=${game} access=${access} />`}
    <${Past} game=${game} rows=${past} /><${Changes} rows=${changes} /><${Seen} game=${game} rows=${seen} /><${Ratings} rows=${ratings} />
    <${Data} path="/v1/predictions" isPaged csv="/v1/predictions/export.csv" query=${{ season: game.season, week: game.week, team: game.home_team, model: HOUSE }} />`;
}
