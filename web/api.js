// Reading the API: one function that answers the data or throws what the server said.
import { refused, signature } from '/session.js';

export async function get(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  const answer = await fetch(search.size ? `${path}?${search}` : path, { headers: { accept: 'application/json', ...await signature() } });
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) await refused(answer.status);
  if (!answer.ok) throw new Error(body.detail ? `The server said: ${body.detail}.` : `The server answered ${answer.status}.`);
  return body;
}

// Every row of a list, page by page.
export async function all(path, query) {
  const rows = [];
  let cursor;
  do {
    const page = await get(path, { ...query, limit: 200, cursor });
    rows.push(...page.data);
    cursor = page.next ?? undefined;
  } while (cursor);
  return rows;
}

export const percent = (p, digits = 0) => `${(100 * p).toFixed(digits)} %`;
export const signed = (x, digits = 1) => (x > 0 ? '+' : x < 0 ? '−' : '') + Math.abs(x).toFixed(digits);
