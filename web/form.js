// A form that says, beside the field it is about, what the server did not like, and that cannot be sent twice.
import { html, useState } from '/vendor/htm-preact.js';

export function Field({ form, name, label, hint, error, ...props }) {
  const id = `${form}-${name}`;
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return html`<div class="field"><label for=${id}>${label}</label>
    <input id=${id} name=${name} aria-describedby=${described || undefined} aria-invalid=${error ? 'true' : undefined} ...${props} />
    ${hint && html`<p class="soft" id=${`${id}-hint`}>${hint}</p>`}${error && html`<p class="wrong" id=${`${id}-error`}>${error}</p>`}</div>`;
}

// A button that is disabled while it sends would lose the focus: it only says so. FIELDS: props of each Field. SEND(values) answers a promise; DONE is said, or made, when it kept.
export function Form({ fields, label, send, done, danger = false }) {
  const [state, setState] = useState({});
  async function submit(event) {
    event.preventDefault();
    if (state.isSending) return;
    const form = event.target;
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''));
    setState({ isSending: true });
    try {
      const result = await send(values);
      setState({ done: typeof done === 'function' ? done(result, values) : done });
      if (form.isConnected) form.reset();
    } catch (error) {
      setState({ error });
      (form.elements[error.field] ?? form.querySelector('button')).focus();
    }
  }
  const { error } = state;
  const isOfField = error?.field && fields.some((field) => field.name === error.field);
  return html`<form onSubmit=${submit} class="form">
    ${fields.map((field) => html`<${Field} key=${field.name} form=${label.replaceAll(' ', '-')} ...${field} error=${isOfField && error.field === field.name ? error.message : undefined} />`)}
    ${error && !isOfField && html`<p class="wrong" role="alert">${error.message}${error.retryAfter ? ` Try again in ${error.retryAfter} s.` : ''}</p>`}
    ${state.done && html`<div class="notice" role="status">${state.done}</div>`}
    <button class=${danger ? 'danger' : 'main'} aria-disabled=${state.isSending}>${state.isSending ? 'One moment …' : label}</button></form>`;
}
