#include "app/wiring.h"

#include <assert.h>

#include "app/data_folder.h"
#include "app/key_file.h"
#include "app/key_match.h"
#include "app/lock_wait.h"
#include "app/places.h"
#include "app/remote.h"
#include "app/serve_settings.h"
#include "audit/chainer.h"
#include "base/log.h"
#include "codec/geo.h"
#include "crypto/keyring.h"
#include "db/db.h"
#include "db/migrate.h"
#include "ops/health.h"
#include "sys/clock.h"
#include "sys/fiber.h"

/* A command has its loop for itself and may hold it. */
#define LAG_WARNING_NS ((int64_t)3600 * 1000000000)

enum {
	/* Commands may call deeper than requests: the model, libraries. */
	COMMAND_STACK_BYTES = 512 * 1024,
};

/* A part of the program: started for commands that need it, stopped in reverse. */
struct part {
	const char *name;
	enum command_needs needs;
	struct err *(*start)(struct invocation *run);
	void (*stop)(struct invocation *run);
};

static struct err *
log_start(struct invocation *run)
{
	static const char *const levels[] = { [LOG_DEBUG] = "debug",
		[LOG_INFO] = "info",
		[LOG_WARNING] = "warning",
		[LOG_ERROR] = "error" };
	struct log_options options = { .fd = 2 };
	size_t level = 0;

	while (level < COUNT_OF(levels) &&
		!str_eq(run->config.log_level, str_from(levels[level])))
		level++;
	assert(level < COUNT_OF(levels));
	options.level = (enum log_level)level;
	if (str_eq(run->config.log_format, STR("json")))
		options.format = LOG_JSON;
	/* A command's own messages say what its user needs; the log is for servers. */
	if (run->command->needs < NEEDS_SERVED_DATABASE &&
		str_eq(run->config.origins[SETTING_log_level], STR("default")))
		options.level = LOG_ERROR;
	log_configure(options);
	return NULL;
}

static bool
needs_keys(const struct command *command)
{
	return command->uses_keys || command->needs >= NEEDS_SERVED_DATABASE;
}

static void
keys_stop(struct invocation *run)
{
	if (!run->keys)
		return;
	keyring_unwatch(run->keys);
	keyring_close(run->keys);
	run->keys = NULL;
	run->ctx.keys = NULL;
}

/* The secret keys, for commands that sign, seal or serve; a server reads them again when
 * they change. */
static struct err *
keys_start(struct invocation *run)
{
	struct keyring_options options;
	struct keyring *keys;
	struct err *err;

	if (!needs_keys(run->command))
		return NULL;
	TRY(password_settings(run));
	TRY(key_file_options(run, &options));
	TRY(keys_expect(run, &options));
	TRY(keyring_open(&run->ctx, &options, &keys));
	run->keys = keys;
	run->ctx.keys = keys;
	err = keys_match(run);
	if (!err && run->command->needs >= NEEDS_SERVED_DATABASE)
		err = keyring_watch(&run->ctx, keys, keys_accept, run);
	if (err)
		keys_stop(run);
	return err;
}

static struct migrate_options
migrate_options_of(struct invocation *run)
{
	return (struct migrate_options){
		.url = run->config.database_url, .wait = lock_wait, .wait_arg = run
	};
}

/* A schema that is not there, or older than this program, is told instead of what it made
 * fail. */
static struct err *
schema_check(struct invocation *run)
{
	struct migrate_options options = migrate_options_of(run);
	int32_t newest = 0;

	TRY(migrate_newest(&run->ctx, &options, &newest));
	if (newest == 0 && str_starts_with(options.url, STR("sqlite:")))
		return err_in(run->arena, ERR_CONFLICT,
			"there is no database of gridiron in " STR_FMT
			" yet: run gridiron migrate up, or go to the folder that has it",
			STR_ARG(str_slice(
				options.url, STR("sqlite:").len, options.url.len)));
	if ((size_t)newest < migrations_count)
		return err_in(run->arena, ERR_CONFLICT,
			"the database has schema %d, this program needs %zu: run "
			"gridiron migrate up",
			newest, migrations_count);
	return NULL;
}

static struct err *
schema_migrate(struct invocation *run)
{
	struct migrate_options options = migrate_options_of(run);

	TRY(data_folder_make_for_database(run));
	return migrate_up(&run->ctx, &options, 0, NULL);
}

void
database_stop(struct invocation *run)
{
	db_loop_close(run->ctx.db);
	db_close(run->ctx.db);
	run->ctx.db = NULL;
}

struct err *
database_open(struct invocation *run)
{
	const struct config *config = &run->config;

	return db_open(&run->ctx,
		&(struct db_options){
			.url = config->database_url,
			.pool_size = (int32_t)config->database_pool_size,
			.max_overflow = (int32_t)config->database_max_overflow,
			.pool_timeout_ms = config->database_pool_timeout_ms,
			.pool_recycle_ms = config->database_pool_recycle_ms,
			.is_production = config->environment == ENVIRONMENT_PRODUCTION,
			.is_echo = config->database_echo,
			.allows_any_role = run->command->needs < NEEDS_SERVED_DATABASE,
		},
		&run->ctx.db);
}

/* Where there is no file there is no schema, and opening it would make one: what else is
 * wrong is told first, and nothing made. */
static struct err *
file_expect(struct invocation *run)
{
	if (!data_folder_lacks_database(run))
		return NULL;
	TRY(data_folder_check(run));
	if (needs_keys(run->command)) {
		TRY(password_settings(run));
		TRY(key_file_check(run));
	}
	return schema_check(run);
}

static struct err *
database_start(struct invocation *run)
{
	if (run->command->migrates)
		TRY(schema_migrate(run));
	else
		TRY(file_expect(run));
	if (!database_open(run)) {
		/* One query, on a connection that is used afterwards. */
		if (!health_ready(&run->ctx))
			return NULL;
		database_stop(run);
	}
	/* This says more of what is wrong, and waits for who has the file; then once
	 * more. */
	TRY(schema_check(run));
	return database_open(run);
}

/* What keeps the audit chain, for whatever may put something on record. */
static struct err *
audit_begin(struct invocation *run)
{
	struct audit_options options = { .folder = run->config.data,
		.is_syslog = run->config.audit_syslog };
	struct audit *audit;

	if (!run->keys || run->command->is_off_record)
		return NULL;
	TRY(audit_open(&run->ctx, &options, &audit));
	run->ctx.audit = audit;
	return run->command->needs >= NEEDS_SERVED_DATABASE
		? audit_start(&run->ctx, audit)
		: NULL;
}

static void
audit_end(struct invocation *run)
{
	if (!run->ctx.audit)
		return;
	audit_close(&run->ctx, run->ctx.audit);
	run->ctx.audit = NULL;
}

static struct err *
places_start(struct invocation *run)
{
	TRY(places_open(run, &run->geo));
	run->ctx.geo = run->geo;
	if (run->geo)
		log_info(NULL, "places", LOG_STR("kind", geo_kind(run->geo)));
	return NULL;
}

static void
places_stop(struct invocation *run)
{
	if (!run->geo)
		return;
	run->ctx.geo = NULL;
	geo_close(run->geo);
}

static struct err *
settings_start(struct invocation *run)
{
	TRY_NEW(run->arena, run->settings, 1);
	return serve_settings_read(run, run->settings);
}

static const struct part parts[] = {
	{ "log", NEEDS_CONFIG, log_start, NULL },
	{ "server by its settings", NEEDS_SERVED_DATABASE, settings_start, NULL },
	{ "file of places", NEEDS_SERVED_DATABASE, places_start, places_stop },
	/* First: without a schema nothing is made. */
	{ "database", NEEDS_DATABASE, database_start, database_stop },
	{ "data folder", NEEDS_DATABASE, data_folder_make, NULL },
	{ "keyring", NEEDS_DATABASE, keys_start, keys_stop },
	{ "audit log", NEEDS_DATABASE, audit_begin, audit_end },
};

static struct err *
parts_run(struct invocation *run)
{
	struct err *err = NULL;
	size_t started = 0;

	while (!err && started < COUNT_OF(parts)) {
		if (parts[started].needs <= run->command->needs)
			err = err_note(parts[started].start(run), "starting the %s",
				parts[started].name);
		started += !err;
	}
	if (!err)
		err = run->command->run(run);
	while (started-- > 0) {
		if (parts[started].needs <= run->command->needs && parts[started].stop)
			parts[started].stop(run);
	}
	return err;
}

/* parts_run as a fiber's function. */
struct fiber_run {
	struct invocation *run;
	struct err *err;
};

static void
run_in_fiber(void *arg)
{
	struct fiber_run *fiber_run = arg;

	fiber_run->err = parts_run(fiber_run->run);
}

struct err *
wiring_run(struct invocation *run)
{
	struct fiber_run fiber_run = { .run = run };

	run->ctx = (struct ctx){
		.arena = run->arena,
		.now = clock_now_us(),
		.deadline = DEADLINE_NEVER,
		.actor = { .is_system = true },
		.route = run->command->name,
	};
	if (run->command->check)
		TRY(run->command->check(run));
	if (run->command->needs >= NEEDS_CONFIG)
		TRY(config_load(run->arena, &run->config_options, &run->config));
	if (command_beside(run->command) == BESIDE_BY_SERVER)
		TRY(remote_find(run, &run->server));
	if (run->server)
		return remote_run(run, run->server);
	if (run->command->needs < NEEDS_LOOP)
		return parts_run(run);
	TRY(loop_run_once(run->arena,
		(struct loop_options){ .stack_bytes = COMMAND_STACK_BYTES,
			.lag_warning_ns = LAG_WARNING_NS },
		run_in_fiber, &fiber_run));
	/* One came while we waited for the file. */
	return run->server ? remote_run(run, run->server) : fiber_run.err;
}
