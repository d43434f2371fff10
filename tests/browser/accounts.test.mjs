// An account from registration to erasure, in a real browser, with the mail that the server writes.
import { readFileSync } from 'node:fs';
import { PHONE, accessible, base, claim, equal, fits, go, open, shots } from './lib.mjs';
import { fill, linkTo, newcomer, press, prove, signIn as signInAs } from './people.mjs';
import { codeOf } from './totp.mjs';

const EMAIL = 'ada@example.test', PASSWORD = 'a walk in the rain', BETTER = 'two walks in the snow';
const signIn = (page, password) => signInAs(page, EMAIL, password);

for (const path of ['/sign-in', '/register', '/forgot-password', '/verify-email#grv_x', '/confirm-email#gre_x', '/remove-mfa#grm_x', '/remove-mfa']) {
  await claim(`${path} has no accessibility fault and fits a phone`, async () => {
    const { page, close } = await open(path, { viewport: PHONE });
    await page.waitForSelector('main h1');
    await accessible(page);
    await fits(page, path);
    await close();
  });
}

await claim('a bad password is told beside its field, and nothing is sent twice', async () => {
  const { page, close } = await open('/register');
  await fill(page, { 'E-mail address': EMAIL, Password: 'password1' });
  await press(page, 'Register');
  await page.waitForSelector('input[aria-invalid=true] ~ .wrong');
  await close();
});

await claim('an account is registered, its address proved by mail, and signed in to', async () => {
  const { page, faults, close } = await open('/register');
  await fill(page, { 'E-mail address': EMAIL, Password: PASSWORD });
  await press(page, 'Register');
  await page.waitForSelector('[role=status]:has-text("Look into your mail")');
  await prove(page, EMAIL, PASSWORD);
  equal(new URL(page.url()).hash, '', 'what is left of the token in the address');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await page.waitForSelector(`text=${EMAIL}`);
  equal(faults.join('; '), '', 'faults');
  await accessible(page);
  if (shots) await page.screenshot({ path: `${shots}/account-wide.png`, fullPage: true });
  await close();
});

await claim('a wrong password is refused in words that do not tell whether the account exists', async () => {
  const said = [];
  for (const email of [EMAIL, 'nobody@example.test']) {
    const { page, close } = await open('/sign-in');
    await fill(page, { 'E-mail address': email, Password: 'something else' });
    await press(page, 'Sign in');
    said.push(await page.textContent('.wrong'));
    await close();
  }
  equal(said[0], said[1], 'the refusal');
});

await claim('a signed-in page goes on after its address is opened anew, and keeps no token that a script could read', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await page.waitForSelector(`text=${EMAIL}`);
  await page.reload();
  await page.waitForSelector(`text=${EMAIL}`);
  equal(await page.evaluate(() => document.cookie), '', 'cookies that a script sees');
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  if (/eyJ|grt_/.test(kept)) throw new Error(`a token is kept: ${kept}`);
  await close();
});

await claim('who signs in goes on to the page that he came from, and to no other site', async () => {
  for (const [next, path] of [['/picks?week=1', '/picks?week=1'], ['/\\evil.example', '/account'], ['javascript:alert(1)', '/account']]) {
    const { page, close } = await open('/');
    await signInAs(page, EMAIL, PASSWORD, `/sign-in?next=${encodeURIComponent(next)}`);
    await page.waitForURL((url) => url.pathname !== '/sign-in' || url.origin !== base);
    equal(page.url(), base + path, `where ${next} leads`);
    await close();
  }
});

await claim('who signs out in one tab is out in the other', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForSelector(`text=${EMAIL}`);
  const other = await page.context().newPage();
  await go(other, '/account');
  await press(other, 'Sign out');
  await page.waitForURL(/sign-in/);
  await close();
});

await claim('signing out that fails is said, and the account stays shown as signed in until it works', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForSelector(`text=${EMAIL}`);
  await page.route('**/v1/auth/logout', (route) => route.abort());
  await press(page, 'Sign out');
  await page.waitForSelector('h1:has-text("still signed in")');
  await page.unroute('**/v1/auth/logout');
  await page.reload();
  await page.waitForSelector(`text=${EMAIL}`);
  await press(page, 'Sign out');
  await page.waitForURL((url) => url.pathname === '/');
  await close();
});

await claim('what was refused is told, also where it cannot be asked why', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForSelector(`text=${EMAIL}`);
  await go(page, '/ratings');
  await page.route('**/v1/access', (route) => route.fulfill({ status: 503, json: { detail: 'busy' } }));
  await page.route('**/v1/teams', (route) => route.fulfill({ status: 403, json: { detail: 'not for you' } }));
  equal(await page.evaluate(async () => (await import('/session.js')).ask('GET', '/v1/teams').catch((error) => error.message)), 'Not for you.', 'what is told');
  await close();
});

await claim('plans that have keys and alerts are named as the tiers say', async () => {
  const { page, close } = await open('/sign-in');
  await page.route('**/v1/access', async (route) => route.fulfill({ json: { ...await (await route.fetch()).json(), tier: 'gold', tier_until: '2030-01-31T12:00:00Z', hourly_requests: 1000, features: [] } }));
  await page.route('**/v1/tiers', (route) => route.fulfill({ json: { data: [{ name: 'gold', display_name: 'Gold', description: 'All of it', features: ['api_access'] }, { name: 'silver', display_name: 'Silver', features: ['api_access', 'email_alerts'] }], next: null } }));
  await signIn(page, PASSWORD);
  await page.waitForSelector('text="Keys for programs come with these plans: Gold or Silver."');
  await page.waitForSelector('text=Plans with alerts: Silver.');
  equal(await page.textContent('section:has(h2:text-is("Your plan")) p'), 'Gold, until Jan 31, 2030; 1,000 requests an hour. All of it.', 'what is said of one\'s own');
  await close();
});

await claim('a name is changed, the password is changed, other devices are signed out', async () => {
  const other = await open('/sign-in');
  await signIn(other.page, PASSWORD);
  await other.page.waitForURL(/account/);
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await page.waitForSelector(`text=${EMAIL}`);
  await fill(page, { 'First name': 'Ada' });
  await press(page, 'Save');
  await page.waitForSelector('[role=status]:has-text("Saved")');
  equal(await page.getByLabel('First name').inputValue(), 'Ada', 'the name');
  equal(await page.$$eval('main input:not([type=checkbox])', (all) => all.filter((input) => !input.autocomplete && !['name', 'days'].includes(input.name)).map((input) => input.name).join()), '', 'what a browser cannot fill in');
  await fill(page, { 'Present password': PASSWORD, 'New password': BETTER });
  await press(page, 'Change password');
  await page.waitForSelector('[role=status]:has-text("It is changed")');
  await other.page.reload();
  await other.page.waitForURL(/sign-in/);
  await other.close();
  await close();
});

await claim('another address is asked for with the password, and is the account\'s once its link is confirmed', async () => {
  const before = 'mary@example.test', after = 'mary.s@example.test';
  const { page, faults, close } = await newcomer(before, PASSWORD);
  const section = page.locator('section:has(h2:text-is("Address"))');
  await section.locator('summary:has-text("Change it")').click();
  await section.getByLabel('New address').fill(after);
  await section.getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Change address');
  await page.waitForSelector(`[role=status]:has-text("${after}")`);
  await accessible(page);
  const link = await linkTo('/confirm-email', after);
  await go(page, link);
  await page.waitForFunction(() => location.hash === '');  // nothing is left of the token in the address
  await fill(page, { 'Your password': PASSWORD });
  await press(page, 'Confirm');
  await page.waitForSelector('[role=status]:has-text("It is your address now")');
  await signInAs(page, after, PASSWORD);
  await page.waitForURL(/account/);
  await page.waitForSelector(`text=${after}`);
  equal(faults.join('; '), '', 'faults');
  await go(page, '/');
  await go(page, link);
  await fill(page, { 'Your password': PASSWORD });
  await press(page, 'Confirm');
  await page.waitForSelector('[role=status]:has-text("It is your address now")');
  await close();
});

await claim('a forgotten password is set anew by mail, also where its link opens in the tab that asked for it', async () => {
  const { page, close } = await open('/reset-password');
  await fill(page, { 'E-mail address': EMAIL });
  await press(page, 'Send a link');
  await page.waitForSelector('[role=status]');
  await go(page, await linkTo('/reset-password', EMAIL));
  await fill(page, { 'New password': PASSWORD });
  await press(page, 'Set password');
  await page.waitForSelector('[role=status]:has-text("It is set")');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await close();
});

// The page turns codes on; RET: the secret of the app, and a recovery code.
async function turnOnCodes(page, password) {
  await page.getByLabel('Password, once more').fill(password);
  await press(page, 'Turn on codes');
  await page.waitForSelector('img.qr');
  equal(await page.evaluate(() => document.activeElement.textContent.slice(0, 9)), 'Scan this', 'where the focus is');
  const secret = await page.textContent('section:has(img.qr) code');
  await fill(page, { 'Code of the app': codeOf(secret, Date.now() - 30000) });
  await press(page, 'Confirm');
  await page.waitForSelector('.codes li');
  equal(await page.evaluate(() => document.activeElement.textContent.slice(0, 16)), 'Write these down', 'where the focus is then');
  return { secret, spare: await page.textContent('.codes li') };
}

await claim('codes are turned on with the picture\'s secret, and then asked for at sign-in', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  const { secret, spare } = await turnOnCodes(page, PASSWORD);
  await accessible(page);
  await go(page, '/sign-in');
  await fill(page, { 'E-mail address': EMAIL, Password: PASSWORD });
  await press(page, 'Sign in');
  await fill(page, { Code: spare });
  await press(page, 'Sign in');
  await page.waitForURL(/account/);
  // What a session that was found open must not do asks for a code as well.
  await page.locator('form:has(button:text-is("Make key")) input[name=code]').waitFor({ state: 'attached' });
  await page.locator('form:has(button:text-is("Change address")) input[name=code]').waitFor({ state: 'attached' });
  await page.locator('form:has(button:text-is("Change password")) input[name=code]').waitFor({ state: 'attached' });
  await page.click('summary:has-text("Erase it")');
  const erase = page.locator('form:has(button:text-is("Erase my account"))');
  await erase.getByLabel('Your password').fill(PASSWORD);
  await erase.getByLabel('Code of your app').fill(spare);
  await press(page, 'Erase my account');
  await erase.locator('input[name=code][aria-invalid=true]').waitFor();
  await accessible(page);
  await page.click('summary:has-text("Turn codes off")');
  const form = page.locator('form:has(button:has-text("Turn off"))');
  await form.getByLabel('Password, once more').fill(PASSWORD);
  await form.getByLabel('Code of the app').fill(codeOf(secret));
  await press(page, 'Turn off');
  await page.waitForSelector('button:has-text("Turn on codes")');
  await erase.locator('input[name=code]').waitFor({ state: 'detached' });
  await close();
});

await claim('an API key is made, shown once, works, and is taken back', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await page.click('summary:has-text("Make a key")');
  const form = page.locator('form:has(button:text-is("Make key"))');
  await fill(page, { 'What it is for': 'my notebook' });
  await form.getByLabel('Your password').fill('somebody else\'s');
  await press(page, 'Make key');
  await form.locator('input[name=password][aria-invalid=true]').waitFor();
  await form.getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Make key');
  const key = await page.textContent('.key-text');
  await accessible(page);
  const status = async () => (await fetch(`${base}/v1/teams`, { headers: { authorization: `Bearer ${key}` } })).status;
  equal(await status(), 200, 'the answer with the key');
  await page.getByRole('button', { name: 'Take back my notebook' }).click();
  await page.waitForSelector('button:has-text("Take back")', { state: 'detached' });
  equal(await status(), 401, 'the answer once it is taken back');
  await close();
});

const [invitation] = readFileSync(process.env.GRIDIRON_SAID, 'utf8').match(/\/accept-invitation#\S+/);

await claim('whoever signs in from an invitation comes back to it, and its token is in no address that is kept', async () => {
  const { page, requests, close } = await open(invitation);
  await page.click('main a:has-text("Sign in")');
  await page.waitForURL((url) => url.pathname === '/sign-in' && url.hash === '');
  await fill(page, { 'E-mail address': EMAIL, Password: PASSWORD });
  await press(page, 'Sign in');
  await page.waitForSelector('button:has-text("Accept with this account")');
  equal(new URL(page.url()).hash, '', 'what is left of the token in the address');
  equal(requests.some((request) => request.url().includes(invitation.split('#')[1])), false, 'whether a request had the token in its address');
  await close();
});

await claim('everything held is downloaded, and then the account is erased', async () => {
  const { page, close } = await open('/sign-in');
  await signIn(page, PASSWORD);
  await page.waitForURL(/account/);
  await page.waitForSelector(`text=${EMAIL}`);
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download')]);
  const held = readFileSync(await download.path(), 'utf8');
  if (!held.includes(EMAIL)) throw new Error('the export does not hold the address');
  await page.click('summary:has-text("Erase it")');
  await page.locator('form:has(button:text-is("Erase my account"))').getByLabel('Your password').fill(PASSWORD);
  await press(page, 'Erase my account');
  await page.waitForSelector('[role=status]:has-text("It is gone")');
  equal((await page.textContent('body')).includes(EMAIL), false, 'whether the address is still on the page');
  await accessible(page);
  await page.goBack().catch(() => {});
  await page.waitForURL(/sign-in/);
  equal((await page.textContent('body')).includes(EMAIL), false, 'whether going back brings it back');
  await signIn(page, PASSWORD);
  await page.waitForSelector('.wrong');
  await close();
});

await claim('the first administrator comes by the link that the server printed, once', async () => {
  const { page, close } = await open(invitation);
  await fill(page, { 'E-mail address': 'grace@example.test', 'New password': PASSWORD });
  await press(page, 'Make the account');
  await page.waitForSelector('[role=status]:has-text("Done")');
  await accessible(page);
  await go(page, '/');
  await go(page, invitation);
  await page.waitForSelector('[role=alert]:has-text("accepted already")');
  await page.waitForSelector('main a[href="/sign-in"]');
  await close();
});

await claim('codes that somebody says he has lost wait for a day, in sight, and are kept by the account or by the link', async () => {
  const lost = 'joan@example.test';
  const boss = await open('/sign-in');
  await signInAs(boss.page, 'grace@example.test', PASSWORD);
  await boss.page.waitForURL(/account/);
  await turnOnCodes(boss.page, PASSWORD);
  const { page, close } = await newcomer(lost, PASSWORD);
  await turnOnCodes(page, PASSWORD);
  const start = () => boss.page.evaluate(async (email) => {
    const { ask } = await import('/session.js');
    const { data } = await ask('GET', `/v1/admin/users?email=${encodeURIComponent(email)}`);
    await ask('POST', `/v1/admin/users/${data[0].id}/remove-mfa`, {});
  }, lost);
  await start();
  const link = await linkTo('/remove-mfa', lost);
  await page.goto(`${base}/account`, { waitUntil: 'networkidle' });
  await page.waitForSelector('[role=alert]:has-text("have lost your codes")');
  await accessible(page);
  await page.goto(base + link, { waitUntil: 'networkidle' });
  equal(new URL(page.url()).hash, '', 'what is left of the token in the address');
  await fill(page, { 'Your password': PASSWORD });
  await press(page, 'Turn codes off');
  await page.waitForSelector('.wrong:has-text("This link works from")');
  await press(page, 'Keep the codes');
  await page.waitForSelector('[role=status]:has-text("They stay on")');
  await start();
  await page.goto(`${base}/account`, { waitUntil: 'networkidle' });
  await press(page, 'Keep the codes');
  await page.waitForSelector('button:has-text("Keep the codes")', { state: 'detached' });
  await page.waitForSelector('text=recovery codes are left');
  await boss.close();
  await close();
});
