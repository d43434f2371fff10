/*
 * The file of the keyring: read, written, changed. For keyring.c and the command
 * `gridiron keys`; everything here waits for the disk.
 */
#ifndef CRYPTO_KEYRING_FILE_H
#define CRYPTO_KEYRING_FILE_H

#include "crypto/keyring.h"

struct key_set {
	struct key keys[KEYS_MAX];
	size_t count;
};

/* A new key from the kernel's random numbers. */
void key_generate(
	struct key *ret, enum key_use use, enum key_algorithm algorithm, int64_t now);
/* One key for every use, by its own algorithm. */
void key_set_generate(struct key_set *ret, int64_t now);
/* The key of USE that started last before NOW, or NULL. */
const struct key *
key_set_current(const struct key_set *set, enum key_use use, int64_t now);
/* The key of USE called ID, whenever it starts and retires, or NULL. */
const struct key *
key_set_find(const struct key_set *set, enum key_use use, struct str id);

/* Whether CURRENT, which is in force, took over so lately that what began before may sign
 * or seal by an older key still: a request or a job, of any process. */
bool key_is_resting(const struct key *current, int64_t now);

/* There is no PATH. */
struct err *key_file_missing(struct arena *arena, const char *path) MUST_USE;
/* As keyring_open says. */
struct err *
key_file_read(struct arena *arena, const char *path, struct key_set *ret) MUST_USE;
/* The same for whoever looks at it or mends it: a use may have no key in force. */
struct err *
key_file_read_any(struct arena *arena, const char *path, struct key_set *ret) MUST_USE;
/* In one step, mode 0600. */
struct err *
key_file_write(struct arena *arena, const char *path, const struct key_set *set) MUST_USE;
/* Make PATH with new keys. CONFLICT where it exists already. */
struct err *key_file_init(struct arena *arena, const char *path, int64_t now) MUST_USE;

struct key_rotation {
	enum key_use use;
	enum key_algorithm algorithm; /* HS256 or EDDSA for KEY_JWT; else the use's own */
	bool is_algorithm_chosen;     /* false: that of the current key */
	int64_t now;
	int64_t starts_at;
};

/*
 * Add a new key of a use to the file and set the day on which the older ones retire.
 * Retired ones are taken out. CONFLICT where the file has KEYS_MAX keys that still serve.
 */
struct err *key_file_rotate(struct arena *arena, const char *path,
	const struct key_rotation *rotation, struct key *ret) MUST_USE;
/* Take key ID out of the file. NOT_FOUND; CONFLICT where it is the current one of its
 * use. */
struct err *key_file_retire(
	struct arena *arena, const char *path, struct str id, int64_t now) MUST_USE;

#endif
