#include "audit/chainer.h"

#include "audit/witness.h"

struct audit {
	struct witness *witness;
};

struct witness *
audit_witness(struct audit *audit)
{
	return audit->witness;
}
