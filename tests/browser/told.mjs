// How numbers are written on the pages, in words of these tests, and how tables are compared with the API's rows.
import { equal } from './lib.mjs';

export const fixed = (x, digits) => (x === null || x === undefined ? '–' : x.toFixed(digits));
// What rounds to nothing has no sign.
export const signed = (x, digits = 1) => (Number(Math.abs(x).toFixed(digits)) === 0 ? '' : x > 0 ? '+' : '−') + Math.abs(x).toFixed(digits);
export const percent = (p, digits = 1) => `${(100 * p).toFixed(digits)} %`;
// What rounds to none or all is not certain.
export function chance(p, digits = 1) {
  const least = 10 ** -digits;
  if (100 * p < least) return `< ${least} %`;
  return 100 * p > 100 - least ? `> ${(100 - least).toFixed(digits)} %` : percent(p, digits);
}

// The cells of the table that is called LABEL, and its heads, which there are as many of.
export async function table(page, label) {
  const region = page.locator(`[aria-label="${label}"]`);
  await region.locator('tbody tr').first().waitFor();
  const [head, ...rows] = await region.locator('tr').evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent.replace(/\s+/g, ' ').trim())));
  rows.forEach((row, i) => equal(row.length, head.length, `the number of cells in row ${i} of ${label}`));
  return { head, rows };
}

// The table called LABEL has a row of each of DATA, written as TELL writes it, cell by cell.
export async function same(page, label, data, tell) {
  const { head, rows } = await table(page, label);
  equal(rows.length, data.length, `the number of rows of ${label}`);
  data.forEach((each, i) => tell(each).forEach((want, k) => equal(rows[i][k], String(want), `${label}, row ${i}, ${head[k] || `column ${k}`}`)));
  equal(tell(data[0]).length, head.length, `the number of columns of ${label}`);
}
