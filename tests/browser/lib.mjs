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
  try {
    await check();
    console.log(`ok ${number} - ${name}`);
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

// A page whose console errors, failed requests and bytes are counted.
export async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on('console', (message) => { if (message.type() === 'error') faults.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}`));
  page.on('response', (answer) => { if (answer.status() >= 400) faults.push(`${answer.status()}: ${answer.url()}`); });
  await page.goto(base + path, { waitUntil: 'networkidle' });
  return { page, faults, close: () => context.close() };
}

export async function accessible(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  if (serious.length) throw new Error(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3).join(' | ')}`).join('\n'));
}

// The last line; the exit status says whether every claim held.
export async function finish() {
  await browser.close();
  console.log(`1..${number}`);
  process.exit(failed ? 1 : 0);
}
