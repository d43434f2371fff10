// The pictures of docs/images that need people, who are made up: tests/browser/plant.py.
import { claim, go, open } from './lib.mjs';
import { newcomer, press, signIn } from './people.mjs';
import { SEASON, take } from './picture.mjs';

const PASSWORD = 'a walk in the rain';

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
