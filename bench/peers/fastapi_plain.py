"""The peer on FastAPI and SQLAlchemy as their introductions show it: an engine and a session with what they come with, the session a
dependency of each request, and FastAPI walks over every value of the answer. Two questions only."""
import json
import os

from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from answers import FIRST_PAGE, OF_ALL

engine = create_engine(os.environ['PEER_DATABASE'])
session_of = sessionmaker(autocommit=False, autoflush=False, bind=engine)
app = FastAPI()
QUERIES = json.load(open(os.environ['PEER_QUERIES'], encoding='utf-8'))


def database():
    session = session_of()
    try:
        yield session
    finally:
        session.close()


@app.get('/hello')
def hello():
    return {'hello': 'world'}


@app.get('/v1/games/{game_id}')
def game(game_id: str, session: Session = Depends(database)):
    row = session.execute(text(QUERIES['one']), {'nflverse_id': game_id}).mappings().first()
    if not row:
        raise HTTPException(status_code=404)
    return {**{key: value for key, value in row.items() if key != 'nflverse_id'}, 'id': row['nflverse_id']}


@app.get('/v1/predictions')
def predictions(season: int, week: int, session: Session = Depends(database)):
    arguments = {**FIRST_PAGE, 'season': season, 'first_week': week, 'last_week': week}
    rows = session.execute(text(QUERIES['week']), arguments).mappings().all()
    return {'data': [{**row, **OF_ALL, 'season': season} for row in rows], 'next': None}
