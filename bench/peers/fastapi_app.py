"""The peer on FastAPI, SQLAlchemy's QueuePool and psycopg2: the same answers from the same queries."""
import json
import os

from fastapi import FastAPI, Response
from sqlalchemy import create_engine, text

engine = create_engine(os.environ['PEER_DATABASE'], pool_size=10, max_overflow=20, pool_pre_ping=True, pool_recycle=3600)
app = FastAPI()
QUERIES = json.load(open(os.environ['PEER_QUERIES'], encoding='utf-8'))
FIRST_PAGE = {'type': None, 'team': None, 'model': 'gridiron', 'min_confidence': None, 'after_week': 0,
              'after_id': '00000000-0000-0000-0000-000000000000', 'row_count': 51}


@app.get('/hello')
def hello():
    return {'hello': 'world'}


@app.get('/v1/games/{game_id}')
def game(game_id: str):
    with engine.connect() as connection:
        row = connection.execute(text(QUERIES['one']), {'nflverse_id': game_id}).mappings().first()
    if not row:
        return Response(status_code=404)
    return {**{key: value for key, value in row.items() if key != 'nflverse_id'}, 'id': row['nflverse_id']}


@app.get('/v1/predictions')
def predictions(season: int, week: int):
    with engine.connect() as connection:
        rows = connection.execute(text(QUERIES['week']), {**FIRST_PAGE, 'season': season, 'first_week': week, 'last_week': week}).mappings().all()
        return {'data': [dict(row) for row in rows], 'next': None}
