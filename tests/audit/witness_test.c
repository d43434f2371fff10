/* The files in which processes remember what they have committed. */
#include "audit/witness.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include "sys/file.h"
#include "tests/audit/log.h"

/* What is in all of them. */
struct seen {
	size_t files;
	size_t lines;
	size_t damaged;
};

static struct err *
files_see(struct ctx *ctx, struct str folder, struct seen *ret)
{
	struct witness_paths paths;
	struct seen seen = { .files = 0 };

	TRY(witness_paths_list(ctx->arena, folder, &paths));
	seen.files = paths.count;
	for (size_t i = 0; i < paths.count; i++) {
		struct witness_page page;
		struct witness_file file;
		struct err *err;

		TRY(witness_file_open(ctx->arena, paths.items[i], &file));
		err = witness_page_read(ctx, &file, &page);
		witness_file_close(&file);
		TRY(err);
		for (size_t n = 0; n < page.count; n++) {
			seen.lines += page.items[n].is_line;
			seen.damaged += page.items[n].is_damaged;
		}
	}
	*ret = seen;
	return NULL;
}

static void
expect_files(struct ctx *ctx, struct str folder, struct seen wanted)
{
	struct seen seen = { .files = 99 };

	OK_ERR(files_see(ctx, folder, &seen));
	EQ_I64(seen.files, wanted.files);
	EQ_I64(seen.lines, wanted.lines);
	EQ_I64(seen.damaged, wanted.damaged);
}

/* No file grows beyond BYTES; 0: as it was. */
static void
disk_set(rlim_t bytes)
{
	static struct rlimit old;
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	if (bytes)
		OK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	limit = old;
	if (bytes)
		limit.rlim_cur = bytes;
	OK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

/* The process ends without a word. */
static void
log_die(struct ctx *ctx)
{
	witness_close(audit_witness(ctx->audit), false);
	ctx->audit = NULL;
}

BOTH_ENGINES(a_witness_is_whole_or_as_it_was)
{
	struct str folder = folder_make(ctx);
	struct audit_round round;
	const char *leftover;
	struct err *err;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 5));
	/* Room for a line of the anchor. */
	disk_set(300);
	err = audit_anchor(ctx, ctx->audit);
	disk_set(0);
	/* But none for what SQLite remembers of it. */
	OK(!err == (db_dialect(ctx->db) == DIALECT_POSTGRES));
	expect_files(ctx, folder, (struct seen){ 1, 6, 0 });
	/* With room again it keeps what is waited for, and lines go on behind it. */
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(log_entries(ctx, 2));
	OK_ERR(audit_anchor(ctx, ctx->audit));
	OK_ERR(log_entries(ctx, 1));
	expect_files(ctx, folder, (struct seen){ 1, 3, 0 });
	log_close(ctx);
	expect_files(ctx, folder, (struct seen){ 0, 0, 0 });
	/* One that died while it wrote the next file left half of it. */
	leftover = str_cstr(ctx->arena,
		str_fmt(ctx->arena, STR_FMT "/" WITNESS_ASIDE_PREFIX "x",
			STR_ARG(folder)));
	OK_ERR(file_write(ctx->arena, leftover, STR("0190"), 0600));
	OK_ERR(log_open(ctx, folder));
	OK(access(leftover, F_OK) != 0);
	log_close(ctx);
	folder_remove(folder);
}

/* --- Processes that died */

BOTH_ENGINES(a_dead_process_is_remembered_by_the_next)
{
	struct str folder = folder_make(ctx);
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 4));
	/* It ends without a word: its file stays, unlocked. */
	log_die(ctx);
	OK_ERR(owner_remove_newest_waiting(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.chained, 4);
	EQ_I64(owner_count_tampered(ctx), 1);
	log_close(ctx);
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* More than there is room for in memory, and of those that found none one is taken away. */
BOTH_ENGINES(what_finds_no_room_in_memory_is_missed_too)
{
	struct str folder = folder_make(ctx);
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	audit_set_patience(ctx->audit, 0);
	witness_set_room(audit_witness(ctx->audit), 2);
	OK_ERR(log_entries(ctx, 6));
	EQ_I64(witness_count(audit_witness(ctx->audit)), 2);
	OK_ERR(owner_remove_newest_waiting(ctx));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.chained, 5);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.lost, 1);
	EQ_I64(owner_count_tampered(ctx), 1);
	/* None is looked for twice, and the file forgets them too. */
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.lost, 0);
	OK_ERR(audit_anchor(ctx, ctx->audit));
	expect_files(ctx, folder, (struct seen){ 1, 0, 0 });
	/* Whoever closes looks as well; whoever dies leaves all of them to the next. */
	OK_ERR(log_entries(ctx, 5));
	OK_ERR(owner_remove_newest_waiting(ctx));
	log_die(ctx);
	OK_ERR(log_open(ctx, folder));
	witness_set_room(audit_witness(ctx->audit), 2);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.lost, 1);
	EQ_I64(owner_count_tampered(ctx), 2);
	/* Until the anchor vouches for it: what was left; those that waited, and what tells of
	 * the one that did not. */
	expect_files(ctx, folder, (struct seen){ 2, 10, 0 });
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(audit_anchor(ctx, ctx->audit));
	expect_files(ctx, folder, (struct seen){ 1, 0, 0 });
	log_close(ctx);
	expect_files(ctx, folder, (struct seen){ 0, 0, 0 });
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* While entries can be written and not chained: each is looked for in its turn. */
BOTH_ENGINES(those_that_wait_for_long_do_not_hide_one_that_has_gone)
{
	struct str folder = folder_make(ctx);
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	audit_set_patience(ctx->audit, 0);
	OK_ERR(owner_run(ctx, "%s",
		is_sqlite ? "CREATE TRIGGER closed BEFORE INSERT ON audit_logs BEGIN "
			    "SELECT RAISE(ABORT, 'closed'); END"
			  : "ALTER TABLE audit_logs ADD CONSTRAINT closed CHECK (FALSE) "
			    "NOT VALID"));
	OK_ERR(log_entries(ctx, 70));
	OK_ERR(owner_remove_newest_waiting(ctx));
	for (int i = 0; i < 2; i++)
		OK(audit_round(ctx, ctx->audit, &round) != NULL);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_pending WHERE action = "
		       "'audit.tampered'"),
		1);
	OK_ERR(owner_run(ctx, "%s",
		is_sqlite ? "DROP TRIGGER closed"
			  : "ALTER TABLE audit_logs DROP CONSTRAINT closed"));
	log_close(ctx);
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* A file that was left is read in the memory of a page: this one begins with 70 MB of
 * nothing, of which the machine's death left as much. */
BOTH_ENGINES(a_file_that_was_left_may_be_of_any_size)
{
	struct str folder = folder_make(ctx);
	struct audit_round round = { .lost = 0 };
	int64_t lost = 0;
	const char *path;
	char line[WITNESS_LINE_LEN];
	struct buf text;
	int fd;

	OK_ERR(log_users(ctx));
	buf_init_fixed(&text, line, sizeof(line));
	witness_line_format(&text, &(struct witness_line){ .id = log_user(7).uuid });
	path = str_cstr(ctx->arena,
		str_fmt(ctx->arena, STR_FMT "/" WITNESS_PREFIX "x", STR_ARG(folder)));
	OK_ERR(file_write(ctx->arena, path, STR(""), 0600));
	OK(truncate(path, 70 << 20) == 0);
	fd = open(path, O_WRONLY | O_APPEND);
	for (int i = 0; i < 2; i++)
		OK(write(fd, text.ptr, text.len) == (ssize_t)text.len);
	close(fd);
	OK(str_find(log_fault(ctx, folder), STR("has gone")) > 0);
	OK_ERR(log_open(ctx, folder));
	/* A second of it each time. */
	for (int i = 0; i < 100 && lost < 2; i++, lost += round.lost)
		OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(lost, 2);
	OK(access(path, F_OK) == 0);
	OK_ERR(audit_anchor(ctx, ctx->audit));
	OK(access(path, F_OK) != 0);
	log_close(ctx);
	folder_remove(folder);
}

/* The anchor does not vouch for what was seen last: the file stays. */
BOTH_ENGINES(a_witness_goes_only_where_the_anchor_vouches)
{
	struct str folder = folder_make(ctx);
	const char *anchor = str_cstr(ctx->arena,
		str_fmt(ctx->arena, STR_FMT "/audit.anchor", STR_ARG(folder)));

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 3));
	OK(mkdir(anchor, 0700) == 0);
	log_close(ctx);
	expect_files(ctx, folder, (struct seen){ 1, 3, 0 });
	OK(rmdir(anchor) == 0);
	OK_ERR(log_open(ctx, folder));
	log_close(ctx);
	expect_files(ctx, folder, (struct seen){ 0, 0, 0 });
	OK(access(anchor, F_OK) == 0);
	SOUND(ctx, folder);
	folder_remove(folder);
}

/* --- Files alone */

struct alone {
	struct arena arena;
	struct ctx ctx;
	struct str folder;
	struct witness *witness;
};

static void
alone_begin(struct alone *alone)
{
	*alone = (struct alone){ .arena = { .cap_bytes = 16 << 20 } };
	alone->ctx = (struct ctx){ .arena = &alone->arena, .deadline = DEADLINE_NEVER };
	alone->folder = folder_make(&alone->ctx);
	OK_ERR(witness_open(&alone->ctx, alone->folder, &alone->witness));
}

static void
alone_end(struct alone *alone)
{
	witness_close(alone->witness, false);
	folder_remove(alone->folder);
	arena_release(&alone->arena);
}

static void
adopt(struct alone *alone, int n)
{
	witness_adopt(alone->witness, &(struct witness_line){ .id = log_user(n).uuid });
}

TEST(a_line_that_finds_no_room_on_the_disk_spoils_no_other)
{
	struct alone alone;

	alone_begin(&alone);
	witness_set_room(alone.witness, 1);
	adopt(&alone, 1);
	disk_set(WITNESS_LINE_LEN + 50);
	adopt(&alone, 2);
	disk_set(0);
	adopt(&alone, 3);
	expect_files(&alone.ctx, alone.folder, (struct seen){ 1, 2, 0 });
	/* What the file lacks is in memory, in spite of the room, until it is made anew. */
	EQ_I64(witness_count(alone.witness), 2);
	witness_set_room(alone.witness, 3);
	OK(witness_recover(
		alone.witness, &(struct witness_line){ .id = log_user(3).uuid }));
	EQ_I64(witness_count(alone.witness), 3);
	witness_overflow_pass(
		alone.witness, &(struct witness_file){ .begin = 2 * WITNESS_LINE_LEN });
	witness_anchored(&alone.ctx, alone.witness);
	expect_files(&alone.ctx, alone.folder, (struct seen){ 1, 3, 0 });
	alone_end(&alone);
}

/* By somebody, in the middle of a line, after its end was looked for. */
TEST(a_file_that_is_cut_while_it_is_read_comes_to_its_end)
{
	enum { PAGES_MAX = 5 };
	struct witness_file file;
	struct witness_page page;
	struct err *err = NULL;
	int lines = 0, damaged = 0;
	struct alone alone;
	struct buf text;
	const char *path;

	alone_begin(&alone);
	buf_init(&text, &alone.arena, 2 * WITNESS_LINE_LEN);
	witness_line_format(&text, &(struct witness_line){ .id = log_user(7).uuid });
	buf_put(&text, STR("0190c1d2-"));
	path = str_cstr(&alone.arena,
		str_fmt(&alone.arena, STR_FMT "/" WITNESS_PREFIX "x",
			STR_ARG(alone.folder)));
	OK_ERR(file_write(&alone.arena, path, buf_str(&text), 0600));
	OK_ERR(witness_file_open(&alone.arena, path, &file));
	file.end += WITNESS_LINE_LEN;
	for (int i = 0; i < PAGES_MAX && !err; i++) {
		err = witness_page_read(&alone.ctx, &file, &page);
		for (size_t n = 0; !err && n < page.count; n++) {
			lines += page.items[n].is_line;
			damaged += page.items[n].is_damaged;
			witness_file_pass(&file, &page.items[n]);
		}
	}
	FAILS_WITH(err, ERR_INTERNAL);
	EQ_I64(lines, 1);
	EQ_I64(damaged, 1);
	witness_file_close(&file);
	alone_end(&alone);
}

/* One that takes for dead what is not locked, all the time. */
struct taker {
	struct str folder;
	_Atomic bool is_over;
	_Atomic int taken;
};

static void *
take_all_the_time(void *arg)
{
	struct taker *taker = arg;
	struct arena arena = { .cap_bytes = 1 << 20 };

	while (!taker->is_over) {
		struct witness_files files;

		arena_reset(&arena);
		if (witness_files_take(&arena, taker->folder, &files))
			continue;
		for (size_t i = 0; i < files.count; i++, taker->taken++)
			witness_file_remove(&files.items[i]);
	}
	arena_release(&arena);
	return NULL;
}

TEST(a_file_just_made_is_not_taken_for_one_of_the_dead)
{
	enum { TIMES = 300 };
	struct taker taker = { .is_over = false };
	int there = 0;
	struct alone alone;
	pthread_t thread;

	alone_begin(&alone);
	taker.folder = alone.folder;
	OK(pthread_create(&thread, NULL, take_all_the_time, &taker) == 0);
	for (int i = 0; i < TIMES; i++) {
		struct arena_mark mark = arena_mark(&alone.arena);
		struct witness_paths paths;
		struct witness *witness;

		OK_ERR(witness_open(&alone.ctx, alone.folder, &witness));
		OK_ERR(witness_paths_list(&alone.arena, alone.folder, &paths));
		/* And perhaps one that was given up because it was taken, which is not gone yet. */
		there += paths.count >= 2;
		witness_close(witness, false);
		arena_rewind(&alone.arena, mark);
	}
	taker.is_over = true;
	pthread_join(thread, NULL);
	EQ_I64(there, TIMES);
	alone_end(&alone);
}
