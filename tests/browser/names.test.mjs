// Names as odd as one may have: none is executed, each is shown as it is, and none makes a page wider than a narrow phone.
import { PHONE, claim, equal, fits, get, go, open } from './lib.mjs';
import { newcomer, ownGet, press } from './people.mjs';

const PASSWORD = 'by any other name', FIRST = 100, KEY = 100, LEAGUE = 60, SHOWN = 40, MODEL = 60; // characters at most
const NAMES = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', 'שלום עולם مرحبا بالعالم', '👩‍👩‍👧‍👦🏈🇺🇸👍🏽',
  `Z${'\u0351\u036b\u0343'}a${'\u0308\u0301\u0327'}l${'\u0332\u0331'}go`, `Lou${'W'.repeat(200)}`, `${'🏈'.repeat(200)}`];
// As much of NAME as is let in where at most MOST may be.
const cut = (name, most) => [...name].slice(0, most).join('').trim();

// What of a page's markup came out of a name, or was done by one.
async function clean(page, faults, what) {
  equal(await page.evaluate(() => window.called.length), 0, `what ${what} has called`);
  equal(await page.$$eval('main :is(img, script, iframe, b[onclick])', (all) => all.length), 0, `markup in ${what}`);
  equal(faults.join('; '), '', `faults of ${what}`);
  await fits(page, what);
}

const own = await newcomer('odd@names.test', PASSWORD, { viewport: PHONE }), { page, faults } = own;
await page.addInitScript(() => { window.called = []; window.alert = (text) => window.called.push(text); });
await page.waitForLoadState('networkidle');
const tell = (method, path, body) => page.evaluate(async ([m, p, b]) => (await import('/session.js')).ask(m, p, b).catch((error) => ({ refused: error.message, field: error.field })), [method, path, body]);

await claim('first and last name are kept and shown as they are, and one that is too long is refused', async () => {
  for (const name of NAMES) {
    const kept = cut(name, FIRST), changed = await tell('PATCH', '/v1/me', { first_name: kept, last_name: kept });
    equal(`${changed.first_name}|${changed.last_name}`, `${kept}|${kept}`, 'what is kept');
    await go(page, '/account');
    await page.waitForSelector('summary:has-text("Make a key")');
    for (const label of ['First name', 'Last name']) equal(await page.getByLabel(label).inputValue(), kept, label);
    await clean(page, faults, `/account of ${kept}`);
  }
  equal((await tell('PATCH', '/v1/me', { first_name: 'W'.repeat(200) })).field, 'first_name', 'what is refused');
  faults.length = 0; // the browser told of the refusal
});

await claim('names of API keys are shown as they are', async () => {
  for (const name of NAMES) equal((await tell('POST', '/v1/me/api-keys', { name: cut(name, KEY), password: PASSWORD, scopes: ['forecasts'] })).refused, undefined, `whether ${name} is refused`);
  await go(page, '/account');
  await page.waitForSelector('button:has-text("Take back")');
  const shown = await page.$$eval('[aria-label="API keys"] tbody tr', (rows) => rows.map((row) => row.cells[1].textContent)), { data } = await ownGet(page, '/v1/me/api-keys');
  equal(shown.join('\n'), data.map((row) => row.name).join('\n'), 'the names');
  equal([...shown].sort().join('\n'), NAMES.map((name) => cut(name, KEY)).sort().join('\n'), 'those that were given');
  const cells = await page.$$eval('[aria-label="API keys"] tbody td:nth-child(2)', (all) => all.map((cell) => cell.offsetWidth));
  if (Math.max(...cells) > PHONE.width) throw new Error(`a name is ${Math.max(...cells)} pixels wide`);
  await clean(page, faults, '/account with keys');
  await press(page, `Take back ${cut(NAMES[0], KEY)}`);
  await page.waitForFunction((count) => document.querySelectorAll('[aria-label="API keys"] tbody tr').length === count, NAMES.length - 1);
});

await claim('names of leagues, and of people in them, are shown as they are', async () => {
  for (const name of NAMES) {
    const made = await tell('POST', '/v1/leagues', { name: cut(name, LEAGUE), display_name: cut(name, SHOWN) });
    equal(made.name, cut(name, LEAGUE), `the league ${made.refused ?? ''}`);
    await go(page, `/league?id=${made.id}`);
    await page.waitForSelector('[aria-label=Standing] tbody tr');
    equal(await page.textContent('h1'), cut(name, LEAGUE), 'the heading');
    equal(await page.title(), `${cut(name, LEAGUE)} – Gridiron`, 'the title');
    equal(await page.textContent('[aria-label=Standing] th[scope=row]'), `${cut(name, SHOWN)} (you)`, 'one\'s own name');
    await clean(page, faults, `the league ${name}`);
    await go(page, `/league?code=${made.code}`);
    await page.waitForSelector('text=You are in it already');
    await clean(page, faults, `the invitation to ${name}`);
  }
  await go(page, '/league');
  await page.waitForSelector('[aria-label="Your leagues"] tbody tr');
  const shown = await page.$$eval('[aria-label="Your leagues"] tbody tr', (rows) => rows.map((row) => `${row.cells[0].textContent}|${row.cells[3].textContent}`));
  equal(shown.sort().join('\n'), NAMES.map((name) => `${cut(name, LEAGUE)}|${cut(name, SHOWN)}, who runs it`).sort().join('\n'), 'the list');
  await clean(page, faults, '/league');
});
await own.close();

// A model's name is of a-z, 0-9 and . _ - alone; a page would not rely on that. What a prop is about is on no page.
await claim('names of models are shown as they are', async () => {
  const { page: models, faults: found, close } = await open('/sign-in', { viewport: PHONE });
  await models.addInitScript(() => { window.called = []; window.alert = (text) => window.called.push(text); });
  const { data } = await get('/v1/accuracy?type=game&limit=200'), names = [...NAMES.map((name) => cut(name, MODEL)), 'm'.repeat(MODEL)];
  await models.route(/v1\/accuracy\?/, (route) => route.fulfill({ json: { data: names.map((model) => ({ ...data.at(-1), model })), next: null } }));
  await go(models, '/models');
  await models.waitForSelector('.wide tbody tr');
  equal((await models.$$eval('.wide tbody td:first-child', (all) => all.map((cell) => cell.textContent))).sort().join('\n'), [...names].sort().join('\n'), 'the names');
  equal((await models.$$eval('.wide tbody a', (all) => all.map((link) => new URL(link.href).searchParams.get('model')))).sort().join('\n'), [...names].sort().join('\n'), 'where they lead');
  await clean(models, found, '/models');
  for (const name of names) {
    await models.unroute(/v1\/accuracy\?/);
    await models.route(/v1\/accuracy\?/, (route) => route.fulfill({ json: { data: [{ ...data.at(-1), model: name }], next: null } }));
    await models.route(/v1\/accuracy\/history\?/, (route) => route.fulfill({ json: { data: [{ ...data.at(-1), week: 1, model: name }], next: null } }));
    await models.route(/v1\/accuracy\/calibration\?/, (route) => route.fulfill({ json: { data: [], next: null } }));
    await go(models, `/accuracy?model=${encodeURIComponent(name)}`);
    await models.waitForSelector('.u-over');
    equal(await models.title(), `Accuracy of ${name} – Gridiron`, 'the title');
    await clean(models, found, `/accuracy of ${name}`);
  }
  await close();
});
