/* SPDX-License-Identifier: GPL-2.0 */
/* A recorded series and what was foreseen of it: by freplay.c, drawn by freplaysvg.c. */
#ifndef DL_TOOL_FREPLAY_H
#define DL_TOOL_FREPLAY_H

#include "csvseries.h"
#include "series.h"

struct dl_freplay {
	const char *path;
	struct dl_csvseries s;
	struct dl_forecast *f;	/* for each of its rows, made before it was known */
	uint32_t season;
	size_t scored;		/* rows, the last ones */
	/* Means over these; errors are of log2(1 + x). */
	double error, naive, held, confidence;
	double relative;	/* @error to @naive; < 0 if the latter is 0 */
};

/**
 * dl_freplaysvg_write() - draw them, one below the other
 * @path: file, "-" for standard output
 * @r: them
 * @nr: how many
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_freplaysvg_write(const char *path, const struct dl_freplay *r, size_t nr);

#endif
