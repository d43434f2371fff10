// The pages in a real browser, over a server with games: no console error, no accessibility fault, and the
// numbers on the page equal the API's. Run by tests/browser/run, which starts the server; output is TAP.
import { PHONE, base, browser, claim, equal, fits, get, go, open, still, stillOnSlowPhone, wellMade } from './lib.mjs';

// A page, and what is there when it is complete.
const { data: [aGame] } = await get('/v1/games?season=current&week=current');
const pages = { '/': '.card[data-game]', [`/game?id=${aGame.id}`]: '.lines tbody tr', '/ratings': '.u-over', '/season': '.u-over', '/accuracy': '.u-over',
  '/models': '.wide tbody tr', '/leaderboard': '.data a', '/docs': 'section h2' };
// The season's outlook is made by a job soon after the start.
for (let i = 0; i < 1200 && !(await get('/v1/season/current/outlook')).data; i += 1) await new Promise((done) => { setTimeout(done, 100); });

const titles = new Map(), links = new Map(), bytes = new Map();
// What is asked for only when the rest is drawn.
const CHARTS = /\/vendor\/uplot\.js|\/history\?|\/outlook\?team=/;

// How much came over the wire for REQUESTS.
async function weight(requests) {
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  return sizes.reduce((sum, { responseBodySize, responseHeadersSize }) => sum + responseBodySize + responseHeadersSize, 0);
}

for (const [path, sign] of Object.entries(pages)) {
  await claim(`${path} shows its content on every screen, without a console error, an accessibility fault or anything that moves`, async () => {
    const { page, faults, requests, close } = await open(path);
    await page.waitForSelector(sign);
    await page.waitForLoadState('networkidle');
    equal(faults.join('; '), '', 'faults');
    await still(page, path);
    await stillOnSlowPhone(path, sign);
    bytes.set(path, await weight(requests.filter((request) => !CHARTS.test(request.url()))));
    titles.set(path, await page.title());
    links.set(path, await page.$$eval('.data a', (anchors) => anchors.map((anchor) => anchor.getAttribute('href'))));
    await wellMade(page, path === '/' ? 'week' : path.slice(1).replace(/\?.*/, ''));
    await close();
  });
}

await claim('every page has a title of its own, which says what is on it', async () => {
  const { data: teams } = await get('/v1/teams');
  const [away, home] = [aGame.away_team, aGame.home_team].map((code) => teams.find((team) => team.code === code).nickname);
  equal(titles.get(`/game?id=${aGame.id}`), `${away} at ${home}, week ${aGame.week} of ${aGame.season} – Gridiron`, 'the title of a game');
  equal(new Set(titles.values()).size, Object.keys(pages).length, 'the number of titles');
});

await claim('the first paint of each page, with all but its chart, takes less than 50 KB over the wire', async () => {
  for (const [path, count] of bytes) if (count < 10 * 1024 || count > 50 * 1024) throw new Error(`${path}: ${count} bytes`);
});

await claim('the games on the first page are the API\'s, with the same chances', async () => {
  const { page, close } = await open('/');
  await page.waitForSelector('.card[data-game]');
  const { data: games } = await get('/v1/games?season=current&week=current');
  const { data: forecasts } = await get('/v1/predictions?season=current&week=current&type=game');
  const shown = await page.$$eval('.card[data-game]', (cards) => cards.map((card) => ({
    id: card.dataset.game, chances: [...card.querySelectorAll('.chance')].map((cell) => cell.textContent) })));
  equal(shown.map((card) => card.id).join(), games.map((game) => game.id).join(), 'the games');
  for (const card of shown) {
    const { pick, confidence } = forecasts.find((row) => row.game_id === card.id);
    const home = pick === 'home' ? confidence : 1 - confidence;
    equal(card.chances.join(), [1 - home, home].map((p) => `${(100 * p).toFixed(0)} %`).join(), `chances of ${card.id}`);
  }
  await close();
});

await claim('another week is chosen by keyboard and shows that week\'s games', async () => {
  const { page, close } = await open('/');
  await page.waitForSelector('.card[data-game]');
  const { data: seasons } = await get('/v1/seasons');
  const { season } = seasons[seasons.length - 1];
  await page.focus('select >> nth=0');
  await Promise.all([page.waitForURL(/season=/), page.selectOption('select >> nth=0', String(season))]);
  await page.waitForSelector('.card[data-game]');
  const { data: games } = await get(`/v1/games?season=${season}&week=1`);
  equal((await page.$$('.card[data-game]')).length, games.length, 'the number of games');
  await page.setViewportSize(PHONE); // with spreads and moneylines of any length
  await page.$$eval('.card td:last-child', (cells) => cells.forEach((cell) => { cell.textContent = cell.textContent.replace(/^(over|under|[A-Z]+)/, 'under'); }));
  await page.$$eval('.card td:nth-child(3)', (cells) => cells.forEach((cell) => { cell.textContent = 'WAS −1200'; }));
  await fits(page, `week 1 of ${season}`);
  await close();
});

await claim('the first page draws one point a season of the record', async () => {
  const { page, close } = await open('/');
  await page.waitForSelector('.trend circle');
  const { data } = await get('/v1/accuracy?type=game&model=gridiron&limit=200');
  equal((await page.$$('.trend circle')).length, data.filter((row) => row.brier !== null).length, 'the number of points');
  await close();
});

await claim('the figures of the record are the house\'s, whoever else is in it', async () => {
  const { page, close } = await open('/');
  await page.route(/\/v1\/accuracy\?/, async (route) => {
    const response = await route.fetch(), { data, ...rest } = await response.json();
    await route.fulfill({ response, json: { ...rest, data: [...data.map((row) => ({ ...row, model: 'acme' })), ...data] } });
  });
  await go(page, '/accuracy');
  await page.waitForSelector('.tile dt');
  equal(await page.textContent('.tile dt'), 'gridiron', 'the first figure is of');
  await close();
});

await claim('the accuracy table holds the API\'s numbers', async () => {
  const { page, close } = await open('/accuracy');
  await page.waitForSelector('.wide tbody tr');
  const { data } = await get('/v1/accuracy?type=game&limit=200');
  const cells = await page.$$eval('[aria-label="Accuracy by season"] tbody tr', (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  equal(cells.length, data.length, 'the number of rows');
  cells.reverse(); // the newest season is shown first
  data.forEach((row, i) => {
    equal(cells[i][0], String(row.season), 'the season');
    equal(cells[i][2], String(row.total_predictions), 'the games');
    equal(cells[i][5], row.brier === null ? '–' : row.brier.toFixed(4), `the Brier score of ${row.season} ${row.model}`);
    equal(cells[i][13], row.details.opening_line ? `${row.details.opening_line.brier.toFixed(4)} (${row.details.opening_line.games} games)` : '–', `the opening line's Brier score of ${row.season}`);
    equal(cells[i].slice(11, 13).join(), [row.details.line, row.details.elo].map((scores) => scores?.log_loss.toFixed(4) ?? '–').join(), `the log losses of line and Elo of ${row.season}`);
    equal(cells[i][8], row.details.elo.brier.toFixed(4), `Elo's Brier score of ${row.season}`);
    equal(cells[i][9].split(' ')[0], `${row.details.gain_on_elo.brier < 0 ? '−' : '+'}${Math.abs(row.details.gain_on_elo.brier).toFixed(4)}`, `the gain on Elo of ${row.season}`);
    equal(cells[i][6], row.details.line ? row.details.line.brier.toFixed(4) : '–', `the line's Brier score of ${row.season}`);
  });
  for (const [name, rival] of [['Elo', 'elo'], ['coin', 'coin']]) {
    const own = data.filter((row) => row.model === 'gridiron').map((row) => row.details[rival]);
    const games = own.reduce((n, scores) => n + scores.games, 0), brier = own.reduce((sum, scores) => sum + scores.brier * scores.games, 0) / games;
    equal((await page.textContent(`.tile:has(dt:text("${name}")) dd`)).startsWith(brier.toFixed(4)), true, `whether the tile of ${name} begins with ${brier.toFixed(4)}`);
  }
  const [planted] = data.filter((row) => row.details.opening_line);
  equal(planted.details.opening_line.hours_before, 48, 'by how many hours the opening line was seen before kick-off');
  equal((await page.textContent('.tile:has(dt:text("opening line")) dd')).includes(planted.details.opening_line.brier.toFixed(4)), true, 'whether its tile has the same');
  await close();
});

const cells = (page, selector) => page.$$eval(selector, (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
const sign = (x) => (Math.abs(x) < 0.05 ? '' : x > 0 ? '+' : '−') + Math.abs(x).toFixed(1);

const { data: teams } = await get('/v1/teams');
const named = (code) => teams.find((team) => team.code === code);

await claim('the ratings page holds the API\'s numbers, and another team\'s history is a key away', async () => {
  const { page, faults, close } = await open('/ratings');
  await page.waitForSelector('.wide tbody tr');
  const { data } = await get('/v1/ratings?season=current&week=current');
  const shown = await cells(page, '.wide tbody tr');
  equal(shown.length, data.length, 'the number of teams');
  data.forEach((row, i) => equal(shown[i].slice(0, 3).join('|'), `${row.team} ${named(row.team).nickname}|${row.rank}|${sign(row.total)} ±${row.total_se.toFixed(1)}`, `row ${i}`));
  await page.focus('.wide tbody tr:nth-child(2) button');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`h2:has-text("${named(data[1].team).name},")`);
  equal(faults.join('; '), '', 'faults');
  await close();
});

await claim('a link that ends alerts says nothing is done before its button is pressed', async () => {
  const { page, close } = await open('/unsubscribe#token');
  await page.waitForSelector('p:has-text("Press the button, and")');
  await close();
});

await claim('the season page holds the API\'s chances', async () => {
  const { page, close } = await open('/season');
  await page.waitForSelector('.wide tbody tr');
  const { data } = await get('/v1/season/current/outlook');
  const shown = await cells(page, '.wide tbody tr');
  equal(shown.map((row) => row[0]).join(), data.map((row) => `${row.team} ${named(row.team).nickname}`).join(), 'the teams');
  data.forEach((row, i) => equal(Number.parseFloat(shown[i][1]).toFixed(1), row.wins_mean.toFixed(1), `the wins of ${row.team}`));
  // What came out in every season played is not called certain while games are left, and is when none is.
  for (const [sd, wants] of [[1.5, '> 99.9 %'], [0, 'yes']]) {
    await page.route('**/v1/season/current/outlook*', (route) => route.fulfill({ json: { data: data.map((row) => ({ ...row, week: 1, wins_sd: sd, p_playoffs: 1 })), next: null } }));
    await go(page, '/season');
    await page.waitForSelector('.wide tbody tr');
    equal((await cells(page, '.wide tbody tr'))[0][4], wants, `the chance of ${sd ? 'what has always come out' : 'what is over'}`);
  }
  // Who has no plan is told which have the rest.
  const access = await get('/v1/access');
  await page.route('**/v1/access', (route) => route.fulfill({ json: { ...access, audience: 'public', features: [] } }));
  await go(page, '/season');
  await page.waitForSelector('.notice:has-text("other results come with these plans: ")');
  await close();
});

await claim('a game\'s page says what the API says, at the reader\'s own line too', async () => {
  const { page, faults, close } = await open(`/game?id=${aGame.id}`);
  await page.waitForSelector('.lines tbody tr');
  const { data } = await get(`/v1/predictions?season=${aGame.season}&week=${aGame.week}&team=${aGame.home_team}&type=game`);
  const { prediction_data: { home_win_probability: home } } = await get(`/v1/predictions/${data[0].id}`);
  equal(await page.textContent('.versus .side:last-child .big'), `${(100 * home).toFixed(1)} %`, 'the chance');
  await page.fill('.picks input >> nth=0', '-7.5');
  await page.keyboard.press('Tab');
  await page.waitForSelector(`.lines th:has-text("${aGame.home_team} +7.5")`);
  const { data: lines } = await get(`/v1/predictions/${data[0].id}/lines?spread=-7.5`);
  const row = (await cells(page, '.lines tbody tr')).find((each) => each[0] === `${aGame.home_team} +7.5`);
  equal(row[2], `${(100 * lines.find((each) => each.bet === row[0]).win).toFixed(1)} %`, 'the chance to cover');
  // Half of a stake at 3.75 is at 4: by 4 it comes back, and the other half wins.
  await page.fill('.picks input >> nth=0', '3.75');
  await page.keyboard.press('Tab');
  await page.waitForSelector(`.lines th:has-text("${aGame.home_team} −3.75")`);
  const { data: quarters } = await get(`/v1/predictions/${data[0].id}/lines?spread=3.75`);
  const shown = await cells(page, '.lines tbody tr');
  equal(shown[2][3], `half won ${(100 * quarters[2].half_win).toFixed(1)} %`, 'what comes back of the home team\'s bet');
  equal(shown[3][3], `half lost ${(100 * quarters[3].half_loss).toFixed(1)} %`, 'what comes back of the other');
  equal(faults.join('; '), '', 'faults');
  // What is typed while an answer is on its way stays.
  await page.route('**/lines?*', (route) => setTimeout(() => route.continue(), 300));
  await page.getByLabel(`${aGame.home_team} favoured by`).fill('3.5');
  await page.keyboard.press('Tab');
  await page.keyboard.type('38', { delay: 200 });
  await Promise.all([page.waitForResponse(/total=38/), page.keyboard.press('Tab')]);
  equal(await page.getByLabel('Total', { exact: true }).inputValue(), '38', 'the total');
  // What is no odds is told by the field's own name, and the chances stay.
  await page.unroute('**/lines?*');
  await page.getByLabel(`Odds on ${aGame.home_team} to cover`).fill('50');
  await page.keyboard.press('Tab');
  await page.waitForSelector(`.lines .notice:has-text("Odds on ${aGame.home_team} to cover must be")`);
  equal((await page.$$('.lines tbody tr')).length, 6, 'the bets that stay');
  await close();
});

await claim('a game that is not there is said to be missing, not shown empty', async () => {
  const { page, close } = await open('/game?id=1999_99_XX_YY');
  await page.waitForSelector('[role=alert]');
  await close();
});

await claim('every page\'s data can be had whole, as JSON and as CSV', async () => {
  for (const [path, addresses] of links) {
    if (path === '/docs') continue;
    equal(addresses.length, 2, `links of ${path}`);
    const [json, csv] = await Promise.all(addresses.map((link) => fetch(base + link)));
    equal(`${json.status} ${json.headers.get('content-type')}`, '200 application/json', `${path} as JSON`);
    equal(`${csv.status} ${csv.headers.get('content-type').split(';')[0]}`, '200 text/csv', `${path} as CSV`);
    const { data, next } = await json.json(), [head, ...rows] = (await csv.text()).trim().split('\n');
    equal(head.split(',').length > 3, true, `whether ${path} as CSV has a head`);
    equal([next, json.headers.get('link'), csv.headers.get('link')].join(), ',,', `what is left of ${path}`);
    equal(rows.length, data.length, `the rows of ${path} as CSV`);
  }
});

// The rows of the list at LINK, page by page, as its head says where the next is.
async function follow(link, rowsOf) {
  const rows = [];
  for (let at = link; at;) {
    const answer = await fetch(base + at);
    rows.push(...await rowsOf(answer));
    at = answer.headers.get('link')?.match(/^<([^>]+)>; rel="next"$/)[1];
  }
  return rows;
}

await claim('a list that is cut says where it goes on, as JSON and as CSV, and ends where it ends', async () => {
  const { data } = await get('/v1/accuracy?limit=1000'), cut = `/v1/accuracy?limit=${Math.ceil(data.length / 3)}`;
  equal(JSON.stringify(await follow(cut, async (answer) => (await answer.json()).data)), JSON.stringify(data), 'the rows of its pages');
  const lines = await follow(`${cut}&format=csv`, async (answer) => (await answer.text()).trim().split('\n').slice(1));
  equal(lines.length, data.length, 'the rows of its pages as CSV');
});

await claim('the stream pushes the record that the API answers', async () => {
  const { page, close } = await open('/accuracy');
  const pushed = await page.evaluate(() => new Promise((done, fail) => {
    const source = new EventSource('/v1/stream');
    source.addEventListener('accuracy', (event) => { source.close(); done(event.data); });
    source.onerror = () => fail(new Error('the stream broke off'));
  }));
  equal(pushed, await (await fetch(`${base}/v1/accuracy?season=current&model=gridiron`)).text(), 'the event');
  await close();
});

await claim('a season with fewer than half right is said at the top, a good one is not', async () => {
  for (const [percentage, said] of [[49.9, 1], [50, 0], [70, 0]]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route(/v1\/accuracy\?/, async (route) => {
      const body = await (await route.fetch()).json();
      body.data.forEach((row) => { row.accuracy_percentage = row.prediction_type === 'game' ? percentage : 60; });
      await route.fulfill({ json: body });
    });
    for (const [path, sign] of [['/', '.card[data-game]'], ['/accuracy', '.wide tbody tr']]) {
      await go(page, path);
      await page.waitForSelector(sign);
      equal((await page.$$('.notice.bad')).length, said, `warnings of ${path} at ${percentage} %`);
    }
    await context.close();
  }
});

// An address whose answer is an error, as somebody sees it who opens it: its status and heading.
const wrong = { '/acuracy': [404, 'Not found'], '/v1/me': [401, 'Not signed in'], '/v1/admin/audit': [401, 'Not signed in'], '/v1/auth/login': [405, 'Not a page'],
  [`/v1/games?season=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`]: [400, 'That cannot be answered'] };

// Where the bar leads, the same from every page.
const barOf = (page) => page.$$eval('header a', (links) => links.map((link) => link.getAttribute('href')).join(' ').replace('/sign-in', '/account'));
const { page: first, close: closeFirst } = await open('/');
const bar = await barOf(first);

await claim('what the bar names stands apart on a phone', async () => {
  await first.setViewportSize(PHONE);
  const gaps = await first.$$eval('nav a', (links) => {
    const places = links.map((link) => { const text = document.createRange(); text.selectNodeContents(link); return text.getBoundingClientRect(); });
    return places.slice(1).map((place, i) => (place.top === places[i].top ? place.left - places[i].right : Infinity));
  });
  equal(gaps.length, 9, 'the gaps');
  if (Math.min(...gaps) < 4) throw new Error(`only ${Math.min(...gaps)} pixels between two names`);
});
await closeFirst();

for (const [path, [status, heading]] of Object.entries(wrong)) {
  await claim(`${path} opened is a page that says what is wrong and what to do`, async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const faults = [];
    page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes(`status of ${status}`)) faults.push(message.text()); });
    page.on('response', (each) => { if (each.status() >= 400 && !each.request().isNavigationRequest()) faults.push(`${each.status()}: ${each.url()}`); });
    const answer = await page.goto(base + path);
    equal(`${answer.status()} ${answer.headers()['cache-control']}`, `${status} no-store`, 'the answer');
    equal(await page.textContent('h1'), heading, 'the heading');
    equal(await page.title(), `${heading} – Gridiron`, 'the title');
    equal(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.test(await page.textContent('main')), true, 'whether the request\'s id is there');
    equal(await page.$eval('header', (bar) => getComputedStyle(bar).backgroundColor) !== 'rgba(0, 0, 0, 0)', true, 'whether the sheet is there');
    equal(await page.$$eval('main img, script', (all) => all.length), 0, 'scripts and pictures');
    equal(await barOf(page), bar, 'the bar');
    await page.keyboard.press('Tab');
    equal(await page.evaluate(() => document.activeElement.className), 'skip', 'what the first Tab reaches');
    await page.keyboard.press('Enter');
    equal(await page.evaluate(() => document.activeElement.id), 'main', 'where it leads');
    await wellMade(page, `error-${path.replace(/\?.*/, '').replaceAll('/', '-').slice(1)}`);
    equal(faults.join('; '), '', 'faults');
    await context.close();
  });
}

await claim('a script on a page gets the problem as data, where a person gets a page', async () => {
  const { page, close } = await open('/');
  const [kind, code] = await page.evaluate(async () => {
    const answer = await fetch('/v1/me', { headers: { Accept: 'text/html' } });
    return [answer.headers.get('content-type'), (await answer.json()).code];
  });
  equal(`${kind} ${code}`, 'application/problem+json unauthenticated', 'the answer');
  await close();
});

await claim('the API\'s page shows code as code, has every route in its list, and goes to the one that is asked for', async () => {
  const { page, close } = await open('/docs#game_list');
  await page.waitForSelector('section h2');
  const { paths } = await get('/openapi.json');
  equal((await page.textContent('main')).includes('`'), false, 'whether there is a backtick');
  equal((await page.$$('nav[aria-label=Routes] a')).length, Object.values(paths).flatMap(Object.keys).length, 'the number of routes');
  await page.waitForFunction(() => document.getElementById('game_list').getBoundingClientRect().top < window.innerHeight && scrollY > 0);
  await page.click('nav[aria-label=Routes] a[href="#team_list"]');
  equal(await page.$eval('section:target h2', (heading) => heading.textContent), 'GET /v1/teams', 'what stands out');
  await close();
});

await claim('the models page holds the API\'s numbers', async () => {
  const { page, close } = await open('/models');
  await page.waitForSelector('.wide tbody tr');
  const { data } = await get('/v1/accuracy?type=game&model=gridiron&limit=200');
  const sum = (of) => data.reduce((total, row) => total + of(row), 0), games = sum((row) => row.total_predictions), right = sum((row) => row.correct_predictions);
  const [row] = (await cells(page, '[aria-label="Models: Winner"] tbody tr')).filter((each) => each[0] === 'gridiron');
  equal(row.slice(0, 4).join('|'), `gridiron|${data[0].season}–${data.at(-1).season}|${games}|${right}`, 'the row');
  equal(row[4].split(' (')[0], `${(100 * right / (games - sum((each) => each.push_count))).toFixed(1)} %`, 'the hit rate');
  equal(row[5], (sum((each) => each.brier * each.total_predictions) / games).toFixed(4), 'the Brier score');
  await close();
});

// The stream as a server behind a proxy has it that starts anew: an error, then the record, which has changed meanwhile.
await claim('a stream that was answered with an error is asked for again, and what it brings is shown', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  let asked = 0, right = 12.3;
  await page.route('**/v1/stream', async (route) => {
    asked += 1;
    if (asked === 1) return route.fulfill({ status: 503 });
    const { data } = await get('/v1/accuracy?season=current&model=gridiron');
    data.forEach((row) => { row.accuracy_percentage = right; });
    return route.fulfill({ contentType: 'text/event-stream', body: `id: 1\nevent: accuracy\ndata: ${JSON.stringify({ data, next: null })}\n\n` });
  });
  await go(page, '/accuracy');
  await page.waitForSelector('.wide tbody tr');
  const reread = page.waitForRequest(/v1\/accuracy/);
  const [first] = await Promise.all([page.waitForResponse('**/v1/stream'), page.clock.runFor(4000)]);
  equal(first.status(), 503, 'the first answer');
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/v1/stream') && answer.status() === 200), page.clock.runFor(12000)]);
  await reread;
  await context.close();
});

await claim('where the server does not answer, the page says so; what it shows already it keeps', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.clock.install();
  await go(page, '/');
  await page.waitForSelector('.card[data-game]');
  await page.route('**/v1/**', (route) => route.abort());
  const asked = page.waitForRequest(/v1\/games/);
  await page.clock.fastForward(3700000);
  await asked;
  await page.waitForTimeout(50);
  equal((await page.$$('.card[data-game]')).length > 0, true, 'whether the games are still there');
  await go(page, '/ratings');
  equal((await page.textContent('[role=alert]')).startsWith('The server does not answer'), true, 'whether it is said');
  await context.close();
});
