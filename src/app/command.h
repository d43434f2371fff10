/*
 * A command of the program: what it is called, what it takes, what it does.
 *
 * One file a command, cmd_NAME.c, which defines `const struct command cmd_NAME`; one line
 * in commands.def, one in meson.build. Its help is made from the same struct.
 */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "app/config.h"
#include "app/console.h"
#include "app/table.h"
#include "base/ctx.h"
#include "base/opt.h"

enum {
	COMMAND_FLAGS_MAX = 16,
	COMMAND_ARGS_MAX = 64,
};

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What must be started before the command runs, each with all before it (wiring.c). */
enum command_needs {
	NEEDS_NOTHING,
	NEEDS_CONFIG,
	NEEDS_LOOP,     /* runs in a fiber: may wait, offload, fetch */
	NEEDS_DATABASE, /* ctx->db is open, with whatever rights the operator has */
	NEEDS_SERVED_DATABASE, /* and bound by row security, since others are served */
};

struct flag {
	const char *name;  /* without dashes */
	const char *value; /* what stands for its value in the help; NULL: takes none */
	const char *help;
};

struct invocation;
struct keyring;
struct remote_link;
struct serve_settings;

struct command {
	const char *name; /* one word, or two: "config check" */
	const char *args; /* as in the help: "FILE|URL"; "" where there are none */
	/* What the first of them may be, apart by "|", where ARGS does not say; may be
	 * NULL. */
	const char *arg_words;
	const char *summary;
	const char *detail;       /* more for its own help; may be NULL */
	const char *examples;     /* one a line, without the program's name */
	const struct flag *flags; /* ended by { 0 }; NULL: none but those of all */
	size_t args_min;
	size_t args_max;
	enum command_needs needs;
	bool uses_keys;     /* ctx.keys is open; always so where others are served */
	bool is_off_record; /* uses keys, and puts nothing on record: ctx.audit is NULL */
	/* With this flag it takes keys that are not the database's; may be NULL. */
	const char *foreign_keys_flag;
	bool migrates; /* bring the schema up to date before the database is opened */
	/* Whether flags and arguments make sense, before anything is started; may be
	 * NULL. */
	struct err *(*check)(struct invocation *run);
	struct err *(*run)(struct invocation *run);
};

/* One call of a command. */
struct invocation {
	const struct command *command;
	struct str group;    /* "migrate", where the word after it is missing */
	struct arena *arena; /* the same as ctx.arena */
	struct ctx ctx;
	struct keyring *keys; /* the same as ctx.keys */
	struct geo *geo;      /* the same as ctx.geo */
	struct config config;
	const struct config *served; /* of the server that carries this out; or NULL */
	struct console console;
	char **words; /* as they were typed, without the program */
	int word_count;
	struct remote_link *server; /* that has the SQLite file and will run this */
	bool has_said_it_waits;
	struct serve_settings *settings; /* of a command that serves */
	struct str args[COMMAND_ARGS_MAX];
	size_t arg_count;
	struct str flags[COMMAND_FLAGS_MAX]; /* as in command->flags; absent: not given */
	struct config_options config_options;
	bool is_json;        /* --json */
	bool wants_help;     /* --help */
	bool is_usage_wrong; /* exit with 2: set by usage_err */
	int exit_status;     /* of a run that ends well but must not exit with 0 */
};

/* A fault of whoever typed the command: INVALID, and exit status 2. */
struct err *
usage_err(struct invocation *run, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;

/* The flag NAME, which must be one of the command's: its value, or absent. A flag without
 * a value is the empty text. */
struct str flag_text(const struct invocation *run, const char *name);
bool flag_is_set(const struct invocation *run, const char *name);
/* As a whole number within [MIN, MAX]; unset where the flag is not given. */
struct err *flag_i32(struct invocation *run, const char *name, int32_t min, int32_t max,
	struct opt_i32 *ret) MUST_USE;

/* Print TABLE to the console: aligned text, or JSON under --json. One that is cut makes
 * the command fail. */
void print_table(struct invocation *run, const struct table *table);

/* All commands, ended by NULL, in the order of the help. */
extern const struct command *const commands[];

/* What a command does while a server has the SQLite file: the column of commands.def. */
enum beside {
	BESIDE_BY_SERVER, /* that server carries it out (remote.h) */
	BESIDE_ALONE,     /* it waits for the server's end */
	BESIDE_FREE,      /* it needs no database */
};
enum beside command_beside(const struct command *command);
/* A sentence for its help; NULL: there is nothing to say. */
const char *beside_text(enum beside beside);

/* Understand ARGV (without the program's name) into RET, whose arena is set: which
 * command, its flags and arguments. No command at all: ret->command is NULL. */
struct err *
command_line_parse(struct invocation *run, int count, char **arguments) MUST_USE;

/* Say on the console how RUN ended, where it failed with ERR. Returns the exit status. */
int command_end(const struct invocation *run, const struct err *err);

/* The help of RUN's command, or of its group of commands, or of the program. */
void help_print(FILE *file, const struct invocation *run);

/* A command may run in a server, for a client: what it says goes to run->console. */
/* Some of these are macros, in clang more. */
#undef printf
#undef puts
#undef putchar
#undef stdout
#undef stderr
#pragma GCC poison printf puts putchar stdout stderr

#endif
