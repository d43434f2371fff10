// The account's address: another one is asked for with the password, and counts once the link sent to it is followed.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { ask } from '/session.js';
import { atTime } from '/time.js';

const EMAIL = { name: 'email', label: 'New address', type: 'email', autocomplete: 'email', required: true };
const PASSWORD = { name: 'password', label: 'Your password', type: 'password', autocomplete: 'current-password', required: true };
const CODE = { name: 'code', label: 'Code of your app', autocomplete: 'one-time-code', inputmode: 'numeric', required: true };

export function Address() {
  const [state, setState] = useState({});
  const load = () => Promise.all([ask('GET', '/v1/me/email'), ask('GET', '/v1/me/mfa')]).then(([address, mfa]) => setState({ address, hasCodes: Boolean(mfa.enabled_at) }), (error) => setState({ error }));
  useEffect(() => { load(); }, []);
  const { address, hasCodes, error } = state;
  const withdraw = () => ask('DELETE', '/v1/me/email').then(load, (failed) => setState({ ...state, error: failed }));
  return html`<section><h2>Address</h2>${error && html`<p class="wrong" role="alert">${error.message}</p>`}
    ${address?.new_email && html`<div class="notice" role="status"><p>A link was sent to ${address.new_email}; open it by ${atTime(address.expires_at)} to make it your address.</p><button onClick=${withdraw}>Keep the present one</button></div>`}
    <details><summary>Change it</summary><${Form} label="Change address" fields=${hasCodes ? [EMAIL, PASSWORD, CODE] : [EMAIL, PASSWORD]} send=${(values) => ask('POST', '/v1/me/email', values).then(load)} done="A link is on its way to the new address." /></details></section>`;
}
