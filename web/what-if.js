// What if another quarterback played: the game as it would be forecast with him, beside the forecast with those it names.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { chance, get, signed } from '/api.js';
import { margin } from '/games.js';
import { Closed } from '/parts.js';

const option = (row) => html`<option value=${row.id}>${row.name ?? row.id} (${signed(row.worth)} ±${row.worth_se.toFixed(1)})</option>`;

// Those of the team first, each kind the best first.
function Quarterback({ label, team, named, rows, onChange }) {
  const [own, others] = [true, false].map((isOwn) => rows.filter((row) => (row.team === team) === isOwn));
  return html`<label>${label}<select disabled=${rows.length === 0} onChange=${({ target }) => onChange(target.value)}>
    <option value="">${named ?? 'whoever started last'}, as expected</option>
    ${rows.length > 0 && html`<optgroup label=${`Of ${team}`}>${own.map(option)}</optgroup><optgroup label="Of others">${others.map(option)}</optgroup>`}</select></label>`;
}

// PRESENT and THEN are answers of the API, absent until they come: the table stands already.
function Table({ game, present, then }) {
  const rows = [[`${game.home_team} wins`, ({ home_win_probability: p }) => chance(p, 1), ({ home_win_change: by }) => `${signed(100 * by)} %`],
    ['Spread', ({ spread }) => margin(game, spread), ({ spread_change: by }) => signed(by)], ['Total', ({ total }) => total.toFixed(1), ({ total_change: by }) => signed(by)]];
  return html`<div class="wide" tabindex="0" role="region" aria-label="With these quarterbacks"><table class="even">
    <thead><tr><th scope="col">Forecast</th><th scope="col">As expected</th><th scope="col">With these</th><th scope="col">Change</th></tr></thead>
    <tbody>${rows.map(([name, tell, change]) => html`<tr key=${name}><th scope="row">${name}</th><td>${present ? tell(present) : '–'}</td><td>${then ? tell(then) : '–'}</td><td>${then ? change(then) : '–'}</td></tr>`)}</tbody></table></div>`;
}

function Choose({ game }) {
  const path = `/v1/games/${encodeURIComponent(game.id)}/forecast`;
  const [known, setKnown] = useState({ rows: [] });
  const [asked, setAsked] = useState({});
  const [state, setState] = useState({});
  useEffect(() => {
    Promise.all([get('/v1/ratings/quarterbacks', { season: game.season, week: game.week }), get(path)]).then(([{ data }, present]) => setKnown({ rows: data, present }), (error) => setState({ error }));
  }, []);
  useEffect(() => {
    let isStale = false;
    if (Object.values(asked).some(Boolean)) get(path, asked).then((then) => !isStale && setState({ then }), (error) => !isStale && setState({ error }));
    else setState({});
    return () => { isStale = true; };
  }, [asked]);
  const { rows, present } = known, { then, error } = state;
  const side = (name, team, named) => html`<${Quarterback} label=${`Quarterback of ${team}`} team=${team} named=${named} rows=${rows} onChange=${(id) => setAsked((now) => ({ ...now, [name]: id }))} />`;
  return html`<div class="picks wrap who">${side('away_qb', game.away_team, present?.away_quarterback)}${side('home_qb', game.home_team, present?.home_quarterback)}</div>
    <${Table} game=${game} present=${present} then=${then} />
    <p class="said-below" role="status">${error ? html`<span class="wrong">${error.message}</span>` : !present ? 'One moment …' : then && `With ${then.away_quarterback} and ${then.home_quarterback}: ${game.home_team} wins with a chance of ${chance(then.home_win_probability, 1)}, instead of ${chance(present.home_win_probability, 1)}.`}</p>`;
}

export function WhatIf({ game, access }) {
  const [isOpen, setOpen] = useState(false);
  return html`<h2>With another quarterback</h2>${access.audience === 'public' ? html`<${Closed} what="What the forecast would be with another quarterback is told" feature="real_time_predictions" />`
    : html`<details onToggle=${({ target }) => setOpen(target.open)}><summary>Choose who plays</summary>${isOpen && html`<${Choose} game=${game} />`}</details>
      <p class="soft">As it would have been forecast before its week; in brackets what a quarterback is worth in points a game, against the average starter, ± one standard error.</p>`}`;
}
