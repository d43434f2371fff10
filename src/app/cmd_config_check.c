#include "app/command.h"
#include "app/data_folder.h"
#include "app/games_import.h"
#include "app/key_file.h"
#include "app/places.h"
#include "app/serve_settings.h"
#include "codec/geo.h"
#include "db/db.h"

static const struct table_column columns[] = {
	{ "setting", "SETTING" },
	{ "value", "VALUE" },
	{ "origin", "FROM" },
};

/* Whether the file of places will do; where there is none, what that means. */
static struct err *
places_check(struct invocation *run)
{
	struct geo *geo;

	TRY(places_open(run, &geo));
	if (geo)
		geo_close(geo);
	else
		fprintf(run->console.err,
			"geo.database is not set: sessions are listed without their "
			"place\n");
	return NULL;
}

/* What a server would not start with, in the order in which it would find it. */
static struct err *
start_check(struct invocation *run)
{
	struct serve_settings *serving;

	TRY_NEW(run->arena, serving, 1);
	TRY(serve_settings_read(run, serving));
	TRY(places_check(run));
	TRY(data_folder_check(run));
	TRY(key_file_check(run));
	TRY_CTX(db_check_url(&run->ctx, run->config.database_url),
		STR_FMT " sets database.url",
		STR_ARG(run->config.origins[SETTING_database_url]));
	return games_check(run);
}

static void
say(void *arg, struct str remark)
{
	const struct invocation *run = arg;

	fprintf(run->console.err, STR_FMT "\n", STR_ARG(remark));
}

static struct err *
run_config_check(struct invocation *run)
{
	struct table table;

	TRY(start_check(run));
	serve_settings_remarks(run, say, run);
	TABLE_INIT(&table, run->arena, columns);
	for (int i = 0; i < SETTING_COUNT; i++) {
		table_put_text(&table, str_from(settings[i].key));
		table_put_text(&table, config_shown(run->arena, &run->config, i));
		table_put_text(&table, run->config.origins[i]);
	}
	print_table(run, &table);
	return NULL;
}

const struct command cmd_config_check = {
	.name = "config check",
	.args = "",
	.summary = "print the settings in effect and where each comes from",
	.detail = "Passwords are shown as three stars. Fails where a setting is wrong, "
		  "or one with which the server would not start, and says\n"
		  "which. Makes no folder or file, and does not connect to the database.",
	.examples = "config check\n"
		    "config check --config /etc/gridiron.yaml --json",
	.needs = NEEDS_CONFIG,
	.run = run_config_check,
};
