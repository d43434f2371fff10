// Every number on a page is the API's: each cell of each table, as it is written in words here once more.
import { PHONE, claim, equal, fits, get, go, open, slow, still } from './lib.mjs';
import { signIn } from './people.mjs';
import { chance, fixed, percent, same, signed, table } from './told.mjs';

const odds = (x) => (x === null || x === undefined ? '–' : x > 0 ? `+${x}` : `−${-x}`);
const withError = (x, se) => `${signed(x)} ±${se.toFixed(1)}`;
const isEven = (by) => Math.abs(by) < 0.25;
const moment = (page, text) => page.evaluate((at) => new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at)), text);

const { data: teams } = await get('/v1/teams');
const nickname = (code) => teams.find((team) => team.code === code)?.nickname ?? code;
const { data: seasons } = await get('/v1/seasons');
const MIDDLE = 9; // a week in the middle of a season
const last = seasons.filter((row) => row.finished_count > 16 * MIDDLE).at(-1).season; // the last that is past it
const planted = seasons.filter((row) => row.finished_count > 0).at(-1).season; // the last that has scores: plant.py

const MARKS = { win: '✓right', loss: '✗wrong', push: '=push: neither right nor wrong', void: '–void: it does not count' };

// A card of the week's page: what is forecast beside the line.
function cardOf(game, { game: win, ats, total }) {
  const { away_team: away, home_team: home } = game;
  const onHome = win.pick === 'home' ? win.confidence : 1 - win.confidence;
  const favoured = (by, digits) => (by === null ? '–' : isEven(by) ? 'even' : `${by > 0 ? home : away} −${digits ? Math.abs(by).toFixed(digits) : Math.abs(by)}`);
  const money = game.away_moneyline === null || game.home_moneyline === null ? '–' : game.away_moneyline < game.home_moneyline ? `${away} ${odds(game.away_moneyline)}` : `${home} ${odds(game.home_moneyline)}`;
  const pick = (row, sides) => (row.pick ? `${sides[row.pick]} ${chance(row.confidence, 0)}` : '–');
  const mark = (row) => (row.outcome ? ` ${MARKS[row.outcome]}` : '');
  const sides = { away, home }, totals = { over: 'over', under: 'under' };
  return [`${game.away_score ?? ''}|${chance(1 - onHome, 0)}`, `${game.home_score ?? ''}|${chance(onHome, 0)}`,
    `Winner${mark(win)}||${money}|${pick(win, sides)}`, `Spread${mark(ats)}|${favoured(ats.expected, 1)}|${favoured(game.spread_line, 0)}|${pick(ats, sides)}`,
    `Total${mark(total)}|${total.expected.toFixed(1)}|${game.total_line ?? '–'}|${pick(total, totals)}`].join('\n');
}

for (const [path, week] of [['/', 'season=current&week=current'], [`/?season=${last}&week=${MIDDLE}`, `season=${last}&week=${MIDDLE}`]]) {
  await claim(`every number on the cards of ${path} is the API's`, async () => {
    const { page, close } = await open(path);
    await page.waitForSelector('.card[data-game]');
    const { data: games } = await get(`/v1/games?${week}`), { data: forecasts } = await get(`/v1/predictions?${week}&limit=200`);
    const shown = await page.$$eval('.card[data-game]', (cards) => cards.map((card) => {
      const text = (cell) => cell.textContent.replace(/\s+/g, ' ').trim();
      return [...[...card.querySelectorAll('.team')].map((team) => `${text(team.querySelector('.score'))}|${text(team.querySelector('.chance'))}`),
        ...[...card.querySelectorAll('tbody tr')].map((row) => [...row.cells].map(text).join('|'))].join('\n');
    }));
    equal(shown.length, games.length, 'the number of cards');
    games.forEach((game, i) => equal(shown[i], cardOf(game, Object.fromEntries(forecasts.filter((row) => row.game_id === game.id).map((row) => [row.prediction_type, row]))), game.id));
    await close();
  });
}

const TYPES = { game: 'Winner', ats: 'Spread', total: 'Total' };
const by = (game, margin) => (isEven(margin) ? 'even' : `${margin < 0 ? game.away_team : game.home_team} by ${Math.abs(margin).toFixed(1)}`);
const favourite = (game, line) => (line === null ? '–' : line === 0 ? 'even' : `${line > 0 ? game.home_team : game.away_team} −${Math.abs(line)}`);

function said(game, { prediction_type: type, prediction_data: data, pick }) {
  if (type === 'game') return `${game[`${pick}_team`]} wins`;
  return type === 'ats' ? `${by(game, data.spread)} ± ${data.margin_sd.toFixed(1)}` : `${data.total.toFixed(1)} ± ${data.total_sd.toFixed(1)} points`;
}

function picked(game, { prediction_type: type, pick, line }) {
  if (!pick) return 'no line yet';
  if (type === 'total') return `${pick} ${line}`;
  return type === 'ats' ? `${game[`${pick}_team`]} ${signed(pick === 'home' ? -line : line)}` : game[`${pick}_team`];
}

// The points of a forecast beyond the line, with their 95 % interval.
function offLine({ prediction_type: type, line, prediction_data: data }) {
  if (type === 'game' || line === null) return '–';
  const [points, se] = type === 'ats' ? [data.spread, data.margin_se] : [data.total, data.total_se];
  return `${signed(points - line)} (${signed(points - line - 1.96 * se)} to ${signed(points - line + 1.96 * se)})`;
}

const verdict = ({ outcome, is_correct: isCorrect }) => (!outcome ? '–' : isCorrect === null ? outcome : isCorrect ? '✓ right' : '✗ wrong');

async function sameGame(page, id) {
  const game = await get(`/v1/games/${id}`), past = (await get(`/v1/games/${id}/predictions`)).data;
  const { data: listed } = await get(`/v1/predictions?season=${game.season}&week=${game.week}&team=${game.home_team}`);
  const counted = await Promise.all(Object.keys(TYPES).map((type) => get(`/v1/predictions/${listed.find((row) => row.game_id === id && row.prediction_type === type).id}`)));
  await go(page, `/game?id=${id}`);
  await page.waitForSelector('.lines tbody tr');
  const { home_win_probability: home, tie_probability: tie } = counted[0].prediction_data;
  const sides = await page.$$eval('.versus .side', (all) => all.map((side) => [...side.children].map((part) => part.textContent).join('|')));
  const score = (points) => (points === null ? [] : [points]);
  equal(sides.join(' '), [[nickname(game.away_team), ...score(game.away_score), chance(1 - home - (tie ?? 0))].join('|'), [nickname(game.home_team), ...score(game.home_score), chance(home)].join('|')].join(' '), `the chances of ${id}`);
  const projected = ['away', 'home'].map((side) => `${nickname(game[`${side}_team`])} ${counted[0].prediction_data[`${side}_points`].toFixed(1)}`);
  equal(await page.locator('p:has-text("Projected score")').textContent(), `Projected score: ${projected.join(', ')}`, `the projected score of ${id}`);
  await same(page, 'Forecasts of this game', counted, (row) => [TYPES[row.prediction_type], said(game, row), picked(game, row), row.confidence === null ? '–' : chance(row.confidence), odds(row.prediction_data.fair_odds), offLine(row), verdict(row)]);
  const { data: bets } = await get(`/v1/predictions/${counted[0].id}/lines?spread=${game.spread_line ?? 0}&total=${game.total_line ?? 44}`);
  const markets = { moneyline: 'To win', spread: 'To cover', total: 'Total' };
  await same(page, 'Chances at your line', bets, (row) => [row.bet.replace('-', '−'), markets[row.market], chance(row.win), row.push ? percent(row.push) : '–', odds(row.fair_odds), '–', '–']);
  const { data: ratings } = await get(`/v1/ratings?season=${game.season}&week=${game.week}`);
  await same(page, 'Ratings of both teams', [game.away_team, game.home_team].map((code) => ratings.find((row) => row.team === code)), ratingCells);
  const { data: lines } = await get(`/v1/games/${id}/lines`);
  const seen = await Promise.all(lines.map((row) => (row.seen_at ? moment(page, row.seen_at) : 'Opening line')));
  if (lines.length) await same(page, 'Lines as they were seen', lines, (row) => [seen[lines.indexOf(row)], favourite(game, row.spread_line), row.total_line ?? '–', odds(row.away_moneyline), odds(row.home_moneyline), row.is_opening ? 'opening line' : '']);
  return { game, past };
}

const ratingCells = (row) => [row.team, row.rank, withError(row.total, row.total_se), withError(row.offence, row.offence_se), withError(row.defence, row.defence_se),
  withError(row.quarterback, row.quarterback_se), row.quarterback_name ?? ''];

await claim('every number of a game\'s page is the API\'s, and every forecast is there as it stood', async () => {
  const { data: week } = await get('/v1/games?season=current&week=current');
  const { page, faults, close } = await open('/');
  await sameGame(page, week[0].id);
  equal(await page.$$eval('[aria-label="Forecasts as they stood"]', (all) => all.length), 0, 'tables of the past where nothing was forecast before');
  // The first game of a season has forecasts of two days before, of its winner alone, and of one.
  const [first] = (await get(`/v1/games?season=${planted}&week=1`)).data.map((each) => each.id).sort();
  const { game, past } = await sameGame(page, first);
  equal(past.length, 7, 'how often it was forecast');
  const times = [...new Set(past.map((row) => row.predicted_at))], at = await Promise.all(times.map((time) => moment(page, time)));
  const stood = (time, type) => past.find((row) => row.prediction_type === type && Date.parse(row.predicted_at) <= Date.parse(time));
  const forecast = (row) => (row ? said(game, row) : '–'), pick = (row) => (row ? `${picked(game, row)} ${chance(row.confidence)}` : '–');
  await same(page, 'Forecasts as they stood', times, (time) => { const [win, ats, total] = Object.keys(TYPES).map((type) => stood(time, type)); return [at[times.indexOf(time)], pick(win), forecast(ats), pick(ats), forecast(total), pick(total)]; });
  equal((await table(page, 'Forecasts as they stood')).rows.at(-1).slice(2).join(''), '––––', 'what was not forecast yet');
  equal(faults.join('; '), '', 'faults');
  await close();
});

await claim('what a bet is worth at the odds given, and its stake, are the API\'s', async () => {
  const { data: [game] } = await get('/v1/games?season=current&week=current');
  const { page, faults, close } = await open(`/game?id=${game.id}`);
  await page.waitForSelector('.lines tbody tr');
  const given = { home_spread_odds: 150, away_spread_odds: -105, over_odds: 1.91, under_odds: 120 };
  const names = { home_spread_odds: `Odds on ${game.home_team} to cover`, away_spread_odds: `Odds on ${game.away_team} to cover`, over_odds: 'Odds on over', under_odds: 'Odds on under' };
  for (const [name, price] of Object.entries(given)) {
    await page.getByLabel(names[name]).fill(String(price));
    await Promise.all([page.waitForResponse(new RegExp(`${name}=${price}`)), page.keyboard.press('Tab')]);
  }
  const { data: [{ id }] } = await get(`/v1/predictions?season=${game.season}&week=${game.week}&team=${game.home_team}&type=game`);
  const { data: bets } = await get(`/v1/predictions/${id}/lines?${new URLSearchParams({ spread: game.spread_line ?? 0, total: game.total_line ?? 44, ...given })}`);
  equal(bets.filter((row) => row.expected_value !== null && row.stake !== null).length, 4, 'how many bets have odds');
  equal(bets.some((row) => row.stake > 0), true, 'whether any is worth a stake');
  await page.waitForFunction((count) => [...document.querySelectorAll('.lines tbody tr')].filter((row) => row.cells[5].textContent !== '–').length === count, 4);
  const { rows } = await table(page, 'Chances at your line');
  bets.forEach((row, i) => equal(rows[i].slice(5).join(), row.expected_value === null ? '–,–' : `${signed(100 * row.expected_value)} %,${percent(row.stake)}`, `worth and stake of ${row.bet}`));
  equal(faults.join('; '), '', 'faults');
  await close();
});

await claim('a game that is to come is forecast with another quarterback, chosen by keyboard, beside the forecast that stands', async () => {
  const { data: week } = await get('/v1/games?season=current&week=current');
  const game = week.find((each) => each.home_score === null && each.kickoff_at && Date.parse(each.kickoff_at) > Date.now() + 600000);
  const { page, faults, close } = await open(`/game?id=${(game ?? week[0]).id}`);
  await page.waitForSelector('.lines tbody tr');
  const offered = await page.$$eval('h2', (all) => all.filter((heading) => heading.textContent === 'With another quarterback').length);
  equal(offered, game ? 1 : 0, 'whether one can be chosen, which is until kick-off');
  if (!game) return close();
  const path = `/v1/games/${game.id}/forecast`, present = await get(path);
  const { data: all } = await get(`/v1/ratings/quarterbacks?season=${game.season}&week=${game.week}`);
  await page.evaluate(() => { window.shift = 0; });
  await page.focus('summary:text-is("Choose who plays")');
  await page.keyboard.press('Enter');
  await page.locator('.who select:not([disabled])').nth(1).waitFor();
  const tell = ({ home_win_probability: p, spread, total }) => [chance(p), by(game, spread), total.toFixed(1)];
  const none = tell(present).map((each, i) => [[`${game.home_team} wins`, 'Spread', 'Total'][i], each, '–', '–']);
  await same(page, 'With these quarterbacks', none, (row) => row);
  const names = await page.locator('.who select').nth(1).locator('option').evaluateAll((options) => options.map((option) => `${option.value}|${option.textContent}`));
  const sorted = [...all.filter((row) => row.team === game.home_team), ...all.filter((row) => row.team !== game.home_team)];
  equal(names.join('\n'), [`|${present.home_quarterback}, as expected`, ...sorted.map((row) => `${row.id}|${row.name} (${withError(row.worth, row.worth_se)})`)].join('\n'), 'who can be chosen');
  for (const [side, key] of [['away', 'End'], ['home', 'ArrowDown']]) {
    await page.keyboard.press('Tab');
    await page.keyboard.press(key);
    const ids = await page.$$eval('.who select', (selects) => selects.map((select) => select.value));
    const then = await get(`${path}?${new URLSearchParams(Object.entries({ away_qb: ids[0], home_qb: ids[1] }).filter(([, id]) => id))}`);
    const away = then.away_quarterback, home = then.home_quarterback;
    await page.waitForSelector(`[role=status]:has-text("With ${away} and ${home}: ${game.home_team} wins with a chance of ${chance(then.home_win_probability)}, instead of ${chance(present.home_win_probability)}.")`);
    const changes = [`${signed(100 * then.home_win_change)} %`, signed(then.spread_change), signed(then.total_change)], now = tell(then);
    await same(page, 'With these quarterbacks', none, ([name, was]) => { const i = none.findIndex((row) => row[0] === name); return [name, was, now[i], changes[i]]; });
    equal(ids[side === 'away' ? 0 : 1] !== '', true, `whether one is chosen for ${side}`);
  }
  equal(await page.evaluate(() => window.shift) < 0.01, true, 'whether all stood still meanwhile');
  equal(faults.join('; '), '', 'faults');
  return close();
});

for (const week of ['season=current&week=current', `season=${last}&week=${MIDDLE}`]) {
  await claim(`every number of the ratings for ${week} is the API's`, async () => {
    const { page, close } = await open(`/ratings?${week}`);
    const { data } = await get(`/v1/ratings?${week}`);
    await same(page, 'Ratings of all teams', data, (row) => { const [team, rank, total, ...rest] = ratingCells(row); return [`${team} ${nickname(team)}`, rank, total, '', ...rest]; });
    await close();
  });
}

const CHANCES = ['p_division', 'p_top_seed', 'p_playoffs', 'p_championship', 'p_final', 'p_title'];

// The outlooks of the past weeks are made by a job, one after the other.
for (let i = 0; i < 1200 && (await get(`/v1/season/${last}/outlook?week=${MIDDLE}`)).data?.[0]?.week !== MIDDLE; i += 1) await new Promise((done) => { setTimeout(done, 100); });

for (const week of ['', MIDDLE]) {
  await claim(`every number of the season's outlook${week && ` before week ${week}`} is the API's`, async () => {
    const { page, close } = await open(`/season?season=${last}${week && `&week=${week}`}`);
    const { data } = await get(`/v1/season/${last}/outlook${week && `?week=${week}`}`);
    const isOver = data[0].week === null, isSettled = data.every((row) => row.wins_sd === 0);
    const cell = (p) => (isOver || isSettled ? (p === 0 ? '–' : p === 1 ? 'yes' : chance(p)) : chance(p));
    await same(page, 'Chances of all teams', data, (row) => [`${row.team} ${nickname(row.team)}`, isOver ? row.wins_mean : `${row.wins_mean.toFixed(1)} ±${row.wins_sd.toFixed(1)}`, ...CHANCES.map((key) => cell(row[key]))]);
    if (week) equal(isOver, false, 'whether the season is over in its middle');
    await close();
  });
}

await claim('winners of games to come are chosen by keyboard, and every chance is then what the API says with these results', async () => {
  const { page, faults, close } = await open('/season');
  const { data: present } = await get('/v1/season/current/outlook');
  await page.waitForSelector('.u-over');
  const { season, week } = present[0], { data: games } = week === null ? { data: [] } : await get(`/v1/games?season=${season}&week=${week}`);
  const toCome = games.filter((game) => game.home_score === null && game.game_type === 'REG');
  const results = toCome.slice(0, 2).map((game, i) => `${game.id}:${['away', 'home'][i]}`), these = results.length === 1 ? 'this result' : `these ${results.length} results`;
  equal(await page.$$eval('h2', (all) => all.filter((heading) => heading.textContent === 'If games to come ended so').length), toCome.length ? 1 : 0, 'whether they can be chosen');
  if (toCome.length === 0) return close();
  await page.waitForLoadState('networkidle');
  await page.focus('summary:text-is("Choose winners")');
  await page.evaluate(() => new Promise((done) => { setTimeout(() => { window.shift = 0; done(); }, 100); })); // what came while it loaded is told a little later
  await page.keyboard.press('Enter');
  await page.waitForSelector('.supposed select');
  equal(await page.$$eval('.supposed label', (all) => all.map((label) => label.firstChild.textContent).join()), toCome.map((game) => `${game.away_team} at ${game.home_team}`).join(), 'the games');
  await page.focus('.supposed select >> nth=0');
  await page.keyboard.press('ArrowDown');
  if (results.length > 1) for (const key of ['Tab', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
  await page.focus('button:text-is("Play the season")');
  equal(await page.evaluate(() => window.shift) < 0.01, true, 'whether all stood still while they were chosen');
  await page.keyboard.press('Enter');
  await page.waitForSelector(`[role=status]:has-text("with ${these}.")`); // before another what if is asked: few are answered at once
  const { data: then } = await get(`/v1/season/${season}/outlook?result=${results.join()}`);
  await page.waitForSelector(`[role=status]:has-text("Played ${then[0].runs.toLocaleString('en')} times with ${these}.")`);
  await same(page, 'Chances with these results', present, (row) => [row.team, ...['p_playoffs', 'p_division', 'p_top_seed', 'p_title'].map((key) => { const p = then.find((each) => each.team === row.team)[key]; return `${chance(p)} (${signed(100 * (p - row[key]))})`; })]);
  equal(faults.join('; '), '', 'faults');
  return close();
});

// However late the answers are, and whatever they say.
const SCREENS = [PHONE, { width: 768, height: 900 }, { width: 1280, height: 900 }], LATE_MS = 2000;
const toCome = (await get('/v1/games?season=current&week=current')).data.filter((game) => game.home_score === null && game.game_type === 'REG' && game.kickoff_at && Date.parse(game.kickoff_at) > Date.now() + 600000);

// On each screen: at PATH what stands in a fold called SUMMARY is opened, and USE does something there with answers that are late.
async function stillWhile(path, sign, summary, use) {
  for (const viewport of SCREENS) {
    const { page, close } = await open(path, { viewport });
    await page.waitForSelector(sign);
    await page.waitForLoadState('networkidle');
    await slow(page, LATE_MS);
    await page.focus(`summary:text-is("${summary}")`);
    await page.evaluate(() => new Promise((done) => { setTimeout(() => { window.shift = 0; done(); }, 100); }));
    await page.keyboard.press('Enter');
    await use(page);
    await page.waitForLoadState('networkidle');
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    await still(page, `${path} at ${viewport.width} pixels`);
    await fits(page, `${path} at ${viewport.width} pixels`);
    await close();
  }
}

if (toCome.length) {
  await claim('nothing moves where winners are chosen and answers are late', () => stillWhile('/season', '.u-over', 'Choose winners', async (page) => {
    await page.waitForSelector('.supposed select');
    await page.focus('.supposed select >> nth=0');
    await page.keyboard.press('ArrowDown');
    await page.focus('button:text-is("Play the season")');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=status]:has-text("with this result.")');
  }));

  await claim('nothing moves where quarterbacks are chosen and answers are late', () => stillWhile(`/game?id=${toCome[0].id}`, '.lines tbody tr', 'Choose who plays', async (page) => {
    await page.locator('.who select:not([disabled])').nth(1).waitFor();
    await page.focus('.who select >> nth=0');
    await page.keyboard.press('End');
    await page.waitForSelector('[role=status]:has-text("instead of")');
  }));
}

await claim('the chart of chances says as of when they are', async () => {
  const { data: [present] } = await get('/v1/season/current/outlook');
  for (const path of present.week === null ? ['current'] : ['current', last - 1]) { // one that is over, and one that is not where there is one
    const { page, close } = await open(`/season?season=${path}`);
    await page.waitForSelector('.u-over');
    const { data: [{ team, season }] } = await get(`/v1/season/${path}/outlook`), { data } = await get(`/v1/season/${season}/outlook?team=${team}`);
    const { week, games_played: isBegun } = data.at(-1);
    equal(await page.textContent('.u-legend .u-series:first-child .u-value'), week === null ? 'as it ended' : isBegun ? `in week ${week}` : `before week ${week}`, 'the last');
    await close();
  }
});

await claim('what rounds to nothing has no sign, and an axis has the digits of its steps', async () => {
  const { page, close } = await open('/sign-in');
  equal(await page.evaluate(async () => { const { plain, signed } = await import('/api.js'); return [signed(-0.04), signed(0.04), signed(-0.05), signed(0.00004, 4), plain(2.5), plain(-10), plain(0.1 + 0.2)].join(); }), '0.0,0.0,−0.1,0.0000,2.5,−10,0.3', 'how it is written');
  await close();
});

const scored = (row) => [row.rank ?? '–', fixed(row.brier, 4), row.picks, row.right_picks, row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`, row.units === null ? '–' : signed(row.units)];
for (let i = 0; i < 300 && (await get(`/v1/leaderboard?season=${planted}`)).data.length === 0; i += 1) await new Promise((done) => { setTimeout(done, 100); });

await claim('every number of the leaderboard is the API\'s', async () => {
  const { page, close } = await open(`/leaderboard?season=${planted}`);
  await same(page, 'Leaderboard', (await get(`/v1/leaderboard?season=${planted}`)).data, (row) => [row.name, ...scored(row)]);
  await close();
});

// The first of those who were planted: he runs the league, and his picks are graded.
await claim('every number of a league, of its members\' picks and of one\'s own is the API\'s', async () => {
  const { page, faults, close } = await open('/sign-in');
  await signIn(page, 'planted0@example.test', 'forty winners picked');
  await page.waitForURL(/account/);
  await page.waitForLoadState('networkidle'); // or what it still asks for is cut off
  const ask = (path) => page.evaluate(async (asked) => (await import('/session.js')).ask('GET', asked), path);
  const { data: leagues } = await ask('/v1/leagues');
  await go(page, '/league');
  await same(page, 'Your leagues', leagues, (row) => [row.name, row.season, row.member_count, `${row.display_name}, who runs it`]);
  const { id } = leagues[0];
  await go(page, `/league?id=${id}`);
  const { data: standing } = await ask(`/v1/leagues/${id}/standing`);
  await same(page, 'Standing', standing, (row) => [`${row.name}${row.is_you ? ' (you)' : ''}`, ...scored(row), row.is_you ? '' : 'Remove']);
  await page.selectOption('.week-picks select', '1');
  const { data: theirs } = await ask(`/v1/leagues/${id}/picks?week=1`);
  await page.waitForFunction((count) => document.querySelectorAll('[aria-label="Picks of the week"] tbody tr').length === count, theirs.length);
  await same(page, 'Picks of the week', theirs, (row) => [`${row.away_team} at ${row.home_team}`, row.name, row[`${row.pick}_team`], percent(row.probability, 0), verdict(row)]);
  await go(page, `/picks?season=${planted}&week=1`);
  await page.waitForSelector('.pick[data-game]');
  const { data: own } = await ask(`/v1/picks?season=${planted}&week=1`), { data: games } = await get(`/v1/games?season=${planted}&week=1`);
  const shown = await page.$$eval('.pick[data-game]', (cards) => cards.map((card) => [card.dataset.game, card.querySelector('legend').textContent.replace(/\s+/g, ' ').trim(), card.querySelector('input:checked')?.value, card.querySelector('output').textContent].join('|')));
  equal(own.length > 8, true, 'whether there are picks');
  games.forEach((game, i) => {
    const pick = own.find((row) => row.game_id === game.id && row.prediction_type === 'game');
    equal(shown[i], pick ? `${game.id}|Winner ${pick.is_correct === null ? `= ${pick.outcome}` : pick.is_correct ? '✓ right' : '✗ wrong'} Brier ${pick.brier.toFixed(2)}|${pick.pick}|${percent(pick.probability, 0)}` : `${game.id}|Winner||60 %`, `the pick of ${game.id}`);
  });
  const graded = own.filter((row) => row.brier !== null), right = graded.filter((row) => row.is_correct).length;
  equal((await page.textContent('main p:has-text("winners right")')).replace(/\s+/g, ' ').trim(), `${right} of ${graded.length} winners right (${percent(right / graded.length, 0)}); Brier score ${(graded.reduce((sum, row) => sum + row.brier, 0) / graded.length).toFixed(4)}, a coin's is 0.2500.`, 'their sum');
  equal(faults.join('; '), '', 'faults');
  await close();
});
