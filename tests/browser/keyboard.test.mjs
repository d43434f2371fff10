// By keyboard alone, with Tab, Enter, Space, arrows and letters: every stop of every page, and an account from registration to erasure.
import { claim, equal, get, go, open, PHONE } from './lib.mjs';
import { linkTo } from './people.mjs';
import { codeOf } from './totp.mjs';

const EMAIL = 'kay@keys.test', PASSWORD = 'a hike up the hill', BETTER = 'two hikes up the hill';

// What has the focus: "button Register". Where it is, whether it shows, and whether it comes behind what had it before.
const focused = (page) => page.evaluate(() => {
  const node = document.activeElement, before = window.focusedBefore, rect = node.getBoundingClientRect(), style = getComputedStyle(node);
  if (node === document.body) return { what: 'body' };
  window.focusedBefore = node;
  const text = node.getAttribute('aria-label') ?? [...node.labels ?? []].map((label) => [...label.childNodes].filter((part) => !part.contains(node)).map((part) => part.textContent).join('')).join() ?? '';
  return { what: `${node.localName} ${text || node.textContent}`.replace(/\s+/g, ' ').trim(),
    isShown: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && rect.width > 0 && rect.bottom > 0 && rect.top < innerHeight && rect.right > 0 && rect.left < innerWidth,
    isBehind: !before?.isConnected || Boolean(before.compareDocumentPosition(node) & (Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY)),
    isBelow: !before?.isConnected || rect.bottom > before.getBoundingClientRect().top };
});

// The next stop, which is seen and in order.
async function tab(page) {
  await page.keyboard.press('Tab');
  const stop = await focused(page);
  if (stop.what === 'body') return stop.what;
  equal(stop.isShown, true, `whether the focus of ${stop.what} is seen`);
  equal(`${stop.isBehind} ${stop.isBelow}`, 'true true', `whether ${stop.what} comes behind what was before, and not above it`);
  return stop.what;
}

async function tabTo(page, what) {
  const passed = [];
  for (let i = 0; i < 150; i += 1) {
    const stop = await tab(page);
    if (stop === what) return;
    passed.push(stop);
    if (stop === 'body') break;
  }
  throw new Error(`no Tab leads to ${what}, but to ${passed.join(', ')}`);
}

// Text into the fields that the next Tabs lead to.
async function fillIn(page, values) {
  for (const [label, value] of Object.entries(values)) {
    await tabTo(page, `input ${label}`);
    await page.keyboard.type(value);
  }
}

async function press(page, what, key = 'Enter') {
  await tabTo(page, what);
  await page.keyboard.press(key);
}

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), summary, [tabindex="0"]';
// Hidden in what is folded, or one of a group of which Tab reaches one.
const stops = (page) => page.$$eval(FOCUSABLE, (all) => all.filter((node) => node.checkVisibility() && node.getClientRects().length > 0).length);

const { data: [aGame] } = await get('/v1/games?season=current&week=current');
const pages = { '/': '.card[data-game]', [`/game?id=${aGame.id}`]: '.lines tbody tr', '/ratings': '.u-over', '/season': '.u-over', '/accuracy': '.u-over', '/models': '.wide tbody tr',
  '/leaderboard': '.data a', '/sign-in': 'form', '/register': 'form', '/forgot-password': 'form' };

for (const [path, sign] of Object.entries(pages)) {
  await claim(`every stop of ${path} is reached by Tab, seen, and in order`, async () => {
    const { page, close } = await open(path);
    await page.waitForSelector(sign);
    const reached = [];
    for (let stop = await tab(page); stop !== 'body' && reached.length < 400; stop = await tab(page)) reached.push(stop);
    equal(reached[0], 'a Skip to the page', 'the first');
    equal(reached.length, await stops(page), `the number of stops: ${reached.join(', ')}`);
    await close();
  });
}

await claim('the season and the week are chosen with arrow keys, one after another, and the choice keeps the focus', async () => {
  const { data: seasons } = await get('/v1/seasons');
  const { season, last_week: last } = seasons.at(-2);
  const { page, close } = await open(`/?season=${season}&week=3`, { viewport: PHONE });
  await page.waitForSelector('.card[data-game]');
  await tabTo(page, 'select Week');
  for (const week of [4, 5]) {
    await Promise.all([page.waitForURL(new RegExp(`week=${week}$`)), page.keyboard.press('ArrowDown')]);
    await page.waitForSelector(`h1:has-text("week ${week}")`);
    await page.waitForFunction(() => document.activeElement.localName === 'select');
    equal((await focused(page)).what, 'select Week', 'what has the focus');
  }
  await Promise.all([page.waitForURL(new RegExp(`week=${last}$`)), page.keyboard.press('End')]);
  await page.waitForSelector('.card[data-game]');
  await go(page, `/?season=${season}&week=3`);
  await page.waitForSelector('.card[data-game]');
  equal((await focused(page)).what, 'body', 'what has the focus where nothing was chosen');
  await tabTo(page, 'select Season');
  await Promise.all([page.waitForURL(new RegExp(`season=${season - 1}`)), page.keyboard.press('ArrowUp')]);
  await page.waitForFunction(() => document.activeElement.localName === 'select');
  equal((await focused(page)).what, 'select Season', 'what has the focus');
  await close();
});

await claim('a team\'s ratings and chances are drawn at a key', async () => {
  for (const [path, list] of [['/ratings', '/v1/ratings?season=current&week=current'], ['/season', '/v1/season/current/outlook']]) {
    const { page, close } = await open(path);
    await page.waitForSelector('.u-over');
    const { team } = (await get(list)).data[4];
    await press(page, `button ${team}`, 'Space');
    await page.waitForSelector(`tr.chosen button:text-is("${team}")`);
    equal((await focused(page)).what, `button ${team}`, 'what has the focus');
    await close();
  }
});

await claim('an account is registered, signed in to, changed, given codes and a key, and erased', async () => {
  const { page, faults, close } = await open('/register');
  await fillIn(page, { 'E-mail address': EMAIL, Password: PASSWORD });
  await press(page, 'button Register');
  await page.waitForSelector('[role=status]:has-text("Look into your mail")');
  equal((await focused(page)).what, 'button Register', 'what has the focus when it is sent');
  await go(page, await linkTo('/verify-email', EMAIL));
  await fillIn(page, { 'Password that you registered with': PASSWORD });
  await press(page, 'button Prove it', 'Space');
  await page.waitForSelector('[role=status]:has-text("proved")');
  await go(page, '/sign-in');
  await fillIn(page, { 'E-mail address': EMAIL, Password: 'not this one' });
  await page.keyboard.press('Enter');
  await page.waitForSelector('.wrong');
  equal((await focused(page)).what, 'button Sign in', 'where a refusal leads');
  await go(page, '/sign-in');
  await fillIn(page, { 'E-mail address': EMAIL, Password: PASSWORD });
  await page.keyboard.press('Enter');
  await page.waitForURL(/account/);
  await page.waitForSelector('button:has-text("Turn on codes")');
  await fillIn(page, { 'First name': 'Kay' });
  await press(page, 'button Save', 'Space');
  await page.waitForSelector('[role=status]:has-text("Saved")');
  equal((await focused(page)).what, 'button Save', 'what has the focus when it is saved');
  await fillIn(page, { 'Present password': PASSWORD, 'New password': BETTER });
  await press(page, 'button Change password');
  await page.waitForSelector('[role=status]:has-text("It is changed")');
  await fillIn(page, { 'Password, once more': BETTER });
  await page.keyboard.press('Enter');
  await page.waitForSelector('img.qr');
  const secret = await page.textContent('section:has(img.qr) code');
  await fillIn(page, { 'Code of the app': codeOf(secret, Date.now() - 30000) });
  await press(page, 'button Confirm');
  await page.waitForSelector('.codes li');
  const spare = await page.$$eval('.codes li', (all) => all.map((one) => one.textContent));
  await press(page, 'summary Make a key', 'Space');
  await fillIn(page, { 'What it is for': 'my notebook', 'Good for how many days': '30', 'Your password': BETTER, 'Code of your app': spare[0] });
  await press(page, 'button Make key');
  await page.waitForSelector('.key-text');
  await go(page, '/account');
  await page.waitForSelector('button:has-text("Take back")');
  await press(page, 'button Take back my notebook', 'Space');
  await page.waitForSelector('button:has-text("Take back")', { state: 'detached' });
  await press(page, 'summary Erase it');
  await fillIn(page, { 'Your password': BETTER, 'Code of your app': spare[1] });
  await press(page, 'button Erase my account', 'Space');
  await page.waitForSelector('[role=status]:has-text("It is gone")');
  equal(faults.filter((fault) => !/ 401|401:/.test(fault)).join('; '), '', 'faults');
  await close();
});
