// The pictures of docs/images, of the pages as they are, from the real games: tests/browser/pictures. Not a test of the pages; each
// claim is that a picture is complete and no larger than a reader of the README should have to load.
import { statSync } from 'node:fs';
import { claim, equal, get, go, open, shots } from './lib.mjs';
import { newcomer, press, signIn } from './people.mjs';

const SEASON = 2023, WEEK = 12, GAME = '2023_12_BUF_PHI', MOST_BYTES = 200 * 1024, PASSWORD = 'a walk in the rain';

// Of PAGE, as it stands; HEIGHT: of the picture, where the page is higher than that.
async function take(page, name, height = 900) {
  await page.waitForLoadState('networkidle');
  const full = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: Math.min(full, height) } });
  const { size } = statSync(`${shots}/${name}.png`);
  if (size > MOST_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${MOST_BYTES}`);
}

// What everybody sees: path, what is there when it is complete, and how much of it is shown.
const pages = {
  week: [`/?season=${SEASON}&week=${WEEK}`, '.card[data-game]'],
  game: [`/game?id=${GAME}`, '.lines tbody tr', 1300],
  ratings: [`/ratings?season=${SEASON}&week=${WEEK}`, '.u-over'],
  season: [`/season?season=${SEASON}`, '.u-over'],
  accuracy: ['/accuracy', '.u-over', 1000],
  models: ['/models', '.wide tbody tr'],
};

const { is_simulated: isSimulated } = await get(`/v1/games/${GAME}`);
equal(isSimulated, false, 'whether the games are made up');
// The season's outlook is made by a job soon after the start.
for (let i = 0; i < 3000 && !(await get(`/v1/season/${SEASON}/outlook`)).data; i += 1) await new Promise((done) => { setTimeout(done, 100); });

for (const [name, [path, sign, height]] of Object.entries(pages)) {
  await claim(`${name}.png`, async () => {
    const { page, close } = await open(path);
    await page.waitForSelector(sign);
    await take(page, name, height);
    await close();
  });
}

// The first of those who were planted picked the last season, and runs a league.
const own = await open('/sign-in');
await signIn(own.page, 'planted0@example.test', 'forty winners picked');
await own.page.waitForURL(/account/);
await own.page.waitForLoadState('networkidle');

for (const [name, path, sign] of [['leaderboard', `/leaderboard?season=${SEASON}`, '[aria-label=Leaderboard] tbody tr'], ['picks', `/picks?season=${SEASON}&week=1`, '.pick[data-game] input:checked']]) {
  await claim(`${name}.png`, async () => {
    await go(own.page, path);
    await own.page.waitForSelector(sign);
    await take(own.page, name);
  });
}

await claim('league.png', async () => {
  const { data: [league] } = await own.page.evaluate(async () => (await import('/session.js')).ask('GET', '/v1/leagues'));
  await go(own.page, `/league?id=${league.id}`);
  await own.page.selectOption('.week-picks select', '1');
  await own.page.waitForSelector('[aria-label="Picks of the week"] tbody tr');
  await take(own.page, 'league', 1200);
});
await own.close();

await claim('account.png', async () => {
  const { page, close } = await newcomer('ada@example.test', PASSWORD);
  await page.click('summary:has-text("Make a key")');
  await page.getByLabel('What it is for').fill('my notebook');
  await page.locator('form:has(button:text-is("Make key"))').getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Make key');
  await page.waitForSelector('.key-text');
  await go(page, '/account');
  await page.waitForSelector('button:has-text("Take back")');
  await take(page, 'account', 2300);
  await close();
});
