/* The anchor's file when the machine died in the middle of a line, or somebody cut one. */
#include "audit/anchor.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "audit/tally.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "tests/audit/log.h"

#define FAULT_HAS(text, part)                                                \
	OK_OR(str_find(text, STR(part)) >= 0, "not '%s' but " STR_FMT, part, \
		STR_ARG(text))

static const char *
anchor_path(struct ctx *ctx, struct str folder)
{
	return str_cstr(ctx->arena,
		str_fmt(ctx->arena, STR_FMT "/" AUDIT_ANCHOR_FILE, STR_ARG(folder)));
}

static struct str
anchor_text(struct ctx *ctx, struct str folder)
{
	struct str text;

	return file_read(ctx->arena, anchor_path(ctx, folder), 1 << 20, &text) ? STR("")
									       : text;
}

/* Entries, chained and anchored: a line of the anchor each. */
static struct err *
anchored_lines(struct ctx *ctx, int lines)
{
	struct audit_round round;

	for (int i = 0; i < lines; i++) {
		TRY(log_entries(ctx, 3));
		TRY(audit_round(ctx, ctx->audit, &round));
		TRY(audit_anchor(ctx, ctx->audit));
	}
	return NULL;
}

static struct err *
verified_of(struct ctx *ctx, struct str folder, struct audit_verified *ret)
{
	return audit_verify(ctx, &(struct audit_verify_options){ .folder = folder }, ret);
}

/* How many entries say that a line was found half written. */
static int64_t
records(struct ctx *ctx)
{
	return owner_count(ctx,
		"SELECT (SELECT count(*) FROM audit_logs WHERE action = "
		"'audit.anchor_torn') + (SELECT count(*) FROM audit_pending WHERE action "
		"= 'audit.anchor_torn')");
}

/* A line that lost its last CUT bytes. */
static void
torn_at(struct ctx *ctx, size_t cut)
{
	struct str folder = folder_make(ctx), text;
	struct audit_verified verified;
	const char *path = anchor_path(ctx, folder);
	int64_t before = records(ctx);

	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 3));
	text = anchor_text(ctx, folder);
	OK(cut < text.len && truncate(path, (off_t)(text.len - cut)) == 0);
	/* The machine died in the middle of it: the database was not told of it. */
	OK_ERR(owner_run(ctx, "DELETE FROM audit_anchors"));
	/* All before it is proved still, and it is told. */
	OK_ERR(verified_of(ctx, folder, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.anchors, cut == 1 ? 3 : 2);
	EQ_I64(verified.anchors_torn, cut > 1);
	/* The next line stands for itself; what was torn stays to be seen, and on record. */
	OK_ERR(anchored_lines(ctx, 2));
	OK_ERR(verified_of(ctx, folder, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.anchors, cut == 1 ? 5 : 4);
	EQ_I64(verified.anchors_torn, cut > 1);
	EQ_I64(records(ctx) - before, cut > 1);
	log_close(ctx);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_anchors"));
	folder_remove(folder);
}

BOTH_ENGINES(a_half_written_line_is_told_and_costs_no_other)
{
	/* Of the last line its end, MAC, key, hash, number, time, all but a byte. */
	static const size_t cuts[] = { 1, 2, 30, 70, 90, 150, 160, 170 };

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		torn_at(ctx, cuts[i]);
}

static void
append(struct ctx *ctx, struct str folder, const char *bytes, size_t len)
{
	int fd = open(anchor_path(ctx, folder), O_WRONLY | O_APPEND);

	OK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
	close(fd);
}

/* What a file system leaves of a line whose bytes were not on the disk yet. */
BOTH_ENGINES(zeros_in_place_of_a_line_cost_no_other)
{
	static const char zeros[168] = { 0 };
	struct str folder = folder_make(ctx);
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	append(ctx, folder, zeros, sizeof(zeros));
	OK_ERR(anchored_lines(ctx, 1));
	OK_ERR(verified_of(ctx, folder, &verified));
	OK_OR(str_is_none(verified.fault.what), STR_FMT, STR_ARG(verified.fault.what));
	EQ_I64(verified.anchors, 3);
	EQ_I64(verified.anchors_torn, 1);
	log_close(ctx);
	folder_remove(folder);
}

/* Whoever cuts the end of the chain off and the last line with it, but for its number. */
BOTH_ENGINES(what_is_left_of_a_line_still_counts_against_the_chain)
{
	struct str folder = folder_make(ctx), text, fault;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 3));
	log_close(ctx);
	text = anchor_text(ctx, folder);
	OK(truncate(anchor_path(ctx, folder), (off_t)text.len - 140) == 0);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_logs WHERE seq > 6"));
	fault = log_fault(ctx, folder);
	OK_OR(str_find(fault, STR("the anchor knows of more")) > 0, STR_FMT,
		STR_ARG(fault));
	folder_remove(folder);
}

/* Only the last line may be torn, and only this program says of one that it was. */
BOTH_ENGINES(a_line_that_is_damaged_elsewhere_is_none_that_was_torn)
{
	static const char forged[] =
		"2026-11-2 torn 2026-11-28T00:00:00.000000Z 0011223344556677 "
		"00112233445566770011223344556677001122334455667700112233445566"
		"77\n";
	struct str folder = folder_make(ctx), text;
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	text = anchor_text(ctx, folder);
	OK(truncate(anchor_path(ctx, folder), (off_t)text.len - 40) == 0);
	append(ctx, folder, "\n", 1);
	OK_ERR(verified_of(ctx, folder, &verified));
	FAULT_HAS(verified.anchor_fault, "is damaged, or not ours");
	OK(truncate(anchor_path(ctx, folder), (off_t)text.len / 2) == 0);
	append(ctx, folder, forged, sizeof(forged) - 1);
	OK_ERR(verified_of(ctx, folder, &verified));
	FAULT_HAS(verified.anchor_fault, "line 2 of ");
	FAULT_HAS(verified.anchor_fault,
		"was signed with key '0011223344556677', which the keyring has not");
	log_close(ctx);
	folder_remove(folder);
}

/* A disk that fills up in the middle of a line. */
BOTH_ENGINES(a_line_that_finds_no_room_is_taken_back)
{
	struct str folder = folder_make(ctx), before;
	struct audit_verified verified;
	struct rlimit limit, old;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	before = anchor_text(ctx, folder);
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	signal(SIGXFSZ, SIG_IGN);
	OK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	limit = old;
	limit.rlim_cur = before.len + 50;
	OK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	FAILS_WITH(audit_anchor(ctx, ctx->audit), ERR_INTERNAL);
	OK(setrlimit(RLIMIT_FSIZE, &old) == 0);
	EQ_STR(anchor_text(ctx, folder), before);
	OK_ERR(audit_anchor(ctx, ctx->audit));
	OK_ERR(verified_of(ctx, folder, &verified));
	EQ_I64(verified.anchors, 3);
	EQ_I64(verified.anchors_torn, 0);
	log_close(ctx);
	folder_remove(folder);
}

/* Whoever ends a torn line first has it on record: also where that fails at first. */
BOTH_ENGINES(a_torn_line_is_on_record_before_it_is_ended)
{
	struct str folder = folder_make(ctx), text;
	struct audit_verified verified;
	struct audit_round round;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	text = anchor_text(ctx, folder);
	OK(truncate(anchor_path(ctx, folder), (off_t)text.len - 40) == 0);
	text = anchor_text(ctx, folder);
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	OK_ERR(record_shut(ctx, true));
	OK(audit_anchor(ctx, ctx->audit) != NULL);
	EQ_STR(anchor_text(ctx, folder), text);
	OK_ERR(record_shut(ctx, false));
	OK_ERR(audit_anchor(ctx, ctx->audit));
	EQ_I64(records(ctx), 1);
	OK_ERR(verified_of(ctx, folder, &verified));
	EQ_I64(verified.anchors, 2);
	EQ_I64(verified.anchors_torn, 1);
	log_close(ctx);
	folder_remove(folder);
}

/* A process that hangs with the anchor in its hands. */
BOTH_ENGINES(whoever_holds_the_anchor_is_waited_for_a_while_and_named)
{
	struct str folder = folder_make(ctx), said;
	struct ctx hurried = *ctx;
	struct audit_round round;
	struct err *err;
	int holder;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 1));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	holder = open(anchor_path(ctx, folder), O_RDONLY);
	OK(holder >= 0 && flock(holder, LOCK_EX) == 0);
	hurried.deadline = clock_deadline_ms(3000);
	err = audit_anchor(&hurried, ctx->audit);
	OK(err && err->code == ERR_BUSY);
	said = str_fmt(ctx->arena, "process %d holds it", (int)getpid());
	OK_OR(err && str_find(err->message, said) > 0, STR_FMT,
		STR_ARG(err ? err->message : STR("no error")));
	close(holder);
	OK_ERR(audit_anchor(ctx, ctx->audit));
	log_close(ctx);
	folder_remove(folder);
}

/* How often it is on record that no anchor was found. */
static int64_t
begun(struct ctx *ctx)
{
	return owner_count(ctx,
		"SELECT (SELECT count(*) FROM audit_logs WHERE action = "
		"'audit.anchor_begun') + (SELECT count(*) FROM audit_pending WHERE "
		"action "
		"= 'audit.anchor_begun')");
}

/* Somebody took the file away, or moved the database to another folder. */
BOTH_ENGINES(an_anchor_that_was_taken_away_is_missed_and_made_anew_on_record)
{
	struct str folder = folder_make(ctx), fault;
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	log_close(ctx);
	OK(unlink(anchor_path(ctx, folder)) == 0);
	fault = log_fault(ctx, folder);
	FAULT_HAS(fault,
		"audit.anchor is missing, though the chain was anchored up to row 6");
	OK_ERR(audit_verify(ctx,
		&(struct audit_verify_options){
			.folder = folder, .is_without_anchor = true },
		&verified));
	OK(str_is_none(verified.fault.what));
	EQ_I64(verified.anchors, 1);
	EQ_I64(verified.anchored_seq, 6);
	for (int i = 0; i < 2; i++) {
		OK_ERR(log_open(ctx, folder));
		OK_ERR(audit_start(ctx, ctx->audit));
		/* At once: whoever verifies now does not miss it. */
		OK_ERR(verified_of(ctx, folder, &verified));
		OK_OR(str_is_none(verified.fault.what), STR_FMT,
			STR_ARG(verified.fault.what));
		EQ_I64(begun(ctx), 1);
		log_close(ctx);
	}
	OK_ERR(verified_of(ctx, folder, &verified));
	EQ_I64(verified.last, 7);
	EQ_I64(verified.anchors_begun, 1);
	folder_remove(folder);
}

BOTH_ENGINES(an_anchor_that_was_emptied_or_cut_by_lines_is_missed)
{
	struct str folder = folder_make(ctx), text;
	const char *path = anchor_path(ctx, folder);

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 3));
	text = anchor_text(ctx, folder);
	OK(truncate(path, (off_t)text.len / 3 * 2) == 0);
	FAULT_HAS(log_fault(ctx, folder),
		"was cut or is an older copy, though the chain was "
		"anchored up to row 9");
	OK(truncate(path, 0) == 0);
	FAULT_HAS(log_fault(ctx, folder), "audit.anchor is empty");
	/* Whoever serves at the time says so and begins it anew, though the chain has not
	 * grown. */
	OK_ERR(audit_anchor(ctx, ctx->audit));
	SOUND(ctx, folder);
	EQ_I64(begun(ctx), 1);
	log_close(ctx);
	folder_remove(folder);
}

/* Each would call the other's growth a cut of its own. */
BOTH_ENGINES(data_folders_with_copies_of_one_anchor_are_told_what_to_do)
{
	struct str folder = folder_make(ctx), copy = folder_make(ctx), text;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 1));
	text = anchor_text(ctx, folder);
	OK_ERR(file_write(ctx->arena, anchor_path(ctx, copy), text, 0600));
	OK_ERR(anchored_lines(ctx, 1));
	log_close(ctx);
	SOUND(ctx, folder);
	FAULT_HAS(log_fault(ctx, copy), "were copied with one anchor");
	/* As it says. */
	OK(unlink(anchor_path(ctx, copy)) == 0);
	OK_ERR(log_open(ctx, copy));
	OK_ERR(anchored_lines(ctx, 1));
	log_close(ctx);
	SOUND(ctx, copy);
	SOUND(ctx, folder);
	folder_remove(copy);
	folder_remove(folder);
}

BOTH_ENGINES(what_the_database_was_not_told_of_an_anchor_it_is_told_the_next_time)
{
	struct str folder = folder_make(ctx);
	bool is_sqlite = db_dialect(ctx->db) == DIALECT_SQLITE;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 1));
	OK_ERR(owner_run(ctx,
		is_sqlite ? "CREATE TRIGGER is_full BEFORE INSERT ON audit_anchors "
			    "BEGIN SELECT RAISE(ABORT, 'full'); END"
			  : "ALTER TABLE audit_anchors ADD CONSTRAINT is_full "
			    "CHECK (seq < 4) NOT VALID"));
	OK(anchored_lines(ctx, 1) != NULL);
	OK_ERR(owner_run(ctx,
		is_sqlite ? "DROP TRIGGER is_full"
			  : "ALTER TABLE audit_anchors DROP CONSTRAINT is_full"));
	EQ_I64(owner_count(ctx, "SELECT max(seq) FROM audit_anchors"), 3);
	/* Though the chain has not grown. */
	OK_ERR(audit_anchor(ctx, ctx->audit));
	EQ_I64(owner_count(ctx, "SELECT max(seq) FROM audit_anchors"), 6);
	log_close(ctx);
	folder_remove(folder);
}

/* Were it called begun anew with every line, those records alone would have it grow. */
BOTH_ENGINES(an_anchor_whose_beginning_is_damaged_is_not_called_begun)
{
	static const char zeros[8192] = { 0 };
	struct str folder = folder_make(ctx);
	int fd;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 1));
	fd = open(anchor_path(ctx, folder), O_WRONLY | O_TRUNC);
	OK(fd >= 0 && write(fd, zeros, sizeof(zeros)) == sizeof(zeros) &&
		write(fd, "\n", 1) == 1);
	close(fd);
	OK_ERR(anchored_lines(ctx, 3));
	EQ_I64(begun(ctx), 1);
	FAULT_HAS(log_fault(ctx, folder), "line 1 of ");
	log_close(ctx);
	folder_remove(folder);
}

/* With the anchor gone, and the whole log: the database still knows that it had one. */
BOTH_ENGINES(a_log_that_was_emptied_with_its_anchor_is_missed)
{
	struct str folder = folder_make(ctx);
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	SOUND(ctx, folder);
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	log_close(ctx);
	OK(unlink(anchor_path(ctx, folder)) == 0);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_logs"));
	OK_ERR(audit_verify(ctx,
		&(struct audit_verify_options){
			.folder = folder, .is_without_anchor = true },
		&verified));
	FAULT_HAS(verified.fault.what, "is missing, and all behind it");
	FAULT_HAS(log_fault(ctx, folder), "is missing, and all behind it");
	/* Nor does a new log in its place help, nor a memory that was made up. */
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 3));
	log_close(ctx);
	FAULT_HAS(log_fault(ctx, folder), "is another than the anchor knows");
	OK_ERR(owner_run(ctx, "UPDATE audit_anchors SET seq = 10000"));
	FAULT_HAS(log_fault(ctx, folder), "not written by us");
	/* But whoever cannot have it proven any more, as of a key that was retired, can say so. */
	OK_ERR(audit_verify(ctx,
		&(struct audit_verify_options){
			.folder = folder, .is_without_anchor = true },
		&verified));
	OK(str_is_none(verified.fault.what));
	EQ_I64(verified.anchored_seq, 0);
	folder_remove(folder);
}

/* Whoever reads it does not wait for ever. */
BOTH_ENGINES(an_anchor_that_is_no_file_is_refused)
{
	struct str folder = folder_make(ctx);
	const char *path = anchor_path(ctx, folder);

	OK(mkfifo(path, 0600) == 0);
	FAULT_HAS(log_fault(ctx, folder), "must be a file, but is a pipe");
	OK(log_open(ctx, folder) != NULL);
	OK(unlink(path) == 0 && mkdir(path, 0700) == 0);
	FAULT_HAS(log_fault(ctx, folder), "must be a file, but is a folder");
	OK(rmdir(path) == 0 && symlink("/dev/zero", path) == 0);
	FAULT_HAS(log_fault(ctx, folder), "must be a file, but is a device");
	folder_remove(folder);
}

/* A long line from its first byte on. */
BOTH_ENGINES(a_line_that_has_no_end_is_the_first)
{
	static const char zeros[1 << 17] = { 0 };
	struct str folder = folder_make(ctx);

	OK_ERR(log_users(ctx));
	OK(close(open(anchor_path(ctx, folder), O_CREAT | O_WRONLY, 0600)) == 0);
	append(ctx, folder, zeros, sizeof(zeros));
	FAULT_HAS(log_fault(ctx, folder), "line 1 of ");
	folder_remove(folder);
}

BOTH_ENGINES(a_damaged_anchor_leaves_the_chain_to_be_verified)
{
	struct str folder = folder_make(ctx);
	struct audit_verify_options options = { .folder = folder };
	struct audit_verified verified;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 5));
	log_close(ctx);
	append(ctx, folder, "no line\n", 8);
	OK_ERR(audit_verify(ctx, &options, &verified));
	FAULT_HAS(verified.fault.what, "is damaged, or not ours; compare it");
	EQ_I64(verified.rows, 5);
	OK_ERR(owner_run(ctx, "UPDATE audit_logs SET action = 'x' WHERE seq = 3"));
	OK_ERR(audit_verify(ctx, &options, &verified));
	EQ_I64(verified.fault.seq, 3);
	FAULT_HAS(verified.anchor_fault, "is damaged, or not ours");
	folder_remove(folder);
}

/* As an export does that finds the chain in question: nothing may be added to it. */
BOTH_ENGINES(what_cannot_be_compared_with_the_anchor_is_frozen)
{
	struct str folder = folder_make(ctx), text;
	const char *path = anchor_path(ctx, folder);
	bool is_frozen = false;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	log_close(ctx);
	text = anchor_text(ctx, folder);
	/* The memory of it was altered. */
	OK_ERR(owner_run(ctx, "UPDATE audit_anchors SET mac = hash"));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_freeze_if_cut(ctx, ctx->audit, &is_frozen));
	OK(is_frozen);
	log_close(ctx);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_logs"), 6);
	EQ_STR(anchor_text(ctx, folder), text);
	/* The anchor cannot be read. */
	OK_ERR(log_open(ctx, folder));
	OK(unlink(path) == 0 && mkdir(path, 0700) == 0);
	OK(audit_freeze_if_cut(ctx, ctx->audit, &is_frozen) != NULL);
	log_close(ctx);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_logs"), 6);
	OK(rmdir(path) == 0);
	folder_remove(folder);
}

/* The file, too: one made anew would be of the chain as it was cut, and call it anchored. */
BOTH_ENGINES(no_anchor_is_begun_of_a_frozen_chain)
{
	struct str folder = folder_make(ctx);
	bool is_frozen = false;

	OK_ERR(log_users(ctx));
	OK_ERR(owner_prepare(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(anchored_lines(ctx, 2));
	log_close(ctx);
	OK(unlink(anchor_path(ctx, folder)) == 0);
	OK_ERR(owner_run(ctx, "DELETE FROM audit_logs WHERE seq > 4"));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 1));
	OK_ERR(audit_freeze_if_cut(ctx, ctx->audit, &is_frozen));
	OK(is_frozen);
	log_close(ctx);
	OK(access(anchor_path(ctx, folder), F_OK) != 0);
	EQ_I64(begun(ctx), 0);
	EQ_I64(owner_count(ctx, "SELECT max(seq) FROM audit_anchors"), 6);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_anchors"), 1);
	EQ_I64(owner_count(ctx, "SELECT count(*) FROM audit_logs"), 4);
	folder_remove(folder);
}

BOTH_ENGINES(what_was_counted_and_cannot_be_told_does_not_hold_up_the_anchor)
{
	static const struct audit_note refusal = { .action = AUDIT_ACCESS_DENIED,
		.outcome = AUDIT_REFUSED,
		.reason = "credentials",
		.route = "GET /v1/me" };
	struct str folder = folder_make(ctx);
	struct audit_round round;
	struct anchors anchors;

	OK_ERR(log_users(ctx));
	OK_ERR(log_open(ctx, folder));
	OK_ERR(log_entries(ctx, 3));
	OK_ERR(record_shut(ctx, true));
	audit_note(ctx, &refusal);
	OK_ERR(audit_round(ctx, ctx->audit, &round));
	EQ_I64(round.chained, 3);
	log_close(ctx);
	OK_ERR(anchors_read(ctx, folder, &anchors));
	EQ_I64(anchors.last_seq, 3);
	/* Nor is it lost. */
	OK_ERR(record_shut(ctx, false));
	OK_ERR(log_open(ctx, folder));
	log_close(ctx);
	EQ_I64(owner_count(ctx,
		       "SELECT count(*) FROM audit_logs WHERE action = "
		       "'access.denied'"),
		1);
	folder_remove(folder);
}
