/* SPDX-License-Identifier: GPL-2.0 */
/* Recorded series: columns of a file of comma-separated values with a header. */
#ifndef DL_TOOL_CSVSERIES_H
#define DL_TOOL_CSVSERIES_H

#include <stddef.h>
#include <stdint.h>

#include "opt.h"

#define DL_CSVSERIES_MAX	16u	/* that are read at once */

struct dl_csvseries {
	char *column;		/* its name */
	uint64_t *value;
	size_t nr;
	double step;		/* seconds between two rows; 0: there is no time */
};

/**
 * dl_csvseries_read() - read a file, from its beginning to its end, once
 * @s: out: @nr of them, with as many rows each; nothing to free if this fails
 * @nr: columns to read, at most DL_CSVSERIES_MAX
 * @path: file, "-" for standard input
 * @columns: name or number from 1 of each; NULL: write_bytes, or the first one with
 *	numbers behind a column of times
 *
 * Columns of times are called t, time or timestamp, or begin with t_ or time_, and end
 * with _ns, _us or _ms if they are not in seconds.
 *
 * Return: 0 or an exit code with the reason said: file, line, what.
 */
int dl_csvseries_read(struct dl_csvseries *s, size_t nr, const char *path,
		      const char *const *columns);

void dl_csvseries_free(struct dl_csvseries *s);

/**
 * dl_csvseries_season() - after how many rows it is likely to repeat
 * @s: series
 *
 * Return: rows in the shortest of a second, ten, a minute, an hour, a day and a week
 * that has 7 to DL_SERIES_SEASON_MAX of them; 0 if there is none.
 */
uint32_t dl_csvseries_season(const struct dl_csvseries *s);

#endif
