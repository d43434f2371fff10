"""What is measured, in which order, and the tables that come out."""
import json
import os
import pathlib
import platform
import re
import socket
import subprocess
import sys
import time
import urllib.request

import load

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


def rate_rows(results, base_name):
    base = results[base_name]['rate']
    for name, got in results.items():
        yield (name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["database_us"]:.1f}', f'{got["p99_ms"]:.1f}',
               '1' if name == base_name else f'{base / got["rate"]:.1f}')


HEADS = ('Who', 'requests/s', 'server µs/request', 'PostgreSQL µs/request', 'p99 ms', 'Gridiron is × as fast')


def compare_with_peers(bench, targets_of, report):
    """The same three questions to everybody over one PostgreSQL."""
    base, process = bench.serve_gridiron(bench.postgres)
    games = load_json(f'{base}/v1/games?season=2023&week=5')['data']
    game = games[0]['id']
    targets = targets_of(base, process, game, 'gridiron')
    for name, (peer, running) in {
            'Fastify + postgres.js': bench.serve_fastify('postgres'), 'Fastify + pg': bench.serve_fastify('pg'),
            'FastAPI + SQLAlchemy': bench.serve_fastapi()}.items():
        targets |= targets_of(peer, running, game, name)
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
        report.table(HEADS, rate_rows(bench.compare(chosen), f'gridiron: {question}'))
    bench.stop_all()


def sqlite(bench, targets_of, report):
    base, process = bench.serve_gridiron(bench.sqlite)
    game = load_json(f'{base}/v1/games?season=2023&week=5')['data'][0]['id']
    targets = targets_of(base, process, game, 'gridiron')
    targets.pop('gridiron: hello')
    report.line('### SQLite in process, 64 connections\n')
    results = bench.compare(targets)
    report.table(HEADS[:3] + HEADS[4:5], ((name, f'{got["rate"]:,.0f}', f'{got["server_us"]:.1f}', f'{got["p99_ms"]:.1f}')
                                          for name, got in results.items()))
    bench.stop_all()


def load_json(url):
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)


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
            environment = {**os.environ, 'DATABASE_URL': url, 'GRIDIRON_DATA': str(bench.folder / 'start'), 'ENVIRONMENT': 'production'}
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
    """Whole commands, wall time: median of five."""
    def median(command, url, before=None):
        taken = []
        for _ in range(5):
            if before:
                before()
            begun = time.monotonic()
            bench.gridiron(*command, url=url)
            taken.append(time.monotonic() - begun)
        return f'{sorted(taken)[2]:.2f}'

    def fresh():
        for path in bench.folder.glob('import.db*'):
            path.unlink()
        bench.gridiron('migrate', 'up', url=target)

    target = f'sqlite:{bench.folder}/import.db'
    rows = [('import 6,706 games into an empty SQLite file, fsync on', median(['import', bench.options.games], target, fresh)),
            ('import the same again (unchanged)', median(['import', bench.options.games], target)),
            ('import the same again, PostgreSQL', median(['import', bench.options.games], bench.postgres)),
            ('backtest 1999 to 2023: all tiers, with intervals', median(['backtest', '--from', '1999'], bench.sqlite))]
    report.line('### Commands\n')
    report.table(('Command', 'median s'), rows)


def micro(report):
    """The programs that time one thing in a loop."""
    report.line('### Parts\n')
    subprocess.run(['ninja', '-C', str(ROOT / 'build'), '--quiet', 'bench-programs'], check=True)
    for program in sorted((ROOT / 'build/bench').glob('*_bench')):
        out = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
        report.line(f'{program.name}:\n')
        report.line('\n'.join('    ' + line for line in out.strip().splitlines()) + '\n')


def report(bench, targets_of, options):
    out = Report(options.out)
    model = re.search(r'model name\s*:\s*(.*)', pathlib.Path('/proc/cpuinfo').read_text())
    out.line(f'# Bench\n\n{os.cpu_count()} cores of {model.group(1) if model else platform.machine()}; medians of {options.rounds} runs of '
             f'{options.seconds} s, in turn; PostgreSQL and the load on the same machine; peers with two processes each.\n')
    print('preparing the databases ...', file=sys.stderr)
    bench.prepare()
    compare_with_peers(bench, targets_of, out)
    sqlite(bench, targets_of, out)
    idle_connections(bench, out)
    start_up(bench, out)
    commands(bench, out)
    micro(out)
