#include "base/slab.h"
#include "tests/tap.h"

TEST(a_slab_gives_out_distinct_zeroed_objects_up_to_its_limit)
{
	static uint64_t *objects[1000];
	struct slab slab;

	slab_init(&slab, sizeof(uint64_t) * 5, COUNT_OF(objects));
	for (size_t i = 0; i < COUNT_OF(objects); i++) {
		objects[i] = slab_take(&slab);
		OK(objects[i]);
		OK((uintptr_t)objects[i] % 16 == 0);
		for (size_t word = 0; word < 5; word++) {
			EQ_I64(objects[i][word], 0);
			objects[i][word] = i;
		}
	}
	OK(slab_take(&slab) == NULL);
	EQ_I64(slab.count, COUNT_OF(objects));
	for (size_t i = 0; i < COUNT_OF(objects); i++)
		EQ_I64(objects[i][4], i);
	slab_release(&slab);
	EQ_I64(slab.count, 0);
	OK(slab_take(&slab) != NULL);
	slab_release(&slab);
}

TEST(what_a_slab_was_given_back_it_gives_out_zeroed_again)
{
	struct slab slab;
	uint64_t *first, *again;

	slab_init(&slab, sizeof(uint64_t) * 2, 1);
	first = slab_take(&slab);
	OK(first);
	first[0] = first[1] = 7;
	slab_give(&slab, NULL);
	slab_give(&slab, first);
	again = slab_take(&slab);
	OK(again == first);
	EQ_I64(again[0] + again[1], 0);
	OK(slab_take(&slab) == NULL);
	slab_release(&slab);
}
