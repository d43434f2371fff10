// Power ratings as of a week, with their uncertainty, and one team's way through the seasons.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { get, signed } from '/api.js';
import { Chart } from '/chart.js';
import { Choice, Data, Skeleton, go } from '/parts.js';

const HISTORY_SEASONS = 3;

// A rating with one standard error to each side, on a scale that all rows share.
function Bar({ value, se, most }) {
  const at = (x) => `${50 + 50 * x / most}%`;
  return html`<span class="range" aria-hidden="true"><i style=${{ left: at(value - se), width: `${100 * se / most}%` }}></i><b style=${{ left: at(value) }}></b></span>`;
}

const Cell = ({ value, se }) => html`<td>${signed(value)} <span class="soft">±${se.toFixed(1)}</span></td>`;

function Table({ rows, team, pick }) {
  const most = Math.max(...rows.map((row) => Math.abs(row.total) + row.total_se));
  return html`<div class="wide" tabindex="0" role="region" aria-label="Ratings of all teams"><table>
    <thead><tr><th scope="col">Team</th><th scope="col">Rank</th><th scope="col">Rating</th><th scope="col"><span class="unseen">Drawn</span></th>
      <th scope="col">Offence</th><th scope="col">Defence</th><th scope="col">Quarterback</th><th scope="col"></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.team} class=${row.team === team ? 'chosen' : ''}>
      <td><button class="plain" aria-pressed=${row.team === team} onClick=${() => pick(row.team)}>${row.team}</button></td><td>${row.rank}</td>
      <${Cell} value=${row.total} se=${row.total_se} /><td><${Bar} value=${row.total} se=${row.total_se} most=${most} /></td>
      <${Cell} value=${row.offence} se=${row.offence_se} /><${Cell} value=${row.defence} se=${row.defence_se} />
      <${Cell} value=${row.quarterback} se=${row.quarterback_se} /><td class="soft">${row.quarterback_name ?? ''}</td></tr>`)}</tbody></table></div>`;
}

function History({ team, season, failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    setState({});
    get(`/v1/ratings/${team}/history`, { from: season - HISTORY_SEASONS + 1, through: season }).then(({ data }) => {
      const values = data.map((row) => row.total);
      setState({ xs: data.map((_, i) => i + 1), lines: [{ label: team, colour: '--home', values,
        band: { low: data.map((row) => row.total - row.total_se), high: data.map((row) => row.total + row.total_se) } }] });
    }, (error) => setState({ error }));
  }, [team, season]);
  if (state.error) return failure(state.error);
  return html`<h2>${team}, the last ${HISTORY_SEASONS} seasons week by week</h2>
    ${state.xs ? html`<${Chart} label=${`Rating of ${team} week by week, with one standard error to each side`} x="Week" xs=${state.xs} lines=${state.lines} format=${(v) => signed(v)} />`
      : html`<${Skeleton} />`}`;
}

export function Page({ query, failure }) {
  const [state, setState] = useState({});
  const [team, setTeam] = useState(query.get('team'));
  const asked = { season: query.get('season') ?? 'current', week: query.get('week') ?? 'current' };
  useEffect(() => {
    Promise.all([get('/v1/ratings', asked), get('/v1/seasons')])
      .then(([ratings, seasons]) => setState({ rows: ratings.data, seasons: seasons.data }), (error) => setState({ error }));
  }, []);
  if (state.error) return failure(state.error);
  const first = state.rows?.[0];
  const season = first?.season ?? query.get('season'), week = first?.week ?? query.get('week');
  const weeks = state.seasons?.find((row) => row.season === Number(season))?.last_week ?? 0;
  const chosen = team ?? first?.team;
  return html`<div class="head"><h1>Ratings${first ? `, season ${season}, before week ${week}` : ''}</h1>
      <div class="picks"><${Choice} label="Season" value=${season} values=${(state.seasons ?? []).map((row) => row.season)} onChange=${(v) => go({ season: v, week: 1 })} />
        <${Choice} label="Week" value=${week} values=${Array.from({ length: weeks }, (_, i) => i + 1)} onChange=${(v) => go({ season, week: v })} /></div></div>
    <p class="soft">Points better than an average team on a neutral field, ± one standard error: the sum of offence, defence and whoever plays quarterback.</p>
    ${!state.rows ? html`<${Skeleton} kind="rows" />` : state.rows.length === 0 ? html`<p>There are no ratings of this week. They are made with the forecasts: <code>gridiron forecast</code>.</p>`
      : html`<${Table} rows=${state.rows} team=${chosen} pick=${setTeam} /><${History} team=${chosen} season=${Number(season)} failure=${failure} />
        <${Data} path="/v1/ratings" query=${{ season, week }} />`}`;
}
