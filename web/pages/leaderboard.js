// The best at picking a season's winners, of those who wish to be seen; and whether the reader wishes it.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { get, signed } from '/api.js';
import { Form } from '/form.js';
import { Choice, Data, Simulated, Skeleton, go, useTitle } from '/parts.js';
import { ask, isSignedIn } from '/session.js';

function Table({ rows }) {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Leaderboard"><table>
    <thead><tr><th scope="col">Name</th><th scope="col">Rank</th><th scope="col">Brier</th><th scope="col">Picks</th><th scope="col">Right</th><th scope="col">Hit rate</th><th scope="col">Units</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.name}</th><td>${row.rank}</td><td>${row.brier.toFixed(4)}</td><td>${row.picks}</td><td>${row.right_picks}</td>
      <td>${row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`}</td><td>${row.units === null ? '–' : signed(row.units)}</td></tr>`)}</tbody></table></div>`;
}

// Consent: a name, and that it may be shown.
function Consent({ me, change }) {
  const show = (values) => ask('PATCH', '/v1/me', { leaderboard_name: values.leaderboard_name, is_on_leaderboard: true }).then(change);
  const hide = () => ask('PATCH', '/v1/me', { is_on_leaderboard: false }).then(change);
  return html`<section><h2>You</h2>${me.is_on_leaderboard
    ? html`<p>You are shown as <strong>${me.leaderboard_name}</strong> in every season of which ten or more of your winners are graded.</p><${Form} label="Show me no more" fields=${[]} send=${hide} />`
    : html`<p>Nobody sees how you pick. If you wish, this page shows you under a name of your choice.</p>
      <${Form} label="Show me" fields=${[{ name: 'leaderboard_name', label: 'Name on the leaderboard', defaultValue: me.leaderboard_name ?? '', maxlength: 40, required: true, autocomplete: 'nickname' }]} send=${show} />`}</section>`;
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const asked = query.get('season') ?? 'current';
  const load = () => Promise.all([get('/v1/leaderboard', { season: asked }), get('/v1/seasons'), isSignedIn() ? ask('GET', '/v1/me').catch(() => undefined) : undefined, get('/v1/games', { season: asked, limit: 1 })])
    .then(([leaders, seasons, me, games]) => setState({ rows: leaders.data, seasons: seasons.data, me, games: games.data }), (error) => setState({ error }));
  useEffect(() => { load(); }, []);
  const season = query.get('season') ?? state.games?.[0]?.season;
  const title = `Leaderboard${season ? `, season ${season}` : ''}`;
  useTitle(title);
  if (state.error) return failure(state.error);
  return html`<div class="head"><h1>${title}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v })} /></div></div>
    <p class="soft">Whoever <a href="/picks">picks</a> and wishes to be seen, by Brier score over the winners picked, from ten on. 0.25 is a coin. Among friends: <a href="/league">leagues</a>.</p>
    ${!state.rows ? html`<${Skeleton} kind="rows" />` : html`<${Simulated} rows=${state.games} />${state.rows.length === 0 ? html`<p class="notice">Nobody who wishes to be seen has ten picks of this season graded yet.</p>` : html`<${Table} rows=${state.rows} />`}`}
    ${state.me && html`<${Consent} me=${state.me} change=${() => load()} />`}
    ${season && html`<${Data} path="/v1/leaderboard" query=${{ season }} />`}`;
}
