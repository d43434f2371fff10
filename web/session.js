// Whoever is signed in on this page. The access token lives in memory for a quarter of an hour; the refresh token in a cookie that no script
// sees. What is remembered between pages is only that there is such a cookie, so that visitors do not ask for a session in vain.
const MARK = 'gridiron.signed-in';
const EARLY_MS = 30000; // a token about to end is as good as ended

let access, endsAt = 0, pending;

export const isSignedIn = () => localStorage.getItem(MARK) === 'yes';

export class Refused extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail ? `${body.detail[0].toUpperCase()}${body.detail.slice(1)}.` : `The server answered ${status}.`);
    // A 429 says itself how long.
    Object.assign(this, { status, field: body.field, code: body.code, retryAfter: status === 429 ? undefined : retryAfter });
  }
}

// What the network did not bring is said in words: the browser's own tell no reader what to do.
const noAnswer = () => { throw new Refused(0, { detail: navigator.onLine ? 'the server does not answer; it may be starting anew' : 'you are offline' }); };

const parsed = (text) => (text.startsWith('{') ? JSON.parse(text) : {});

// The text of the answer.
async function send(method, path, body, headers = {}, options = {}) {
  const answer = await fetch(path, { ...options, method, headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...headers }, body: body && JSON.stringify(body) }).catch(noAnswer);
  const text = await answer.text().catch(noAnswer);
  if (!answer.ok) throw new Refused(answer.status, parsed(text), answer.headers.get('retry-after'));
  return text;
}

export const post = (path, body) => send('POST', path, body).then(parsed);

function keep(tokens) {
  access = tokens.access_token;
  endsAt = Date.now() + 1000 * tokens.expires_in;
  localStorage.setItem(MARK, 'yes');
}

export function forget() {
  access = undefined;
  localStorage.removeItem(MARK);
}

// A token that is good now; several callers wait for one refresh. Undefined for a visitor.
async function token() {
  if (!isSignedIn()) return undefined;
  if (access && Date.now() < endsAt - EARLY_MS) return access;
  pending ??= post('/v1/auth/refresh', {}).then(keep, (error) => {
    if (error.status === 401 || error.status === 400) forget();
    else throw error;
  }).finally(() => { pending = undefined; });
  await pending;
  return access;
}

// The headers of a request: signed where somebody is signed in.
export async function signature() {
  const bearer = await token();
  return bearer ? { authorization: `Bearer ${bearer}` } : {};
}

// Who has to set up codes at sign-in before his account counts for anything is led there.
async function refused(status) {
  if (status !== 403 || !isSignedIn() || location.pathname === '/account') return;
  // Where that cannot be asked, what was refused is told like anything else.
  const known = await signature().then((headers) => send('GET', '/v1/access', undefined, headers)).then(parsed).catch(() => undefined);
  if (known?.needs_second_factor) location.replace('/account');
}

// What a request of the signed-in user, or of a visitor, is answered, as text. OPTIONS are those of fetch.
export async function askText(method, path, body, options) {
  try {
    return await send(method, path, body, await signature(), options);
  } catch (error) {
    await refused(error.status);
    if (error.status !== 401 || error.code !== 'unauthenticated' || isSignedIn() === false) throw error;
    access = undefined;
    return send(method, path, body, await signature(), options);
  }
}

export const ask = (...request) => askText(...request).then(parsed);

export async function signIn(form) {
  keep(await post('/v1/auth/login', { ...form, cookie: true }));
}

// Where that fails the session lives on, and whoever comes next could go on with it: then it is not forgotten.
export async function signOut() {
  await post('/v1/auth/logout', {}).catch((error) => { if (error.status !== 401 && error.status !== 400) throw error; });
  forget();
}
export const renew = keep;

// Call LEFT once whoever was signed in when this page was made is so no more, by another tab or by the time that the browser brings it back.
export function hasLeft(left) {
  const was = isSignedIn(), look = () => was && !isSignedIn() && left();
  addEventListener('storage', look);
  addEventListener('pageshow', (event) => event.persisted && look());
}

// The next request has a new access token: this one does not know what has changed.
export const renewSoon = () => { access = undefined; };

// The page that follows an erasure says so, once.
const ERASED = 'gridiron.erased';
export const tellErased = () => sessionStorage.setItem(ERASED, 'yes');
export function wasErased() {
  const was = sessionStorage.getItem(ERASED) === 'yes';
  sessionStorage.removeItem(ERASED);
  return was;
}
