// Private leagues: those one is in, joining one by its link, and how its members stand.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';
import { get, percent, signed } from '/api.js';
import { Form } from '/form.js';
import { Press, copy, needsSignIn } from '/own.js';
import { Choice, Data, Skeleton, go, useTitle } from '/parts.js';
import { ask } from '/session.js';

const NAME = { name: 'display_name', label: 'Your name in it', maxlength: 40, required: true, autocomplete: 'nickname', hint: 'All that the other members see of you, beside your score and your picks of games that have begun.' };
const open = (league) => location.assign(`/league?id=${league.id}`);

function Mine({ rows }) {
  if (rows.length === 0) return html`<p>You are in no league yet.</p>`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Your leagues"><table><thead><tr><th scope="col">League</th><th scope="col">Season</th><th scope="col">Members</th><th scope="col">You are</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row"><a href=${`/league?id=${row.id}`}>${row.name}</a></th><td>${row.season}</td><td>${row.member_count}</td><td>${row.display_name}${row.is_owner ? ', who runs it' : ''}</td></tr>`)}</tbody></table></div>`;
}

function All({ failure }) {
  const [state, setState] = useState({});
  useEffect(() => { get('/v1/leagues').then(({ data }) => setState({ rows: data }), (error) => needsSignIn(error) || setState({ error })); }, []);
  if (state.error) return failure(state.error);
  return html`<h1>Leagues</h1><p class="soft">Pick against your friends: a private table by Brier score, which nobody else sees.</p>
    ${state.rows ? html`<${Mine} rows=${state.rows} />` : html`<div class="rows short skeleton" aria-hidden="true"></div>`}
    <section><h2>Make a league</h2><${Form} label="Make league" fields=${[{ name: 'name', label: 'Name of the league', maxlength: 60, required: true }, NAME]} send=${(values) => ask('POST', '/v1/leagues', values).then(open)} /></section>
    <section><h2>Join one</h2><${Form} label="Look it up" fields=${[{ name: 'code', label: 'Code', maxlength: 40, required: true, autocomplete: 'off', autocapitalize: 'characters', spellcheck: false }]} send=${async ({ code }) => go({ code })} /></section>
    ${state.rows && html`<${Data} path="/v1/leagues" name="leagues" />`}`;
}

function Join({ code }) {
  const [state, setState] = useState({});
  useEffect(() => { ask('POST', '/v1/leagues/look', { code }).then((league) => setState({ league }), (error) => needsSignIn(error) || setState({ error })); }, []);
  useTitle(!state.league ? 'Join a league' : state.league.id ? state.league.name : `Join ${state.league.name}`);
  if (state.error) return html`<h1>Join a league</h1><div class="notice" role="alert">${state.error.message}${state.error.retryAfter ? ` Try again in ${state.error.retryAfter} s.` : ''}<p><a href="/league">Your leagues</a></p></div>`;
  if (!state.league) return html`<h1>Join a league</h1><p>One moment …</p>`;
  const { id, name, season, member_count: count, display_name: known } = state.league;
  return html`<div class="narrow"><h1>${known ? name : `Join ${name}`}</h1><p>Season ${season}, ${count} ${count === 1 ? 'member' : 'members'}.${known ? ` You are in it already, as ${known}.` : ''}</p>
    ${id && html`<p><a href=${`/league?id=${id}`}>Go to the league</a></p><p class="soft">Another name here takes the place of the one you have.</p>`}
    <${Form} label=${known ? 'Change my name in it' : 'Join'} fields=${[{ ...NAME, defaultValue: known ?? '' }]} send=${(values) => ask('POST', '/v1/leagues/join', { code, ...values }).then(open)} /></div>`;
}

function Standing({ league, rows, remove }) {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Standing"><table>
    <thead><tr><th scope="col">Name</th><th scope="col">Rank</th><th scope="col">Brier</th><th scope="col">Picks</th><th scope="col">Right</th><th scope="col">Hit rate</th><th scope="col">Units</th>${league.is_owner && html`<th scope="col"><span class="unseen">Remove</span></th>`}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id} class=${row.is_you ? 'chosen' : ''}><th scope="row">${row.name}${row.is_you ? ' (you)' : ''}</th><td>${row.rank ?? '–'}</td><td>${row.brier?.toFixed(4) ?? '–'}</td><td>${row.picks}</td><td>${row.right_picks}</td>
      <td>${row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`}</td><td>${row.units === null ? '–' : signed(row.units)}</td>
      ${league.is_owner && html`<td>${!row.is_you && html`<${Press} plain=${true} label="Remove" aria-label=${`Remove ${row.name}`} action=${() => remove(row)} />`}</td>`}</tr>`)}</tbody></table></div>`;
}

const came = (row) => (row.outcome === null ? html`<td>–</td>` : row.is_correct === null ? html`<td class="push">${row.outcome}</td>` : html`<td class=${row.is_correct ? 'right' : 'wrong'}>${row.is_correct ? '✓ right' : '✗ wrong'}</td>`);

// What the members said of a week's games that have begun.
function Picks({ league, weeks, current }) {
  const [week, setWeek] = useState(current);
  const [state, setState] = useState({ rows: [] });
  useEffect(() => {
    let isStale = false;
    get(`/v1/leagues/${league.id}/picks`, { week }).then(({ data }) => !isStale && setState({ rows: data, isLoaded: true }), (error) => !isStale && setState({ rows: [], error }));
    return () => { isStale = true; };
  }, [week]);
  return html`<section class="week-picks"><h2>Winners picked in a week</h2><p class="soft">They are what counts in the standing; picks of spreads and totals stay each member's own.</p><div class="picks wrap"><${Choice} label="Week" value=${week} values=${weeks} onChange=${(v) => setWeek(Number(v))} /></div>
    <div aria-live="polite">${state.error ? html`<p class="wrong" role="alert">${state.error.message}</p>` : state.isLoaded && state.rows.length === 0 ? html`<p>Picks show here once their game has begun.</p>`
      : html`<div class="wide" tabindex="0" role="region" aria-label="Picks of the week"><table><thead><tr><th scope="col">Game</th><th scope="col">Member</th><th scope="col">Pick</th><th scope="col">Chance</th><th scope="col">Came true</th></tr></thead>
        <tbody>${state.rows.map((row) => html`<tr><td>${row.away_team} at ${row.home_team}</td><td>${row.name}</td><td>${row.pick === 'home' ? row.home_team : row.away_team}</td><td>${percent(row.probability)}</td>${came(row)}</tr>`)}</tbody></table></div>`}</div></section>`;
}

function Invite({ league, renew }) {
  const shown = useRef();
  const link = `${location.origin}/league?code=${league.code}`;
  return html`<section><h2>Invite</h2><p>Whoever has this link may join: <a class="key-text" ref=${shown} href=${link}>${link}</a></p>
    <div class="picks wrap"><${Press} label="Copy the link" action=${() => copy(shown.current)} /><${Press} label="Make another link" action=${renew} /></div><p class="soft">The one before opens nothing any more. Removing a member makes another by itself, so that whoever was removed does not come back by the old one.</p></section>`;
}

function End({ league, place }) {
  const leave = () => ask('DELETE', `/v1/leagues/${league.id}/members/${place.id}`).then(() => location.assign('/league'));
  const end = () => ask('DELETE', `/v1/leagues/${league.id}`).then(() => location.assign('/league'));
  return html`<details><summary>${league.is_owner ? 'End the league' : 'Leave the league'}</summary><p>${league.is_owner ? 'It is gone for all its members; everybody\'s picks stay theirs.' : 'You may come back by its link.'}</p>
    <${Press} danger=${true} label=${league.is_owner ? 'End it for everybody' : 'Leave'} action=${league.is_owner ? end : leave} /></details>`;
}

function One({ id, failure }) {
  const [state, setState] = useState({});
  const load = () => Promise.all([get(`/v1/leagues/${id}`), get(`/v1/leagues/${id}/standing`), get('/v1/seasons'), get('/v1/games', { season: 'current', week: 'current', limit: 1 })])
    .then(([league, standing, seasons, games]) => setState({ league, rows: standing.data, last: seasons.data.find((row) => row.season === league.season)?.last_week ?? 1, game: games.data[0] }), (error) => needsSignIn(error) || setState({ error }));
  useEffect(() => { load(); }, []);
  useTitle(state.league?.name);
  if (state.error) return failure(state.error);
  if (!state.league) return html`<h1>League</h1><${Skeleton} kind="rows" />`;
  const { league, rows, last, game } = state;
  const remove = (row) => ask('DELETE', `/v1/leagues/${id}/members/${row.id}`).then(load);
  const renew = () => ask('POST', `/v1/leagues/${id}/code`, {}).then(load);
  return html`<div class="head"><h1>${league.name}</h1><a href="/league">All leagues</a></div>
    <p class="soft">Season ${league.season}. By Brier score over the winners picked, ranked from ten on; 0.25 is a coin. Standings move when games are graded. <a href="/picks">Make your picks</a></p>
    <${Standing} league=${league} rows=${rows} remove=${remove} />
    ${league.is_owner && html`<${Invite} league=${league} renew=${renew} />`}
    <${Picks} league=${league} weeks=${Array.from({ length: last }, (_, i) => i + 1)} current=${game?.season === league.season ? game.week : last} />
    <${End} league=${league} place=${rows.find((row) => row.is_you)} />
    <${Data} path=${`/v1/leagues/${id}/standing`} name="standing" />`;
}

export function Page({ query, failure }) {
  const [isReady, setReady] = useState(false);
  useEffect(() => { setReady(!needsSignIn()); }, []);
  if (!isReady) return html`<h1>Leagues</h1>`;
  if (query.get('code')) return html`<${Join} code=${query.get('code')} />`;
  return query.get('id') ? html`<${One} id=${encodeURIComponent(query.get('id'))} failure=${failure} />` : html`<${All} failure=${failure} />`;
}
