/* Values that may be absent, as SQL NULL is. Texts use a NULL pointer and ids the nil
 * UUID instead. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/compiler.h"

struct opt_bool {
	bool is_set;
	bool value;
};

struct opt_i32 {
	bool is_set;
	int32_t value;
};

struct opt_i64 {
	bool is_set;
	int64_t value;
};

struct opt_f64 {
	bool is_set;
	double value;
};

#define OPT(v)                               \
	{                                    \
		.is_set = true, .value = (v) \
	}

/* Both absent, or both there and the same; of two of one kind. */
#define OPT_EQ(a, b) ((a).is_set == (b).is_set && (!(a).is_set || (a).value == (b).value))

#endif
