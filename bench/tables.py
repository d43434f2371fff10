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
import traceback
import urllib.error
import urllib.request

import load
import stack
import targets

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Report:
    def __init__(self, path):
        self.file = open(path, 'w', encoding='utf-8') if path else None
        self.measured = {}

    def note(self, **figures):
        """Figures that a target is set for, by the keys of targets.py."""
        unknown = figures.keys() - {key for target in targets.TARGETS for key in target[1]}
        if unknown:
            raise RuntimeError(f'no target for {sorted(unknown)}')
        self.measured |= figures

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


PEERS = POSTGRES_JS, PG, FASTAPI, PLAIN = 'Fastify + postgres.js', 'Fastify + pg', 'FastAPI + SQLAlchemy', 'FastAPI + SQLAlchemy, plain'
SIGNED_PEERS = PEERS[:3]  # those that know tokens
FIGURES = ('Who', 'requests/s', 'server µs/request', 'PostgreSQL µs/request', 'p99 ms')


def serve_peers(bench):
    return bench.serve_fastify('postgres'), bench.serve_fastify('pg'), bench.serve_fastapi('fastapi_app'), bench.serve_fastapi('fastapi_plain')


def heads(peers):
    return *FIGURES, *(f'× {peer}' for peer in peers)


def rate_rows(results, question, peers):
    """The last columns: how often the rate of each peer at QUESTION goes into this one's."""
    for name, got in results.items():
        yield (name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["database_us"]:.1f}', f'{got["p99_ms"]:.1f}',
               *(f'{got["rate"] / results[f"{peer}: {question}"]["rate"]:.1f}' for peer in peers))


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
    for name, (peer, running) in zip(PEERS, serve_peers(bench)):
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
        results = bench.compare(chosen)
        report.table(heads(PEERS), rate_rows(results, question, PEERS))
        note_peers(report, results, question)
    bench.stop_all()


def note_peers(report, results, question):
    def ratio(ours, peer):
        return results[f'gridiron: {ours}']['rate'] / results[f'{peer}: {question}']['rate']

    def server(ours):
        return results[f'gridiron: {ours}']['server_us']

    if question == 'one row':
        report.note(**{f'one row × {peer}': ratio('one row', peer) for peer in (FASTAPI, PLAIN, POSTGRES_JS)})
    elif question == 'week cold':
        report.note(**{f'week cold × {peer}': ratio('week cold', peer) for peer in (FASTAPI, PLAIN, PG)},
                    **{f'week warm × {peer}': ratio('week warm', peer) for peer in (FASTAPI, PLAIN)}, **{'week cold open server': server('week cold'),
                       'week cold open PostgreSQL': results['gridiron: week cold']['database_us'], 'week warm open': server('week warm'),
                       'week warm gzip open': server('week warm, gzip'), 'week 304 open': server('week, 304')})


def sqlite(bench, targets_of, report):
    base, process = bench.serve_gridiron(bench.sqlite)
    targets = targets_of(base, process, 'gridiron')
    targets.pop('gridiron: hello')
    report.line('### SQLite in process, 64 connections\n')
    results = bench.compare(targets)
    report.table(FIGURES[:3] + FIGURES[4:5], ((name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["p99_ms"]:.1f}')
                                          for name, got in results.items()))
    report.note(**{f'SQLite {each}': results[f'gridiron: {each}']['server_us'] for each in ('one row', 'week cold')})
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
    report.note(idle=(after - before) / 1024)


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
        rows.append((name, f'{taken[len(taken) // 2]:.1f}', f'{taken[-1]:.1f}'))
        report.note(**{f'start {name}': taken[len(taken) // 2]})
    report.line('### Start to first answer (/readyz)\n')
    report.table(('Database', 'median ms', 'slowest of 7, ms'), rows)


def commands(bench, report):
    """Whole commands: wall and processor time, medians of five; a fit, which takes its time, once."""
    def timed(name, command, url, before=None, key=None, rounds=5):
        wall, used = [], []
        for _ in range(rounds):
            if before:
                before()
            begun, begun_cpu = time.monotonic(), children_cpu()
            bench.gridiron(*command, url=url)
            wall.append(time.monotonic() - begun)
            used.append(children_cpu() - begun_cpu)
        if key:
            report.note(**{key: statistics.median(wall)})
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
        timed('import all games since 1999 into an empty SQLite file, fsync on', ['import', games], target, fresh, key='import'),
        timed('import the same again (unchanged)', ['import', games], target),
        timed('import the same again, PostgreSQL', ['import', games], bench.postgres),
        timed('backtest --from 1999, with bootstrap intervals', ['backtest', '--from', '1999'], bench.sqlite),
        timed('fit: one pass over every parameter, seasons to 2015, two threads', ['fit', '--passes', '1'], bench.sqlite, rounds=1),
        timed(f'season {bench.season} played 100,000 times from week 1, two cores',
              ['season', '--season', str(bench.season), '--week', '1', '--dry-run'], bench.sqlite, key='seasons')))


def micro(report, folder):
    """The programs that time one thing in a loop."""
    report.line('### Parts\n')
    for program in ('fiber_bench', 'pool_bench'):
        out = subprocess.run([str(ROOT / 'build/bench' / program)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             check=True).stdout
        report.line('\n'.join('    ' + line for line in out.strip().splitlines()) + '\n')
        if program == 'pool_bench':
            report.note(**{f'checkout {key}': float(re.search(rf'check-in, .*{key}.* ([\d.]+) ns', out)[1]) for key in ('free', 'waiting')})
    environment = {**os.environ, 'GRIDIRON_SHARED': str(folder)}
    out = subprocess.run([str(ROOT / 'build/bench/season_bench')], env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout
    report.line('\n'.join('    ' + line for line in out.strip().splitlines()) + '\n')
    report.note(walk=float(re.search(r'all seasons: walked in ([\d.]+) s', out)[1]))


def batch(report):
    """By a program of its own, which prints one line."""
    said = subprocess.run([ROOT / 'bench/batch', '--rounds', '3'], capture_output=True, text=True, check=True).stdout.strip()
    report.line(f'### Bulk, PostgreSQL\n\n{said}.\n')
    report.note(batch=float(re.search(r'(\d+)% of its speed', said)[1]))


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
    grouped = got['writes_64_fibers_in_groups']
    report.note(**{'durable writes': grouped['per_second'] / alone, 'durable writes p99': grouped['p99_ms']})


def own_row(bench, report):
    stack.beside_peers(bench, dict(zip(SIGNED_PEERS, serve_peers(bench))), report, heads(SIGNED_PEERS), rate_rows)


PARTS = ('peers', 'own', 'sqlite', 'stack', 'beside', 'idle', 'start', 'commands', 'batch', 'writes', 'micro')


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
        'micro': lambda: micro(out, bench.folder), 'batch': lambda: batch(out),
    }
    failed = [part for part in options.parts.split(',') if not is_done(part, parts[part], bench)]
    out.line('## Beside the targets\n')
    out.table(('What', 'Target', 'This run', ''), targets.rows(out.measured))
    if failed:
        raise SystemExit(f'bench: FAILED: {", ".join(failed)}; what went wrong is told above')


def is_done(name, part, bench):
    """Whether PART went through; if not, why is told, and the others go on."""
    try:
        begun = time.monotonic()
        part()
        print(f'{name}: {time.monotonic() - begun:.0f} s', file=sys.stderr)
        return True
    except Exception as error:  # pylint: disable=broad-except  # whatever it is, the others have run
        print(f'bench: part {name} FAILED: {error}\n{getattr(error, "stderr", None) or ""}', file=sys.stderr)
        traceback.print_exc()
        return False
    finally:
        bench.stop_all()
