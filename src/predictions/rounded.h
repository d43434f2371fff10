#ifndef PREDICTIONS_ROUNDED_H
#define PREDICTIONS_ROUNDED_H

#include <math.h>

/* To six places, so that what is stored reads as it was written wherever it goes. */
static inline double
rounded(double value)
{
	return round(value * 1e6) / 1e6;
}

#endif
