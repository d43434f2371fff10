// Signing in: address and password, and where the account asks for one, a code.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { signIn, wasErased } from '/session.js';

const EMAIL = { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', required: true };
const PASSWORD = { name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', required: true };
const CODE = { name: 'code', label: 'Code', autocomplete: 'one-time-code', inputmode: 'text', required: true, hint: 'Six digits from your authenticator, or one of your recovery codes.' };

// Whether NEXT is a page of ours, as the browser reads it: to that, "/\evil.example" is another's.
const isOurs = (next) => next !== null && URL.canParse(next, location.origin) && new URL(next, location.origin).origin === location.origin;

export function Page({ query }) {
  const [asksCode, setAsksCode] = useState(false);
  const [isErased] = useState(wasErased);
  const next = query.get('next');
  // The token of the page that comes next, an invitation say: it goes on behind # and stays out of logs and history.
  const [token] = useState(() => location.hash);
  useEffect(() => { if (token) history.replaceState(null, '', location.pathname + location.search); }, []);
  async function send(values) {
    try {
      await signIn(values);
    } catch (error) {
      if (error.field === 'code' && !values.code) setAsksCode(true);
      throw error;
    }
    location.assign(isOurs(next) ? next + token : '/account');
  }
  return html`<div class="narrow"><h1>Sign in</h1>
    ${isErased && html`<p class="notice" role="status">It is gone: your account, and everything personal in it. <a href="/">To the games</a></p>`}
    <${Form} label="Sign in" send=${send} fields=${asksCode ? [EMAIL, PASSWORD, CODE] : [EMAIL, PASSWORD]} />
    <p><a href="/forgot-password">Forgot your password?</a> · <a href="/register">Make an account</a></p></div>`;
}
