// Every test of the pages, one after another, as one TAP stream.
import { finish } from './lib.mjs';

await import('./pages.test.mjs');
await import('./accounts.test.mjs');
await import('./picks.test.mjs');
await finish();
