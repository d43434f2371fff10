// The peer on Fastify, with postgres.js or pg (PEER_CLIENT): the same answers from the same queries.
import cluster from 'node:cluster';
import { createHmac, timingSafeEqual } from 'node:crypto';
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
const own = positional(queries.own, ['actor']);
const setUser = "SELECT set_config('app.current_user_id', $1, true)";
const secret = Buffer.from(JSON.parse(readFileSync(process.env.PEER_KEYS, 'utf8')).keys.find((key) => key.use === 'jwt').secret, 'base64url');
const firstPage = (season, number) => [season, number, number, null, null, 'gridiron', null, 99, 0,
  '00000000-0000-0000-0000-000000000000', 51];

// `rows`: those of a query by itself. `ownRows`: of a query in USER's name, in a transaction that says whose it is.
let rows, ownRows;
if (process.env.PEER_CLIENT === 'pg') {
  const pool = new pg.Pool({ host: process.env.PEER_HOST, user: process.env.PEER_USER, database: process.env.PEER_NAME, max: 10 });
  rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;
  ownRows = async (user, name, text, values) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query({ name: 'set_user', text: setUser, values: [user] });
      const { rows: found } = await client.query({ name, text, values });
      await client.query('COMMIT');
      return found;
    } finally {
      client.release();
    }
  };
} else {
  const sql = postgres({ host: process.env.PEER_HOST, user: process.env.PEER_USER, database: process.env.PEER_NAME, max: 10,
    path: `${process.env.PEER_HOST}/.s.PGSQL.5432` });
  rows = async (name, text, values) => sql.unsafe(text, values, { prepare: true });
  ownRows = async (user, name, text, values) => sql.begin(async (tx) => {
    await tx.unsafe(setUser, [user], { prepare: true });
    return tx.unsafe(text, values, { prepare: true });
  });
}

if (cluster.isPrimary) {
  // One process a core, as such a server is deployed.
  for (let i = 0; i < Number(process.env.PEER_PROCESSES); i += 1) cluster.fork();
} else {
  await serve();
}

// Who sends this header, or undefined.
function userOf(authorization = '') {
  const [head, payload, signature] = authorization.slice('Bearer '.length).split('.');
  const mac = createHmac('sha256', secret).update(`${head}.${payload}`).digest();
  const sent = Buffer.from(signature ?? '', 'base64url');
  if (sent.length !== mac.length || !timingSafeEqual(sent, mac)) return undefined;
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  return claims.exp > Date.now() / 1000 ? claims.sub : undefined;
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
  app.get('/v1/me', async (request, reply) => {
    const user = userOf(request.headers.authorization);
    if (!user) return reply.code(401).send();
    return (await ownRows(user, 'own', own, [user]))[0];
  });
  app.get('/v1/predictions', async (request) => {
    const season = Number(request.query.season);
    // What all rows of a list have in common is not asked of the database.
    const common = { season, model: 'gridiron', tier: 'L', saw_line: false };
    const found = await rows('week', week, firstPage(season, Number(request.query.week)));
    return { data: found.map((row) => ({ ...row, ...common })), next: null };
  });
  await app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) });
}
