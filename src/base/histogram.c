#include "base/histogram.h"

/* Bounds are 1 µs and 1.5 µs times powers of two. */
uint64_t
histogram_bound_ns(size_t index)
{
	if (index >= HISTOGRAM_BUCKETS - 1)
		return UINT64_MAX;
	return (index % 2 ? 1536u : 1024u) << (index / 2);
}

static size_t
bucket_of(uint64_t ns)
{
	size_t octave, index;

	if (ns <= 1024)
		return 0;
	/* ns - 1, so that a duration equal to a bound counts below it. */
	octave = (size_t)(63 - __builtin_clzll(ns - 1)) - 10;
	index = 2 * octave + 1 + ((ns - 1) >= (1536u * (1ull << octave)));
	return index < HISTOGRAM_BUCKETS - 1 ? index : HISTOGRAM_BUCKETS - 1;
}

static void
add(_Atomic uint64_t *counter, uint64_t amount)
{
	atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

void
histogram_record(struct histogram *histogram, int64_t duration_ns)
{
	uint64_t ns = duration_ns > 0 ? (uint64_t)duration_ns : 0;

	add(&histogram->counts[bucket_of(ns)], 1);
	add(&histogram->count, 1);
	add(&histogram->total_ns, ns);
	if (ns > atomic_load_explicit(&histogram->max_ns, memory_order_relaxed))
		atomic_store_explicit(&histogram->max_ns, ns, memory_order_relaxed);
}

void
histogram_add(struct histogram *sum, const struct histogram *one)
{
	uint64_t max_ns = atomic_load_explicit(&one->max_ns, memory_order_relaxed);

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		add(&sum->counts[i],
			atomic_load_explicit(&one->counts[i], memory_order_relaxed));
	add(&sum->count, atomic_load_explicit(&one->count, memory_order_relaxed));
	add(&sum->total_ns, atomic_load_explicit(&one->total_ns, memory_order_relaxed));
	if (max_ns > atomic_load_explicit(&sum->max_ns, memory_order_relaxed))
		atomic_store_explicit(&sum->max_ns, max_ns, memory_order_relaxed);
}

uint64_t
histogram_quantile_ns(const struct histogram *histogram, double fraction)
{
	uint64_t total = atomic_load_explicit(&histogram->count, memory_order_relaxed);
	uint64_t rank = (uint64_t)(fraction * (double)total);
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
		if (seen > rank)
			return i == HISTOGRAM_BUCKETS - 1
				? atomic_load_explicit(
					  &histogram->max_ns, memory_order_relaxed)
				: histogram_bound_ns(i);
	}
	return atomic_load_explicit(&histogram->max_ns, memory_order_relaxed);
}
