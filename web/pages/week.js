// One week's games: win probability, spread and total against the line, and what happened.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';
import { HOUSE, all, chance as asChance, get } from '/api.js';
import { ROUNDS, american, isEven, kickoff, teams, weekName } from '/games.js';
import { live } from '/live.js';
import { Access, Choice, Data, Simulated, Warning, go as goTo, useTitle } from '/parts.js';
import { Trend } from '/trend.js';

// A line as bettors write it: the favourite and the points it gives.
function spread(game, homeBy, digits = 1) {
  if (homeBy === null || homeBy === undefined) return '–';
  if (isEven(homeBy)) return 'even';
  return `${homeBy > 0 ? game.home_team : game.away_team} −${digits ? Math.abs(homeBy).toFixed(digits) : Math.abs(homeBy)}`;
}

// The favourite to win, by the market's odds.
function moneyline({ away_team: away, away_moneyline: onAway, home_team: home, home_moneyline: onHome }) {
  if (onAway === null || onHome === null) return '–';
  return onAway < onHome ? `${away} ${american(onAway)}` : `${home} ${american(onHome)}`;
}

const MARKS = { win: ['right', '✓', 'right'], loss: ['wrong', '✗', 'wrong'], push: ['push', '=', 'push: neither right nor wrong'], void: ['push', '–', 'void: it does not count'] };

function Mark({ forecast }) {
  const [name, sign, text] = MARKS[forecast?.outcome] ?? [];
  return name && html` <span class=${`mark ${name}`} title=${text}><span aria-hidden="true">${sign}</span><span class="unseen">${text}</span></span>`;
}

function Team({ team, score, chance, likely }) {
  return html`<div class=${likely ? 'team likely' : 'team'}><span><b>${team.code}</b> <span class="soft">${team.nickname}</span></span>
    <span class="score">${score ?? ''}</span><span class="chance">${chance === undefined ? '' : asChance(chance)}</span></div>`;
}

// What is picked, and how likely it is to come true.
function pick(forecast, sides) {
  return forecast?.pick ? `${sides[forecast.pick]} ${asChance(forecast.confidence)}` : '–';
}

function Market({ name, forecast, says, line, sides }) {
  return html`<tr><th scope="row">${name}<${Mark} forecast=${forecast} /></th><td>${says}</td><td>${line}</td><td>${pick(forecast, sides)}</td></tr>`;
}

// The forecast beside the line; the line alone, where the forecast is not for whoever looks.
function Markets({ game, forecasts: { game: win, ats, total }, isClosed }) {
  const lines = [moneyline(game), spread(game, game.spread_line, 0), game.total_line ?? '–'];
  if (isClosed)
    return html`<table><thead><tr><td></td><th scope="col">line</th></tr></thead><tbody>
      ${['Winner', 'Spread', 'Total'].map((name, i) => html`<tr><th scope="row">${name}</th><td>${lines[i]}</td></tr>`)}</tbody></table>`;
  const teamsOf = { away: game.away_team, home: game.home_team };
  return html`<table><thead><tr><td></td><th scope="col">forecast</th><th scope="col">line</th><th scope="col">pick</th></tr></thead><tbody>
      <${Market} name="Winner" forecast=${win} says="" line=${lines[0]} sides=${teamsOf} />
      <${Market} name="Spread" forecast=${ats} says=${spread(game, ats?.expected)} line=${lines[1]} sides=${teamsOf} />
      <${Market} name="Total" forecast=${total} says=${total ? total.expected.toFixed(1) : '–'} line=${lines[2]} sides=${{ over: 'over', under: 'under' }} /></tbody></table>`;
}

function Card({ game, forecasts, team, access }) {
  const { game: win } = forecasts;
  const home = win && (win.pick === 'home' ? win.confidence : 1 - win.confidence);
  const away = win && 1 - home;
  const isClosed = access.audience !== 'entitled' && Object.keys(forecasts).length === 0;
  return html`<li class="card" data-game=${game.id}>
    <h2 class="when"><a href=${`/game?id=${game.id}`}>${kickoff(game)}<span class="unseen">: ${team(game.away_team).name} at ${team(game.home_team).name}</span></a><span>${game.cancelled_at ? 'Called off' : ROUNDS[game.game_type] ?? (game.is_neutral ? 'Neutral site' : '')}</span></h2>
    <div><${Team} team=${team(game.away_team)} score=${game.away_score} chance=${away} likely=${away > home} />
      <${Team} team=${team(game.home_team)} score=${game.home_score} chance=${home} likely=${home >= away} /></div>
    ${win && html`<div class="odds" role="img" aria-label=${`${game.away_team} ${asChance(away)}, ${game.home_team} ${asChance(home)}`}>
      <i style=${{ width: `${100 * away}%` }}></i></div>`}
    ${isClosed && html`<p class="closed">The forecast is for subscribers.</p>`}
    <${Markets} game=${game} forecasts=${forecasts} isClosed=${isClosed} /></li>`;
}

function Skeleton() {
  return html`<ul class="grid" aria-hidden="true">${Array.from({ length: 16 }, () => html`<li class="card skeleton"></li>`)}</ul>`;
}

// Games and forecasts of the week that the address asks for; without one, the current week.
async function load(query) {
  const week = { season: query.get('season') ?? 'current', week: query.get('week') ?? 'current' };
  const [games, predictions, seasons, record, access, team] = await Promise.all([
    all('/v1/games', week), all('/v1/predictions', { ...week, model: HOUSE }), get('/v1/seasons'), all('/v1/accuracy', { model: HOUSE }), get('/v1/access'), teams()]);
  const byGame = new Map(games.map((game) => [game.id, {}]));
  for (const row of predictions) {
    const known = byGame.get(row.game_id);
    if (known && !known[row.prediction_type]) known[row.prediction_type] = row;
  }
  return { games, byGame, seasons: seasons.data, record: record.filter((row) => row.prediction_type === 'game'), kinds: record, access, team };
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const shown = useRef();
  shown.current = state.kinds;
  useEffect(() => {
    const refresh = () => load(query).then(setState, (error) => setState((now) => (now.games ? now : { error })));
    refresh();
    return live(refresh, () => shown.current);
  }, []);
  const first = state.games?.[0];
  const season = query.get('season') ?? first?.season;
  const week = query.get('week') ?? first?.week;
  const title = first && weekName(season, week, first);
  useTitle(title);
  if (state.error) return failure(state.error);
  const last = state.seasons?.find((row) => String(row.season) === String(season))?.last_week ?? 0;
  const weeks = Array.from({ length: last }, (_, i) => i + 1);
  const go = (to) => goTo({ season, week: 1, ...to });
  return html`
    <div class="head"><h1>${title ?? 'Games'}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v })} />
        <${Choice} label="Week" value=${week} values=${weeks} onChange=${(v) => go({ season, week: v })} /></div></div>
    ${!state.games ? html`<${Skeleton} />` : html`<div>
        <${Access} access=${state.access} /><${Simulated} rows=${state.games} /><${Warning} rows=${state.kinds} season=${state.seasons.at(-1)?.season} /></div>
      ${state.games.length === 0 ? html`<p>No games of this week are known. Import a schedule with <code>gridiron import FILE</code>.</p>`
        : html`<ul class="grid">${state.games.map((game) => html`<${Card} key=${game.id} game=${game} forecasts=${state.byGame.get(game.id)} team=${state.team} access=${state.access} />`)}</ul>
          <p class="soft">Each forecast was made from what was known before its week; a pick's chance leaves ties and pushes aside. The line is the closing line where the game is over.</p>`}
      ${state.record.length > 0 && html`<h2>Accuracy so far</h2><${Trend} rows=${state.record} />`}`}
    ${first && html`<${Data} path="/v1/predictions" isPaged csv="/v1/predictions/export.csv" query=${{ season, week, model: HOUSE }} />`}`;
}
