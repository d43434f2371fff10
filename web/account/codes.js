// The second factor: turned on with a picture for the authenticator app and a first code, off with password and code.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { ask, renewSoon } from '/session.js';
import { atTime, onDay } from '/time.js';

const PASSWORD = { name: 'password', label: 'Password, once more', type: 'password', autocomplete: 'current-password', required: true };
const CODE = { name: 'code', label: 'Code of the app', autocomplete: 'one-time-code', inputmode: 'numeric', required: true };
const ANY_CODE = { ...CODE, inputmode: 'text', autocapitalize: 'none', hint: 'Or a recovery code.' };

// Whoever goes by keyboard or by ear is led to what is new, when it comes.
const focus = (node) => node?.focus();

function Recovery({ codes }) {
  return html`<p><strong>Write these down.</strong> Each signs you in once, should you lose the app; they are not shown again.</p>
    <ul class="codes">${codes.map((code) => html`<li>${code}</li>`)}</ul>`;
}

function Begin({ begun }) {
  const [shown, setShown] = useState();
  if (!shown) return html`<${Form} label="Turn on codes" fields=${[PASSWORD]} send=${(values) => ask('POST', '/v1/me/mfa', values).then(setShown)} />`;
  return html`<p tabindex="-1" ref=${focus}>Scan this with an authenticator app, or type <code>${shown.secret}</code> into it; then enter the code it shows.</p>
    <img class="qr" alt=${`QR code of the secret ${shown.secret}`} src=${`data:image/svg+xml,${encodeURIComponent(shown.qr_svg)}`} />
    <${Form} label="Confirm" fields=${[CODE]} send=${(values) => ask('POST', '/v1/me/mfa/confirm', values).then((made) => { renewSoon(); begun(made); })} />`;
}

export function Codes({ begun, tell }) {
  const [state, setState] = useState({});
  const load = (more = {}) => ask('GET', '/v1/me/mfa').then((status) => { setState({ status, ...more }); tell(Boolean(status.enabled_at)); }, (error) => setState({ error }));
  useEffect(() => { load(); }, []);
  const { status, codes, error } = state;
  const renew = (values) => ask('POST', '/v1/me/mfa/recovery-codes', values).then((made) => load({ codes: made.recovery_codes }));
  return html`<section><h2>Codes at sign-in</h2>${error && html`<p class="wrong" role="alert">${error.message}</p>`}
    ${codes && html`<div class="notice" role="status" tabindex="-1" ref=${focus}><${Recovery} codes=${codes} /></div>`}
    ${status && !status.enabled_at && html`<p>A code of an app on your phone, asked besides the password, keeps out whoever has learned it.</p><${Begin} begun=${(made) => load({ codes: made.recovery_codes }).then(begun)} />`}
    ${status?.removal_opens_at && html`<div class="notice bad" role="alert"><p>An administrator was told that you have lost your codes. By the link that we mailed you they can be turned off from ${atTime(status.removal_opens_at)} on.</p>
      <button onClick=${() => ask('DELETE', '/v1/me/mfa/removal').then(() => load(), (failed) => setState({ ...state, error: failed }))}>Keep the codes</button></div>`}
    ${status?.enabled_at && html`<p>On since ${onDay(status.enabled_at)}; ${status.recovery_codes_left} recovery codes are left.</p>
      <details><summary>New recovery codes</summary><${Form} label="Make new codes" fields=${[PASSWORD, ANY_CODE]} send=${renew} /></details>
      <details><summary>Turn codes off</summary><${Form} label="Turn off" danger=${true} fields=${[PASSWORD, ANY_CODE]} send=${(values) => ask('DELETE', '/v1/me/mfa', values).then(() => load())} /></details>`}</section>`;
}
