// The season's outlook: every team's chances, and how one team's have changed week by week.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { chance, get, plain } from '/api.js';
import { Chart } from '/chart.js';
import { teams } from '/games.js';
import { Choice, Closed, Data, Skeleton, go, useTitle } from '/parts.js';
import { Supposed } from '/supposed.js';

const FIRST_SEASON = 2002; // of today's divisions
const CHANCES = [['p_division', 'Division'], ['p_top_seed', 'First seed'], ['p_playoffs', 'Playoffs'], ['p_championship', 'Last 4'], ['p_final', 'Final'], ['p_title', 'Title']];

// However often the season is played, that cannot tell what is settled from what is very likely; but where all games of the regular season are over,
// what has always come out is so by the rules.
const shown = (p, isSettled) => (isSettled && p === 0 ? '–' : isSettled && p === 1 ? 'yes' : chance(p, 1));

// When a team's chances were as ROW has them.
const when = ({ week, games_played: isBegun }) => (week === null ? 'as it ended' : isBegun ? `in week ${week}` : `before week ${week}`);

const shade = (p) => ({ '--share': `${Math.round(100 * Math.sqrt(p))}%` });

function Table({ rows, team, pick, isOver, named }) {
  const isSettled = rows.every((row) => row.wins_sd === 0);
  return html`<div class="wide" tabindex="0" role="region" aria-label="Chances of all teams"><table>
    <thead><tr><th scope="col">Team</th><th scope="col">Wins</th>${CHANCES.map(([, name]) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.team} class=${row.team === team ? 'chosen' : ''}>
      <td><button class="plain" aria-pressed=${row.team === team} onClick=${() => pick(row.team)}>${row.team}</button> <span class="soft nick">${named(row.team).nickname}</span></td>
      <td>${isOver ? row.wins_mean : html`${row.wins_mean.toFixed(1)} <span class="soft">±${row.wins_sd.toFixed(1)}</span>`}</td>
      ${CHANCES.map(([key]) => html`<td class="share" style=${shade(row[key])}>${isOver ? (row[key] ? 'yes' : '–') : shown(row[key], isSettled)}</td>`)}</tr>`)}</tbody></table></div>`;
}

function History({ team, season, named, failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    setState({});
    get(`/v1/season/${season}/outlook`, { team }).then(({ data }) => setState({ names: data.map(when), xs: data.map((row, i) => (row.week ?? (data[i - 1]?.week ?? 0) + 1) + (row.games_played ? 0.5 : 0)), lines: [
      { label: 'playoffs', colour: '--home', values: data.map((row) => 100 * row.p_playoffs) },
      { label: 'division', colour: '--away', values: data.map((row) => 100 * row.p_division) },
      { label: 'title', colour: '--good', values: data.map((row) => 100 * row.p_title) }] }), (error) => setState({ error }));
  }, [team, season]);
  if (state.error) return failure(state.error);
  return html`<h2>${named(team).name}, week by week</h2>
    ${state.xs ? html`<${Chart} label=${`Chances of ${team} before each week`} x="As of" xs=${state.xs} lines=${state.lines} format=${(v) => chance(v / 100, 1)} tick=${(v) => `${plain(v)} %`} name=${(at) => state.names[state.xs.indexOf(at)]} />`
      : html`<${Skeleton} />`}`;
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const [team, setTeam] = useState(query.get('team'));
  const asked = query.get('season') ?? 'current';
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let later;
    const made = get(`/v1/season/${encodeURIComponent(asked)}/outlook`, { week: query.get('week') }).catch((error) => {
      if (error.code !== 'busy') throw error;
      later = setTimeout(() => setTurn(turn + 1), 1000 * (error.retryAfter ?? 10));
      return { waits: error.message };
    });
    Promise.all([made, get('/v1/seasons'), teams(), get('/v1/access')])
      .then(([outlook, seasons, named, access]) => setState({ named, access, rows: outlook.data, waits: outlook.waits, seasons: seasons.data.filter((row) => row.season >= FIRST_SEASON) }), (error) => setState({ error }));
    return () => clearTimeout(later);
  }, [turn]);
  const first = state.rows?.[0];
  const season = first?.season ?? (asked === 'current' ? state.seasons?.at(-1)?.season : Number(asked));
  const last = state.seasons?.find((row) => row.season === season)?.last_week;
  const lastRegular = Math.min(last, season >= 2021 ? 18 : 17); // what can be supposed are games of the regular season
  const isOver = first && first.week === null;
  const chosen = team ?? first?.team;
  const title = `Season ${season ?? ''}${first ? `, ${when(first)}` : ''}`;
  useTitle(title);
  if (state.error) return failure(state.error);
  return html`<div class="head"><h1>${title}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v })} /></div></div>
    <p class="soft intro">${isOver ? 'What became of every team, by the league\'s rules for ties and seeds; below, what it looked like before each week.'
      : `The rest of the season played ${first ? first.runs.toLocaleString('en') : 'many'} times, with strengths as uncertain as they are and ties broken by the league's rules.${first?.games_played ? ` ${first.games_played === 1 ? 'One game' : `${first.games_played} games`} of this week ${first.games_played === 1 ? 'is' : 'are'} over and counted.` : ''}`}</p>
    ${state.rows && !isOver && (state.access.audience === 'public' ? html`<${Closed} what="Chances as each game ends, wins to more than the half, the last two weeks, the playoffs, and what chances would be with other results come" feature="real_time_predictions" />`
      : state.access.audience === 'regular' && html`<${Closed} what="Chances during the playoffs come" feature="playoff_predictions" />`)}
    ${state.waits ? html`<p class="notice" role="status">${state.waits} This page shows it then.</p>` : !state.rows ? html`<${Skeleton} kind="rows" />`
      : html`<${Table} rows=${state.rows} team=${chosen} pick=${setTeam} isOver=${isOver} named=${state.named} /><${History} team=${chosen} season=${season} named=${state.named} failure=${failure} />
        ${!isOver && !query.get('week') && first.week <= lastRegular && state.access.audience !== 'public' && html`<${Supposed} season=${season} from=${first.week} last=${lastRegular} rows=${state.rows} />`}
        <${Data} path=${`/v1/season/${season}/outlook`} query=${first.games_played || isOver ? {} : { week: first.week }} />`}`;
}
