#include "app/command.h"
#include "ops/shred.h"

static struct err *
run_shred(struct invocation *run)
{
	TRY(shred(&run->ctx));
	fprintf(run->console.out,
		run->is_json
			? "{\"is_shredded\": true}\n"
			: "what was deleted is in no file of the database any more\n");
	return NULL;
}

const struct command cmd_shred = {
	.name = "shred",
	.args = "",
	.summary = "have what was deleted leave the files of the database too",
	.detail =
		"On PostgreSQL as a superuser, with wal_recycle off: writes every table "
		"anew, each locked meanwhile, its\n"
		"statistics and the write-ahead log. On SQLite that happens by itself, "
		"within seconds.",
	.examples = "shred",
	.needs = NEEDS_DATABASE,
	.run = run_shred,
};
