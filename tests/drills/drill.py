"""What the drills share: a PostgreSQL to be mistreated, gridiron on it, and load that keeps a journal.

A writer picks each game once in each user's name, so that every acknowledged write is a row of its own with a value of its own.
The journal is this process's memory, which none of the drills kills. After a drill each row of the database must be one that was
sent, each acknowledged write must be there, and none that was refused.
"""
import contextlib
import http.client
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'support'))
import tokens  # noqa: E402

loader = importlib.machinery.SourceFileLoader('scenarios', str(HERE.parent / 'api/run'))
scenarios = importlib.util.module_from_spec(importlib.util.spec_from_loader('scenarios', loader))
loader.exec_module(scenarios)
Tap, command, free_port = scenarios.Tap, scenarios.run, scenarios.free_port

IS_ROOT = os.geteuid() == 0
USERS = 500
# A server under a sanitizer does everything later.
PATIENCE = int(os.environ.get('GRIDIRON_PATIENCE') or 1)


def family(pid):
    """PID and all below it."""
    found = [pid]
    try:
        for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
            for child in (task / 'children').read_text().split():
                found += family(int(child))
    except FileNotFoundError:
        pass
    return found


class Postgres:
    """A PostgreSQL on a port of its own, fsync on; as the user postgres where we are root, which it refuses to be."""
    bin = max(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), key=lambda path: int(path.parent.name), default=None)

    def __init__(self, folder, name):
        self.folder, self.data, self.port, self.settings = folder, folder / name, free_port(), {}

    def tool(self, name, *arguments):
        ahead = ['runuser', '-u', 'postgres', '--'] if IS_ROOT else []
        done = subprocess.run([*ahead, self.bin / name, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f'{name}: {done.stdout}')
        return done.stdout

    def create(self):
        self.tool('initdb', '-D', self.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8')

    def control(self, verb, *arguments):
        options = {'port': self.port, 'listen_addresses': '127.0.0.1', 'unix_socket_directories': self.folder,
                   'max_connections': 100, **self.settings}
        return self.tool('pg_ctl', '-D', self.data, '-w', '-t', 60, '-l', self.data / 'log',
                         *(['-o', ' '.join(f'-c {name}={value}' for name, value in options.items())]
                           if verb in ('start', 'restart') else []), *arguments, verb)

    def copy_of(self, primary):
        """Become a streaming replica of PRIMARY, which goes on."""
        shutil.rmtree(self.data, ignore_errors=True)
        primary.tool('pg_basebackup', '-h', '127.0.0.1', '-p', primary.port, '-U', 'postgres', '-D', self.data, '-R', '-X', 'stream',
                     '-c', 'fast')
        self.control('start')

    def processes(self):
        return family(int((self.data / 'postmaster.pid').read_text().split()[0]))

    def signal(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def is_running(self):
        return (self.data / 'postmaster.pid').exists()

    def sql(self, *texts, database='gridiron'):
        done = subprocess.run(['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', str(self.port), '-U', 'postgres', '-d',
                               database, '-f', '-'], input=';\n'.join(texts) + ';\n', capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout.split('\n')[:-1]

    def url(self, user='drill_app'):
        return f'postgresql://{user}@127.0.0.1:{self.port}/gridiron'

    def fill(self, gridiron, folder):
        """The schema, and the role that the server signs in as."""
        self.sql('CREATE DATABASE gridiron', database='postgres')
        command(gridiron, 'migrate', 'up', environment={**os.environ, 'DATABASE_URL': self.url('postgres'), 'GRIDIRON_DATA': str(folder)})
        self.sql('CREATE ROLE drill_app LOGIN', 'GRANT gridiron_app TO drill_app')


class Sqlite:
    """A SQLite file."""

    def __init__(self, path):
        self.path = path

    def url(self):
        return f'sqlite:{self.path}'

    def sql(self, *texts):
        with contextlib.closing(sqlite3.connect(self.path, timeout=20)) as connection, connection:
            return ['|'.join(str(value) for value in row) for text in texts for row in connection.execute(text)]

    def fill(self, gridiron, folder):
        command(gridiron, 'migrate', 'up', environment={**os.environ, 'DATABASE_URL': self.url(), 'GRIDIRON_DATA': str(folder)})


class Gridiron:
    """gridiron over one database, whose games are made up and whose USERS have no password."""

    def __init__(self, program, folder, database, url=None, users=USERS):
        self.program, self.database = program, database
        self.log = folder / 'gridiron.log'
        self.environment = {**os.environ, 'DATABASE_URL': url or database.url(), 'GRIDIRON_DATA': str(folder / 'data'),
                            'GRIDIRON_JOBS': 'false', 'GRIDIRON_ACCESS_OPEN': 'true'}
        self.process = None
        database.fill(program, folder / 'data')
        command(program, 'import', '--simulated', environment={**self.environment, 'DATABASE_URL': database.url()})
        self.users = [uuid.uuid4() for _ in range(users)]
        is_sqlite = isinstance(database, Sqlite)
        database.sql(tokens.users_sql(self.users, is_sqlite))
        soon = 'strftime(\'%s\', \'now\') * 1000000' if is_sqlite else 'now()'
        self.games = database.sql(f'SELECT nflverse_id FROM games WHERE home_score IS NULL AND kickoff_at > {soon} ORDER BY 1')
        self.played = database.sql('SELECT nflverse_id FROM games WHERE home_score IS NOT NULL ORDER BY 1')

    def serve(self):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen([self.program, 'serve', '--quiet', '--listen', '127.0.0.1:0'], env=self.environment,
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        found = re.search(r'127\.0\.0\.1:(\d+)', line)
        if not found:
            raise RuntimeError(f'gridiron did not start: {self.log.read_text()[-2000:]}')
        self.port = int(found.group(1))
        minter = tokens.Minter(pathlib.Path(self.environment['GRIDIRON_DATA']) / 'keys.json')
        self.tokens = {user: minter.token(user) for user in self.users}

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30 * PATIENCE)

    def client(self, timeout=60):
        return Client(self, timeout)

    def rows(self):
        """(user, game) to the thousandths of each pick's probability."""
        is_sqlite = isinstance(self.database, Sqlite)
        user = 'lower(hex(p.user_id))' if is_sqlite else "replace(p.user_id::text, '-', '')"
        share = 'CAST(round(p.probability * 1000) AS INTEGER)' if is_sqlite else '(p.probability * 1000)::int'
        lines = self.database.sql(f'SELECT {user}, g.nflverse_id, {share} FROM picks p JOIN games g ON g.id = p.game_id')
        return {(uuid.UUID(line.split('|')[0]), line.split('|')[1]): int(line.split('|')[2]) for line in lines}


class Answer:
    """A status (0: none came), a body, and what of the headers matters here."""

    def __init__(self, status, text='', retry_after=None):
        self.status, self.text, self.retry_after, self.at = status, text, retry_after, time.monotonic()

    @property
    def code(self):
        try:
            return json.loads(self.text)['code'] if self.status >= 400 else None
        except (ValueError, KeyError):
            return None


class Client:
    """A connection that is opened again where it was lost."""

    def __init__(self, server, timeout):
        self.server, self.timeout, self.connection = server, timeout, None

    def ask(self, method, path, user=None, body=None):
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection('127.0.0.1', self.server.port, timeout=self.timeout)
            headers = {'Authorization': f'Bearer {self.server.tokens[user]}'} if user else {}
            if body:
                headers['Content-Type'] = 'application/json'
            self.connection.request(method, path, json.dumps(body) if body else None, headers)
            answer = self.connection.getresponse()
            return Answer(answer.status, answer.read().decode(), answer.getheader('Retry-After'))
        except (OSError, http.client.HTTPException):
            self.close()
            return Answer(0)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


class Load:
    """Writers and readers until stop(); what was sent, acknowledged and refused, and every answer that was wrong."""

    running = []

    def __init__(self, server, writers=8, readers=4):
        self.server, self.lock = server, threading.Lock()
        self.sent, self.acknowledged, self.refused, self.uncertain = {}, {}, {}, {}
        self.wrong, self.codes, self.reads, self.reads_failed = [], {}, 0, 0
        self.successes = []  # moments of acknowledged writes
        self.keys = iter([(user, game) for game in server.games for user in server.users])
        self.counts, self.ended = (writers, readers), threading.Event()
        self.truth = {}
        self.threads = []

    def start(self):
        client = self.server.client()
        for game in self.server.played[:50]:
            # Of a server that has just come back, each loop finds that out for itself.
            until(lambda game=game: self.learn(game, client.ask('GET', f'/v1/games/{game}')), 5)
        client.close()
        self.go_on()
        return self

    def learn(self, game, answer):
        if answer.status == 200:
            self.truth[game] = answer.text
        return answer.status == 200

    def go_on(self):
        self.ended.clear()
        writers, readers = self.counts
        self.threads = [threading.Thread(target=self.write) for _ in range(writers)]
        self.threads += [threading.Thread(target=self.read, args=(number,)) for number in range(readers)]
        for thread in self.threads:
            thread.start()
        Load.running.append(self)

    def stop(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if self in Load.running:
            Load.running.remove(self)

    def run_for(self, seconds):
        time.sleep(seconds)
        self.stop()

    def write(self):
        client = self.server.client()
        while not self.ended.is_set():
            with self.lock:
                user, game = key = next(self.keys)
                value = self.sent[key] = len(self.sent) % 999 + 1
            answer = client.ask('POST', '/v1/picks', user, {'game_id': game, 'type': 'game', 'pick': 'home', 'probability': value / 1000})
            with self.lock:
                self.note(key, value, answer)
            if answer.status != 200:
                time.sleep(0.02)
        client.close()

    def note(self, key, value, answer):
        code = answer.code or str(answer.status)
        self.codes[code] = self.codes.get(code, 0) + 1
        if answer.status == 200:
            self.acknowledged[key] = value
            self.successes.append(answer.at)
        elif answer.code in ('busy', 'timeout'):
            self.refused[key] = value
            if answer.status == 503 and not answer.retry_after:
                self.wrong.append(f'a 503 without Retry-After: {answer.text}')
        else:
            self.uncertain[key] = value
            if answer.status and answer.code != 'uncertain':
                self.wrong.append(f'a write got {answer.status} {answer.text}')

    def read(self, number):
        client, turn = self.server.client(), number
        games = list(self.truth)
        while not self.ended.is_set():
            turn += 1
            if turn % 2:
                game = games[turn % len(games)]
                answer = client.ask('GET', f'/v1/games/{game}')
                is_right = answer.text == self.truth[game]
            else:
                # Somebody's own, of which what was acknowledged before the question must be there, and nothing else.
                user = self.server.users[turn * 7 % len(self.server.users)]
                with self.lock:
                    known = {game: value for (owner, game), value in self.acknowledged.items() if owner == user}
                answer = client.ask('GET', '/v1/picks', user)
                got = {row['game_id']: round(row['probability'] * 1000) for row in json.loads(answer.text)['data']} \
                    if answer.status == 200 else {}
                is_right = all(got.get(game) == value for game, value in known.items()) and \
                    all(self.sent.get((user, game)) == value for game, value in got.items())
            with self.lock:
                self.reads += 1
                self.reads_failed += answer.status != 200
                if answer.status == 200 and not is_right:
                    self.wrong.append(f'a read got {answer.text[:300]}')
                elif answer.status == 503 and not answer.retry_after:
                    self.wrong.append(f'a read got 503 without Retry-After: {answer.text}')
                elif answer.status not in (0, 200, 503, 504):
                    self.wrong.append(f'a read got {answer.status} {answer.text}')
            if answer.status != 200:
                time.sleep(0.02)
        client.close()

    def faults(self, rows=None, may_lose=False):
        """What is wrong with ROWS, those of the database now: an acknowledged write that is not there, a refused one that is, …"""
        rows = self.server.rows() if rows is None else rows
        lost = [key for key, value in self.acknowledged.items() if rows.get(key) != value]
        done = [key for key in self.refused if key in rows]
        strange = [key for key, value in rows.items() if self.sent.get(key) != value]
        if lost and not may_lose:
            yield f'{len(lost)} of {len(self.acknowledged)} acknowledged writes are lost, such as {lost[0]}'
        if done:
            yield f'{len(done)} of {len(self.refused)} writes that were refused are there all the same, such as {done[0]}'
        if strange:
            yield f'{len(strange)} rows are none that was sent'
        yield from self.wrong[:5]

    def told(self):
        return (f'{len(self.acknowledged):,} writes acknowledged, {len(self.refused)} refused, {len(self.uncertain)} uncertain; '
                f'{self.reads:,} reads, {self.reads_failed} failed; answers of writes: '
                + ', '.join(f'{count} {code}' for code, count in sorted(self.codes.items())))

    def first_success_after(self, moment):
        return min((at for at in self.successes if at > moment), default=None)


def until(condition, seconds=30):
    ends = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return False


def why_not(needs_root=(), needs_postgres=False):
    """Why a drill cannot be done here, or None."""
    if needs_postgres and not Postgres.bin:
        return 'there is no PostgreSQL'
    if needs_root and not IS_ROOT:
        return 'only root may mount'
    missing = [name for name in needs_root if not shutil.which(name)]
    return f'there is no {", ".join(missing)}' if missing else None


def main(drills, reason=None):
    """Each of DRILLS, (claim, function(program, folder) that yields faults): TAP."""
    tap, program = Tap(), str(pathlib.Path(sys.argv[1]).resolve())
    for claim, drill in drills:
        if reason:
            tap.skip(claim, reason)
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix='gridiron-drill.'))
        folder.chmod(0o777)
        begun, faults = time.monotonic(), []
        try:
            faults = list(drill(program, folder))
        except Exception as error:  # A drill that breaks down has failed, and the others are still to be seen.
            faults = [f'{type(error).__name__}: {error}']
        for load in list(Load.running):
            load.stop()
        if faults and (folder / 'gridiron.log').exists():
            faults.append((folder / 'gridiron.log').read_text(errors='replace')[-1500:])
        shutil.rmtree(folder, ignore_errors=True)
        tap.claim(claim, faults)
        print(f'# {time.monotonic() - begun:.1f} s', flush=True)
    print(f'1..{tap.number}')
    sys.exit(1 if tap.failed else 0)
