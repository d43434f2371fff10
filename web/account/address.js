// The account's address: another one is asked for with the password, and counts once the link sent to it is followed.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { proofOf } from '/account/proof.js';
import { ask } from '/session.js';
import { atTime } from '/time.js';

const EMAIL = { name: 'email', label: 'New address', type: 'email', autocomplete: 'email', required: true };

export function Address({ hasCodes }) {
  const [state, setState] = useState({});
  const load = () => ask('GET', '/v1/me/email').then((address) => setState({ address }), (error) => setState({ error }));
  useEffect(() => { load(); }, []);
  const { address, error } = state;
  const withdraw = () => ask('DELETE', '/v1/me/email').then(load, (failed) => setState({ ...state, error: failed }));
  return html`<section><h2>Address</h2>${error && html`<p class="wrong" role="alert">${error.message}</p>`}
    ${address?.new_email && html`<div class="notice" role="status"><p>A link was sent to ${address.new_email}; open it by ${atTime(address.expires_at)} to make it your address.</p><button onClick=${withdraw}>Keep the present one</button></div>`}
    <details><summary>Change it</summary><${Form} label="Change address" fields=${[EMAIL, ...proofOf(hasCodes)]} send=${(values) => ask('POST', '/v1/me/email', values).then(load)} done="A link is on its way to the new address." /></details></section>`;
}
