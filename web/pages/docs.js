// The API to read, made from its own description.
import { html, useEffect, useState } from '/vendor/htm-preact.js';
import { get } from '/api.js';
import { Skeleton, useTitle } from '/parts.js';

// What stands between backticks is code.
const words = (text) => text.split('`').map((part, i) => (i % 2 ? html`<code>${part}</code>` : part));

const typeOf = (schema) => [].concat(schema?.type ?? []).join(' or ') + (schema?.format ? ` (${schema.format})` : '');

function Parameters({ of, list }) {
  if (list.length === 0) return '';
  return html`<div class="wide" tabindex="0" role="region" aria-label=${`Parameters of ${of}`}><table class="words"><thead><tr><th scope="col">Parameter</th><th scope="col">Type</th><th scope="col">What</th></tr></thead>
    <tbody>${list.map((p) => html`<tr><td><code>${p.in === 'path' ? `{${p.name}}` : p.name}</code></td><td>${typeOf(p.schema)}</td><td>${words(p.description ?? 'required')}</td></tr>`)}</tbody></table></div>`;
}

/** Who may call, from what OpenAPI says of it. */
function who({ security = [], 'x-feature': feature }) {
  const ways = security.map((way) => Object.entries(way).map(([scheme, [name]]) => scheme === 'session'
    ? (name ? `an administrator who may ${name}` : 'whoever signed in')
    : `an API key with the scope ${name}`)).flat();
  const anyone = security.length === 0 || security.some((way) => Object.keys(way).length === 0);
  return `For ${anyone ? 'anyone' : ways.join(', or ')}${feature ? `, with a plan that has ${feature}` : ''}.`;
}

function Body({ operation }) {
  const [type, { schema } = {}] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return '';
  const name = schema?.$ref.split('/').at(-1);
  return html`<p>Body: ${name ? html`<a href=${`#row-${name}`}>${name.replace('_body', '')}</a>, as JSON` : Object.keys(operation.requestBody.content).join(' or ')}.</p>`;
}

function Operation({ path, method, operation }) {
  const sample = path.includes('{') || method !== 'get' || operation.security?.length === 1 ? '' : path;
  return html`<section id=${operation.operationId}><h2><code>${method.toUpperCase()} ${path}</code></h2><p>${words(operation.summary)}. <span class="soft">${who(operation)}</span>
    ${sample && html` <a href=${sample}>Try it</a>`}</p><${Parameters} of=${`${method.toUpperCase()} ${path}`} list=${operation.parameters} /><${Body} operation=${operation} /></section>`;
}

function Schema({ name, schema }) {
  return html`<section id=${`row-${name}`}><h2>${name.endsWith('_body') ? `A body: ${name.replace('_body', '')}` : `A row: ${name}`}</h2><p>${words(schema.description)}.</p>
    <div class="wide" tabindex="0" role="region" aria-label=${`Fields of ${name}`}><table class="words"><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">What</th></tr></thead><tbody>
    ${Object.entries(schema.properties).map(([field, is]) => html`<tr><td><code>${field}</code></td><td>${typeOf(is)}</td><td>${words(is.description)}</td></tr>`)}</tbody></table></div></section>`;
}

// Every route, to jump to.
function Contents({ operations }) {
  return html`<nav aria-label="Routes"><ul class="contents">${operations.map(({ path, method, operation }) => html`<li><a href=${`#${operation.operationId}`}><code>${method.toUpperCase()} ${path}</code></a></li>`)}</ul></nav>`;
}

export function Page({ failure }) {
  const [state, setState] = useState({});
  useEffect(() => { get('/openapi.json').then((api) => setState({ api }), (error) => setState({ error })); }, []);
  // What the address points at is there only now.
  useEffect(() => { if (state.api && location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView(); }, [state.api]);
  useTitle(state.api && `The API ${state.api.info.version}`);
  if (state.error) return failure(state.error);
  if (!state.api) return html`<h1>The API</h1><${Skeleton} kind="rows" />`;
  const { info, paths, components } = state.api;
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
  return html`<h1>The API <small class="soft">${info.version}</small></h1><p>${words(info.description)} Made from <a href="/openapi.json">openapi.json</a>, which any OpenAPI tool can read.</p>
    <${Contents} operations=${operations} />
    ${operations.map((each) => html`<${Operation} ...${each} />`)}
    ${Object.entries(components.schemas).map(([name, schema]) => html`<${Schema} name=${name} schema=${schema} />`)}`;
}
