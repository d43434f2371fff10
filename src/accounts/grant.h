/*
 * Free access, given by administrators: to an account for some days from now, or to an
 * address without one, which is invited; what it was offered takes effect when an account
 * with that address is confirmed.
 *
 * Giving is planned first (grants_plan: who gets what, and what is wrong) and then
 * carried out in the same transaction (grants_carry_out), for one and for fifty thousand
 * alike.
 */
#ifndef ACCOUNTS_GRANT_H
#define ACCOUNTS_GRANT_H

#include "accounts/grants_q.h"
#include "base/vec.h"
#include "db/db.h"

enum {
	GRANT_DAYS_MAX = 3660,
	GRANT_NOTES_MAX = 500, /* characters */
};

/* X(type, name): free_access_grants.access_type */
#define GRANT_TYPES(X)                      \
	X(FRIENDS_FAMILY, "friends_family") \
	X(BETA_TESTER, "beta_tester")       \
	X(PROMOTIONAL, "promotional")       \
	X(COMPENSATION, "compensation")

/* What becomes of a wish. */
enum grant_fate {
	GRANT_IS_GIVEN,
	GRANT_IS_OFFERED,   /* the address has no confirmed account: it is invited */
	GRANT_IS_UNCHANGED, /* it has, or was offered, as much of the same tier */
};

/* One wish. */
struct grant_wish {
	int64_t line;     /* of a file; 0 for a single one */
	struct str email; /* valid, in lower case */
	const struct grant_tier *tier;
	struct str access_type;
	int32_t days;
	struct str notes; /* may be absent */
	/* The plan. */
	enum grant_fate fate;
	struct user_id user_id;
	struct uuid id; /* of the grant, or of the invitation */
};

/* What is wrong with a wish. */
struct grant_fault {
	int64_t line;
	struct str field;
	struct str reason;
};
struct grant_faults {
	VEC_OF(struct grant_fault)
};

struct grant_counts {
	int64_t given;
	int64_t offered;
	int64_t unchanged;
};

/* The tier NAME among TIERS, or NULL. */
const struct grant_tier *
grant_tier_find(const struct grant_tier_list *tiers, struct str name);
/* The type that goes with a tier where none is given. */
struct str grant_type_for(const struct grant_tier *tier);
bool grant_type_is_known(struct str type);

/* Find out what becomes of COUNT WISHES, whose addresses differ; those that cannot be are
 * added to FAULTS. Changes nothing. */
struct err *grants_plan(struct tx *tx, struct grant_wish *wishes, size_t count,
	struct grant_faults *faults, struct grant_counts *ret) MUST_USE;

/* Carry out a plan without faults: grants, invitations, mail, and one entry on record.
 * BATCH joins them; nil for a single one. */
struct err *grants_carry_out(struct tx *tx, struct grant_wish *wishes, size_t count,
	struct uuid batch) MUST_USE;

/* Plan and carry out one. INVALID with the field that is wrong. */
struct grant_one {
	struct str email;
	struct str tier;
	struct str access_type; /* absent: that of the tier */
	int32_t days;           /* 0: as long as the tier lasts */
	struct str notes;
};
struct err *
grant_give(struct ctx *ctx, const struct grant_one *one, struct grant_wish *ret) MUST_USE;

/* Give USER, whose address EMAIL has just been confirmed, what it was offered. In the
 * transaction that confirms it. */
struct err *grants_claim(struct tx *tx, struct user_id user, struct str email) MUST_USE;

/* Take a grant back, at once. NOT_FOUND where there is none, or it was taken back. */
struct err *
grant_take_back(struct ctx *ctx, struct user_id user, struct grant_id id) MUST_USE;

#endif
