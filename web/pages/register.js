// A new account. The answer is the same whether the address has one already.
import { html } from '/vendor/htm-preact.js';
import { Form } from '/form.js';
import { post } from '/session.js';

const FIELDS = [
  { name: 'email', label: 'E-mail address', type: 'email', autocomplete: 'username', required: true },
  { name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', minlength: 8, maxlength: 256, required: true,
    hint: 'At least 8 characters, better 15 or more. Anything goes but what is known from breaches.' },
];

export function Page() {
  const done = (_, { email }) => html`<strong>Look into your mail.</strong> If ${email} can have an account, a link is on its way; it proves the address and is good for a day.`;
  return html`<div class="narrow"><h1>Make an account</h1><${Form} label="Register" fields=${FIELDS} send=${(values) => post('/v1/auth/register', values)} done=${done} />
    <p>You have one? <a href="/sign-in">Sign in</a></p></div>`;
}
