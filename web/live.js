// The record as it changes: one stream of server-sent events a page, opened when the page has long been drawn.
const AFTER_MS = 3000;

// Call CHANGED with the rows of the current season whenever they differ from those the page began with.
export function live(changed) {
  let source, isFirst = true;
  const timer = setTimeout(() => {
    source = new EventSource('/v1/stream');
    source.addEventListener('accuracy', (event) => {
      if (!isFirst) changed(JSON.parse(event.data).data);
      isFirst = false;
    });
  }, AFTER_MS);
  return () => { clearTimeout(timer); source?.close(); };
}
