// One week's games: win probability, spread and total against the line, and what happened.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { all, get, percent } from '/api.js';
import { ROUNDS, kickoff } from '/games.js';
import { live } from '/live.js';
import { Access, Choice, Data, Simulated, Warning, go as goTo } from '/parts.js';
import { Trend } from '/trend.js';

// A line as bettors write it: the favourite and the points it gives.
function spread(game, homeBy) {
  if (homeBy === null || homeBy === undefined) return '–';
  if (homeBy === 0) return 'even';
  return `${homeBy > 0 ? game.home_team : game.away_team} −${Math.abs(homeBy).toFixed(1)}`;
}

function Mark({ forecast }) {
  if (!forecast?.outcome || forecast.outcome === 'void') return '';
  if (forecast.outcome === 'push') return html`<span class="mark push" title="push: neither right nor wrong"> = push</span>`;
  return forecast.outcome === 'win'
    ? html`<span class="mark right"> ✓<span class="soft"> right</span></span>`
    : html`<span class="mark wrong"> ✗<span class="soft"> wrong</span></span>`;
}

function Team({ code, score, chance, likely }) {
  return html`<div class=${likely ? 'team likely' : 'team'}><b>${code}</b>
    <span class="score">${score ?? ''}</span><span class="chance">${chance === undefined ? '' : percent(chance)}</span></div>`;
}

function Card({ game, forecasts }) {
  const { game: win, ats, total } = forecasts;
  const home = win && (win.pick === 'home' ? win.confidence : 1 - win.confidence);
  const away = win && 1 - home;
  return html`<li class="card" data-game=${game.id}>
    <h2 class="when"><a href=${`/game?id=${game.id}`}>${kickoff(game)}<span class="unseen">: ${game.away_team} at ${game.home_team}</span></a><span>${ROUNDS[game.game_type] ?? (game.is_neutral ? 'Neutral site' : '')}</span></h2>
    <div><${Team} code=${game.away_team} score=${game.away_score} chance=${away} likely=${away > home} />
      <${Team} code=${game.home_team} score=${game.home_score} chance=${home} likely=${home >= away} /></div>
    ${win && html`<div class="odds" role="img" aria-label=${`${game.away_team} ${percent(away)}, ${game.home_team} ${percent(home)}`}>
      <i style=${{ width: `${100 * away}%` }}></i></div>`}
    <table><thead><tr><td></td><th scope="col">forecast</th><th scope="col">line</th></tr></thead><tbody>
      <tr><th scope="row">Winner<${Mark} forecast=${forecasts.game} /></th>
        <td>${win ? (home >= away ? game.home_team : game.away_team) : '–'}</td><td>${spread(game, game.spread_line)}</td></tr>
      <tr><th scope="row">Spread<${Mark} forecast=${forecasts.ats} /></th>
        <td>${spread(game, ats?.expected)}</td><td>${spread(game, game.spread_line)}</td></tr>
      <tr><th scope="row">Total<${Mark} forecast=${forecasts.total} /></th>
        <td>${total ? total.expected.toFixed(1) : '–'}</td><td>${game.total_line?.toFixed(1) ?? '–'}</td></tr>
    </tbody></table></li>`;
}

function Skeleton() {
  return html`<ul class="grid" aria-hidden="true">${Array.from({ length: 16 }, () => html`<li class="card skeleton"></li>`)}</ul>`;
}

// Games and forecasts of the week that the address asks for; without one, the current week.
async function load(query) {
  const week = { season: query.get('season') ?? 'current', week: query.get('week') ?? 'current' };
  const [games, predictions, seasons, record, access] = await Promise.all([
    all('/v1/games', week), all('/v1/predictions', week), get('/v1/seasons'), all('/v1/accuracy', { model: 'gridiron' }), get('/v1/access')]);
  const byGame = new Map(games.map((game) => [game.id, {}]));
  for (const row of predictions) {
    const known = byGame.get(row.game_id);
    if (known && !known[row.prediction_type]) known[row.prediction_type] = row;
  }
  return { games, byGame, seasons: seasons.data, record: record.filter((row) => row.prediction_type === 'game'), kinds: record, access };
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    const refresh = () => load(query).then(setState, (error) => setState({ error }));
    refresh();
    return live(refresh);
  }, []);
  if (state.error) return failure(state.error);
  const first = state.games?.[0];
  const season = query.get('season') ?? first?.season;
  const week = query.get('week') ?? first?.week;
  const last = state.seasons?.find((row) => String(row.season) === String(season))?.last_week ?? 0;
  const weeks = Array.from({ length: last }, (_, i) => i + 1);
  const go = (to) => goTo({ season, week: 1, ...to });
  return html`
    <${Access} access=${state.access} /><${Simulated} rows=${state.games} /><${Warning} rows=${state.kinds} season=${state.seasons?.at(-1)?.season} />
    <div class="head"><h1>${first ? `Season ${season}, week ${week}` : 'Games'}${ROUNDS[first?.game_type] ? `: ${ROUNDS[first.game_type]}` : ''}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v })} />
        <${Choice} label="Week" value=${week} values=${weeks} onChange=${(v) => go({ season, week: v })} /></div></div>
    ${!state.games ? html`<${Skeleton} />` : state.games.length === 0
      ? html`<p>No games of this week are known. Import a schedule with <code>gridiron import FILE</code>.</p>`
      : html`<ul class="grid">${state.games.map((game) => html`<${Card} key=${game.id} game=${game} forecasts=${state.byGame.get(game.id)} />`)}</ul>`}
    ${state.record && html`<h2>Accuracy so far</h2><${Trend} rows=${state.record} />
      <p class="soft">Each forecast was made from what was known before its week. The line is the closing line where the game is over.</p>`}
    ${first && html`<${Data} path="/v1/predictions" csv="/v1/predictions/export.csv" query=${{ season, week }} />`}`;
}
