/* SPDX-License-Identifier: GPL-2.0 */
/* What deltalog plot samples of a volume, and draws. */
#ifndef DL_TOOL_PLOT_H
#define DL_TOOL_PLOT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* An interval of half a second. */
#define DL_PLOT_MS	500u

#define DL_PLOT_MOST	(UINT64_MAX >> 1)

struct dl_plot_sample {
	uint64_t bytes;		/* that were written */
	uint64_t foreseen;	/* what had been foreseen for it */
	uint64_t low, high;	/* and between which; 0 and DL_PLOT_MOST: not known */
	uint64_t confidence;	/* of 255; 0: the interval is not drawn */
	uint64_t segment_kib;	/* of a new segment */
	uint64_t pool_kib;	/* ready ahead */
	uint64_t kept;		/* sectors of room kept in placeholders, meanwhile */
	uint64_t filled;	/* and of writes that went into such */
};

struct dl_plot {
	const char *what;	/* volume, or file */
	struct dl_plot_sample *at;
	size_t nr;
};

/* Draw: as SVG, to @f. There is at least one sample. */
void dl_plotsvg(FILE *f, const struct dl_plot *p);

#endif
