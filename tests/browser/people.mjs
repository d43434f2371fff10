// What the tests of signed-in pages share: mail that the server writes, forms, an account made by the pages themselves.
import { readFileSync, readdirSync } from 'node:fs';
import { go, open } from './lib.mjs';

const folder = process.env.GRIDIRON_MAIL;

// The newest link in a mail to ADDRESS that leads to PATH, waited for.
export async function linkTo(path, address) {
  for (let i = 0; i < 100; i += 1) {
    const files = (() => { try { return readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().reverse(); } catch { return []; } })();
    for (const file of files) {
      const text = readFileSync(`${folder}/${file}`, 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=');
      const found = text.includes(address) && text.match(new RegExp(`${path}#([A-Za-z0-9_-]+)`));
      if (found) return `${path}#${found[1]}`;
    }
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error(`no mail to ${address} with a link to ${path}`);
}

export const fill = async (page, values) => { for (const [label, value] of Object.entries(values)) await page.getByLabel(label, { exact: true }).fill(value); };
export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

export async function signIn(page, email, password, path = '/sign-in') {
  await go(page, path);
  await fill(page, { 'E-mail address': email, Password: password });
  await press(page, 'Sign in');
}

// Follow the link that EMAIL was sent.
export async function prove(page, email, password) {
  await go(page, await linkTo('/verify-email', email));
  await fill(page, { 'Password that you registered with': password });
  await press(page, 'Prove it');
  await page.waitForSelector('[role=status]:has-text("proved")');
}

// A page on which EMAIL is signed in, by an account of its own.
export async function newcomer(email, password, options) {
  const opened = await open('/register', options);
  await fill(opened.page, { 'E-mail address': email, Password: password });
  await press(opened.page, 'Register');
  await opened.page.waitForSelector('[role=status]:has-text("Look into your mail")');
  await prove(opened.page, email, password);
  await signIn(opened.page, email, password);
  await opened.page.waitForURL(/account/);
  return opened;
}

// What the API answers to whoever is signed in on PAGE; the page's own module signs the request.
export const ownGet = (page, path) => page.evaluate(async (asked) => (await import('/session.js')).ask('GET', asked), path);
