#include "sqlgen/fault.h"

enum {
	TEXT_MAX = 1 << 20,
};

void
faults_init(struct faults *faults, struct arena *arena)
{
	*faults = (struct faults){ .arena = arena };
	buf_init(&faults->text, arena, TEXT_MAX);
}

void
fault_add(struct faults *faults, struct place at, const char *fmt, ...)
{
	va_list args;

	faults->count++;
	buf_fmt(&faults->text, STR_FMT ":%d: ", STR_ARG(at.file), at.line);
	va_start(args, fmt);
	buf_vfmt(&faults->text, fmt, args);
	va_end(args);
	buf_put_char(&faults->text, '\n');
}
