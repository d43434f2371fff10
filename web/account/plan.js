// The plan that one has, until when, and what it opens.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { get } from '/api.js';
import { Access } from '/parts.js';
import { onDay } from '/time.js';

export function Plan({ access }) {
  const [tiers, setTiers] = useState([]);
  useEffect(() => { get('/v1/tiers').then(({ data }) => setTiers(data), () => {}); }, []);
  const tier = tiers.find((each) => each.name === access.tier);
  return html`<section><h2>Your plan</h2>${access.tier
    ? html`<p><strong>${tier?.display_name ?? access.tier.replaceAll('_', ' ')}</strong>, until ${onDay(access.tier_until)}; ${access.hourly_requests.toLocaleString('en')} requests an hour.${tier && ` ${tier.description}.`}</p>`
    : html`<p>You have none.</p>`}<${Access} access=${access} /></section>`;
}
