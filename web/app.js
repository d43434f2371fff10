// The frame of every page: which page the address names, its title until its data are there, its errors. Pages live in pages/.
import { html, render } from '/vendor/htm-preact.js';
import { useTitle } from '/parts.js';
import { hasLeft, isSignedIn, signOut } from '/session.js';

// By address: the file of pages/, and its title.
const pages = { '/': ['week', 'Games'], '/game': ['game', 'Game'], '/ratings': ['ratings', 'Ratings'], '/season': ['season', 'Season'], '/accuracy': ['accuracy', 'Accuracy'],
  '/models': ['models', 'Models'], '/picks': ['picks', 'Your picks'], '/leaderboard': ['leaderboard', 'Leaderboard'], '/league': ['league', 'Leagues'], '/docs': ['docs', 'The API'],
  '/sign-in': ['sign-in', 'Sign in'], '/register': ['register', 'Make an account'], '/account': ['account', 'Account'],
  '/verify-email': ['link', 'Your address'], '/confirm-email': ['link', 'Your new address'], '/remove-mfa': ['link', 'Codes at sign-in'], '/reset-password': ['link', 'New password'],
  '/forgot-password': ['link', 'Forgot your password?'], '/accept-invitation': ['link', 'An invitation'], '/unsubscribe': ['link', 'No more alerts'] };

function Failure({ error }) {
  const isMissing = error.status === 404;
  useTitle(isMissing ? 'Not found' : 'This did not load');
  return html`<div class="narrow"><h1>${isMissing ? 'Not found' : 'This did not load'}</h1><p class="notice bad" role="alert">${error.message}${error.retryAfter && ` Try again in ${error.retryAfter} s.`}</p>
    <p>${isMissing ? html`It may be mistyped, or gone. To <a href="/">this week's games</a>.` : html`<button onClick=${() => location.reload()}>Try again</button>`}</p></div>`;
}

const show = (content) => render(content, document.getElementById('main'));
const failure = (error) => html`<${Failure} error=${error} />`;

const leave = () => signOut().then(() => location.assign('/'), (error) => show(html`<${Stayed} error=${error} />`));

function Stayed({ error }) {
  useTitle('Still signed in');
  return html`<div class="narrow"><h1>You are still signed in</h1><p class="notice bad" role="alert">${error.message}${error.retryAfter && ` Try again in ${error.retryAfter} s.`} Do not leave this device to others yet.</p>
    <p><button onClick=${leave}>Sign out</button></p></div>`;
}

async function start() {
  const [name, title] = pages[location.pathname] ?? pages['/'];
  const account = document.querySelector('nav a[data-page=account]');
  if (isSignedIn()) document.querySelector('header').append(Object.assign(document.createElement('button'), { className: 'out', textContent: 'Sign out', onclick: leave }));
  else Object.assign(account, { href: '/sign-in', textContent: 'Sign in' });
  if (name === 'sign-in') account.setAttribute('aria-current', 'page');
  document.querySelector(`nav a[data-page=${name}]`)?.setAttribute('aria-current', 'page');
  document.title = `${title} – Gridiron`;
  hasLeft(() => location.reload());
  const { Page } = await import(`/pages/${name}.js`);
  document.getElementById('main').replaceChildren();
  show(html`<${Page} query=${new URLSearchParams(location.search)} failure=${failure} />`);
}

start().catch((error) => show(failure(error)));
