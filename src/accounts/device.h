/* What a browser or program says of itself, as a person would: "Firefox on Windows". */
#ifndef ACCOUNTS_DEVICE_H
#define ACCOUNTS_DEVICE_H

#include "base/str.h"

enum {
	USER_AGENT_BYTES_KEPT = 300,
};

/* The device of the header User-Agent, which may be absent; "unknown device" where it
 * tells nothing. Absent when the arena is full. */
struct str device_name(struct arena *arena, struct str user_agent);

/* USER_AGENT cut to what is kept of it, at a whole character and without what is no text;
 * absent where it is absent. */
struct str device_agent(struct str user_agent);

#endif
