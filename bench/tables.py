"""What is measured, in which order, and the tables that come out."""
import datetime
import json
import os
import pathlib
import platform
import re
import resource
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

import load
import stack

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Report:
    def __init__(self, path):
        self.file = open(path, 'w', encoding='utf-8') if path else None

    def line(self, text=''):
        print(text, flush=True)
        if self.file:
            self.file.write(text + '\n')

    def table(self, heads, rows):
        self.line('| ' + ' | '.join(heads) + ' |')
        self.line('|' + '---|' * len(heads))
        for row in rows:
            self.line('| ' + ' | '.join(str(cell) for cell in row) + ' |')
        self.line()


PEERS = ('Fastify + postgres.js', 'Fastify + pg', 'FastAPI + SQLAlchemy')
HEADS = ('Who', 'requests/s', 'server µs/request', 'PostgreSQL µs/request', 'p99 ms', *(f'× {peer}' for peer in PEERS))


def rate_rows(results, question):
    """The last columns: how often the rate of each peer at QUESTION goes into this one's."""
    for name, got in results.items():
        yield (name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["database_us"]:.1f}', f'{got["p99_ms"]:.1f}',
               *(f'{got["rate"] / results[f"{peer}: {question}"]["rate"]:.1f}' for peer in PEERS))


def time_of(text):
    return datetime.datetime.fromisoformat(text).timestamp() if re.match(r'\d{4}-\d\d-\d\dT\d\d:', text) else None


def difference(one, other, where=''):
    """Where two answers differ, or None. Times may differ by what JavaScript cuts off, numbers past the fourth decimal, which is what
    Gridiron shows of them."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return f'{where}: {sorted(one)}, {sorted(other)}'
        found = (difference(one[key], other[key], f'{where}.{key}') for key in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        found = (difference(*pair, f'{where}[{index}]') for index, pair in enumerate(zip(one, other)))
    elif isinstance(one, float) and isinstance(other, float):
        return None if abs(one - other) < 0.0001 else f'{where}: {one}, {other}'
    elif isinstance(one, str) and isinstance(other, str) and time_of(one) and time_of(other):
        return None if abs(time_of(one) - time_of(other)) < 0.001 else f'{where}: {one}, {other}'
    else:
        return None if one == other else f'{where}: {one}, {other}'
    return next((each for each in found if each), None)


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise RuntimeError(f'{url}: {error}: {error.read()[:1000]}') from error


def check_answers(targets, report):
    """All servers must say the same; how many bytes each takes for it goes into the report."""
    for question in ('one row', 'week cold'):
        sizes, first = [], None
        for name, target in targets.items():
            if not name.endswith(question):
                continue
            text = get(target['url'])
            said = json.loads(text)
            first = first or said
            wrong = difference(said, first)
            if wrong:
                raise RuntimeError(f'{name}: another answer than the first at {wrong}')
            sizes.append(f'{name.split(":")[0]} {len(text):,}')
        rows = len(first['data']) if 'data' in first else 1
        report.line(f'{question.capitalize()}: {rows} row{"s"[:rows != 1]}, the same values from all; bytes: {", ".join(sizes)}.\n')


def compare_with_peers(bench, targets_of, report):
    """The same three questions to everybody over one PostgreSQL."""
    base, process = bench.serve_gridiron(bench.postgres)
    targets = targets_of(base, process, 'gridiron')
    for name, (peer, running) in zip(PEERS, (bench.serve_fastify('postgres'), bench.serve_fastify('pg'), bench.serve_fastapi())):
        targets |= targets_of(peer, running, name)
    check_answers(targets, report)
    for question in ('hello', 'one row', 'week cold'):
        chosen = {name: target for name, target in targets.items() if name.endswith(question)}
        week = chosen.get('gridiron: week cold')
        if week:
            warm = {**week}
            del warm['script']
            chosen['gridiron: week warm'] = warm
            chosen['gridiron: week warm, gzip'] = {**warm, 'headers': ('Accept-Encoding: gzip',)}
            chosen['gridiron: week, 304'] = {**warm, 'headers': (f'If-None-Match: {etag_of(warm["url"])}',)}
        report.line(f'### {question.capitalize()}, PostgreSQL, 64 connections\n')
        report.table(HEADS, rate_rows(bench.compare(chosen), question))
    bench.stop_all()


def sqlite(bench, targets_of, report):
    base, process = bench.serve_gridiron(bench.sqlite)
    targets = targets_of(base, process, 'gridiron')
    targets.pop('gridiron: hello')
    report.line('### SQLite in process, 64 connections\n')
    results = bench.compare(targets)
    report.table(HEADS[:3] + HEADS[4:5], ((name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["p99_ms"]:.1f}')
                                          for name, got in results.items()))
    bench.stop_all()


def etag_of(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.headers['ETag']


def rss_kib(pid):
    return int(re.search(r'VmRSS:\s+(\d+)', pathlib.Path(f'/proc/{pid}/status').read_text()).group(1))


def idle_connections(bench, report, count=10000):
    """Memory of the server before and with COUNT connections that have each had one answer."""
    base, process = bench.serve_gridiron(bench.sqlite)
    port = int(base.rsplit(':', 1)[1])
    before = rss_kib(process.pid)
    held = []
    for _ in range(count):
        connection = socket.create_connection(('127.0.0.1', port))
        connection.sendall(b'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n')
        connection.recv(4096)
        held.append(connection)
    after = rss_kib(process.pid)
    for connection in held:
        connection.close()
    bench.stop_all()
    report.line(f'Memory for {count:,} idle connections: {(after - before) / 1024:.1f} MiB more than with none '
                f'({before / 1024:.1f} MiB); {(after - before) * 1024 / count:.0f} bytes each.\n')


def start_up(bench, report):
    """From exec to the first answer, over a migrated database."""
    rows = []
    for name, url in (('SQLite', bench.sqlite), ('PostgreSQL', bench.postgres)):
        taken = []
        for _ in range(7):
            with socket.socket() as probe:
                probe.bind(('127.0.0.1', 0))
                port = probe.getsockname()[1]
            environment = {**os.environ, **bench.settings(url, 'start')}
            begun = time.monotonic()
            process = subprocess.Popen([ROOT / 'build/gridiron', 'serve', '--listen', f'127.0.0.1:{port}'], env=environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while True:
                try:
                    with socket.create_connection(('127.0.0.1', port), timeout=5) as connection:
                        connection.sendall(b'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
                        if connection.recv(64).startswith(b'HTTP/1.1 200'):
                            break
                except ConnectionRefusedError:
                    pass
                time.sleep(0.0005)
            taken.append((time.monotonic() - begun) * 1000)
            process.terminate()
            process.wait(20)
        taken.sort()
        rows.append((name, f'{taken[len(taken) // 2]:.0f}', f'{taken[-1]:.0f}'))
    report.line('### Start to first answer (/readyz)\n')
    report.table(('Database', 'median ms', 'slowest of 7, ms'), rows)


def commands(bench, report):
    """Whole commands: wall and processor time, medians of five."""
    def timed(name, command, url, before=None):
        wall, used = [], []
        for _ in range(5):
            if before:
                before()
            begun, begun_cpu = time.monotonic(), children_cpu()
            bench.gridiron(*command, url=url)
            wall.append(time.monotonic() - begun)
            used.append(children_cpu() - begun_cpu)
        return name, f'{statistics.median(wall):.2f}', f'{statistics.median(used):.2f}'

    def children_cpu():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def fresh():
        for path in bench.folder.glob('import.db*'):
            path.unlink()
        bench.gridiron('migrate', 'up', url=target)

    target = f'sqlite:{bench.folder}/import.db'
    games = bench.options.games
    report.line('### Commands\n')
    report.table(('Command', 's', 'CPU s'), (
        timed('import all games since 1999 into an empty SQLite file, fsync on', ['import', games], target, fresh),
        timed('import the same again (unchanged)', ['import', games], target),
        timed('import the same again, PostgreSQL', ['import', games], bench.postgres),
        timed('backtest --from 1999, with bootstrap intervals', ['backtest', '--from', '1999'], bench.sqlite),
        timed('fit: one pass over every parameter, seasons to 2015, two threads', ['fit', '--passes', '1'], bench.sqlite),
        timed(f'season {bench.season} played 100,000 times from week 1, two cores',
              ['season', '--season', str(bench.season), '--week', '1', '--dry-run'], bench.sqlite)))


def micro(report):
    """The programs that time one thing in a loop."""
    report.line('### Parts\n')
    for program in ('fiber_bench', 'pool_bench'):
        out = subprocess.run([str(ROOT / 'build/bench' / program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=True).stdout
        report.line('\n'.join('    ' + line for line in out.strip().splitlines()) + '\n')


def durable_writes(bench, report):
    """64 fibers that each write a row, wait until it is on the disk, and write the next."""
    out = subprocess.run([str(ROOT / 'build/bench/sqlite_bench'), bench.folder, '5'], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=True).stdout
    got = json.loads(out)
    names = {'writes_64_fibers_in_groups': '64 writers, committed in groups',
             'writes_64_fibers_one_fsync_each': '64 writers, one fsync each', 'writes_1_fiber': 'one writer'}
    alone = got['writes_64_fibers_one_fsync_each']['per_second']
    report.line('### Durable writes, SQLite, synchronous=FULL\n')
    report.table(('Who', 'writes/s', 'CPU µs/write', 'p99 ms', '× one fsync each'),
                 ((name, f'{got[key]["per_second"]:,}', f'{got[key]["cpu_us"]:.1f}', f'{got[key]["p99_ms"]:.1f}',
                   f'{got[key]["per_second"] / alone:.1f}') for key, name in names.items()))


def own_row(bench, report):
    peers = dict(zip(PEERS, (bench.serve_fastify('postgres'), bench.serve_fastify('pg'), bench.serve_fastapi())))
    stack.beside_peers(bench, peers, report, HEADS, rate_rows)


PARTS = ('peers', 'own', 'sqlite', 'stack', 'beside', 'idle', 'start', 'commands', 'writes', 'micro')


def report(bench, targets_of, options, asked):
    out = Report(options.out)
    model = re.search(r'model name\s*:\s*(.*)', pathlib.Path('/proc/cpuinfo').read_text())
    out.line(f'# Bench\n\n{os.cpu_count()} cores of {model.group(1) if model else platform.machine()}; medians of {options.rounds} runs of '
             f'{options.seconds} s, in turn; PostgreSQL and the load on the same machine; peers with two processes each.\n')
    print('preparing the databases ...', file=sys.stderr)
    bench.prepare()
    parts = {
        'peers': lambda: compare_with_peers(bench, targets_of, out), 'own': lambda: own_row(bench, out),
        'sqlite': lambda: sqlite(bench, targets_of, out), 'stack': lambda: stack.whole(bench, out, asked),
        'beside': lambda: stack.beside_others(bench, out, asked[2]), 'idle': lambda: idle_connections(bench, out),
        'start': lambda: start_up(bench, out), 'commands': lambda: commands(bench, out), 'writes': lambda: durable_writes(bench, out),
        'micro': lambda: micro(out),
    }
    for part in options.parts.split(','):
        parts[part]()
