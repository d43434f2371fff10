// The devices that are signed in; one, or all others, can be ended.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { ask } from '/session.js';
import { atTime } from '/time.js';

const PASSWORD = [{ name: 'password', label: 'Your password, to end it', type: 'password', autocomplete: 'current-password', required: true }];

export function Devices() {
  const [state, setState] = useState({ rows: [] });
  const load = () => ask('GET', '/v1/me/sessions').then(({ data }) => setState({ rows: data }), (error) => setState({ rows: [], error }));
  useEffect(() => { load(); }, []);
  // Whoever signed in a while ago is asked for the password first.
  const end = (path) => ask('DELETE', path, {}).then(load, (error) => setState({ ...state, ...(error.field === 'password' ? { asked: path } : { error }) }));
  return html`<section><h2>Signed in</h2>${state.error && html`<p class="wrong" role="alert">${state.error.message}</p>`}
    <div class="wide" tabindex="0" role="region" aria-label="Devices that are signed in"><table class="words"><thead><tr><th scope="col">Device</th><th scope="col">From</th><th scope="col">Since</th><th scope="col">Last used</th><th scope="col"><span class="unseen">End</span></th></tr></thead>
      <tbody>${state.rows.map((row) => html`<tr key=${row.id}><td>${row.device ?? 'unknown'}</td><td>${row.place ?? row.ip_address ?? ''}</td><td>${atTime(row.signed_in_at)}</td><td>${atTime(row.last_used_at)}</td>
        <td>${row.is_current ? 'this one' : html`<button class="plain" onClick=${() => end(`/v1/me/sessions/${row.id}`)} aria-label=${`End ${row.device ?? 'the device'}`}>End</button>`}</td></tr>`)}</tbody></table></div>
    <div role="status">${state.asked && html`<p>It is a while since you signed in here: your password, please.</p>`}</div>
    ${state.asked && html`<${Form} label="End it" fields=${PASSWORD} send=${(values) => ask('DELETE', state.asked, values).then(load)} />`}
    ${state.rows.length > 1 && html`<p><button onClick=${() => end('/v1/me/sessions')}>End all others</button></p>`}</section>`;
}
