// The signed-in user's own picks of a week: made and changed until each game's kick-off, then as they were graded.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';
import { all, get, percent, signed } from '/api.js';
import { beginsAt, hasBegun, kickoff, teams, weekName } from '/games.js';
import { needsSignIn } from '/own.js';
import { Choice, Data, Simulated, go, useTitle } from '/parts.js';
import { ask, signature } from '/session.js';

const USUAL = 60, LEAST = 50, MOST = 99; // per cent
const REST_MS = 700; // after the last step of a slider
const LONGEST_MS = 2 ** 31 - 1; // that a timer takes

// What can be picked of a game: the type's name, and its two sides in words.
function types(game) {
  const { away_team: away, home_team: home, spread_line: spread, total_line: total } = game;
  return [['game', 'Winner', [['away', away], ['home', home]]],
    ...(spread === null ? [] : [['ats', 'Spread', [['away', `${away} ${signed(spread)}`], ['home', `${home} ${signed(-spread)}`]]]]),
    ...(total === null ? [] : [['total', 'Total', [['under', `under ${total}`], ['over', `over ${total}`]]]])];
}

function Result({ pick }) {
  if (!pick?.outcome) return '';
  const brier = pick.brier === null ? '' : html`<span class="soft"> Brier ${pick.brier.toFixed(2)}</span>`;
  if (pick.is_correct === null) return html`<span class="mark push">= ${pick.outcome}${brier}</span>`;
  return pick.is_correct ? html`<span class="mark right">✓ right${brier}</span>` : html`<span class="mark wrong">✗ wrong${brier}</span>`;
}

// What is put off until the slider rests is sent at once where the reader turns to something else, and gets through where he leaves.
function useRest(save) {
  const waiting = useRef(), latest = useRef();
  latest.current = save;
  const flush = (isLeaving = false) => {
    if (!waiting.current) return;
    const { timer, pick } = waiting.current;
    waiting.current = undefined;
    clearTimeout(timer);
    latest.current(pick, isLeaving);
  };
  const put = (pick) => {
    clearTimeout(waiting.current?.timer);
    waiting.current = { pick, timer: setTimeout(flush, REST_MS) };
    signature().catch(() => {}); // so that nothing is to be waited for where the page goes
  };
  const drop = () => { clearTimeout(waiting.current?.timer); waiting.current = undefined; };
  const isWaiting = () => waiting.current !== undefined;
  useEffect(() => {
    const leave = () => flush(true);
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', leave);
    return () => { flush(); removeEventListener('pagehide', leave); document.removeEventListener('visibilitychange', leave); };
  }, []);
  return { put, flush, drop, isWaiting };
}

function Sides({ game, type, name, sides, pick, save, takeBack, say }) {
  const [chance, setChance] = useState(pick ? Math.round(100 * pick.probability) : USUAL);
  const rest = useRest(save);
  // Another tab may have moved it.
  useEffect(() => { if (pick && !rest.isWaiting()) setChance(Math.round(100 * pick.probability)); }, [pick?.probability]);
  const isOver = hasBegun(game), id = `${game.id}-${type}`;
  const of = (side, percentage) => ({ game_id: game.id, type, pick: side, probability: percentage / 100 });
  return html`<fieldset class="sides" disabled=${isOver}><legend>${name} <${Result} pick=${pick} /></legend>
    ${sides.map(([side, label]) => html`<label class="side-choice"><input type="radio" name=${id} value=${side} checked=${pick?.pick === side} onChange=${() => { rest.drop(); save(of(side, chance)); }} /> ${label}</label>`)}
    <label class="chance-choice"><span class="unseen">${name} of ${game.away_team} at ${game.home_team}: </span>Chance
      <input type="range" min=${Math.min(LEAST, chance)} max=${Math.max(MOST, chance)} step="1" value=${chance} aria-valuetext=${`${chance} %`} onInput=${(event) => setChance(Number(event.target.value))}
        onChange=${(event) => (pick ? rest.put(of(pick.pick, Number(event.target.value))) : say(`Choose ${sides[0][1]} or ${sides[1][1]} as well.`))} onBlur=${() => rest.flush()} /><output>${chance} %</output></label>
    <button type="button" class="plain take-back" disabled=${isOver || !pick?.id} aria-label=${`Take back: ${name} of ${game.away_team} at ${game.home_team}`} onClick=${() => { rest.drop(); takeBack(pick); }}>Take back</button></fieldset>`;
}

function Card({ game, picks, change, team }) {
  const [state, setState] = useState({});
  const [chosen, setChosen] = useState({}); // by type, until the answer is there
  const [first, ...others] = types(game);
  const sent = useRef(Promise.resolve());
  // One after the other, so that the last is what is kept; but what a page that goes would send later, it would never. SEND answers what then is kept.
  const settle = (type, shown, send, isLeaving) => {
    setState({ said: 'Saving …' });
    setChosen((now) => ({ ...now, [type]: shown }));
    const give = () => setChosen((now) => (now[type] === shown ? { ...now, [type]: undefined } : now));
    const own = (isLeaving ? send() : sent.current.then(send)).then((kept) => { change(game.id, type, kept); give(); if (sent.current === own) setState({ said: kept ? 'Saved.' : 'Taken back.' }); }, (error) => { give(); setState({ error }); });
    sent.current = own;
  };
  const save = (pick, isLeaving = false) => settle(pick.type, pick, () => ask('POST', '/v1/picks', pick, { keepalive: true }).then((kept) => ({ ...pick, ...kept })), isLeaving);
  // Another tab may have done so before, and may have made it anew.
  const kept = (type) => get('/v1/picks', { season: game.season, week: game.week }).then(({ data }) => data.find((own) => own.game_id === game.id && own.prediction_type === type) ?? null);
  const takeBack = (type, pick) => settle(type, null, () => ask('DELETE', `/v1/picks/${pick.id}`).then(() => null, (error) => { if (error.status !== 404) throw error; return kept(type); }));
  const row = ([type, name, sides]) => html`<${Sides} key=${type} game=${game} type=${type} name=${name} sides=${sides} pick=${chosen[type] === undefined ? picks[type] : chosen[type]} save=${save} takeBack=${(pick) => takeBack(type, pick)} say=${(said) => setState({ said })} />`;
  const score = game.home_score === null ? '' : `${game.away_score}–${game.home_score}`;
  return html`<li class="card pick" data-game=${game.id}><h2 class="when"><a href=${`/game?id=${game.id}`}>${team(game.away_team).nickname} at ${team(game.home_team).nickname}</a><span>${score || kickoff(game)}</span></h2>
    ${row(first)}
    <details open=${others.some(([type]) => picks[type])}><summary>Spread and total</summary>${others.length ? others.map(row) : html`<p class="soft">No lines yet.</p>`}</details>
    <p class=${state.error ? 'wrong said' : 'soft said'} role="status">${state.error?.message ?? state.said ?? (game.cancelled_at ? 'It was called off.' : hasBegun(game) ? 'It has begun.' : '')}</p></li>`;
}

// What of PICKS is of GAMES, by game and type.
function sorted(games, picks) {
  const byGame = Object.fromEntries(games.map((game) => [game.id, {}]));
  for (const pick of picks) if (byGame[pick.game_id]) byGame[pick.game_id][pick.prediction_type] = pick;
  return byGame;
}

async function load(query) {
  const week = { season: query.get('season') ?? 'current', week: query.get('week') ?? 'current' };
  const [games, picks, seasons, team] = await Promise.all([all('/v1/games', week), get('/v1/picks', week), get('/v1/seasons'), teams()]);
  return { games, byGame: sorted(games, picks.data), seasons: seasons.data, team };
}

// Picks change in other tabs, which say so at once, and on other devices, which is looked after when the reader comes back. SHOW(id, type, pick) shows
// what one tab told; REREAD() answers all picks of the week, which SHOWALL shows unless something was picked since. Answers how to tell the others.
function useElsewhere(page) {
  const latest = useRef(), tabs = useRef(), changes = useRef(0);
  latest.current = page;
  const take = (told) => { changes.current += 1; latest.current.show(...told); };
  useEffect(() => {
    let isAsking = false;
    const look = () => {
      if (document.hidden || isAsking) return;
      const before = changes.current;
      isAsking = true;
      latest.current.reread().then((picks) => { if (changes.current === before) latest.current.showAll(picks); }, () => {}).finally(() => { isAsking = false; });
    };
    tabs.current = new BroadcastChannel('gridiron.picks');
    tabs.current.onmessage = ({ data }) => take(data);
    document.addEventListener('visibilitychange', look);
    addEventListener('focus', look);
    return () => { tabs.current.close(); tabs.current = undefined; document.removeEventListener('visibilitychange', look); removeEventListener('focus', look); };
  }, []);
  return (...told) => { take(told); tabs.current?.postMessage(told); };
}

// How the week's graded winners went.
function Sum({ picks }) {
  const graded = picks.filter((pick) => pick?.brier !== null && pick?.brier !== undefined);
  if (graded.length === 0) return '';
  const brier = graded.reduce((sum, pick) => sum + pick.brier, 0) / graded.length;
  return html`<p>${graded.filter((pick) => pick.is_correct).length} of ${graded.length} winners right (${percent(graded.filter((pick) => pick.is_correct).length / graded.length)});
    Brier score <strong>${brier.toFixed(4)}</strong>, a coin's is 0.2500.</p>`;
}

// Draw again at each kick-off: a page left open takes no pick of a game that has begun.
function useKickoffs(games) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const next = Math.min(...(games ?? []).map(beginsAt).filter((at) => at > now));
    if (next === Infinity) return undefined;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(next - Date.now() + 1000, LONGEST_MS));
    return () => clearTimeout(timer);
  }, [games, now]);
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  useEffect(() => { if (!needsSignIn()) load(query).then(setState, (error) => needsSignIn(error) || setState({ error })); }, []);
  useKickoffs(state.games);
  const first = state.games?.[0];
  const season = query.get('season') ?? first?.season, week = query.get('week') ?? first?.week;
  const change = useElsewhere({
    show: (id, type, pick) => setState((now) => (now.byGame?.[id] ? { ...now, byGame: { ...now.byGame, [id]: { ...now.byGame[id], [type]: pick ?? undefined } } } : now)),
    reread: () => (first ? get('/v1/picks', { season, week }).then(({ data }) => data) : Promise.reject(new Error())),
    showAll: (picks) => setState((now) => ({ ...now, byGame: sorted(now.games, picks) })),
  });
  const title = first && weekName(season, week, first);
  useTitle(title && `Your picks, ${title[0].toLowerCase()}${title.slice(1)}`);
  if (state.error) return failure(state.error);
  const last = state.seasons?.find((row) => String(row.season) === String(season))?.last_week ?? 0;
  const to = (more) => go({ season, week: 1, ...more });
  return html`<div class="head"><h1>Your picks${title ? `, ${title[0].toLowerCase()}${title.slice(1)}` : ''}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => to({ season: v })} />
        <${Choice} label="Week" value=${week} values=${Array.from({ length: last }, (_, i) => i + 1)} onChange=${(v) => to({ week: v })} /></div></div>
    <p class="soft">Say who wins, and how sure you are; change it, or take it back, until kick-off. Nobody else sees a pick, but for members of a <a href="/league">league</a> of yours once its game has begun. The Brier score is what counts:
      sure and wrong costs most. The <a href="/leaderboard">leaderboard</a> shows those who wish.</p>
    ${state.games && html`<${Simulated} rows=${state.games} /><${Sum} picks=${state.games.map((game) => state.byGame[game.id].game)} />`}
    ${!state.games ? html`<ul key="skeleton" class="grid" aria-hidden="true">${Array.from({ length: 16 }, () => html`<li class="card pick skeleton"></li>`)}</ul>`
      : state.games.length === 0 ? html`<p>No games of this week are known.</p>` : html`<ul key="games" class="grid">${state.games.map((game) => html`<${Card} key=${game.id} game=${game} picks=${state.byGame[game.id]} change=${change} team=${state.team} />`)}</ul>`}
    ${first && html`<${Data} path="/v1/picks" query=${{ season, week }} name=${`picks-${season}-${week}`} />`}`;
}
