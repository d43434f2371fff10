// The record on the pages is the API's: figures, tables, what charts draw, and what is said of a season that goes badly.
import { PHONE, claim, equal, get, go, open } from './lib.mjs';
import { fixed, percent, same, signed } from './told.mjs';

const SCREENS = [PHONE, { width: 768, height: 900 }, { width: 1280, height: 900 }];

const { data: record } = await get('/v1/accuracy?limit=1000');

// Where the picture has them, read back by the numbers at its axis.
const drawn = (page) => page.$eval('.trend svg', (svg) => {
  const marks = [...svg.querySelectorAll('g')].map((mark) => ({ value: Number(mark.querySelector('text').textContent), y: Number(mark.querySelector('line').getAttribute('y1')) }));
  const [one, two] = [marks[0], marks.at(-1)], read = (y) => one.value + (y - one.y) * (two.value - one.value) / (two.y - one.y);
  const scores = (name) => [...svg.querySelector(`path.${name}`).getAttribute('d').matchAll(/[\d.]+ ([\d.]+)/g)].map(([, y]) => read(Number(y)));
  return { own: scores('own'), line: scores('line'), elo: scores('elo'), coin: [read(Number(svg.querySelector('line.coin').getAttribute('y1')))], size: svg.clientWidth / svg.viewBox.baseVal.width };
});

await claim('the scores that the first page draws are the API\'s, ours, the line\'s, Elo\'s and the coin\'s, in words of one size on every screen', async () => {
  const rows = record.filter((row) => row.prediction_type === 'game' && row.model === 'gridiron'), known = (score) => rows.map(score).filter((x) => x !== null && x !== undefined);
  const want = { own: known((row) => row.brier), line: known((row) => row.details.line?.brier), elo: known((row) => row.details.elo?.brier), coin: [0.25] };
  for (const viewport of SCREENS) {
    const { page, close } = await open('/', { viewport });
    await page.waitForSelector('.trend');
    const { size, ...shown } = await drawn(page);
    for (const [name, scores] of Object.entries(want)) {
      equal(shown[name].length, scores.length, `the number of scores of ${name}`);
      scores.forEach((score, i) => { if (Math.abs(shown[name][i] - score) > 0.0001) throw new Error(`${name}, ${i}: ${shown[name][i]} is drawn, not ${score}`); });
    }
    equal(await page.$$eval('.trend figcaption > span', (keys) => keys.map((key) => key.textContent.trim()).join()), 'ours,closing line,Elo,coin', 'what is told to be drawn');
    if (Math.abs(size - 1) > 0.02) throw new Error(`at ${viewport.width} pixels its words are ${size} times their size`);
    await close();
  }
});

await claim('every number of the record is the API\'s', async () => {
  const { page, close } = await open('/accuracy');
  const rows = record.filter((row) => row.prediction_type === 'game').reverse();
  const hasOpening = rows.some((row) => row.details.opening_line);
  const gain = (g) => (g ? `${signed(g.brier, 4)} (${signed(g.low, 4)} to ${signed(g.high, 4)})` : '–');
  await same(page, 'Accuracy by season', rows, (row) => [row.season, row.model, row.total_predictions, row.correct_predictions, row.accuracy_percentage === null ? '–' : `${row.accuracy_percentage.toFixed(1)} %`,
    fixed(row.brier, 4), fixed(row.details.line?.brier, 4), gain(row.details.gain_on_line), fixed(row.details.elo?.brier, 4), gain(row.details.gain_on_elo),
    ...[row, row.details.line, row.details.elo].map((each) => fixed(each?.log_loss, 4)),
    ...(hasOpening ? [row.details.opening_line ? `${row.details.opening_line.brier.toFixed(4)} (${row.details.opening_line.games} games)` : '–'] : [])]);
  await close();
});

// ROWS by what OF says of each.
function grouped(rows, of) {
  const groups = {};
  for (const row of rows) (groups[of(row)] ??= []).push(row);
  return groups;
}

// The seasons of one model as one row, with Wilson's interval of its hit rate.
function summed(rows) {
  const add = (of) => rows.reduce((total, row) => total + (of(row) ?? 0), 0), games = add((row) => row.total_predictions), right = add((row) => row.correct_predictions);
  const n = games - add((row) => row.push_count), p = right / n, z = 1.96, middle = (p + z * z / (2 * n)) / (1 + z * z / n), half = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const mean = (of) => { const known = rows.filter((row) => of(row) !== null); return known.length ? known.reduce((t, row) => t + of(row) * row.total_predictions, 0) / known.reduce((t, row) => t + row.total_predictions, 0) : null; };
  const years = rows.map((row) => row.season), from = Math.min(...years), to = Math.max(...years);
  return [rows[0].model, from === to ? from : `${from}–${to}`, games, right, n ? `${percent(p)} (${(100 * (middle - half)).toFixed(1)} to ${(100 * (middle + half)).toFixed(1)})` : '–',
    fixed(mean((row) => row.brier), 4), fixed(mean((row) => row.log_loss), 4), signed(add((row) => row.units))];
}

// The lines, Elo and a coin on the games of ours, as what the record of ours says of them.
const RIVALS = { line: 'closing line', opening_line: 'opening line', elo: 'Elo', coin: 'coin' };

function rivals(rows) {
  return Object.entries(RIVALS).map(([key, name]) => [key, name, rows.filter((row) => row.model === 'gridiron' && row.details[key])]).filter(([, , own]) => own.length).map(([key, name, own]) => {
    const cells = summed(own.map((row) => { const { games, decided, correct, brier, log_loss: loss } = row.details[key];
      return { model: name, season: row.season, total_predictions: games, correct_predictions: correct, push_count: games - decided, brier, log_loss: loss }; }));
    cells[7] = '–';
    if (key === 'coin') [cells[0], cells[3], cells[4]] = [rows[0].prediction_type === 'game' ? 'coin' : 'closing line, a coin', '–', '50 %'];
    return cells;
  });
}

for (const season of [undefined, record.at(-1).season]) {
  await claim(`every number of every model is the API's, ${season ?? 'all seasons'}`, async () => {
    const { page, close } = await open(season ? `/models?season=${season}` : '/models');
    const rows = record.filter((row) => !season || row.season === season), names = { game: 'Winner', ats: 'Against the spread', total: 'Total', prop: 'Props' };
    for (const [type, own] of Object.entries(grouped(rows, (row) => row.prediction_type))) {
      const models = [...Object.values(grouped(own, (row) => row.model)).map(summed), ...rivals(own)].sort((a, b) => Number(a[5]) - Number(b[5]));
      await same(page, `Models: ${names[type]}`, models, (row) => row);
    }
    await close();
  });
}

// What is drawn by the Nth chart of PAGE: the places, and by its name each line, or its band.
const chartOf = (page, n) => page.locator('.chart').nth(n).evaluate((figure) => ({ xs: figure.plot.data[0], lines: figure.plot.series.map(({ label }, i) => [label, figure.plot.data[i]]).slice(1) }));

// SHOWN is what WANT has, [label, values] one after the other, with no label for the edges of a band.
function drawsSame(shown, want, what) {
  const close = (a, b) => (a === null || b === null || b === undefined ? (a ?? null) === (b ?? null) : Math.abs(a - b) < 1e-9);
  equal(shown.length, want.length, `the lines of ${what}`);
  want.forEach(([label, values], i) => {
    if (label) equal(shown[i][0], label, `line ${i} of ${what}`);
    equal(shown[i][1].length, values.length, `the points of ${label} of ${what}`);
    values.forEach((value, k) => { if (!close(shown[i][1][k], value)) throw new Error(`${what}, ${label}, ${k}: ${shown[i][1][k]} is drawn, not ${value}`); });
  });
}

const ours = record.filter((row) => row.model === 'gridiron'), wins = ours.filter((row) => row.prediction_type === 'game');
const add = (rows, of) => rows.reduce((sum, row) => sum + (of(row) ?? 0), 0);

await claim('the figures of the record are the API\'s, with the hit rates of ours, the lines\' and Elo\'s, and what bets break even at', async () => {
  const { page, close } = await open('/accuracy');
  await page.waitForSelector('.tile dd');
  const shown = Object.fromEntries(await page.$$eval('.tile:not(.skeleton)', (tiles) => tiles.map((tile) => [tile.querySelector('dt').textContent, tile.querySelector('dd').textContent.replace(/\s+/g, ' ')])));
  const brier = (of) => { const own = wins.map(of).filter(Boolean); return (add(own, (each) => each.brier * each.games) / add(own, (each) => each.games)).toFixed(4); };
  const rate = (of) => { const own = wins.map(of).filter(Boolean); return percent(add(own, (each) => each.correct) / add(own, (each) => each.decided)); };
  const scored = (row) => ({ brier: row.brier, games: row.total_predictions, correct: row.correct_predictions, decided: row.total_predictions - row.push_count });
  const of = (key) => (row) => row.details[key], games = add(wins, (row) => row.total_predictions);
  equal(shown.gridiron, `${brier(scored)}Brier score over ${games} games; ${rate(scored)} of winners`, 'the tile of ours');
  equal(shown['closing line'], `${brier(of('line'))}on the same games; ${rate(of('line'))} of winners`, 'the tile of the closing line');
  equal(shown.Elo, `${brier(of('elo'))}ratings by results alone, on the same games; ${rate(of('elo'))} of winners`, 'the tile of Elo');
  equal(shown.coin, `${brier(of('coin'))}50 % for every game; a tie is no error of it`, 'the tile of the coin');
  const opened = wins.map(of('opening_line')).filter(Boolean), n = add(opened, (each) => each.games);
  if (n) equal(shown['opening line'], `${brier(of('opening_line'))}told by the feed or first seen, on ${n} games; there the closing line has ${(add(opened, (each) => each.closing_brier * each.games) / n).toFixed(4)}`, 'the tile of the opening line');
  for (const [type, name, what] of [['ats', 'against the spread', 'right, wrong and pushes'], ['total', 'over/under', 'likewise']]) {
    const rows = ours.filter((row) => row.prediction_type === type), [all, right, pushes] = ['total_predictions', 'correct_predictions', 'push_count'].map((key) => add(rows, (row) => row[key]));
    equal(shown[name], `${percent(right / (all - pushes))}${right}–${all - pushes - right}${pushes ? `–${pushes}` : ''} ${what}; bets at −110 break even at 52.4 %`, `the tile ${name}`);
  }
  await close();
});

const balance = (row) => { if (!row) return '–'; const n = row.total_predictions - row.push_count; return `${row.correct_predictions}–${n - row.correct_predictions}${row.push_count ? `–${row.push_count}` : ''} (${n ? percent(row.correct_predictions / n) : '–'})`; };

await claim('the record week by week is the API\'s, of another season by keyboard', async () => {
  const { page, faults, close } = await open('/accuracy');
  const seasons = [...new Set(ours.map((row) => row.season))].sort((a, b) => b - a);
  for (const season of seasons.slice(0, 2)) {
    if (season !== seasons[0]) {
      await page.focus('main select');
      await Promise.all([page.waitForResponse(new RegExp(`history\\?season=${season}`)), page.keyboard.press('ArrowDown')]);
    }
    const { data } = await get(`/v1/accuracy/history?season=${season}&model=gridiron&limit=1000`), whole = ours.filter((row) => row.season === season);
    const weeks = [...new Set(data.map((row) => row.week))].map((week) => [week, data.filter((row) => row.week === week)]);
    await page.waitForFunction(([count, total]) => { const rows = [...document.querySelectorAll('[aria-label="The record week by week"] tr')]; return rows.length === count && rows.at(-1).cells[1].textContent.startsWith(total); }, [weeks.length + 2, balance(whole.find((row) => row.prediction_type === 'game')).split(' ')[0]]);
    const shown = ['line', 'opening_line', 'elo', 'coin'].filter((key) => data.some((row) => row.details[key]));
    await same(page, 'The record week by week', [...weeks, ['Season', whole]], ([name, rows]) => {
      const [win, ats, total] = ['game', 'ats', 'total'].map((type) => rows.find((row) => row.prediction_type === type));
      return [name, balance(win), balance(ats), balance(total), fixed(win?.brier, 4), ...shown.map((key) => fixed(win?.details[key]?.brier, 4))];
    });
  }
  equal(faults.join('; '), '', 'faults');
  await close();
});

await claim('the charts of the accuracy page draw the API\'s numbers, which the calibration\'s table tells too', async () => {
  const { page, close } = await open('/accuracy');
  await page.waitForSelector('.chart >> nth=1 >> .u-over');
  const { data } = await get('/v1/accuracy/calibration'), seasons = [...new Set(record.filter((row) => row.prediction_type === 'game').map((row) => row.season))];
  const at = (of) => seasons.map((season) => of(wins.find((row) => row.season === season)) ?? null), first = await chartOf(page, 0);
  equal(first.xs.join(), seasons.join(), 'the seasons');
  drawsSame(first.lines.filter(([label]) => ['gridiron', 'closing line', 'Elo', 'coin'].includes(label)), [['gridiron', at((row) => row.brier)], ...[['closing line', 'line'], ['Elo', 'elo'], ['coin', 'coin']].map(([label, key]) => [label, at((row) => row.details[key]?.brier)])], 'the chart of seasons');
  const called = data.map((row) => 100 * row.mean_probability), luck = data.map((row) => 196 * row.standard_error);
  const [low, high] = [called.map((x, i) => Math.max(0, x - luck[i])), called.map((x, i) => Math.min(100, x + luck[i]))], second = await chartOf(page, 1);
  drawsSame([['xs', second.xs], ...second.lines], [['xs', called], ['came true', data.map((row) => 100 * row.observed_share)], ['as called, and where luck alone leaves 95 %', called], [undefined, high], [undefined, low]], 'the calibration chart');
  await same(page, 'Calibration', data, (row) => { const i = data.indexOf(row); return [`${(100 * row.low).toFixed(0)} to ${(100 * row.high).toFixed(0)} %`, row.forecast_count, percent(row.mean_probability), percent(row.observed_share), `${low[i].toFixed(1)} to ${high[i].toFixed(1)} %`]; });
  await close();
});

await claim('the charts of ratings and of chances draw the API\'s numbers', async () => {
  const { page, close } = await open('/ratings');
  await page.waitForSelector('.u-over');
  const { data: [{ team, season }] } = await get('/v1/ratings?season=current&week=current'), { data: history } = await get(`/v1/ratings/${team}/history?from=${season - 2}&through=${season}`);
  drawsSame((await chartOf(page, 0)).lines, [[team, history.map((row) => row.total)], [undefined, history.map((row) => row.total + row.total_se)], [undefined, history.map((row) => row.total - row.total_se)]], 'the chart of ratings');
  await go(page, '/season');
  await page.waitForSelector('.u-over');
  const { data: [first] } = await get('/v1/season/current/outlook'), { data } = await get(`/v1/season/${first.season}/outlook?team=${first.team}`);
  drawsSame((await chartOf(page, 0)).lines, [['playoffs', 'p_playoffs'], ['division', 'p_division'], ['title', 'p_title']].map(([label, key]) => [label, data.map((row) => 100 * row[key])]), 'the chart of chances');
  await close();
});

await claim('what is said of a season that goes badly has the API\'s numbers, of every kind of forecast that does', async () => {
  const names = { game: 'winner', ats: 'side of the spread', total: 'side of the total' };
  const { page, close } = await open('/sign-in');
  const season = Math.max(...ours.map((row) => row.season)), rows = ours.filter((row) => row.season === season && names[row.prediction_type]);
  for (const bad of [undefined, { game: 49.94, ats: 12.35, total: 50 }]) {
    if (bad) await page.route(/v1\/accuracy\?/, async (route) => {
      const body = await (await route.fetch()).json();
      body.data.forEach((row) => { row.accuracy_percentage = bad[row.prediction_type]; });
      await route.fulfill({ json: body });
    });
    const of = (row) => bad?.[row.prediction_type] ?? row.accuracy_percentage;
    const want = rows.filter((row) => of(row) < 50).map((row) => `In season ${season} the forecasts have named the ${names[row.prediction_type]} in ${of(row).toFixed(1)} % of ${row.total_predictions - row.push_count} games: less often than a coin.`).join(' ');
    if (bad) equal(want.split(' In season').length, 2, 'the sentences');
    for (const [path, sign] of [['/', '.card[data-game]'], ['/accuracy', '.tile dd']]) {
      await go(page, path);
      await page.waitForSelector(sign);
      equal(await page.$$eval('.notice.bad', (all) => all.map((each) => each.textContent.replace(/\s+/g, ' ').trim()).join('|')), want, `what ${path} says`);
    }
  }
  await close();
});
