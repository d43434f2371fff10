// The pictures of docs/images of what everybody sees, from the real games and nothing else: tests/browser/pictures. Not a test of the
// pages; each claim is that a picture is complete and no larger than a reader of the README should have to load.
import { claim, equal, get, open } from './lib.mjs';
import { SEASON, take } from './picture.mjs';

const WEEK = 12, GAME = '2023_12_BUF_PHI';

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
