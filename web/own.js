// What pages of the signed-in user have in common.
import { html, useState } from '/vendor/htm-preact.js';
import { address } from '/api.js';
import { isSignedIn, signature } from '/session.js';

// Whether somebody is signed in; who is not is sent to sign in, and comes back.
export function needsSignIn(error) {
  if (isSignedIn() && error?.status !== 401) return false;
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  return true;
}

// Like a form of one button: ACTION is done at a press, and what the server did not like is said beside it.
export function Press({ label, action, danger = false, plain = false, ...props }) {
  const [state, setState] = useState({});
  const press = () => { setState({ isSending: true }); action().then(() => setState({}), (error) => setState({ error })); };
  return html`<button class=${plain ? 'plain' : danger ? 'danger' : ''} type="button" disabled=${state.isSending} onClick=${press} ...${props}>${label}</button>
    ${state.error && html`<p class="wrong" role="alert">${state.error.message}</p>`}`;
}

async function download(path, name, type) {
  const answer = await fetch(path, { headers: await signature() });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  const url = URL.createObjectURL(new Blob([await answer.text()], { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

// The page's data as files: requests must be signed, which a plain link is not.
export function OwnData({ path, query = {}, name }) {
  return html`<p class="soft data">This page's data: <${Press} plain=${true} label="JSON" action=${() => download(address(path, query), `${name}.json`, 'application/json')} />
    <${Press} plain=${true} label="CSV" action=${() => download(address(path, { ...query, format: 'csv' }), `${name}.csv`, 'text/csv')} /></p>`;
}

