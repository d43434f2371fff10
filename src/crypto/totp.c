#include "crypto/totp.h"

#include "crypto/hmac.h"

enum {
	STEP_BYTES = 8,
};

void
totp_code(struct str secret, int64_t step, char ret[static TOTP_DIGITS])
{
	uint8_t counter[STEP_BYTES], mac[HMAC_SHA1_BYTES];
	uint32_t number;
	size_t at;

	for (int i = 0; i < STEP_BYTES; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (8 * (STEP_BYTES - 1 - i)));
	hmac_sha1(secret, str_from_bytes(counter, sizeof(counter)), mac);
	/* RFC 4226 §5.3: the last half byte says where four bytes are taken from. */
	at = mac[HMAC_SHA1_BYTES - 1] & 15;
	number = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
		(uint32_t)mac[at + 2] << 8 | mac[at + 3];
	for (int i = TOTP_DIGITS - 1; i >= 0; i--) {
		ret[i] = (char)('0' + number % 10);
		number /= 10;
	}
}

bool
totp_verify(struct str secret, struct str code, int64_t now_s, int64_t last_step,
	int64_t *ret)
{
	int64_t now_step = now_s / TOTP_STEP_SECONDS;
	bool is_found = false;

	/* All are looked at, so that the time taken does not tell which. */
	for (int64_t step = now_step - TOTP_DRIFT_STEPS;
		step <= now_step + TOTP_DRIFT_STEPS; step++) {
		char want[TOTP_DIGITS];

		totp_code(secret, step, want);
		if (bytes_eq_constant_time(
			    code, (struct str){ .ptr = want, .len = sizeof(want) }) &&
			step > last_step) {
			*ret = step;
			is_found = true;
		}
	}
	return is_found;
}
