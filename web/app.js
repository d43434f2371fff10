// The frame of every page: which page the address names, its data, its errors. Pages live in pages/.
import { html, render } from '/vendor/htm-preact.js';
import { isSignedIn } from '/session.js';

const pages = { '/': 'week', '/game': 'game', '/ratings': 'ratings', '/season': 'season', '/accuracy': 'accuracy', '/models': 'models',
  '/picks': 'picks', '/leaderboard': 'leaderboard', '/league': 'league',
  '/sign-in': 'sign-in', '/register': 'register', '/account': 'account',
  '/verify-email': 'link', '/confirm-email': 'link', '/remove-mfa': 'link', '/reset-password': 'link', '/forgot-password': 'link', '/accept-invitation': 'link', '/unsubscribe': 'link' };

function show(content) {
  const main = document.getElementById('main');
  render(content, main);
}

function failure(error) {
  return html`<div class="notice" role="alert"><strong>This did not load.</strong> ${error.message}
    <p><button onClick=${() => location.reload()}>Try again</button></p></div>`;
}

async function start() {
  const name = pages[location.pathname] ?? 'week';
  const account = document.querySelector('nav a[data-page=account]');
  if (!isSignedIn()) Object.assign(account, { href: '/sign-in', textContent: 'Sign in' });
  if (name === 'sign-in') account.setAttribute('aria-current', 'page');
  document.querySelector(`nav a[data-page=${name}]`)?.setAttribute('aria-current', 'page');
  const { Page } = await import(`/pages/${name}.js`);
  document.getElementById('main').replaceChildren();
  show(html`<${Page} query=${new URLSearchParams(location.search)} failure=${failure} />`);
}

start().catch((error) => show(failure(error)));
