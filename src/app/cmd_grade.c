#include "app/command.h"
#include "predictions/grade.h"

static struct err *
run_grade(struct invocation *run)
{
	struct grade_counts counts = { .graded = 0 };

	TRY(grade_all(&run->ctx, &counts));
	if (run->is_json)
		fprintf(run->console.out,
			"{\"graded\": %lld, \"right\": %lld, \"wrong\": %lld, "
			"\"pushed\": "
			"%lld, \"void\": %lld, \"metrics\": %lld}\n",
			(long long)counts.graded, (long long)counts.right,
			(long long)counts.wrong, (long long)counts.pushed,
			(long long)counts.void_count, (long long)counts.metrics);
	else
		fprintf(run->console.out,
			"%lld forecasts graded: %lld right, %lld wrong, %lld pushed, "
			"%lld "
			"void; %lld accuracy metrics changed\n",
			(long long)counts.graded, (long long)counts.right,
			(long long)counts.wrong, (long long)counts.pushed,
			(long long)counts.void_count, (long long)counts.metrics);
	return NULL;
}

const struct command cmd_grade = {
	.name = "grade",
	.args = "",
	.summary = "grade forecasts of finished games and renew the accuracy metrics",
	.detail = "A tie, and a result on the line, is a push: neither right nor wrong. "
		  "Grades of games whose score\n"
		  "changed since were taken back by the import and are given again here.",
	.examples = "grade\n"
		    "grade --json",
	.needs = NEEDS_DATABASE,
	.uses_keys = true,
	.run = run_grade,
};
