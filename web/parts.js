// What several pages show in the same way.
import { html } from '/vendor/htm-preact.js';

export function Choice({ label, value, values, names = values, onChange }) {
  return html`<label>${label}<select value=${value} onChange=${(event) => onChange(event.target.value)}>
    ${values.map((v, i) => html`<option value=${v} selected=${String(v) === String(value)}>${names[i]}</option>`)}</select></label>`;
}

export const Simulated = ({ rows }) => rows?.some((row) => row.is_simulated) && html`<p class="notice"><strong>Simulated league.</strong>
  No real games were found; these are made up to show how the program works.</p>`;

// The page's data, for programs: PATH with QUERY, as JSON and as CSV.
export function Data({ path, query = {}, csv = path }) {
  const search = (more) => new URLSearchParams(Object.entries({ ...query, ...more }).filter(([, v]) => v !== undefined && v !== null && v !== ''));
  const csvQuery = csv === path ? { format: 'csv' } : {};
  return html`<p class="soft data">This page's data: <a href=${`${path}?${search({})}`}>JSON</a>, <a href=${`${csv}?${search(csvQuery)}`}>CSV</a></p>`;
}

// To another address of the same page, with QUERY changed.
export const go = (query) => location.assign(`${location.pathname}?${new URLSearchParams(query)}`);

export function Skeleton({ kind = 'chart', count = 1 }) {
  return Array.from({ length: count }, () => html`<div class=${`${kind} skeleton`} aria-hidden="true"></div>`);
}
