"""A folder with a database and a server over it, for tests of commands beside the server."""
import http.client
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader('scenarios', str(HERE.parent / 'api' / 'run'))
scenarios = importlib.util.module_from_spec(importlib.util.spec_from_loader('scenarios', loader))
loader.exec_module(scenarios)

# As long as anything is waited for that must come: no claim, and only what hangs takes it.
PATIENCE_S = 120


class House:
    """A folder with a database, and perhaps a server over it."""

    def __init__(self, gridiron, folder):
        self.gridiron, self.folder = gridiron, folder
        (folder / 'here').mkdir(parents=True)
        self.database = folder / 'data' / 'gridiron.db'
        self.socket = folder / 'data' / 'gridiron.db.socket'
        self.log = folder / 'log'
        self.process = self.port = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith('GRIDIRON_')}
        self.environment.update(GRIDIRON_DATA='../data', GRIDIRON_JOBS='false', GRIDIRON_LISTEN='127.0.0.1:0')
        for name in ('DATABASE_URL', 'ENVIRONMENT', 'REDIS_URL', 'DB_ECHO'):
            self.environment.pop(name, None)
        self.run('migrate', 'up')

    def serve(self):
        (self.folder / 'elsewhere').mkdir(exist_ok=True)
        self.process = subprocess.Popen([self.gridiron, 'serve', '--quiet'], cwd=self.folder / 'elsewhere', env=self.environment,
                                        stdout=subprocess.PIPE, stderr=open(self.log, 'ab'), text=True)
        self.port = int(re.search(r':(\d+)/', self.process.stdout.readline()).group(1))
        self.threads = self.effort()[0]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_S)

    def start(self, *words, **more):
        more = {'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **more}
        return subprocess.Popen([self.gridiron, *words], cwd=self.folder / 'here', env=self.environment, **more)

    def run(self, *words, source=None, environment=None):
        done = subprocess.run([self.gridiron, *words], cwd=self.folder / 'here', env={**self.environment, **(environment or {})},
                              stdin=source or subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def logged(self, text):
        """Whether the server's log has TEXT, now or soon."""
        return until(lambda: text in self.log.read_text())

    def effort(self):
        """How many threads the server has, one of them for each command, and the processor time that it took."""
        words = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rpartition(')')[2].split()
        return int(words[17]), (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')

    def fit(self, beside=0, **more):
        """A client whose command takes long; the server is at it, BESIDE so many others."""
        until(lambda: self.effort()[0] <= self.threads + beside)
        worked = self.effort()[1]
        client = self.start('fit', '--passes', '30', '--threads', '1', '--through', '2100', **more)
        until(lambda: self.effort()[0] > self.threads + beside and self.effort()[1] > worked + 0.2)
        return client

    def get(self, path):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=PATIENCE_S)
        connection.request('GET', path)
        return connection.getresponse().status


def until(condition):
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.02)
    return False
