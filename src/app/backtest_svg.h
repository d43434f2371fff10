/*
 * The backtest as a picture: calibration, and the Brier score season by season beside Elo
 * and the closing line. One SVG file that needs nothing else, light or dark as its reader
 * prefers.
 */
#ifndef APP_BACKTEST_SVG_H
#define APP_BACKTEST_SVG_H

#include "base/buf.h"
#include "model/backtest.h"

/* The picture of TABLE, in ARENA. */
struct err *
backtest_svg(struct arena *arena, const struct backtest *table, struct str *ret) MUST_USE;

#endif
