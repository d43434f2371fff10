#include "app/command.h"
#include "app/serve.h"

static const struct table_column columns[] = {
	{ "setting", "SETTING" },
	{ "value", "VALUE" },
	{ "origin", "FROM" },
};

static struct err *
run_config_check(struct invocation *run)
{
	struct table table;
	struct str host;
	uint16_t port;

	TRY(serve_address_parse(&run->ctx, run->config.listen, &host, &port));
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
		  "and says which.",
	.examples = "config check\n"
		    "config check --config /etc/gridiron.yaml --json",
	.needs = NEEDS_CONFIG,
	.run = run_config_check,
};
