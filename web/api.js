// Reading the API: one function that answers the data or throws what the server said.
import { ask } from '/session.js';

export const HOUSE = 'gridiron'; // our own model, beside those that others publish

const isGiven = ([, value]) => value !== undefined && value !== null && value !== '';

// PATH with what of QUERY is given.
export function address(path, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(isGiven));
  return search.size ? `${path}?${search}` : path;
}

export const get = (path, query) => ask('GET', address(path, query));

export const MOST_ROWS = 1000; // of one answer of a list

// Every row of a list, page by page.
export async function all(path, query) {
  const rows = [];
  let cursor;
  do {
    const page = await get(path, { ...query, limit: MOST_ROWS, cursor });
    rows.push(...page.data);
    cursor = page.next ?? undefined;
  } while (cursor);
  return rows;
}

export const percent = (p, digits = 0) => `${(100 * p).toFixed(digits)} %`;
// A forecast's chance: what rounds to 0 or 100 is not certain.
export function chance(p, digits = 0) {
  const least = 10 ** -digits;
  return 100 * p < least ? `< ${least} %` : 100 * p > 100 - least ? `> ${(100 - least).toFixed(digits)} %` : percent(p, digits);
}
// What rounds to nothing has no sign.
export function signed(x, digits = 1) {
  const size = Math.abs(x).toFixed(digits);
  return (Number(size) === 0 ? '' : x > 0 ? '+' : '−') + size;
}
// A value at an axis, with as many digits as it has: steps of 2.5 are told as such.
export const plain = (x) => String(Number(x.toFixed(4))).replace('-', '−');

// The plans that are sold and have FEATURE, as a person would list them: "Monthly or Season". Empty where there is none.
export async function plansWith(feature) {
  const { data } = await get('/v1/tiers');
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(data.filter((tier) => tier.features.includes(feature)).map((tier) => tier.display_name));
}

// Whether whoever has ACCESS, which is what GET /v1/access says, may use FEATURE.
export const mayUse = (access, feature) => access.features.includes(feature);
