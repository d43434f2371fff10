#include "sys/file.h"

#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/tap.h"

/* A folder of the test, gone with it. */
struct folder {
	struct arena arena;
	char path[64];
};

static bool
folder_open(struct folder *folder)
{
	arena_init(&folder->arena, 16 << 20);
	snprintf(folder->path, sizeof(folder->path), "/tmp/gridiron-file-test.XXXXXX");
	return mkdtemp(folder->path) != NULL;
}

static const char *
path_in(struct folder *folder, const char *name)
{
	return str_fmt(&folder->arena, "%s/%s%c", folder->path, name, '\0').ptr;
}

/* It must be empty but for the files named in tests. */
static bool
folder_close(struct folder *folder)
{
	static const char *const names[] = { "file", "lock", "a/b/c", "a/b", "a" };
	bool is_gone;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		(void)remove(path_in(folder, names[i]));
	is_gone = rmdir(folder->path) == 0;
	arena_release(&folder->arena);
	return is_gone;
}

TEST(what_is_written_is_read_and_replaced_whole)
{
	struct folder folder;
	struct stat status;
	struct str text;
	const char *path;

	OK(folder_open(&folder));
	path = path_in(&folder, "file");
	FAILS_WITH(file_read(&folder.arena, path, 100, &text), ERR_NOT_FOUND);
	OK_ERR(file_write(&folder.arena, path, STR("first\0text"), 0600));
	OK_ERR(file_read(&folder.arena, path, 10, &text));
	EQ_STR(text, STR("first\0text"));
	EQ_I64(text.ptr[text.len], 0);
	OK_ERR(file_write(&folder.arena, path, STR(""), 0644));
	OK_ERR(file_read(&folder.arena, path, 0, &text));
	EQ_STR(text, STR(""));
	OK(stat(path, &status) == 0);
	EQ_I64(status.st_mode & 0777, 0644);
	OK(folder_close(&folder));
}

TEST(a_file_larger_than_allowed_is_refused)
{
	struct folder folder;
	struct str text;
	const char *path;

	OK(folder_open(&folder));
	path = path_in(&folder, "file");
	OK_ERR(file_write(&folder.arena, path, STR("12345"), 0600));
	FAILS_WITH(file_read(&folder.arena, path, 4, &text), ERR_TOO_LARGE);
	OK_ERR(file_read(&folder.arena, path, 5, &text));
	EQ_I64(text.len, 5);
	OK(folder_close(&folder));
}

TEST(a_file_that_does_not_say_its_length_is_read_to_the_end)
{
	struct arena arena;
	struct str text;

	arena_init(&arena, 8 << 20);
	OK_ERR(file_read(&arena, "/proc/self/status", 1 << 20, &text));
	OK(str_starts_with(text, STR("Name:")) && text.len > 100);
	FAILS_WITH(file_read(&arena, "/dev/zero", 1 << 20, &text), ERR_TOO_LARGE);
	FAILS_WITH(file_read(&arena, "/", 100, &text), ERR_INTERNAL);
	arena_release(&arena);
}

TEST(a_write_that_fails_leaves_the_old_file_and_nothing_beside_it)
{
	struct folder folder;
	struct stat status;

	OK(folder_open(&folder));
	OK_ERR(file_make_directory(&folder.arena, path_in(&folder, "a/b"), 0700));
	/* A directory cannot be replaced by a file. */
	OK(file_write(&folder.arena, path_in(&folder, "a"), STR("x"), 0600) != NULL);
	FAILS_WITH(
		file_write(&folder.arena, path_in(&folder, "none/file"), STR("x"), 0600),
		ERR_NOT_FOUND);
	OK(stat(path_in(&folder, "a/b"), &status) == 0);
	OK(folder_close(&folder));
}

TEST(directories_are_made_with_those_above_them)
{
	struct folder folder;
	struct stat status;

	OK(folder_open(&folder));
	OK_ERR(file_make_directory(&folder.arena, path_in(&folder, "a/b/c"), 0700));
	OK_ERR(file_make_directory(&folder.arena, path_in(&folder, "a/b/c/"), 0700));
	OK(stat(path_in(&folder, "a/b/c"), &status) == 0 && S_ISDIR(status.st_mode));
	OK_ERR(file_write(&folder.arena, path_in(&folder, "file"), STR("x"), 0600));
	FAILS_WITH(file_make_directory(&folder.arena, path_in(&folder, "file"), 0700),
		ERR_CONFLICT);
	FAILS_WITH(file_make_directory(&folder.arena, path_in(&folder, "file/sub"), 0700),
		ERR_NOT_FOUND);
	OK(folder_close(&folder));
}

TEST(a_lock_is_held_by_one_and_names_its_holder)
{
	struct folder folder;
	const char *path;
	struct err *err;
	int lock, second;

	OK(folder_open(&folder));
	path = path_in(&folder, "lock");
	OK_ERR(file_lock(&folder.arena, path, &lock));
	err = file_lock(&folder.arena, path, &second);
	OK(err && err->code == ERR_CONFLICT);
	OK(str_find(err->message, str_fmt(&folder.arena, "process %d;", (int)getpid())) >
		0);
	/* One that has it and has not said so yet. */
	OK(truncate(path, 0) == 0);
	err = file_lock(&folder.arena, path, &second);
	OK(err && err->code == ERR_CONFLICT);
	OK_OR(str_find(err->message, STR("by another process;")) > 0, STR_FMT,
		STR_ARG(err->message));
	file_unlock(lock);
	OK_ERR(file_lock(&folder.arena, path, &second));
	file_unlock(second);
	OK(folder_close(&folder));
}

TEST(a_lock_ends_with_its_process)
{
	struct folder folder;
	const char *path;
	int ready[2], lock;
	char byte;
	pid_t child;

	OK(folder_open(&folder));
	path = path_in(&folder, "lock");
	OK(pipe(ready) == 0);
	child = fork();
	if (child == 0) {
		close(ready[0]);
		if (!file_lock(&folder.arena, path, &lock) &&
			write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	OK(read(ready[0], &byte, 1) == 1);
	FAILS_WITH(file_lock(&folder.arena, path, &lock), ERR_CONFLICT);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	OK_ERR(file_lock(&folder.arena, path, &lock));
	file_unlock(lock);
	close(ready[0]);
	OK(folder_close(&folder));
}

TEST(disk_space_is_told)
{
	struct arena arena;
	struct disk_space space;

	arena_init(&arena, 1 << 16);
	OK_ERR(file_disk_space(&arena, "/tmp", &space));
	OK(space.total_bytes > 0 && space.free_bytes >= 0 &&
		space.free_bytes <= space.total_bytes);
	FAILS_WITH(file_disk_space(&arena, "/no such place", &space), ERR_NOT_FOUND);
	arena_release(&arena);
}
