/* gridiron keys: the keyring's file, made, looked at and changed. */
#include <limits.h>

#include "app/command.h"
#include "app/data_folder.h"
#include "app/key_file.h"
#include "codec/json_write.h"
#include "crypto/keyring_file.h"

enum {
	/* By then every process has read the new key (they look four times a second). */
	START_SECONDS = 1,
	START_SECONDS_MAX = 86400,
};

static struct err *
path_get(struct invocation *run, const char **ret)
{
	struct str path;

	TRY(key_file_path(run, &path));
	*ret = str_cstr(run->arena, path);
	return *ret ? NULL : err_no_memory();
}

/* --- keys init */

static struct err *
print_path(struct invocation *run, const char *path)
{
	struct buf out;
	struct json json = json_begin(&out);

	buf_init(&out, run->arena, 2 * PATH_MAX);
	json_put_object(&json);
	json_put_key(&json, STR("path"));
	json_put_text(&json, str_from(path));
	json_put_object_end(&json);
	if (buf_is_cut(&out))
		return err_no_memory();
	fprintf(run->console.out, STR_FMT "\n", STR_ARG(buf_str(&out)));
	return NULL;
}

static struct err *
run_init(struct invocation *run)
{
	const char *path;

	TRY(path_get(run, &path));
	if (run->config.keys_file.len == 0)
		TRY(data_folder_make(run));
	TRY(key_file_init(run->arena, path, run->ctx.now));
	if (run->is_json)
		return print_path(run, path);
	fprintf(run->console.out,
		"keys made in %s\n"
		"Keep a copy where no copy of the database is: what they seal cannot be "
		"read without them.\n",
		path);
	return NULL;
}

const struct command cmd_keys_init = {
	.name = "keys init",
	.args = "",
	.summary = "make the file of secret keys",
	.detail = "One key for each use, by the kernel's random numbers, mode 0600. In "
		  "development and test the\n"
		  "server makes it by itself; in production it does not start without.",
	.examples = "keys init\n"
		    "keys init --keys-file /etc/gridiron/keys.json",
	.needs = NEEDS_CONFIG,
	.run = run_init,
};

/* --- keys rotate */

static struct err *
rotation_read(struct invocation *run, struct key_rotation *ret)
{
	struct str algorithm = flag_text(run, "algorithm");
	struct opt_i32 seconds = OPT(START_SECONDS);

	*ret = (struct key_rotation){ .now = run->ctx.now };
	if (!key_use_parse(run->args[0], &ret->use))
		return usage_err(run,
			"'" STR_FMT "' is no use of a key: jwt, seal, audit or token",
			STR_ARG(run->args[0]));
	ret->is_algorithm_chosen = !str_is_none(algorithm);
	if (ret->is_algorithm_chosen && !key_algorithm_parse(algorithm, &ret->algorithm))
		return usage_err(run,
			"--algorithm is '" STR_FMT "', but must be HS256 or EdDSA",
			STR_ARG(algorithm));
	TRY(flag_i32(run, "in", 0, START_SECONDS_MAX, &seconds));
	ret->starts_at = run->ctx.now + (int64_t)seconds.value * MICROSECONDS_PER_SECOND;
	return NULL;
}

static struct err *
check_rotate(struct invocation *run)
{
	struct key_rotation rotation;

	return rotation_read(run, &rotation);
}

static struct err *
run_rotate(struct invocation *run)
{
	struct key_rotation rotation;
	const char *path;
	struct key key;

	TRY(rotation_read(run, &rotation));
	TRY(path_get(run, &path));
	TRY(key_file_rotate(run->arena, path, &rotation, &key));
	fprintf(run->console.out,
		run->is_json ? "{\"use\": \"" STR_FMT
			       "\", \"id\": \"%s\", \"algorithm\": \"" STR_FMT
			       "\", \"starts_at\": \"" STR_FMT "\"}\n"
			     : "new " STR_FMT " key %s (" STR_FMT "), from " STR_FMT "\n",
		STR_ARG(key_use_name(key.use)), key.id_text,
		STR_ARG(key_algorithm_name(key.algorithm)),
		STR_ARG(key_time_text(run->arena, key.starts_at)));
	explicit_bzero(&key, sizeof(key));
	return NULL;
}

static const struct flag rotate_flags[] = {
	{ "algorithm", "HS256|EdDSA",
		"of a jwt key; without it that of the current one" },
	{ "in", "SECONDS",
		"when it starts; 1 without it. Longer where the file is copied to other "
		"machines first" },
	{ 0 },
};

const struct command cmd_keys_rotate = {
	.name = "keys rotate",
	.args = "jwt|seal|audit|token",
	.summary = "make a new key for one use",
	.detail =
		"Running servers take it up by themselves. What older keys made goes on "
		"being good: a jwt key\n"
		"for a day, a token key for 31 days, seal and audit keys until they are "
		"retired (gridiron keys\n"
		"reseal, gridiron keys retire). After a leak: rotate, then retire a jwt "
		"or "
		"token key at once, reseal\n"
		"what a seal key sealed, and keep an audit key: it proves what it "
		"signed.",
	.examples = "keys rotate jwt\n"
		    "keys rotate jwt --algorithm EdDSA\n"
		    "keys rotate seal --in 600 --json",
	.flags = rotate_flags,
	.args_min = 1,
	.args_max = 1,
	.needs = NEEDS_CONFIG,
	.check = check_rotate,
	.run = run_rotate,
};
