#include "app/progress.h"

#include <stdatomic.h>

#include "sys/clock.h"

enum {
	BAR_WIDTH = 40,
	DRAW_INTERVAL_MS = 100,
};

static void
draw(struct progress *progress)
{
	int64_t done = atomic_load(&progress->done),
		total = atomic_load(&progress->total);
	int64_t filled;

	progress->is_drawn = true;
	if (total <= 0) {
		fprintf(progress->file, "\r%s %lld\x1b[K", progress->label,
			(long long)done);
		fflush(progress->file);
		return;
	}
	filled = done * BAR_WIDTH / total;
	fprintf(progress->file, "\r%s [", progress->label);
	for (int i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '.', progress->file);
	fprintf(progress->file, "] %lld %%\x1b[K", (long long)(done * 100 / total));
	fflush(progress->file);
}

static void
draw_on(void *arg)
{
	struct progress *progress = arg;

	do {
		draw(progress);
	} while (
		fiber_sleep_until(clock_deadline_ms(DRAW_INTERVAL_MS)) == WAIT_TIMED_OUT);
	fiber_event_set(&progress->ended);
}

void
progress_begin(struct progress *progress, const struct console *console,
	const char *label, int64_t total)
{
	*progress = (struct progress){
		.label = label,
		.file = console->err,
		.total = total,
	};
	if (!console->is_terminal)
		return;
	fiber_event_init(&progress->ended);
	progress->drawer = fiber_spawn("progress", draw_on, progress);
}

void
progress_set(struct progress *progress, int64_t done)
{
	atomic_store(&progress->done, done);
}

void
progress_set_of(struct progress *progress, int64_t done, int64_t total)
{
	atomic_store(&progress->done, done);
	atomic_store(&progress->total, total);
}

void
progress_end(struct progress *progress)
{
	if (!progress->drawer)
		return;
	fiber_cancel(progress->drawer);
	fiber_event_join(&progress->ended);
	if (progress->is_drawn)
		fputs("\r\x1b[K", progress->file);
	fflush(progress->file);
}
