// Picks, the leaderboard and private leagues in a real browser: the numbers are the API's, and all of it works by keyboard.
import { PHONE, base, claim, equal, get, go, open, still, wellMade } from './lib.mjs';
import { fill, newcomer, ownGet, press } from './people.mjs';

// As long as a league's name may be, and none of it markup.
const LONG = `<img src=x onerror=document.title=1>${'W'.repeat(24)}`;
const PASSWORD = 'the snap count is two', OWN = 'eve@picks.test', FRIEND = 'fred@picks.test';
const rows = (page, label) => page.$$eval(`[aria-label="${label}"] tbody tr`, (all) => all.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
const fixed = (x, digits) => (x === null ? '–' : x.toFixed(digits));

const { data: seasons } = await get('/v1/seasons');
let season;
for (const each of seasons.map((row) => row.season).reverse()) {
  // The grade job has to have seen what was planted.
  for (let i = 0; i < 50 && !season; i += 1) {
    if ((await get(`/v1/leaderboard?season=${each}`)).data.length) season = each;
    else if (i > 20 && each !== seasons.at(-1).season) break;
    else await new Promise((done) => { setTimeout(done, 100); });
  }
  if (season) break;
}

await claim('the leaderboard holds the API\'s numbers, and only of those who wish', async () => {
  const path = `/leaderboard?season=${season}`, { page, faults, close } = await open(path);
  await page.waitForSelector('[aria-label=Leaderboard] tbody tr');
  const { data } = await get(`/v1/leaderboard?season=${season}`);
  const shown = await rows(page, 'Leaderboard');
  equal(shown.length, 10, 'the number of leaders: twelve, less one who does not wish and one with five picks');
  data.forEach((row, i) => equal(shown[i].slice(0, 5).join('|'), `${row.name}|${row.rank}|${row.brier.toFixed(4)}|${row.picks}|${row.right_picks}`, `row ${i}`));
  equal(shown.some((row) => row[0] === 'Ben'), false, 'whether one who does not wish is shown');
  equal(faults.join('; '), '', 'faults');
  await still(page, path);
  await wellMade(page, 'leaderboard');
  await close();
});

await claim('the leaderboard\'s data can be had as JSON and as CSV', async () => {
  const { page, close } = await open(`/leaderboard?season=${season}`);
  await page.waitForSelector('.data a');
  const links = await page.$$eval('.data a', (anchors) => anchors.map((anchor) => anchor.getAttribute('href')));
  const [json, csv] = await Promise.all(links.map((link) => fetch(base + link)));
  equal(json.headers.get('content-type'), 'application/json', 'the one');
  equal((await csv.text()).trim().split('\n').length, 11, 'lines of the other');
  await close();
});

await claim('pages of one\'s own send who is not signed in to sign in, and back', async () => {
  for (const path of ['/picks', '/league', '/league?code=PLANTEDCODES']) {
    const { page, close } = await open('/');
    await page.goto(base + path);
    await page.waitForURL(/sign-in/);
    equal(new URL(page.url()).searchParams.get('next'), path, 'where to go on');
    await close();
  }
});

const own = await newcomer(OWN, PASSWORD);

await claim('a league is joined by its link, and its standing is the API\'s, under chosen names only', async () => {
  const { page } = own;
  await go(page, `/league?code=planted-codes`);
  await page.waitForSelector('h1:has-text("The old hands")');
  await fill(page, { 'Your name in it': 'ada' });
  await press(page, 'Join');
  await page.waitForSelector('.wrong:has-text("has that name")');
  await fill(page, { 'Your name in it': 'Eve' });
  await press(page, 'Join');
  await page.waitForSelector('[aria-label=Standing] tbody tr');
  const id = new URL(page.url()).searchParams.get('id');
  const { data } = await ownGet(page, `/v1/leagues/${id}/standing`);
  const shown = await rows(page, 'Standing');
  equal(shown.length, 13, 'the number of members');
  data.forEach((row, i) => equal(shown[i].slice(0, 5).join('|'), `${row.name}${row.is_you ? ' (you)' : ''}|${row.rank ?? '–'}|${fixed(row.brier, 4)}|${row.picks}|${row.right_picks}`, `row ${i}`));
  equal(data.filter((row) => row.rank === null).map((row) => row.name).sort().join(), 'Cleo,Eve', 'those with fewer than ten picks');
  equal((await page.content()).includes('example.test'), false, 'whether an address is shown');
  await page.selectOption('.week-picks select', '1');
  await page.waitForSelector('[aria-label="Picks of the week"] tbody tr');
  const picks = await ownGet(page, `/v1/leagues/${id}/picks?week=1`);
  equal((await rows(page, 'Picks of the week')).map((row) => `${row[1]} ${row[3]}`).join(), picks.data.map((row) => `${row.name} ${(100 * row.probability).toFixed(0)} %`).join(), 'the picks');
  await wellMade(page, 'league');
  await go(page, `/league?id=${id}`);
  await page.waitForSelector('[aria-label=Standing] tbody tr');
  await still(page, 'the league');
  await page.click('summary:has-text("Leave the league")');
  await press(page, 'Leave');
  await page.waitForSelector('text=You are in no league yet');
  await go(page, `/league?id=${id}`);
  await page.waitForSelector('[role=alert]:has-text("no such league")');
});

await claim('a league is made, its code renewed, a friend joins by the link and is removed, the league ends', async () => {
  const { page } = own, friend = await newcomer(FRIEND, PASSWORD, { viewport: PHONE });
  await go(page, `/league`);
  await wellMade(page);
  await page.getByLabel('Name of the league', { exact: true }).fill(LONG);
  await page.locator('form:has(button:has-text("Make league"))').getByLabel('Your name in it').fill('Eve');
  await page.keyboard.press('Enter');
  await page.waitForSelector('a.key-text');
  equal(await page.textContent('h1'), LONG, 'the name of the league');
  equal(await page.title(), `${LONG} – Gridiron`, 'the title');
  await wellMade(page);
  const first = await page.textContent('a.key-text');
  // As over plain http, where there is no clipboard.
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true }));
  await press(page, 'Copy the link');
  await page.waitForSelector('[role=status]:has-text("It is selected")');
  equal(await page.evaluate(() => getSelection().toString()), first, 'what is selected');
  equal(await page.getByRole('button', { name: 'Copy the link' }).isEnabled(), true, 'whether it can be pressed again');
  await press(page, 'Make another link');
  await page.waitForFunction((old) => document.querySelector('a.key-text').textContent !== old, first);
  const link = await page.textContent('a.key-text');
  await go(friend.page, first);
  await friend.page.waitForSelector('[role=alert]');
  await go(friend.page, link);
  await fill(friend.page, { 'Your name in it': 'Fred' });
  await press(friend.page, 'Join');
  await friend.page.waitForSelector('[aria-label=Standing] tbody tr');
  equal(await friend.page.$$eval('a.key-text', (all) => all.length), 0, 'links shown to who does not run it');
  await wellMade(friend.page);
  // The link once more: his name is told, and changed.
  await go(friend.page, link);
  await friend.page.waitForSelector('text=You are in it already, as Fred');
  equal(await friend.page.title(), `${LONG} – Gridiron`, 'the title of an invitation to where one is');
  equal(await friend.page.getAttribute('a:has-text("Go to the league")', 'href'), new URL(page.url()).pathname + new URL(page.url()).search, 'where it leads');
  await fill(friend.page, { 'Your name in it': ' Frederick ' });
  await press(friend.page, 'Change my name in it');
  await friend.page.waitForSelector('[aria-label=Standing] th:text-is("Frederick (you)")');
  await page.reload();
  await page.getByRole('button', { name: 'Remove Frederick' }).focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('[aria-label=Standing] tbody tr').length === 1);
  await friend.page.reload();
  await friend.page.waitForSelector('[role=alert]:has-text("no such league")');
  await page.click('summary:has-text("End the league")');
  await press(page, 'End it for everybody');
  await page.waitForSelector('text=You are in no league yet');
  await friend.close();
});

await claim('what an address calls a league leads to nothing else of the API', async () => {
  const { page } = own, asked = [], note = (request) => asked.push(new URL(request.url()).pathname);
  page.on('request', note);
  await go(page, `/league?id=${encodeURIComponent('../me')}`);
  await page.waitForSelector('h1:has-text("Not found")');
  equal(asked.some((path) => path.startsWith('/v1/me')), false, 'whether the account was asked for');
  page.off('request', note);
});

// A week with games to come, where the games have one: the simulated league does.
const { data: current } = await get('/v1/games?season=current&week=current');
const next = current[0].week < (seasons.at(-1).last_week ?? 0) && current[0].season === seasons.at(-1).season ? current[0].week + 1 : current[0].week;
const { data: games } = await get(`/v1/games?season=${current[0].season}&week=${next}`);
const toCome = games.filter((game) => game.home_score === null);

await claim(toCome.length ? 'a pick is made by keyboard, kept, and changed' : 'of games that are over no pick can be made', async () => {
  const { page } = own;
  await go(page, `/picks?season=${games[0].season}&week=${next}`);
  await page.waitForSelector('.pick[data-game] input[type=radio]', { state: 'attached' });
  equal((await page.$$('.pick[data-game]')).length, games.length, 'the number of games');
  if (toCome.length === 0) {
    equal((await page.$$('.pick fieldset:not([disabled])')).length, 0, 'what can still be picked');
    return;
  }
  const card = page.locator(`.pick[data-game="${toCome[0].id}"]`), kept = async () => (await ownGet(page, `/v1/picks?season=${games[0].season}&week=${next}`)).data;
  await card.locator('input[type=radio][value=away]').first().focus();
  await page.keyboard.press('Space');
  await card.locator('[role=status]:has-text("Saved")').waitFor();
  equal((await kept()).map((pick) => `${pick.game_id} ${pick.prediction_type} ${pick.pick} ${pick.probability}`).join(), `${toCome[0].id} game away 0.6`, 'the pick');
  await card.locator('input[type=range]').first().focus();
  for (let i = 0; i < 5; i += 1) await page.keyboard.press('ArrowRight');
  equal(await card.locator('output').first().textContent(), '65 %', 'the chance shown');
  // Gone before the slider has rested: the last step counts all the same.
  await go(page, '/ratings');
  let probability;
  for (let i = 0; i < 50 && probability !== 0.65; i += 1) [{ probability }] = await kept();
  equal(probability, 0.65, 'the chance kept');
  await go(page, `/picks?season=${games[0].season}&week=${next}`);
  await card.locator('input[type=radio]').first().waitFor({ state: 'attached' });
  equal(await card.locator('input[type=radio][value=away]').first().isChecked(), true, 'whether it is still picked');
  equal(await card.locator('output').first().textContent(), '65 %', 'the chance after a reload');
});

await claim('a pick changed in one tab or on another device is shown in the other, is not undone by it, and is taken back', async () => {
  if (toCome.length === 0) return;
  const { page } = own, other = await page.context().newPage(), path = `/picks?season=${games[0].season}&week=${next}`;
  const one = page.locator(`.pick[data-game="${toCome[0].id}"]`), two = other.locator(`.pick[data-game="${toCome[0].id}"]`);
  const kept = async () => (await ownGet(page, `/v1/picks?season=${games[0].season}&week=${next}`)).data.map((pick) => `${pick.prediction_type} ${pick.pick} ${pick.probability}`).join();
  for (const tab of [page, other]) await go(tab, path);
  for (const card of [one, two]) await card.locator('input[type=radio]').first().waitFor({ state: 'attached' });
  await one.locator('input[type=radio][value=home]').first().check();
  await one.locator('[role=status]:has-text("Saved.")').waitFor();
  await two.locator('input[type=radio][value=home]:checked').first().waitFor({ state: 'attached' });
  // Moving the slider of a tab that stood by keeps the side that the other chose.
  await two.locator('input[type=range]').first().focus();
  await other.keyboard.press('ArrowRight');
  await two.locator('[role=status]:has-text("Saved.")').waitFor();
  equal(await kept(), 'game home 0.66', 'what is kept of both tabs');
  await one.locator('output:has-text("66 %")').first().waitFor();
  // Another device tells nobody: coming back to the page looks.
  await other.evaluate(async (pick) => { const { ask } = await import('/session.js'); await ask('POST', '/v1/picks', pick); }, { game_id: toCome[0].id, type: 'game', pick: 'away', probability: 0.7 });
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await one.locator('input[type=radio][value=away]:checked').first().waitFor({ state: 'attached' });
  await one.locator('output:has-text("70 %")').first().waitFor();
  // What was taken back and made anew is another pick, and is shown, not hidden.
  const [{ id }] = (await ownGet(page, path.replace('/', '/v1/'))).data;
  await other.evaluate(async ([id, pick]) => { const { ask } = await import('/session.js'); await ask('DELETE', `/v1/picks/${id}`); await ask('POST', '/v1/picks', pick); },
    [id, { game_id: toCome[0].id, type: 'game', pick: 'away', probability: 0.8 }]);
  await one.locator('button:has-text("Take back")').first().click();
  await one.locator('output:has-text("80 %")').first().waitFor();
  equal(await kept(), 'game away 0.8', 'what is kept that was made anew');
  await one.locator('button:has-text("Take back")').first().click();
  await one.locator('[role=status]:has-text("Taken back.")').waitFor();
  equal(await kept(), '', 'what is kept of what was taken back');
  for (let i = 0; i < 50 && await two.locator('input[type=radio]:checked').count() > 0; i += 1) await other.waitForTimeout(20);
  equal(await two.locator('input[type=radio]:checked').count(), 0, 'what the other tab shows of it');
  await other.close();
  await one.locator('input[type=radio][value=away]').first().check();
  await one.locator('[role=status]:has-text("Saved.")').waitFor();
});

await claim('the page of picks is well made on every screen, and still while it loads', async () => {
  const { page } = own, path = `/picks?season=${games[0].season}&week=${next}`;
  await go(page, path);
  await page.waitForSelector('.pick[data-game]');
  await still(page, path);
  await wellMade(page, 'picks');
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'CSV')]);
  equal(download.suggestedFilename(), `picks-${games[0].season}-${next}.csv`, 'the file');
});

await claim('signed in, a public page\'s data are asked for in one\'s own name, and what hinders it is said in words', async () => {
  const { page } = own;
  for (const path of ['/', '/accuracy']) {
    await go(page, path);
    await page.waitForSelector('.data button');
    for (const [label, ending] of [['JSON', 'json'], ['CSV', 'csv']]) {
      const [download, request] = await Promise.all([page.waitForEvent('download'), page.waitForRequest(/predictions|accuracy/), press(page, label)]);
      equal(request.headers().authorization?.startsWith('Bearer '), true, `whether the request for ${label} of ${path} is signed`);
      equal(download.suggestedFilename(), `${path === '/' ? 'predictions' : 'accuracy'}.${ending}`, 'the file');
    }
  }
  await page.context().setOffline(true);
  await press(page, 'JSON');
  await page.waitForSelector('.wrong:has-text("You are offline.")');
  await page.context().setOffline(false);
});

await claim('the stream of who is signed in is his own', async () => {
  const page = await own.page.context().newPage();
  await page.clock.install();
  await go(page, '/accuracy');
  await page.waitForSelector('.wide tbody tr');
  const [request] = await Promise.all([page.waitForRequest('**/v1/stream'), page.clock.runFor(4000)]);
  equal(request.headers().authorization?.startsWith('Bearer '), true, 'whether it is signed');
  equal((await request.response()).status(), 200, 'the answer');
  await page.close();
});

await claim('of a game whose hour is not known its day decides, in the east, winter and summer; at once the page takes no more picks', async () => {
  const page = await own.page.context().newPage();
  const game = { ...games[0], home_score: null, away_score: null, kickoff_at: null };
  let gameday;
  await page.route('**/v1/games?**', (route) => route.fulfill({ json: { data: [{ ...game, gameday }], next: null } }));
  for (const [day, begins] of [['2023-01-08', '2023-01-08T05:00:00Z'], ['2023-11-05', '2023-11-05T04:00:00Z']]) {
    gameday = day;
    await page.clock.setFixedTime(Date.parse(begins) - 1);
    await go(page, '/picks');
    await page.waitForSelector('.pick[data-game]');
    equal((await page.$$('.pick fieldset:not([disabled])')).length > 0, true, `what can be picked just before ${begins}`);
    await page.clock.setFixedTime(Date.parse(begins));
    await page.reload();
    await page.waitForSelector('.pick[data-game] fieldset');
    equal((await page.$$('.pick fieldset:not([disabled])')).length, 0, `what can be picked at ${begins}`);
  }
  await page.close();
});

await claim('a game that was called off takes no pick, and its card and page say so', async () => {
  const page = await own.page.context().newPage();
  const off = { ...games[0], home_score: null, away_score: null, kickoff_at: null, gameday: '2999-01-01', cancelled_at: '2023-01-05T12:00:00Z' };
  await page.route('**/v1/games?**', (route) => route.fulfill({ json: { data: [off], next: null } }));
  await page.route(`**/v1/games/${off.id}`, (route) => route.fulfill({ json: off }));
  const was = { until: off.cancelled_at, id: off.id, season: off.season, week: 1, gameday: '2023-01-02', kickoff_at: null, home_score: 3, away_score: 7 };
  const before = ['called off', 'result', 'moved', 'back'].map((kind) => ({ ...was, kind }));
  await page.route(`**/v1/games/${off.id}/changes`, (route) => route.fulfill({ json: { data: before, next: null } }));
  await go(page, '/picks');
  await page.waitForSelector('.said:has-text("It was called off.")');
  equal((await page.$$('.pick fieldset:not([disabled])')).length, 0, 'what can be picked');
  await go(page, '/');
  await page.waitForSelector('.card .when:has-text("Called off")');
  await go(page, `/game?id=${off.id}`);
  await page.waitForSelector('.notice:has-text("called off")');
  const told = await page.$$eval('h2:has-text("What changed") + ul li', (all) => all.map((one) => one.textContent.replace(/^.*?: /, '')));
  equal(told.map((one) => one.slice(0, 31)).join('|'), 'Called off.|Its result was corrected: it ha|Moved: it was in week 1, Monday|On again, after it had been cal', 'what is told of its changes');
  await wellMade(page);
  await page.close();
});

await claim('picks of one game are sent one after the other, and the last is what is shown', async () => {
  const page = await own.page.context().newPage(), begun = [], answers = [];
  await page.route('**/v1/games?**', (route) => route.fulfill({ json: { data: [{ ...games[0], home_score: null, away_score: null, kickoff_at: null, gameday: '2999-01-01' }], next: null } }));
  await page.route('**/v1/picks', (route) => {
    const { pick } = route.request().postDataJSON();
    begun.push(pick);
    answers.push(() => route.fulfill({ json: {} }));
  });
  await go(page, '/picks');
  const radio = (side) => page.locator(`.pick input[type=radio][value=${side}]`).first();
  const asked = async (count) => { for (let i = 0; i < 100 && begun.length < count; i += 1) await page.waitForTimeout(10); };
  await radio('away').click();
  await asked(1);
  await radio('home').click();
  await page.waitForTimeout(100);
  equal(begun.join(), 'away', 'what is sent before there is an answer');
  equal(await radio('home').isChecked(), true, 'whether what is chosen is shown at once');
  answers[0]();
  await asked(2);
  equal(begun.join(), 'away,home', 'what is sent after it');
  equal(await page.textContent('.said'), 'Saving …', 'what is said in between');
  answers[1]();
  await page.waitForSelector('.said:has-text("Saved.")');
  equal(await radio('home').isChecked(), true, 'whether the last is shown');
  await radio('away').click();
  await asked(3);
  equal(await radio('away').isChecked(), true, 'whether what is chosen is shown until it is refused');
  await page.unroute('**/v1/picks');
  await page.route('**/v1/picks', (route) => route.fulfill({ status: 409, contentType: 'application/problem+json', json: { status: 409, code: 'conflict', detail: 'the game has begun' } }));
  answers[2]();
  await page.waitForSelector('.said:has-text("Saved.")');
  await radio('home').click();
  await page.waitForSelector('.said:has-text("the game has begun")');
  equal(await radio('away').isChecked(), true, 'whether a refused pick gives way to the one before');
  await page.close();
});

await claim('one says that one may be shown, and takes it back', async () => {
  const { page, close } = own;
  await go(page, `/leaderboard?season=${season}`);
  await fill(page, { 'Name on the leaderboard': 'Eve' });
  await press(page, 'Show me');
  await page.waitForSelector('text=You are shown as');
  equal((await ownGet(page, '/v1/me')).is_on_leaderboard, true, 'whether it is so');
  await press(page, 'Show me no more');
  await page.waitForSelector('text=Nobody sees how you pick');
  equal((await ownGet(page, '/v1/me')).is_on_leaderboard, false, 'whether it is not');
  await close();
});
