/* What the loops of a process share lives from the first loop's opening to the last one's
 * closing. */
#include "sys/process.h"

#include <pthread.h>

static struct {
	pthread_mutex_t lock;
	size_t loops;
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct err *
start(struct arena *arena, const struct loop_options *options)
{
	if (!offload_start(options->offload_threads, options->offload_queue_max))
		return err_in(arena, ERR_INTERNAL,
			"the system gives no thread to the offload pool");
	if (!watchdog_start()) {
		offload_stop();
		return err_in(arena, ERR_INTERNAL,
			"the system gives no thread to the watchdog");
	}
	overflow_install();
	return NULL;
}

struct err *
process_enter(struct arena *arena, const struct loop_options *options)
{
	struct err *err = NULL;

	pthread_mutex_lock(&process.lock);
	if (process.loops == 0)
		err = start(arena, options);
	if (!err)
		process.loops++;
	pthread_mutex_unlock(&process.lock);
	return err;
}

void
process_leave(void)
{
	pthread_mutex_lock(&process.lock);
	if (--process.loops == 0) {
		overflow_uninstall();
		watchdog_stop();
		offload_stop();
	}
	pthread_mutex_unlock(&process.lock);
}
