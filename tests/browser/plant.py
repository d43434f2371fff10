#!/usr/bin/env python3
"""People who picked the last season that has scores, planted in a SQLite file that no server has open: plant.py FILE [plain]

Twelve of them; all but one wish to be on the leaderboard, one has too few picks for it. All are in a league whose code is
PLANTEDCODES. What they come to is for the program to sum: their picks are not graded here. The games they picked get opening lines, and
the first of them forecasts of days before. Two names are as long as one may be, or look like markup, but not where `plain` is asked for.
"""
import json
import random
import sqlite3
import sys
import time
import uuid

PEOPLE, PICKS, FEW = 12, 40, 5
PASSWORD_HASH = '$2b$10$j50UtNQCmNI/rhM03b3qceiZcdeSrLrvlLUVxlT0FTd02oXf3XOt2'  # of the first: forty winners picked
NAMES = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eli', 'Fay', 'Gus', 'Hal', 'Ida', 'Joe', '<b onclick="alert(1)">Kim</b>', 'Lou' + 'W' * 37]
PLAIN = [*NAMES[:10], 'Kim', 'Lou']


def main():
    chance, now = random.Random(7), int(time.time() * 1e6)
    database = sqlite3.connect(sys.argv[1])
    database.execute('PRAGMA foreign_keys = ON')
    (season,) = database.execute('SELECT max(season) FROM games WHERE home_score IS NOT NULL').fetchone()
    games = [row for (row,) in database.execute('SELECT id FROM games WHERE season = ? AND home_score IS NOT NULL ORDER BY nflverse_id LIMIT ?',
                                                (season, PICKS))]
    league, owner = uuid.uuid4().bytes, None
    for number, name in enumerate((PLAIN if sys.argv[2:] == ['plain'] else NAMES)[:PEOPLE]):
        user = uuid.uuid4().bytes
        database.execute('INSERT INTO users (id, email, password_hash, email_verified, leaderboard_name, is_on_leaderboard, created_at, updated_at) '
                         'VALUES (?, ?, ?, 1, ?, ?, ?, ?)', (user, f'planted{number}@example.test', '!' if number else PASSWORD_HASH, name, number != 1, now, now))
        if owner is None:
            owner = user
            database.execute('INSERT INTO leagues (id, user_id, name, season, code, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
                             (league, user, 'The old hands', season, 'PLANTEDCODES', now, now))
        database.execute('INSERT INTO league_members (user_id, league_id, joined_at) VALUES (?, ?, ?)', (user, league, now))
        database.execute('INSERT INTO league_standings (id, league_id, user_id, name, name_folded, joined_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
                         (uuid.uuid4().bytes, league, user, name, name.casefold(), now, now))
        for game in games[:FEW if number == 2 else PICKS]:
            database.execute('INSERT INTO picks (user_id, id, game_id, prediction_type, pick, probability, odds, created_at, updated_at) '
                             "SELECT ?, ?, id, 'game', ?, ?, -110, coalesce(kickoff_at, ?) - 1, coalesce(kickoff_at, ?) - 1 FROM games WHERE id = ?",
                             (user, uuid.uuid4().bytes, chance.choice(['home', 'home', 'away']), chance.randint(50, 80) / 100, now, now, game))
    # Lines as if the program had been there two days before each of these games; on some they moved.
    for number, game in enumerate(games):
        database.execute('INSERT INTO game_lines (id, game_id, source, seen_at, spread_line, total_line) '
                         "SELECT ?, id, 'planted', kickoff_at - ?, spread_line + ?, total_line FROM games WHERE id = ? AND kickoff_at IS NOT NULL",
                         (uuid.uuid4().bytes, 48 * 3600 * 1000000, number % 5 - 2, game))
    # What was forecast of the first before: of its winner two days, of everything one day earlier.
    day = 24 * 3600 * 1000000
    columns = [row[1] for row in database.execute('PRAGMA table_info(predictions)')]
    for row in database.execute('SELECT * FROM predictions WHERE game_id = ? AND superseded_at IS NULL', games[:1]).fetchall():
        until = row[columns.index('predicted_at')]
        for days in range(1, 3 if 'game' in row else 2):
            old = dict(zip(columns, row))
            data = json.loads(old['prediction_data'])
            data.update({key: round(data[key] + days / 10, 4) for key in ('spread', 'total') if key in data})
            old.update(id=uuid.uuid4().bytes, prediction_data=json.dumps(data), confidence=0.5 + days / 10, predicted_at=until - day, superseded_at=until)
            until -= day
            database.execute(f"INSERT INTO predictions ({', '.join(old)}) VALUES ({', '.join('?' * len(old))})", list(old.values()))
    database.commit()


main()
