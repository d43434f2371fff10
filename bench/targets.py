"""The targets, and the table that says which of them a run met. Each figure is noted by the part that measures it, under the key that
stands here."""

MOST, LEAST = '≤', '≥'
# What, the keys of its figures, the limits, their unit.
TARGETS = (
    ('one row, PostgreSQL, whole stack: server + PostgreSQL', ('one row server', 'one row PostgreSQL'), MOST, (14, 15), 'µs'),
    ('… open, beside FastAPI + SQLAlchemy', ('one row × FastAPI + SQLAlchemy',), LEAST, (30,), '×'),
    ('… open, beside the same, plain', ('one row × FastAPI + SQLAlchemy, plain',), LEAST, (30,), '×'),
    ('… open, beside Fastify + postgres.js', ('one row × Fastify + postgres.js',), LEAST, (4,), '×'),
    ('one row under row security, whole stack', ('own row server', 'own row PostgreSQL'), MOST, (13, 18), 'µs'),
    ('a week cold, PostgreSQL, whole stack', ('week cold server', 'week cold PostgreSQL'), MOST, (34, 68), 'µs'),
    ('… open', ('week cold open server', 'week cold open PostgreSQL'), MOST, (34, 68), 'µs'),
    ('… open, beside FastAPI + SQLAlchemy', ('week cold × FastAPI + SQLAlchemy',), LEAST, (55,), '×'),
    ('… open, beside the same, plain', ('week cold × FastAPI + SQLAlchemy, plain',), LEAST, (55,), '×'),
    ('… open, beside Fastify + pg', ('week cold × Fastify + pg',), LEAST, (4,), '×'),
    ('a week warm, whole stack', ('week warm server',), MOST, (10.5,), 'µs'),
    ('… open: plain, gzip, 304', ('week warm open', 'week warm gzip open', 'week 304 open'), MOST, (10.5, 9, 9), 'µs'),
    ('… open, beside FastAPI + SQLAlchemy', ('week warm × FastAPI + SQLAlchemy',), LEAST, (250,), '×'),
    ('… open, beside the same, plain', ('week warm × FastAPI + SQLAlchemy, plain',), LEAST, (250,), '×'),
    ('SQLite, open: one row, a week cold', ('SQLite one row', 'SQLite week cold'), MOST, (15, 58), 'µs'),
    ('durable writes in groups, beside one fsync each', ('durable writes',), LEAST, (8,), '×'),
    ('… p99', ('durable writes p99',), MOST, (5,), 'ms'),
    ('p99 at 70 % of the rate, PostgreSQL: own row, one row, week warm', tuple(f'{each} p99, PostgreSQL' for each in ('own row', 'one row', 'week warm')),
     MOST, (5, 5, 5), 'ms'),
    ('… SQLite', tuple(f'{each} p99, SQLite' for each in ('own row', 'one row', 'week warm')), MOST, (5, 5, 5), 'ms'),
    ('rate kept beside four 20 ms queries', ('beside slow queries',), LEAST, (85,), '%'),
    ('p99 beside five sign-ins a second, of that alone', ('beside sign-ins',), MOST, (1.5,), '×'),
    ('p99 beside fifty sign-ins a second, more than alone', ('beside fifty sign-ins',), MOST, (5,), 'ms'),
    ('pool checkout: free, 10,000 waiting', ('checkout free', 'checkout waiting'), MOST, (50, 300), 'ns'),
    ('batch of 100,000 forecasts, of the speed of plain COPY', ('batch',), LEAST, (80,), '%'),
    ('memory for 10,000 idle connections', ('idle',), MOST, (20,), 'MiB'),
    ('start to first answer: SQLite, PostgreSQL', ('start SQLite', 'start PostgreSQL'), MOST, (20, 120), 'ms'),
    ('import of all games, fsync on', ('import',), MOST, (1,), 's'),
    ('walk through every season since 1999', ('walk',), MOST, (0.1,), 's'),
    ('100,000 seasons on two cores', ('seasons',), MOST, (1,), 's'),
)


def shown(numbers):
    return ', '.join(f'{number:,.3g}' if number < 1000 else f'{number:,.0f}' for number in numbers)


def rows(measured):
    """One a target: what, target, measured, whether it was met."""
    for what, keys, kind, limits, unit in TARGETS:
        got = [measured.get(key) for key in keys]
        if None in got:
            yield what, f'{kind} {shown(limits)} {unit}', '–', 'not measured'
            continue
        is_met = all(number <= limit if kind == MOST else number >= limit for number, limit in zip(got, limits))
        yield what, f'{kind} {shown(limits)} {unit}', f'{shown(got)} {unit}', 'met' if is_met else 'missed'
