// What if games to come ended as the reader chooses: the season is played anew, and every team's chances stand beside the present ones.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { all, chance, get, signed } from '/api.js';
import { Choice } from '/parts.js';

const MOST = 16; // results at a time
const OF_A_WEEK = 16; // games at most: their places stand before they are known
const CHANCES = [['p_playoffs', 'Playoffs'], ['p_division', 'Division'], ['p_top_seed', 'First seed'], ['p_title', 'Title']];

function Game({ game, value, isFull, onChange }) {
  const { away_team: away, home_team: home } = game;
  return html`<label>${`${away} at ${home}`}<select value=${value ?? ''} disabled=${isFull && !value} onChange=${({ target }) => onChange(target.value)}>
    ${[['', 'open'], ['away', `${away} wins`], ['home', `${home} wins`], ['tie', 'a tie']].map(([side, name]) => html`<option value=${side} selected=${side === (value ?? '')}>${name}</option>`)}</select></label>`;
}

// ROWS as they are shown, THEN by team once the season was played: the table stands already.
function Table({ rows, then }) {
  const cell = (row, key) => html`<td key=${`${key} ${Boolean(then)}`}>${then ? html`${chance(then.get(row.team)[key], 1)} <span class="soft">(${signed(100 * (then.get(row.team)[key] - row[key]))})</span>` : '–'}</td>`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Chances with these results"><table class="even chances">
    <thead><tr><th scope="col">Team</th>${CHANCES.map(([, name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.team}><th scope="row">${row.team}</th>${CHANCES.map(([key]) => cell(row, key))}</tr>`)}</tbody></table></div>`;
}

function Choose({ season, from, last, rows }) {
  const [week, setWeek] = useState(from);
  const [games, setGames] = useState();
  const [chosen, setChosen] = useState({}); // by game, of every week
  const [state, setState] = useState({});
  useEffect(() => {
    let isStale = false;
    all('/v1/games', { season, week }).then((data) => !isStale && setGames(data.filter((game) => game.game_type === 'REG' && game.home_score === null && !game.cancelled_at)), (error) => !isStale && setState({ error }));
    return () => { isStale = true; };
  }, [week]);
  const results = Object.entries(chosen).filter(([, side]) => side).map(([id, side]) => `${id}:${side}`);
  const play = async (event) => {
    event.preventDefault();
    if (state.isSending) return;
    if (results.length === 0) { setState((now) => ({ ...now, said: 'Choose a winner first.', error: undefined })); return; }
    setState((now) => ({ ...now, isSending: true, said: 'It is being played …', error: undefined }));
    try {
      const { data } = await get(`/v1/season/${season}/outlook`, { result: results.join() });
      setState({ then: new Map(data.map((row) => [row.team, row])), said: `Played ${data[0].runs.toLocaleString('en')} times with ${results.length === 1 ? 'this result' : `these ${results.length} results`}.` });
    } catch (error) { setState({ error }); }
  };
  return html`<form onSubmit=${play}><div class="picks wrap"><${Choice} label="Week of the games" value=${week} values=${Array.from({ length: last - from + 1 }, (_, i) => from + i)} onChange=${(v) => setWeek(Number(v))} /></div>
    <div class="supposed">${games?.map((game) => html`<${Game} key=${game.id} game=${game} value=${chosen[game.id]} isFull=${results.length === MOST} onChange=${(side) => setChosen((now) => ({ ...now, [game.id]: side }))} />`)}${games?.length === 0 && html`<p>No game of the regular season is to come in this week.</p>`}
      ${Array.from({ length: OF_A_WEEK - (games?.length ?? 0) }, () => html`<span aria-hidden="true"></span>`)}</div>
    <button class="main" aria-disabled=${state.isSending}>Play the season</button></form>
    <p class="said-below" role="status">${state.error ? html`<span class="wrong">${state.error.message}${state.error.retryAfter ? ` Try again in ${state.error.retryAfter} s.` : ''}</span>` : state.said}</p>
    <${Table} rows=${rows} then=${state.then} />`;
}

// ROWS: the present chances. FROM: the first week that has games to come, LAST of the regular season.
export function Supposed(props) {
  const [isOpen, setOpen] = useState(false);
  return html`<h2>If games to come ended so</h2><details onToggle=${({ target }) => setOpen(target.open)}><summary>Choose winners</summary>${isOpen && html`<${Choose} ...${props} />`}</details>
    <p class="soft">At most ${MOST} results at a time, of any weeks; in brackets the difference from the present chances, in hundredths. A chance p is off by √(p(1−p)/runs).</p>`;
}
