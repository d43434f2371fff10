#include "jobs/job.h"

#define NEXT(name) (UINT32_C(1) << JOB_##name)
const struct job job_table[JOB_COUNT] = {
#define JOB(name_, minutes, limit_seconds_, next_, about_) \
	[JOB_##name_] = { .name = #name_,                  \
		.label = "job " #name_,                    \
		.about = (about_),                         \
		.every_seconds = (minutes)*60,             \
		.limit_seconds = (limit_seconds_),         \
		.next = (next_),                           \
		.run = job_##name_ },
#include "jobs/jobs.def"
#undef JOB
};
#undef NEXT

const struct job *
job_find(struct str name)
{
	for (size_t i = 0; i < JOB_COUNT; i++)
		if (str_eq(name, str_from(job_table[i].name)))
			return &job_table[i];
	return NULL;
}

void
job_skip(struct job_run *run, struct str reason)
{
	run->is_skipped = true;
	json_put_key(run->result, STR("reason"));
	json_put_text(run->result, reason);
}

void
job_skip_stopped(struct job_run *run)
{
	run->is_put_off = true;
	job_skip(run, STR("the server stopped; it is played after its next start"));
}
