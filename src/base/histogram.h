/*
 * A histogram of durations: 40 buckets, two to the octave, from 1 µs to about 1 s, and
 * one above. Each has one writer at a time; readers may see a count in flight (relaxed
 * atomics), never a torn one.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>

#include "base/compiler.h"

enum {
	HISTOGRAM_BUCKETS = 41,
};

struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t count;
	_Atomic uint64_t total_ns;
	_Atomic uint64_t max_ns;
};

void histogram_record(struct histogram *histogram, int64_t duration_ns);
/* Add what ONE counted to SUM. */
void histogram_add(struct histogram *sum, const struct histogram *one);
/* The upper bound of bucket INDEX in nanoseconds; UINT64_MAX for the last. */
uint64_t histogram_bound_ns(size_t index);
/* The duration in nanoseconds below which FRACTION (0 to 1) of all records lie, to the
 * bucket's bound. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double fraction);

#endif
