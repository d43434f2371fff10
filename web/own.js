// What pages of the signed-in user have in common.
import { html, useState } from '/vendor/htm-preact.js';
import { isSignedIn } from '/session.js';

// Whether somebody is signed in; who is not is sent to sign in, and comes back.
export function needsSignIn(error) {
  if (isSignedIn() && error?.status !== 401) return false;
  location.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  return true;
}

// Like a form of one button: ACTION is done at a press; what it answers in words, and what the server did not like, is said beside it.
export function Press({ label, action, danger = false, plain = false, ...props }) {
  const [state, setState] = useState({});
  const press = () => { if (state.isSending) return; setState({ isSending: true }); action().then((said) => setState({ said }), (error) => setState({ error })); };
  return html`<button class=${plain ? 'plain' : danger ? 'danger' : ''} type="button" aria-disabled=${state.isSending} onClick=${press} ...${props}>${label}</button>
    ${state.error && html`<p class="wrong" role="alert">${state.error.message}</p>`}${typeof state.said === 'string' && html`<p class="soft" role="status">${state.said}</p>`}`;
}

// What ELEMENT says into the clipboard; where there is none, as over plain http, it is selected for the reader to copy.
export async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return 'It is copied.';
  } catch {
    getSelection().selectAllChildren(element);
    return 'It is selected: copy it from there.';
  }
}

// TEXT as a file among the reader's downloads.
export function keepFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
