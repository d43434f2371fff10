// The tests of the pages that are named, or of every page, one after another, as one TAP stream; or the pictures of docs/.
import { finish } from './lib.mjs';

const parts = process.argv.length > 2 ? process.argv.slice(2) : ['pages', 'numbers', 'record', 'keyboard', 'accounts', 'picks', 'names'];
for (const part of parts) await import(part.startsWith('pictures') ? `./${part}.mjs` : `./${part}.test.mjs`);
await finish();
