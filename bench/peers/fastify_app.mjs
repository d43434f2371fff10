// The peer on Fastify, with postgres.js or pg (PEER_CLIENT): the same answers from the same queries.
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import postgres from 'postgres';
import pg from 'pg';

const queries = JSON.parse(readFileSync(process.env.PEER_QUERIES, 'utf8'));
// Named parameters to $n, in the order of the names given.
const positional = (text, names) => names.reduce((sql, name, i) => sql.replaceAll(`:${name}`, `$${i + 1}`), text);
const one = positional(queries.one, ['id']);
const week = positional(queries.week, ['season', 'week']);

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
    return row ?? reply.code(404).send();
  });
  app.get('/v1/predictions', async (request) => ({
    data: await rows('week', week, [Number(request.query.season), Number(request.query.week)]), next: null }));
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) });
}
