"""The whole stack: signed tokens, hourly limits, plans, the record of what was shown, log and metrics; and how it holds up.

USERS users with a plan ask in turn, over a server that is open to nobody, and as many others at a constant rate: each may ask his own
account RATE_OWN_LIMIT times an hour.
"""
import contextlib
import json
import pathlib
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

import load

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests/support'))
import tokens  # noqa: E402

USERS = 900
SCRIPT = ROOT / 'bench/tokens.lua'
KEYS = {'one row under row security': 'own row', 'one row': 'one row', 'week cold': 'week cold', 'week warm': 'week warm'}  # in targets.py
PASSWORD = 'a long walk by the river'


def prepare(bench, owner):
    """Users in both databases, with the plan `season` for a month."""
    bench.users, bench.owner = [uuid.uuid4() for _ in range(2 * USERS)], owner
    for is_sqlite in (False, True):
        now, end, yes = (f'{time.time() * 1e6:.0f}', f'{(time.time() + 30 * 86400) * 1e6:.0f}', '1') if is_sqlite else \
            ('now()', "now() + interval '30 days'", 'true')
        plans = ','.join(f"({tokens.sql_id(user, is_sqlite)}, {tokens.sql_id(uuid.uuid4(), is_sqlite)})" for user in bench.users)
        no = '0' if is_sqlite else 'false'
        text = f"""{tokens.users_sql(bench.users, is_sqlite)};
            WITH plans (user_id, id) AS (VALUES {plans})
            INSERT INTO subscriptions (user_id, id, tier_id, status, starts_at, expires_at, auto_renew, amount_paid_cents, currency,
                is_add_on, created_at, updated_at)
            SELECT p.user_id{'' if is_sqlite else '::uuid'}, p.id{'' if is_sqlite else '::uuid'}, t.id, 'active', {now}, {end}, {no}, 0, 'USD',
                {no}, {now}, {now}
              FROM plans p, subscription_tiers t WHERE t.name = 'season';"""
        command = ['sqlite3', bench.sqlite.removeprefix('sqlite:')] if is_sqlite else ['psql', '-q', '-v', 'ON_ERROR_STOP=1', owner]
        subprocess.run(command, input=text, text=True, check=True)
    subprocess.run(['psql', '-q', owner, '-c', 'ANALYZE'], check=True)


def mint(bench, first=0):
    """A file of the tokens of USERS users from FIRST on, good for a quarter of an hour."""
    minter = tokens.Minter(bench.folder / 'keys.json')
    path = bench.folder / f'tokens-{first}'
    path.write_text(''.join(minter.token(user) + '\n' for user in bench.users[first:first + USERS]))
    return path


def signed(target, path, *arguments):
    """With tokens; and after a pause, in which what the run before left to be recorded is stored."""
    return {**target, 'pause': 2, 'script': SCRIPT, 'arguments': (path, *arguments)}


def questions(base, process, path, season, week, game):
    """What is asked of the whole stack; the order is that of the tables."""
    pid, list_url = process.pid, f'{base}/v1/predictions?season={season}&week={week}'
    return {
        'one row under row security': signed({'url': f'{base}/v1/me', 'pid': pid}, path),
        'one row': signed({'url': f'{base}/v1/games/{game}', 'pid': pid}, path),
        'week cold': signed({'url': list_url, 'pid': pid}, path, 'cold'),
        'week warm': signed({'url': list_url, 'pid': pid}, path),
    }


# Of a user's own row: read by all, and not shown by Gridiron.
UNSHOWN = {'leaderboard_name_folded'}


def beside_peers(bench, peers, report, heads, rate_rows):
    """One row under row security, by everybody, each with a token that is checked."""
    path = mint(bench)
    base, process = bench.serve_gridiron(bench.postgres, is_open=False)
    targets = {'gridiron: own row': signed({'url': f'{base}/v1/me', 'pid': process.pid}, path)}
    for name, (peer, running) in peers.items():
        targets[f'{name}: own row'] = signed({'url': f'{peer}/v1/me', 'pid': running.pid}, path)
    said = {name: ask(target['url'], path) for name, target in targets.items()}
    if len({(each['id'], each['email']) for each in said.values()}) != 1 or len({tuple(sorted(set(each) - UNSHOWN)) for each in said.values()}) != 1:
        raise RuntimeError(f'not the same: {said}')
    report.line('### One row under row security, with a token, PostgreSQL, 64 connections\n')
    report.table(heads, rate_rows(bench.compare(targets), 'own row', peers))
    bench.stop_all()


def ask(url, path):
    token = path.read_text().split('\n')[0]
    with urllib.request.urlopen(urllib.request.Request(url, headers={'Authorization': f'Bearer {token}'}), timeout=5) as answer:
        return json.loads(answer.read())


def whole(bench, report, asked):
    """The targets' rows with everything on; and at 70 % of each rate, latency from when a request was due."""
    rows, steady_rows = [], []
    for engine, url in (('PostgreSQL', bench.postgres), ('SQLite', bench.sqlite)):
        path, others = mint(bench), mint(bench, USERS)
        base, process = bench.serve_gridiron(url, is_open=False)
        targets = questions(base, process, path, *asked)
        got = bench.compare(targets)
        rows += [(f'{name}, {engine}', f'{each["rate"]:,.0f}', f'{each["server_us"]:.1f}',
                  f'{each["database_us"]:.1f}' if engine == 'PostgreSQL' else '–', f'{each["p99_ms"]:.1f}') for name, each in got.items()]
        if engine == 'PostgreSQL':
            report.note(**{f'{KEYS[name]} server': each['server_us'] for name, each in got.items()},
                        **{f'{KEYS[name]} PostgreSQL': each['database_us'] for name, each in got.items() if name != 'week warm'})
        for name, each in got.items():
            if name != 'week cold':
                target, runs = targets[name], []
                for _ in range(bench.options.rounds):
                    time.sleep(target['pause'])
                    runs.append(steady(base, target['url'], each['rate'] * 0.7, bench.options.seconds, others))
                result = load.medians(runs)
                report.note(**{f'{KEYS[name]} p99, {engine}': result['p99_ms']})
                steady_rows.append((f'{name}, {engine}', f'{result["rate"]:,.0f}', f'{result["p50_ms"]:.2f}', f'{result["p99_ms"]:.2f}',
                                    f'{result["max_ms"]:.1f}', result['errors']))
        bench.stop_all()
    report.line('### The whole stack, 64 connections\n')
    report.line(f'{USERS} users with a plan, each request with a signed token; hourly limits, log, metrics and the record of what was shown are '
                'on.\n')
    report.table(('What', 'requests/s', 'server µs/request', 'PostgreSQL µs/request', 'p99 ms'), rows)
    report.line('### At 70 % of those rates, latency counted from when each request was due\n')
    report.table(('What', 'requests/s', 'median ms', 'p99 ms', 'slowest ms', 'errors'), steady_rows)


def steady(base, url, rate, seconds, path=None):
    """An open loop, bench/steady.c."""
    command = [ROOT / 'build/bench/steady', base.rsplit(':', 1)[1], f'{rate:.0f}', str(seconds), '64', url.removeprefix(base),
               *([str(path)] if path else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f'steady: {done.stderr}')
    return json.loads(done.stdout)


# --- Beside other work ---

SLOW_USERS = 4
MODEST_RATE = 1000  # beside fifty sign-ins a second, whose hashing takes most of a core
# Four users whose own row takes 20 ms to read, and nobody's processor time: a policy that sleeps.
SLOW_SQL = """CREATE POLICY bench_slow ON users AS RESTRICTIVE FOR SELECT TO gridiron_app
    USING (id NOT IN ({users}) OR pg_sleep(0.02) IS NOT NULL)"""


def psql(bench, text):
    done = subprocess.run(['psql', '-qAt', bench.owner, '-c', text], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@contextlib.contextmanager
def slow_queries(bench, base):
    """Four that are under way all the time."""
    path = bench.folder / 'slow'
    minter = tokens.Minter(bench.folder / 'keys.json')
    path.write_text(''.join(minter.token(user) + '\n' for user in bench.slow))
    process = subprocess.Popen(['wrk', '-t1', f'-c{SLOW_USERS}', '-d60s', '-s', SCRIPT, f'{base}/v1/me', '--', path],
                               stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def sign_ins(base, email, per_second=5):
    """Somebody signs in, each time from another address."""
    ended, statuses = threading.Event(), []

    def sign_in(number):
        body = json.dumps({'email': email, 'password': PASSWORD}).encode()
        request = urllib.request.Request(f'{base}/v1/auth/login', body, {'Content-Type': 'application/json',
                                                                         'X-Forwarded-For': f'198.51.100.{number % 250}'})
        with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=10) as answer:
            statuses.append(answer.status)

    def turn():
        number = 0
        while not ended.wait(1 / per_second):
            number += 1
            threading.Thread(target=sign_in, args=(number,)).start()

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield statuses
    finally:
        ended.set()
        thread.join()


def give_password(bench, base):
    """One of the users gets a password, hashed as the server hashes it: his address."""
    email = f'{bench.users[0]}@example.org'
    body = json.dumps({'email': 'other@example.org', 'password': PASSWORD}).encode()
    urllib.request.urlopen(urllib.request.Request(f'{base}/v1/auth/register', body, {'Content-Type': 'application/json'}), timeout=10).close()
    for _ in range(100):
        if psql(bench, 'SELECT count(password_hash) FROM email_verifications') == '1':
            break
        time.sleep(0.05)
    psql(bench, f"UPDATE users SET password_hash = (SELECT password_hash FROM email_verifications) WHERE email = '{email}'")
    return email


def beside_sign_ins(bench, base, target, path, rate, email, per_second):
    """(alone, beside them): the p99, in ms, of requests at a constant rate."""
    seconds, alone, beside = bench.options.seconds, [], []
    for _ in range(bench.options.rounds):
        alone.append(steady(base, target['url'], rate, seconds, path)['p99_ms'])
        with sign_ins(base, email, per_second) as signed_in:
            beside.append(steady(base, target['url'], rate, seconds, path)['p99_ms'])
        if len(signed_in) < 0.4 * per_second * seconds or set(signed_in) != {200}:
            raise RuntimeError(f'sign-ins: {signed_in}')
    return statistics.median(alone), statistics.median(beside)


def beside_others(bench, report, game):
    """One row, alone, beside four queries of 20 ms, and beside five and fifty sign-ins a second; in turn."""
    bench.slow = [uuid.uuid4() for _ in range(SLOW_USERS)]
    psql(bench, tokens.users_sql(bench.slow, False))
    psql(bench, SLOW_SQL.format(users=','.join(f"'{user}'" for user in bench.slow)))
    path, seconds = mint(bench), bench.options.seconds
    base, process = bench.serve_gridiron(bench.postgres, is_open=False, proxies='127.0.0.1')
    target = signed({'url': f'{base}/v1/games/{game}', 'pid': process.pid}, path)
    email = give_password(bench, base)
    load.wrk(target['url'], 2, script=SCRIPT, arguments=(path,))
    rates = {'alone': [], 'slow': []}
    for _ in range(bench.options.rounds):
        rates['alone'].append(load.measure(target, seconds, bench.database_pid)['rate'])
        with slow_queries(bench, base):
            rates['slow'].append(load.measure(target, seconds, bench.database_pid)['rate'])
    rate = statistics.median(rates['alone']) * 0.7
    quiet, beside = beside_sign_ins(bench, base, target, path, rate, email, 5)
    quiet_50, beside_50 = beside_sign_ins(bench, base, target, path, MODEST_RATE, email, 50)
    bench.stop_all()
    alone, slow = (statistics.median(rates[name]) for name in ('alone', 'slow'))
    report.note(**{'beside slow queries': slow / alone * 100, 'beside sign-ins': beside / quiet, 'beside fifty sign-ins': beside_50 - quiet_50})
    report.line('### One row from PostgreSQL beside other work\n')
    report.table(('Beside', 'alone', 'beside it', 'change'), (
        ('four queries of 20 ms all the time: requests/s', f'{alone:,.0f}', f'{slow:,.0f}', f'{slow / alone:.0%}'),
        (f'five sign-ins a second, {rate:,.0f} requests/s: p99 ms', f'{quiet:.2f}', f'{beside:.2f}', f'{beside / quiet:.1f} ×'),
        (f'fifty sign-ins a second, {MODEST_RATE:,} requests/s: p99 ms', f'{quiet_50:.2f}', f'{beside_50:.2f}', f'{beside_50 - quiet_50:+.2f} ms')))
