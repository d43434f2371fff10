/* The operator's file of places (geo.database), for whatever tells where somebody is. */
#ifndef APP_PLACES_H
#define APP_PLACES_H

#include "app/command.h"

struct geo; /* codec/geo.h */

/* Open it; RET is NULL where the setting names none. */
struct err *places_open(struct invocation *run, struct geo **ret) MUST_USE;

#endif
