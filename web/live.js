// The record as it changes: one stream of server-sent events a page, opened when the page has long been drawn.
import { renewSoon, signature } from '/session.js';

const AFTER_MS = 3000, RETRY_MS = 5000, RETRY_MOST_MS = 60000;
const STALE_MS = 3600000; // a page left open moves on to the next week by itself

const isSame = (row, other) => ['season', 'model', 'prediction_type'].every((key) => row[key] === other[key]);

// Each event of the answer BODY, as its fields by name (WHATWG HTML §9.2, as much of it as the server says).
async function events(body, happened) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    const blocks = (text + value).split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)));
      if (fields.data) happened(fields);
    }
  }
}

// Call CHANGED when the record is another than that of ROWS(), which the page shows, and when the page is looked at again after long.
export function live(changed, rows) {
  let stop, timer, last, wait = RETRY_MS, readAt = Date.now();
  const read = () => { readAt = Date.now(); changed(); };
  const close = () => { clearTimeout(timer); stop?.abort(); };
  const isNews = ({ data }) => data.some((row) => rows()?.some((shown) => isSame(shown, row) && JSON.stringify(shown) !== JSON.stringify(row)));
  const happened = ({ id, data }) => {
    wait = RETRY_MS;
    if (last === undefined ? isNews(JSON.parse(data)) : last !== id) read();
    last = id;
  };
  // By fetch, as an EventSource cannot be signed, and who is signed in has a record of his own. What broke off or was refused is asked for again, later each time.
  async function open() {
    stop = new AbortController();
    const { signal } = stop;
    let after = 0;
    try {
      const answer = await fetch('/v1/stream', { headers: await signature(), signal });
      if (answer.ok) await events(answer.body, happened);
      else if (answer.status === 401) renewSoon();
      after = 1000 * (Number(answer.headers.get('retry-after')) || 0);
    } catch { /* the network, or the page, is gone */ }
    if (signal.aborted) return;
    timer = setTimeout(open, Math.max(after, wait * (1 + Math.random())));
    wait = Math.min(2 * wait, RETRY_MOST_MS);
  }
  const look = () => { if (!document.hidden && Date.now() - readAt > STALE_MS) read(); };
  // A page that the browser keeps to come back to has no stream.
  const shown = (event) => { if (event.persisted) { read(); open(); } };
  const clock = setInterval(look, STALE_MS / 6);
  document.addEventListener('visibilitychange', look);
  addEventListener('pagehide', close);
  addEventListener('pageshow', shown);
  timer = setTimeout(open, AFTER_MS);
  return () => {
    close();
    clearInterval(clock);
    document.removeEventListener('visibilitychange', look);
    removeEventListener('pagehide', close);
    removeEventListener('pageshow', shown);
  };
}
