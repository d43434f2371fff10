#include "jobs/job.h"
#include "predictions/grade.h"

struct err *
job_grade(struct ctx *ctx, struct job_run *run)
{
	struct grade_counts counts = { .graded = 0 };

	TRY(grade_all(ctx, &counts));
	json_put_key(run->result, STR("graded"));
	json_put_i64(run->result, counts.graded);
	json_put_key(run->result, STR("metrics"));
	json_put_i64(run->result, counts.metrics);
	json_put_key(run->result, STR("called_off"));
	json_put_i64(run->result, counts.called_off);
	if (counts.graded || counts.called_off)
		run->has_changed = true;
	return NULL;
}
