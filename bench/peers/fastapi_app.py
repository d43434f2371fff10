"""The peer on FastAPI, SQLAlchemy's QueuePool and psycopg2: the same answers from the same queries."""
import json
import os

from fastapi import FastAPI, Response
from sqlalchemy import create_engine, text

engine = create_engine(os.environ['PEER_DATABASE'], pool_size=10, max_overflow=20, pool_pre_ping=True, pool_recycle=3600)
app = FastAPI()
QUERIES = json.load(open(os.environ['PEER_QUERIES'], encoding='utf-8'))


@app.get('/hello')
def hello():
    return {'hello': 'world'}


@app.get('/v1/games/{game_id}')
def game(game_id: str):
    with engine.connect() as connection:
        row = connection.execute(text(QUERIES['one']), {'id': game_id}).mappings().first()
        return dict(row) if row else Response(status_code=404)


@app.get('/v1/predictions')
def predictions(season: int, week: int):
    with engine.connect() as connection:
        rows = connection.execute(text(QUERIES['week']), {'season': season, 'week': week}).mappings().all()
        return {'data': [dict(row) for row in rows], 'next': None}
