"""Load with wrk, and what it cost: requests per second, latency, processor time per request of each process tree."""
import os
import pathlib
import re
import statistics
import subprocess

TICKS = os.sysconf('SC_CLK_TCK')


def children(pid):
    found = [pid]
    for task in pathlib.Path(f'/proc/{pid}/task').glob('*/children'):
        try:
            for child in task.read_text().split():
                found += children(int(child))
        except FileNotFoundError:
            pass
    return found


def cpu_seconds(pid):
    """Processor time of PID and all below it, those that ended included."""
    total = 0
    for each in children(pid):
        try:
            fields = pathlib.Path(f'/proc/{each}/stat').read_text().rsplit(')', 1)[1].split()
            total += sum(map(int, fields[11:15]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICKS


def milliseconds(text):
    number, unit = re.match(r'([\d.]+)(us|ms|s)', text).groups()
    return float(number) * {'us': 0.001, 'ms': 1, 's': 1000}[unit]


def wrk(url, seconds, connections=64, headers=(), script=None, arguments=()):
    command = ['wrk', '-t1', f'-c{connections}', f'-d{seconds}s', '--latency']
    for header in headers:
        command += ['-H', header]
    if script:
        command += ['-s', str(script)]
    out = subprocess.run(command + [url, *(['--', *map(str, arguments)] if arguments else [])], capture_output=True, text=True, check=True).stdout
    bad = re.search(r'Non-2xx or 3xx responses: (\d+)', out)
    if bad:
        raise RuntimeError(f'{url}: {bad.group(1)} answers were errors')
    return {
        'count': int(re.search(r'(\d+) requests in', out).group(1)),
        'rate': float(re.search(r'Requests/sec:\s+([\d.]+)', out).group(1)),
        'p99_ms': milliseconds(re.search(r'^\s+99%\s+(\S+)', out, re.MULTILINE).group(1)),
    }


def measure(target, seconds, database_pid):
    """One run against TARGET: a dict with url, pid, and perhaps headers and script."""
    server, database = cpu_seconds(target['pid']), cpu_seconds(database_pid)
    result = wrk(target['url'], seconds, headers=target.get('headers', ()), script=target.get('script'),
                 arguments=target.get('arguments', ()))
    result['server_us'] = (cpu_seconds(target['pid']) - server) / result['count'] * 1e6
    result['database_us'] = (cpu_seconds(database_pid) - database) / result['count'] * 1e6
    return result


def medians(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}
