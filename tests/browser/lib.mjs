// What the tests of pages share: claims as TAP, a browser, pages whose console errors and failed requests are counted.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export const base = process.env.GRIDIRON_BASE;
export const shots = process.env.GRIDIRON_SHOTS;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let number = 0;
let failed = 0;

export async function claim(name, check) {
  number += 1;
  const from = Date.now();
  try {
    await check();
    console.log(`ok ${number} - ${name}${process.env.TIMES ? ` # ${Date.now() - from} ms` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${number} - ${name}\n# ${String(error.message).split('\n').join('\n# ')}`);
  }
}

export const equal = (got, want, what) => {
  if (got !== want) throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
};
export const get = async (path) => (await fetch(base + path)).json();

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// What layout shift entries of the browser sum up to, of what no input caused.
const watchShift = () => {
  window.shift = 0;
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });
};

// A page whose console errors, failed and finished requests and shifts are counted, once it has a heading.
export async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US', ...options });
  context.setDefaultTimeout(120000); // for what never comes: a loaded machine takes its time
  const page = await context.newPage();
  const faults = [], requests = [];
  page.on('requestfinished', (request) => requests.push(request));
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  // What was asked for by a page that is left is not awaited.
  page.on('requestfailed', (request) => { if (request.failure().errorText !== 'net::ERR_ABORTED') faults.push(`failed: ${request.url()}`); });
  page.on('response', (answer) => { if (answer.status() >= 400) faults.push(`${answer.status()}: ${answer.url()}`); });
  await page.addInitScript(watchShift);
  await go(page, path);
  return { page, faults, requests, close: () => context.close() };
}

// To PATH, or a whole address, and until its heading is there.
export async function go(page, path) {
  await page.goto(new URL(path, base).href);
  await page.waitForSelector('main h1');
}

// Nothing on PAGE has moved since it was opened.
export async function still(page, path) {
  const shift = await page.evaluate(() => window.shift);
  if (shift > 0.01) throw new Error(`${path} shifts by ${shift}, more than .01`);
}

// From now on PAGE gets each answer of the API after MS: a browser forgives what moves within half a second of a key, not what answers move then.
export const slow = (page, ms) => page.route('**/v1/**', (route) => setTimeout(() => route.continue().catch(() => {}), ms));

// Nor does anything where PATH is opened on a phone whose network takes half a second for each answer; SIGN: what is there when it is complete.
export async function stillOnSlowPhone(path, sign) {
  const { page, close } = await open('/sign-in', { viewport: PHONE });
  await slow(page, 500);
  await go(page, path);
  await page.waitForSelector(sign);
  await page.waitForLoadState('networkidle');
  await still(page, `${path} on a phone`);
  await close();
}

// A narrow phone, or a wide screen at 400 % (WCAG 1.4.10).
export const PHONE = { width: 320, height: 740 };
const SCREENS = { wide: { width: 1280, height: 900 }, phone: PHONE, dark: { width: 1280, height: 900 } };
// Contrast is what axe takes longest over, and what alone the dark changes.
const RULES = { wide: {}, phone: { rules: { 'color-contrast': { enabled: false } } }, dark: { runOnly: ['color-contrast'] } };

// PAGE on every screen: within reach of those who do not see, no wider than the screen. NAME: of its pictures.
export async function wellMade(page, name) {
  for (const [label, size] of Object.entries(SCREENS)) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: label === 'dark' ? 'dark' : 'light' });
    await accessible(page, RULES[label]);
    await fits(page, label);
    if (shots && name) await page.screenshot({ path: `${shots}/${name}-${label}.png` });
  }
  await page.setViewportSize(SCREENS.wide);
  await page.emulateMedia({ colorScheme: 'light' });
}

// PAGE is no wider than the screen that it is on, and nothing on it is wider than its own place.
export async function fits(page, label) {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) throw new Error(`${label}: the page is ${overflow} pixels wider than the screen`);
  const wide = await page.$$eval('td, th, button, label, dd, main p, header a', (all) => all.filter((node) => node.clientWidth > 1 && node.scrollWidth > node.clientWidth + 1)
    .map((node) => `${node.localName} "${node.textContent.trim().slice(0, 40)}": ${node.scrollWidth} of ${node.clientWidth}`));
  if (wide.length) throw new Error(`${label}: wider than its place: ${wide.slice(0, 5).join('; ')}`);
}

export async function accessible(page, rules = {}) {
  await page.evaluate(`window.axe || (() => {${axe}})()`);
  // Of sections that are many and alike the contrast of the first dozen will do: what axe takes longest over. The rest is looked at in all.
  const context = rules.rules?.['color-contrast']?.enabled === false ? {} : { exclude: ['section:nth-of-type(n+13)'] };
  const { violations } = await page.evaluate(([where, options]) => window.axe.run(where.exclude ? where : document, options), [context, { resultTypes: ['violations'], ...rules }]);
  if (violations.length) throw new Error(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' | ')}`).join('\n'));
}

// The last line; the exit status says whether every claim held.
export async function finish() {
  await browser.close();
  console.log(`1..${number}`);
  process.exit(failed ? 1 : 0);
}
