// Power ratings as of a week, with their uncertainty, and one team's way through the seasons.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { get, mayUse, plain, signed } from '/api.js';
import { Chart } from '/chart.js';
import { teams } from '/games.js';
import { Choice, Closed, Data, Skeleton, go, useTitle } from '/parts.js';

const HISTORY_SEASONS = 3;

// A rating with one standard error to each side, on a scale that all rows share.
function Bar({ value, se, most }) {
  const at = (x) => `${50 + 50 * x / most}%`;
  return html`<span class="range" aria-hidden="true"><i style=${{ left: at(value - se), width: `${100 * se / most}%` }}></i><b style=${{ left: at(value) }}></b></span>`;
}

const Cell = ({ value, se }) => html`<td>${signed(value)} <span class="soft">±${se.toFixed(1)}</span></td>`;

function Table({ rows, team, pick, named }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.total) + row.total_se));
  return html`<div class="wide" tabindex="0" role="region" aria-label="Ratings of all teams"><table>
    <thead><tr><th scope="col">Team</th><th scope="col">Rank</th><th scope="col">Rating</th><th scope="col" class="drawn"><span class="unseen">Drawn</span></th>
      <th scope="col">Offence</th><th scope="col">Defence</th><th scope="col">Quarterback</th><th scope="col"><span class="unseen">Who that is</span></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.team} class=${row.team === team ? 'chosen' : ''}>
      <td><button class="plain" aria-pressed=${row.team === team} onClick=${() => pick(row.team)}>${row.team}</button> <span class="soft nick">${named(row.team).nickname}</span></td><td>${row.rank}</td>
      <${Cell} value=${row.total} se=${row.total_se} /><td class="drawn"><${Bar} value=${row.total} se=${row.total_se} most=${most} /></td>
      <${Cell} value=${row.offence} se=${row.offence_se} /><${Cell} value=${row.defence} se=${row.defence_se} />
      <${Cell} value=${row.quarterback} se=${row.quarterback_se} /><td class="soft">${row.quarterback_name ?? ''}</td></tr>`)}</tbody></table></div>`;
}

function History({ team, season, named, failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    setState({});
    get(`/v1/ratings/${encodeURIComponent(team)}/history`, { from: season - HISTORY_SEASONS + 1, through: season }).then(({ data }) => {
      const first = (row, i) => row.season !== data[i - 1]?.season;
      setState({ data, xs: data.map((_, i) => i), marks: data.map((row, i) => ({ x: i, label: String(row.season), isFirst: first(row, i) })).filter((mark) => mark.isFirst),
        lines: [{ label: team, colour: '--home', values: data.map((row) => row.total),
          band: { low: data.map((row) => row.total - row.total_se), high: data.map((row) => row.total + row.total_se) } }] });
    }, (error) => setState({ error }));
  }, [team, season]);
  if (state.error) return failure(state.error);
  const name = (i) => `${state.data[i].season}, before week ${state.data[i].week}`;
  return html`<h2>${named(team).name}, the last ${HISTORY_SEASONS} seasons week by week</h2>
    ${state.xs ? html`<${Chart} label=${`Rating of ${team} week by week, with one standard error to each side`} x="Season" xs=${state.xs} lines=${state.lines} marks=${state.marks} name=${name} format=${(v) => signed(v)} tick=${(v) => (v > 0 ? '+' : '') + plain(v)} />`
      : html`<${Skeleton} />`}`;
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const [team, setTeam] = useState(query.get('team'));
  const asked = { season: query.get('season') ?? 'current', week: query.get('week') ?? 'current' };
  useEffect(() => {
    Promise.all([get('/v1/ratings', asked), get('/v1/seasons'), teams(), get('/v1/access')])
      .then(([ratings, seasons, named, access]) => setState({ access, rows: ratings.data, seasons: seasons.data, named }), (error) => setState({ error }));
  }, []);
  const first = state.rows?.[0];
  const title = `Ratings${first ? `, season ${first.season}, before week ${first.week}` : ''}`;
  useTitle(title);
  if (state.error) return failure(state.error);
  const season = first?.season ?? query.get('season'), week = first?.week ?? query.get('week');
  const weeks = state.seasons?.find((row) => row.season === Number(season))?.last_week ?? 0;
  const chosen = team ?? first?.team;
  return html`<div class="head"><h1>${title}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v, week: 1 })} />
        <${Choice} label="Week" value=${week} values=${Array.from({ length: weeks }, (_, i) => i + 1)} onChange=${(v) => go({ season, week: v })} /></div></div>
    <p class="soft">Points better than an average team on a neutral field, ± one standard error: the sum of offence, defence and whoever plays quarterback.</p>
    ${!state.rows ? html`<${Skeleton} kind="rows" />` : state.rows.length === 0 ? html`<p>There are no ratings of this week. They are made with the forecasts: <code>gridiron forecast</code>.</p>`
      : html`<${Table} rows=${state.rows} team=${chosen} pick=${setTeam} named=${state.named} />${mayUse(state.access, 'basic_analytics') ? html`<${History} team=${chosen} season=${Number(season)} named=${state.named} failure=${failure} />` : html`<h2>${state.named(chosen).name}, week by week</h2><${Closed} what="Ratings week by week come" feature="basic_analytics" />`}
        <${Data} path="/v1/ratings" query=${{ season, week }} />`}`;
}
