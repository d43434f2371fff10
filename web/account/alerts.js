// Alerts of sure games by e-mail.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { plansWith } from '/api.js';
import { ask } from '/session.js';

export function Alerts({ me, change }) {
  const [error, setError] = useState();
  const [plans, setPlans] = useState('');
  useEffect(() => { plansWith('email_alerts').then(setPlans, setError); }, []);
  const put = (values) => ask('PATCH', '/v1/me', values).then((changed) => { setError(undefined); change(changed); }, setError);
  return html`<section><h2>Alerts</h2><p>On the eve of a day of games, those the forecasts are sure of, by e-mail.${plans && ` Plans with alerts: ${plans}.`}</p>
    ${error && html`<p class="wrong" role="alert">${error.message}</p>`}
    <div class="picks wrap"><label class="check"><input type="checkbox" checked=${me.wants_email_alerts} onChange=${(event) => put({ wants_email_alerts: event.target.checked })} /> Mail me alerts</label>
      <label>Of forecasts of at least<select onChange=${(event) => put({ alert_min_confidence: Number(event.target.value) })}>
        ${[60, 65, 70, 75, 80, 85, 90].map((p) => html`<option value=${p / 100} selected=${Math.round(100 * (me.alert_min_confidence ?? 0.7)) === p}>${p} %</option>`)}</select></label></div></section>`;
}
