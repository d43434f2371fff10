// The signed-in user's account: profile, password, devices, data, end.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { Alerts } from '/account/alerts.js';
import { Codes } from '/account/codes.js';
import { Devices } from '/account/devices.js';
import { Address } from '/account/address.js';
import { Keys } from '/account/keys.js';
import { codeOf, proofOf } from '/account/proof.js';
import { Plan } from '/account/plan.js';
import { keepFile } from '/own.js';
import { ask, forget, isSignedIn, renew, tellErased } from '/session.js';
import { onDay } from '/time.js';

const text = (name, label, value, more) => ({ name, label, defaultValue: value ?? '', maxlength: 100, ...more });
const PASSWORDS = [
  { name: 'current_password', label: 'Present password', type: 'password', autocomplete: 'current-password', required: true },
  { name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password', minlength: 8, maxlength: 256, required: true, hint: 'Every other device will have to sign in again.' },
];

function Profile({ me, change }) {
  const fields = [text('first_name', 'First name', me.first_name, { autocomplete: 'given-name' }), text('last_name', 'Last name', me.last_name, { autocomplete: 'family-name' })];
  const send = (values) => ask('PATCH', '/v1/me', { first_name: values.first_name ?? null, last_name: values.last_name ?? null }).then(change);
  return html`<section><h2>You</h2><p>${me.email}, here since ${onDay(me.created_at)}.</p>
    <${Form} label="Save" fields=${fields} send=${send} done="Saved." /></section>`;
}

const download = async () => keepFile('gridiron-account.json', 'application/json', JSON.stringify(await ask('GET', '/v1/me/export'), null, 2));

function Erase({ hasCodes }) {
  // Nothing of it stays on the page, nor can the browser bring it back.
  const send = (values) => ask('DELETE', '/v1/me', values).then(() => { forget(); tellErased(); location.replace('/sign-in'); });
  return html`<section><h2>Erase the account</h2><p>Everything personal is destroyed at once, on the record too; there is no way back. What was paid stays in the books without your name.</p>
    <details><summary>Erase it</summary><${Form} label="Erase my account" danger=${true} fields=${proofOf(hasCodes)} send=${send} /></details></section>`;
}

const changePassword = (values) => ask('POST', '/v1/me/password', values).then((changed) => { renew(changed); return changed; });
const passwordChanged = (changed) => `It is changed.${changed.api_keys ? ` API keys go on (${changed.api_keys}): take back those that others may know.` : ''}`;

export function Page({ failure }) {
  const [state, setState] = useState({});
  useEffect(() => {
    if (!isSignedIn()) location.replace('/sign-in?next=/account');
    else Promise.all([ask('GET', '/v1/me'), ask('GET', '/v1/access')]).then(([me, access]) => setState({ me, access, isShort: access.needs_second_factor }), (error) => (error.status === 401 ? location.replace('/sign-in?next=/account') : setState({ error })));
  }, []);
  if (state.error) return failure(state.error);
  if (!state.me) return html`<h1>Account</h1><p>One moment …</p>`;
  // Without codes, where they are asked of everybody, the rest of the account is closed.
  const rest = (shown) => !state.isShort && shown;
  return html`<h1>Account</h1>
    ${state.isShort && html`<p class="notice" role="status">Codes at sign-in are asked of everybody here: turn them on, and the rest of your account opens.</p>`}
    ${rest(html`<${Profile} me=${state.me} change=${(me) => setState((now) => ({ ...now, me }))} />
    <${Plan} access=${state.access} /><${Address} hasCodes=${state.hasCodes} />
    <section><h2>Password</h2><${Form} label="Change password" fields=${[...PASSWORDS, ...codeOf(state.hasCodes)]} send=${changePassword} done=${passwordChanged} /></section>`)}
    <${Codes} key="codes" begun=${() => setState((now) => ({ ...now, isShort: false }))} tell=${(hasCodes) => setState((now) => ({ ...now, hasCodes }))} />
    ${rest(html`<${Devices} /><${Keys} hasCodes=${state.hasCodes} /><${Alerts} me=${state.me} change=${(me) => setState((now) => ({ ...now, me }))} />`)}
    <section><h2>Your data</h2><p>Everything we hold of you, as JSON.</p><${Form} label="Download" fields=${[]} send=${download} done="It is in your downloads." /></section>
    <${Erase} hasCodes=${state.hasCodes} />`;
}
