"""The peer on FastAPI, SQLAlchemy's QueuePool and psycopg2: the same answers from the same queries.

Set up as a careful team would for production: as many threads as connections, so that the pool opens each once and nobody waits
for it; no ping before each query; reads without BEGIN and ROLLBACK around them; lists written as JSON at once, without
FastAPI's walk over every value."""
import base64
import hmac
import json
import os
import time

import anyio
from fastapi import FastAPI, Header, Response
from sqlalchemy import create_engine, text

from answers import FIRST_PAGE, OF_ALL

CONNECTIONS = 10


def as_text(value):
    return value.isoformat() if hasattr(value, 'isoformat') else str(value)


engine = create_engine(os.environ['PEER_DATABASE'], pool_size=CONNECTIONS, max_overflow=0, pool_recycle=3600, isolation_level='AUTOCOMMIT')
app = FastAPI()
QUERIES = json.load(open(os.environ['PEER_QUERIES'], encoding='utf-8'))
owner_engine = create_engine(os.environ['PEER_DATABASE'], pool_size=CONNECTIONS, max_overflow=0, pool_recycle=3600)
KEY = next(key for key in json.load(open(os.environ['PEER_KEYS'], encoding='utf-8'))['keys'] if key['use'] == 'jwt')
SECRET = base64.urlsafe_b64decode(KEY['secret'] + '=')
SET_USER = text("SELECT set_config('app.current_user_id', :actor, true)")


@app.on_event('startup')
async def limit_threads():
    anyio.to_thread.current_default_thread_limiter().total_tokens = CONNECTIONS


@app.get('/hello')
async def hello():
    return {'hello': 'world'}


@app.get('/v1/games/{game_id}')
def game(game_id: str):
    with engine.connect() as connection:
        row = connection.execute(text(QUERIES['one']), {'nflverse_id': game_id}).mappings().first()
    if not row:
        return Response(status_code=404)
    return {**{key: value for key, value in row.items() if key != 'nflverse_id'}, 'id': row['nflverse_id']}


def user_of(authorization):
    """Who sends this header, or None."""
    signed, _, signature = authorization.removeprefix('Bearer ').rpartition('.')
    mac = base64.urlsafe_b64encode(hmac.digest(SECRET, signed.encode(), 'sha256')).rstrip(b'=').decode()
    if not hmac.compare_digest(mac, signature):
        return None
    payload = signed.partition('.')[2]
    claims = json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))
    return claims['sub'] if claims['exp'] > time.time() else None


@app.get('/v1/me')
def me(authorization: str = Header()):
    user = user_of(authorization)
    if not user:
        return Response(status_code=401)
    with owner_engine.begin() as connection:
        connection.execute(SET_USER, {'actor': user})
        row = connection.execute(text(QUERIES['own']), {'actor': user}).mappings().first()
    return Response(json.dumps(dict(row), default=as_text), media_type='application/json')


@app.get('/v1/predictions')
def predictions(season: int, week: int):
    with engine.connect() as connection:
        rows = connection.execute(text(QUERIES['week']), {**FIRST_PAGE, 'season': season, 'first_week': week, 'last_week': week}).mappings().all()
        common = {**OF_ALL, 'season': season}
        return Response(json.dumps({'data': [{**row, **common} for row in rows], 'next': None}, default=as_text), media_type='application/json')
