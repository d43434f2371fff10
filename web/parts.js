// What several pages show in the same way.
import { html, useEffect, useRef, useState } from '/vendor/htm-preact.js';
import { MOST_ROWS, address, plansWith } from '/api.js';
import { Press, keepFile } from '/own.js';
import { askText, isSignedIn } from '/session.js';

// The page's own title, in the tab and in the history. Until there is TEXT it stays as it is.
export const useTitle = (text) => useEffect(() => { if (text) document.title = `${text} – Gridiron`; }, [text]);

// What was chosen leads to another address, where the choice has the focus again: arrow keys go on from there.
const CHOSEN = 'gridiron.chosen';

export function Choice({ label, value, values, names = values, onChange }) {
  const box = useRef();
  useEffect(() => {
    if (values.length === 0 || sessionStorage.getItem(CHOSEN) !== location.pathname + label) return;
    sessionStorage.removeItem(CHOSEN);
    if (document.activeElement === document.body) box.current.focus();
  }, [values.length === 0]);
  return html`<label>${label}<select ref=${box} value=${value} disabled=${values.length === 0} onChange=${(event) => onChange(event.target.value)}>
    ${values.map((v, i) => html`<option value=${v} selected=${String(v) === String(value)}>${names[i]}</option>`)}</select></label>`;
}

// What whoever looks is shown, where that is not simply everything: GET /v1/access.
export function Access({ access }) {
  if (access?.is_open)
    return html`<p class="notice">Open access: whoever asks from this machine sees what subscribers see. <code>access.open: false</code> ends that.</p>`;
  if (access?.needs_second_factor)
    return html`<p class="notice">You see what everybody sees until you have <a href="/account">turned on codes at sign-in</a>, which are asked of everybody here.</p>`;
  if (access?.audience === 'public')
    return html`<p class="notice">Three forecasts of each week are open to all, and the record is a day late. Subscribers see every forecast as it is made.</p>`;
  if (access?.audience === 'regular')
    return html`<p class="notice">Your plan has every forecast but those of the playoffs, of which three a week are open to all.</p>`;
  return '';
}

// In the place of what needs FEATURE, which whoever looks has not: the plans that have it.
export function Closed({ what, feature }) {
  const [plans, setPlans] = useState();
  useEffect(() => { plansWith(feature).then(setPlans, () => setPlans('')); }, []);
  return html`<p class="notice">${what} ${plans ? `with these plans: ${plans}.` : 'for subscribers.'}</p>`;
}

export const Simulated = ({ rows }) => rows?.some((row) => row.is_simulated) && html`<p class="notice"><strong>Simulated league.</strong>${' '}
  These games are made up to show how the program works.</p>`;

const KINDS = { game: 'winner', ats: 'side of the spread', total: 'side of the total' };

// Said when a season goes badly, of every kind of forecast that does; nothing is said when it goes well.
export function Warning({ rows, season }) {
  const bad = (rows ?? []).filter((row) => row.season === season && KINDS[row.prediction_type] && row.accuracy_percentage !== null && row.accuracy_percentage < 50);
  return bad.length > 0 && html`<p class="notice bad" role="status">${bad.map((row) => `In season ${row.season} the forecasts have named the ${KINDS[row.prediction_type]} in
    ${row.accuracy_percentage.toFixed(1)} % of ${row.total_predictions - row.push_count} games: less often than a coin.`).join(' ')}</p>`;
}

// The page's data, for programs: PATH with QUERY, as JSON and as CSV; of a list that comes in pages, which isPaged says, every row.
// Whoever is signed in gets what the page shows: requests must be signed, which a plain link is not.
export function Data({ path, query = {}, isPaged = false, csv = path, name = path.slice('/v1/'.length).replaceAll('/', '-') }) {
  const whole = { ...query, ...(isPaged && { limit: MOST_ROWS }) };
  const kinds = [['JSON', address(path, whole), 'json', 'application/json'], ['CSV', csv === path ? address(path, { ...whole, format: 'csv' }) : address(csv, query), 'csv', 'text/csv']];
  if (!isSignedIn()) return html`<p class="soft data">This page's data: ${kinds.map(([label, link], i) => html`${i > 0 && ', '}<a href=${link}>${label}</a>`)}</p>`;
  const download = (link, ending, type) => askText('GET', link).then((text) => keepFile(`${name}.${ending}`, type, text));
  return html`<p class="soft data">This page's data: ${kinds.map(([label, link, ending, type]) => html`<${Press} key=${label} plain=${true} label=${label} action=${() => download(link, ending, type)} /> `)}</p>`;
}

// To another address of the same page, with QUERY changed.
export function go(query) {
  sessionStorage.setItem(CHOSEN, location.pathname + (document.activeElement.labels?.[0]?.firstChild.textContent ?? ''));
  location.assign(`${location.pathname}?${new URLSearchParams(query)}`);
}

export function Skeleton({ kind = 'chart', count = 1 }) {
  return Array.from({ length: count }, () => html`<div class=${`${kind} skeleton`} aria-hidden="true"></div>`);
}
