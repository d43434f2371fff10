"""The plot of bench/growth: a panel an engine, a line a question, processor time a request over rows on a logarithmic scale."""
import math

WIDTH, HEIGHT, LEFT, TOP, GAP = 360, 260, 48, 44, 60
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #24292f } .grid { stroke: #d0d7de } .title { font-weight: 600 }
.forecast { stroke: #0969da; fill: #0969da } .week { stroke: #bc4c00; fill: #bc4c00 } .own { stroke: #1a7f37; fill: #1a7f37 }
polyline { fill: none !important; stroke-width: 2 } .label { stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #30363d } .forecast { stroke: #58a6ff; fill: #58a6ff }
.week { stroke: #f0883e; fill: #f0883e } .own { stroke: #3fb950; fill: #3fb950 } }
</style>"""


def rounded_up(value):
    step = 10 ** math.floor(math.log10(value))
    return math.ceil(value / step) * step


def panel(engine, rows, questions, left, most):
    sizes = sorted({row[1] for row in rows})
    low, high = math.log10(sizes[0]), max(math.log10(sizes[-1]), math.log10(sizes[0]) + 1)

    def at(size, cost):
        return left + (math.log10(size) - low) / (high - low) * WIDTH, TOP + HEIGHT * (1 - cost / most)

    yield f'<text class="title" x="{left}" y="{TOP - 22}">{engine}</text>'
    for part in range(5):
        cost = most * part / 4
        y = at(sizes[0], cost)[1]
        yield f'<line class="grid" x1="{left}" x2="{left + WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{cost:g}</text>'
    for size in sizes:
        x = at(size, 0)[0]
        yield f'<text x="{x:.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">10<tspan dy="-5" font-size="9">{round(math.log10(size))}</tspan></text>'
    for question in questions:
        points = [at(row[1], row[3] + row[4]) for row in rows if row[2] == question]
        yield f'<polyline class="{question}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
        for x, y in points:
            yield f'<circle class="{question}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'


def drawn(rows, questions):
    engines = list(dict.fromkeys(row[0] for row in rows))
    most = rounded_up(max(row[3] + row[4] for row in rows))
    width = LEFT + len(engines) * (WIDTH + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HEIGHT + 66}" role="img">',
             '<title>Processor time a request while users and forecasts grow</title>', STYLE,
             f'<text x="8" y="{TOP - 4}">µs</text>']
    names = {'postgresql': 'PostgreSQL: server and database', 'sqlite': 'SQLite: in the server'}
    for number, engine in enumerate(engines):
        parts += panel(names[engine], [row for row in rows if row[0] == engine], questions, LEFT + number * (WIDTH + GAP), most)
    x = LEFT
    for question, label in questions.items():
        parts.append(f'<circle class="{question}" cx="{x + 4}" cy="{TOP + HEIGHT + 44}" r="4"/>'
                     f'<text x="{x + 14}" y="{TOP + HEIGHT + 48}">{label}</text>')
        x += 30 + 7 * len(label)
    return '\n'.join(parts + ['</svg>', ''])
