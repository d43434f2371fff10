#include "app/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "sys/clock.h"

enum {
	BAR_WIDTH = 40,
	DRAW_INTERVAL_NS = 100000000,
};

void
progress_begin(struct progress *progress, const char *label, int64_t total)
{
	*progress = (struct progress){
		.label = label,
		.total = total,
		.is_on = isatty(STDERR_FILENO) == 1,
	};
}

void
progress_set(struct progress *progress, int64_t done)
{
	int64_t now_ns;
	int filled;

	if (!progress->is_on)
		return;
	now_ns = clock_monotonic_ns();
	if (progress->drawn_ns && now_ns - progress->drawn_ns < DRAW_INTERVAL_NS)
		return;
	progress->drawn_ns = now_ns;
	if (progress->total <= 0) {
		fprintf(stderr, "\r%s %lld\x1b[K", progress->label, (long long)done);
		return;
	}
	filled = (int)(done * BAR_WIDTH / progress->total);
	filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
	fprintf(stderr, "\r%s [", progress->label);
	for (int i = 0; i < BAR_WIDTH; i++)
		fputc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %lld %%\x1b[K", (long long)(done * 100 / progress->total));
}

void
progress_end(struct progress *progress)
{
	if (progress->is_on && progress->drawn_ns)
		fputs("\r\x1b[K", stderr);
}
