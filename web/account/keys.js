// API keys: made for one purpose, shown once, taken back at once.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { proofOf } from '/account/proof.js';
import { plansWith } from '/api.js';
import { ask } from '/session.js';
import { onDay } from '/time.js';

const FIELDS = [{ name: 'name', label: 'What it is for', maxlength: 100, required: true }, { name: 'days', label: 'Good for how many days', type: 'number', min: 1, max: 730, placeholder: '365' }];
const day = (time) => (time ? onDay(time) : 'never');

export function Keys({ hasCodes }) {
  const [state, setState] = useState({ rows: [], mayMake: true });
  const load = (more = {}) => Promise.all([ask('GET', '/v1/me/api-keys'), ask('GET', '/v1/access'), plansWith('api_access')]).then(
    ([{ data }, { features }, plans]) => setState({ rows: data, mayMake: features.includes('api_access'), plans, ...more }), (error) => setState({ rows: [], error }));
  useEffect(() => { load(); }, []);
  const make = ({ days, ...values }) => ask('POST', '/v1/me/api-keys', { ...values, scopes: ['forecasts'], ...(days && { days: Number(days) }) }).then((made) => load({ made: made.key }));
  const end = (row) => ask('DELETE', `/v1/me/api-keys/${row.id}`).then(() => load(), (error) => setState({ ...state, error }));
  return html`<section><h2>API keys</h2>${state.error && html`<p class="wrong" role="alert">${state.error.message}</p>`}
    ${state.made && html`<div class="notice" role="status"><strong>Copy it now, it is not shown again:</strong><br /><code class="key-text">${state.made}</code></div>`}
    ${state.rows.length > 0 && html`<div class="wide" tabindex="0" role="region" aria-label="API keys"><table class="words"><thead><tr><th scope="col">Key</th><th scope="col">For</th><th scope="col">May read</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span class="unseen">Take back</span></th></tr></thead>
      <tbody>${state.rows.map((row) => html`<tr key=${row.id}><td><code>${row.prefix}…</code></td><td>${row.name}</td><td>${row.scopes.join(', ')}</td><td>${day(row.last_used_at)}</td><td>${day(row.expires_at)}</td>
        <td><button class="plain" onClick=${() => end(row)} aria-label=${`Take back ${row.name}`}>Take back</button></td></tr>`)}</tbody></table></div>`}
    ${!state.mayMake ? html`<p>${state.plans ? `Keys for programs come with these plans: ${state.plans}.` : 'No plan that is sold has keys for programs.'}${state.rows.length > 0 && ' Yours rest, and work again when you have one.'}</p>` : html`<details><summary>Make a key</summary><p class="soft">For programs that read forecasts, as <code>Authorization: Bearer KEY</code>. It outlasts this session, and another password that you set here; one that is set by a link from your mail ends it.</p><${Form} label="Make key" fields=${[...FIELDS, ...proofOf(hasCodes)]} send=${make} /></details>`}</section>`;
}
