/* SPDX-License-Identifier: GPL-2.0 */
/* A recorded series: one column of a file of comma-separated values with a header. */
#ifndef DL_TOOL_CSVSERIES_H
#define DL_TOOL_CSVSERIES_H

#include <stddef.h>
#include <stdint.h>

#include "opt.h"

struct dl_csvseries {
	char *column;		/* its name */
	uint64_t *value;
	size_t nr;
	double step;		/* seconds between two rows; 0: there is no time */
};

/**
 * dl_csvseries_read() - read a file
 * @s: out; nothing to free if this fails
 * @path: file, "-" for standard input
 * @column: name or number from 1 of the column; NULL: write_bytes, or the first one
 *	with numbers behind a column of times
 *
 * Columns of times are called t, time or timestamp, or begin with t_ or time_, and end
 * with _ns, _us or _ms if they are not in seconds.
 *
 * Return: 0 or an exit code with the reason said: file, line, what.
 */
int dl_csvseries_read(struct dl_csvseries *s, const char *path,
		      const char *column);

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
