// The peer on Fastify, with postgres.js or pg (PEER_CLIENT): the same answers from the same queries.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import postgres from 'postgres';
import pg from 'pg';

const queries = JSON.parse(readFileSync(process.env.PEER_QUERIES, 'utf8'));
// Named parameters to $n, in the order of the names given.
const positional = (text, names) => text.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`);
const one = positional(queries.one, ['nflverse_id']);
const week = positional(queries.week, ['season', 'first_week', 'last_week', 'type', 'team', 'model', 'min_confidence', 'open_through',
  'after_week', 'after_id', 'row_count']);
const firstPage = (season, number) => [season, number, number, null, null, 'gridiron', null, 99, 0,
  '00000000-0000-0000-0000-000000000000', 51];

let rows;
if (process.env.PEER_CLIENT === 'pg') {
  const pool = new pg.Pool({ host: process.env.PEER_HOST, user: process.env.PEER_USER, database: process.env.PEER_NAME, max: 10 });
  rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;
} else {
  const sql = postgres({ host: process.env.PEER_HOST, user: process.env.PEER_USER, database: process.env.PEER_NAME, max: 10,
    path: `${process.env.PEER_HOST}/.s.PGSQL.5432` });
  rows = async (name, text, values) => sql.unsafe(text, values, { prepare: true });
}

if (cluster.isPrimary) {
  // One process a core, as such a server is deployed.
  for (let i = 0; i < Number(process.env.PEER_PROCESSES); i += 1) cluster.fork();
} else {
  await serve();
}

async function serve() {
  const app = Fastify();
  app.get('/hello', async () => ({ hello: 'world' }));
  app.get('/v1/games/:id', async (request, reply) => {
    const [row] = await rows('one', one, [request.params.id]);
    if (!row) return reply.code(404).send();
    const { nflverse_id: id, ...game } = row;
    return { ...game, id };
  });
  app.get('/v1/predictions', async (request) => ({
    data: await rows('week', week, firstPage(Number(request.query.season), Number(request.query.week))), next: null }));
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) });
}
