// Pages that a link sent by mail opens: what stands behind # is the token, which so never reaches a log.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { forget, isSignedIn, ask, post } from '/session.js';

const PASSWORD = { name: 'password', label: 'New password', type: 'password', autocomplete: 'new-password', minlength: 8, maxlength: 256, required: true,
  hint: 'At least 8 characters, better 15 or more. Anything goes but what is known from breaches.' };
const PRESENT = { name: 'password', label: 'Your password', type: 'password', autocomplete: 'current-password', required: true };
const token = () => location.hash.slice(1);

// A link opened in the tab that is on its page already changes only what stands behind #.
addEventListener('hashchange', () => { if (token()) location.reload(); });

// The token stays out of the history once it is read.
function useToken() {
  const [text] = useState(token);
  useEffect(() => { if (text) history.replaceState(null, '', location.pathname); }, []);
  return text;
}

// With the password, so that whoever gave another's address gets no account by it.
function Verify() {
  const text = useToken();
  const password = { name: 'password', label: 'Password that you registered with', type: 'password', autocomplete: 'current-password', required: true };
  return html`<h1>Your address</h1><p>You did not register? Then leave this page: somebody gave your address, and gets no account by it.</p>
    <${Form} label="Prove it" fields=${[password]} send=${(values) => post('/v1/auth/verify-email', { ...values, token: text })} done=${html`It is proved. <a href="/sign-in">Sign in</a>`} />
    <p><a href="/register">Have another link sent</a> · <a href="/forgot-password">Set another password</a></p>`;
}

// Another address for the account, with its password: whoever has the address by a slip, or was given out to have it, is not its owner.
function ConfirmEmail() {
  const text = useToken();
  return html`<h1>Your new address</h1><p>It becomes the address of your account; other devices will have to sign in again. You did not ask for that? Then leave this page, and nothing changes.</p>
    <${Form} label="Confirm" fields=${[PRESENT]} send=${(values) => post('/v1/auth/confirm-email', { ...values, token: text })} done=${html`It is your address now. <a href="/account">To your account</a>`} />`;
}

// Codes whose owner has lost them are turned off, or kept after all.
function RemoveMfa() {
  const text = useToken();
  return html`<h1>Codes at sign-in</h1><p>If you have lost the app and the recovery codes, turn the codes off here, from the moment on that the mail names.</p>
    <${Form} label="Turn codes off" danger=${true} fields=${[PRESENT]} send=${(values) => post('/v1/auth/remove-mfa', { ...values, token: text }).then(forget)} done=${html`They are off. <a href="/sign-in">Sign in</a>`} />
    <h2>It was not you?</h2><p>Then nothing is turned off, and the link is void.</p>
    <${Form} label="Keep the codes" fields=${[]} send=${() => post('/v1/auth/keep-mfa', { token: text })} done="They stay on." />`;
}

function Reset() {
  const text = useToken();
  if (!text) return html`<${Forgot} />`;
  const send = (values) => post('/v1/auth/reset-password', { ...values, token: text }).then(forget);
  return html`<h1>New password</h1><p class="soft">Every device that is signed in will have to sign in again, and API keys end.</p>
    <${Form} label="Set password" fields=${[PASSWORD]} send=${send} done=${html`It is set. <a href="/sign-in">Sign in</a>`} />
    <p><a href="/sign-in">Back to signing in</a> · <a href="/forgot-password">Have another link sent</a></p>`;
}

function Forgot() {
  const field = { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', required: true };
  return html`<h1>Forgot your password?</h1><${Form} label="Send a link" fields=${[field]} send=${(values) => post('/v1/auth/forgot-password', values)}
    done="If the address has an account, a link is on its way. It is good for an hour." /><p><a href="/sign-in">Back to signing in</a></p>`;
}

// An invitation to be an administrator: taken by the account that is signed in, or by a new one.
function Invitation() {
  const text = useToken();
  const [state, setState] = useState({});
  useEffect(() => { post('/v1/auth/invitation', { token: text }).then((offer) => setState({ offer }), (error) => setState({ error })); }, []);
  if (state.error) return html`<h1>An invitation</h1><p class="notice bad" role="alert">${state.error.message}</p><p><a href="/sign-in">Sign in</a></p>`;
  if (!state.offer) return html`<h1>An invitation</h1><p>One moment …</p>`;
  const done = html`Done. Administrators sign in with a code: <a href=${isSignedIn() ? '/account' : '/sign-in?next=/account'}>turn that on in your account</a>, then sign in again with it.`;
  const email = { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', required: true };
  return html`<h1>An invitation</h1><p>You are about to become an administrator${state.offer.role ? ` (${state.offer.role})` : ''}.</p>
    ${isSignedIn() ? html`<${Form} label="Accept with this account" fields=${[]} send=${() => ask('POST', '/v1/me/accept-invitation', { token: text })} done=${done} />`
      : html`<p>You have an account? <a href=${`/sign-in?next=/accept-invitation#${text}`}>Sign in</a> first; it brings you back here.</p>
        <${Form} label="Make the account" fields=${state.offer.email ? [PASSWORD] : [email, PASSWORD]} send=${(values) => post('/v1/auth/accept-invitation', { ...values, token: text })} done=${done} />`}`;
}

function Unsubscribe() {
  const text = useToken();
  return html`<h1>No more alerts?</h1><p>Press the button, and sure games are not mailed to you any more. You can turn alerts on again in your account.</p>
    <${Form} label="End alerts" fields=${[]} send=${() => post(`/v1/alerts/unsubscribe?token=${encodeURIComponent(text)}`, {})} done="They have ended." />`;
}

const PAGES = { '/unsubscribe': Unsubscribe, '/verify-email': Verify, '/confirm-email': ConfirmEmail, '/remove-mfa': RemoveMfa, '/reset-password': Reset, '/forgot-password': Forgot, '/accept-invitation': Invitation };

// A page that was loaded again, or come back to, has no token any more.
function Unlinked() {
  useToken();
  return html`<h1>A link from a mail</h1><p class="notice" role="status">This page is opened by the link in a mail; open it from there again.</p>`;
}

export function Page() {
  const [hasToken] = useState(() => token() !== '');
  const Shown = hasToken || ['/reset-password', '/forgot-password'].includes(location.pathname) ? PAGES[location.pathname] : Unlinked;
  return html`<div class="narrow"><${Shown} /></div>`;
}
