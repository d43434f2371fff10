// The record as it changes: one stream of server-sent events a page, opened when the page has long been drawn.
const AFTER_MS = 3000, RETRY_MS = 5000, RETRY_MOST_MS = 60000;
const STALE_MS = 3600000; // a page left open moves on to the next week by itself

const isSame = (row, other) => ['season', 'model', 'prediction_type'].every((key) => row[key] === other[key]);

// Call CHANGED when the record is another than that of ROWS(), which the page shows, and when the page is looked at again after long.
export function live(changed, rows) {
  let source, timer, last, wait = RETRY_MS, readAt = Date.now();
  const read = () => { readAt = Date.now(); changed(); };
  const close = () => { clearTimeout(timer); source?.close(); };
  const isNews = ({ data }) => data.some((row) => rows()?.some((shown) => isSame(shown, row) && JSON.stringify(shown) !== JSON.stringify(row)));
  function open() {
    source = new EventSource('/v1/stream');
    source.addEventListener('accuracy', (event) => {
      wait = RETRY_MS;
      if (last === undefined ? isNews(JSON.parse(event.data)) : last !== event.lastEventId) read();
      last = event.lastEventId;
    });
    // A connection that broke off the browser makes anew. One that was answered with an error, as by a proxy whose server starts, it gives up.
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(open, wait * (1 + Math.random()));
      wait = Math.min(2 * wait, RETRY_MOST_MS);
    };
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
