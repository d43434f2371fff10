/* A new, empty migration file. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/num.h"
#include "db/migrate.h"

enum {
	NUMBER_DIGITS = 4,
	NAME_MAX_BYTES = 60,
	NUMBER_MAX = 9999,
};

static const char template[] = "-- migration: \n"
			       "\n"
			       "-- up\n"
			       "\n"
			       "\n"
			       "-- down\n"
			       "\n";

static bool
is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

/* One more than the highest number in FOLDER. */
static struct err *
next_number(struct ctx *ctx, const char *folder, int32_t *ret)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	int32_t highest = 0, number;

	if (!dir)
		return err_new(ctx, ERR_INVALID,
			"cannot read the folder %s: %s; run this in the project's top "
			"folder",
			folder, strerror(errno));
	while ((entry = readdir(dir))) {
		struct str name = str_from(entry->d_name);

		if (num_parse_i32(
			    str_slice(name, 0, NUMBER_DIGITS), 1, NUMBER_MAX, &number) &&
			number > highest)
			highest = number;
	}
	closedir(dir);
	*ret = highest + 1;
	return NULL;
}

struct err *
migrate_new(struct ctx *ctx, struct str folder, struct str name, struct str *ret)
{
	const char *folder_path = str_cstr(ctx->arena, folder);
	const char *path;
	ssize_t written;
	int32_t number;
	int fd;

	if (!is_name(name))
		return err_new(ctx, ERR_INVALID,
			"'" STR_FMT "' is no name for a migration: use a-z, 0-9 and _, "
			"as add_user_locale",
			STR_ARG(name));
	if (!folder_path)
		return err_no_memory();
	TRY(next_number(ctx, folder_path, &number));
	path = str_cstr(ctx->arena,
		str_fmt(ctx->arena, "%s/%04d_" STR_FMT ".sql", folder_path, number,
			STR_ARG(name)));
	if (!path)
		return err_no_memory();
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_new(
			ctx, ERR_INVALID, "cannot make %s: %s", path, strerror(errno));
	written = write(fd, template, sizeof(template) - 1);
	if (close(fd) != 0 || written != (ssize_t)sizeof(template) - 1)
		return err_new(
			ctx, ERR_INTERNAL, "cannot write %s: %s", path, strerror(errno));
	*ret = str_from(path);
	return NULL;
}
