/* SPDX-License-Identifier: GPL-2.0 */
/* What deltalog plot samples of a volume, and draws. */
#ifndef DL_TOOL_PLOT_H
#define DL_TOOL_PLOT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An interval of half a second. */
#define DL_PLOT_MS	500u

/* column, what it is */
#define DL_PLOT_COLUMNS(X) \
	X(bytes)	/* that were written */ \
	X(foreseen)	/* what had been foreseen for it */ \
	X(low)		/* and between which it was to be; 0 and DL_PLOT_MOST: not known */ \
	X(high) \
	X(confidence)	/* of 255 */ \
	X(segment_kib)	/* of a new segment */ \
	X(pool_kib)	/* ready ahead */ \
	X(kept)		/* sectors of room kept in placeholders, meanwhile */ \
	X(filled)	/* and of writes that went into such */

#define DL_PLOT_MOST	(UINT64_MAX >> 1)

struct dl_plot_sample {
#define X(name) uint64_t name;
	DL_PLOT_COLUMNS(X)
#undef X
};

struct dl_plot {
	const char *what;	/* volume, or file */
	struct dl_plot_sample *at;
	size_t nr;
};

/* Draw: as SVG, to @f. There is at least one sample. */
void dl_plotsvg(FILE *f, const struct dl_plot *p);

#endif
