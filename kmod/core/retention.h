/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retention: which snapshots that were made by rule are kept, and when the next
 * is due. "One every E, for F": of those that fall into the same E (counted from
 * 1970 on) the first is kept until it is F old. A snapshot stays while any rule
 * keeps it.
 *
 * Pure arithmetic over times in seconds; kernel and tool share it, so that what
 * the tool says will go is what the kernel drops.
 */
#ifndef DL_CORE_RETENTION_H
#define DL_CORE_RETENTION_H

#include "format.h"
#include "status.h"

#define DL_RULES	8u
#define DL_RETAIN_MAX	(100u * 366 * 86400)	/* s */

/* What becomes of a log that is full of the past. */
enum dl_on_full {
	DL_ON_FULL_SHORTEN,	/* the window, then snapshots made by rule */
	DL_ON_FULL_THROTTLE,	/* writes wait */
	DL_ON_FULL_FAIL,	/* writes fail */
	DL_ON_FULL_COUNT
};

struct dl_rule {
	u32 every;	/* s, at least 60 */
	u32 keep;	/* s, at least @every, at most DL_RETAIN_MAX */
};

struct dl_retention {
	u32 window;	/* s in which every moment is kept; 0: off */
	u32 on_full;	/* enum dl_on_full */
	u32 nr_rules;
	struct dl_rule rule[DL_RULES];
};

/* Is it possible? Rules need a window to make snapshots from. */
bool dl_retention_valid(const struct dl_retention *r);

/**
 * dl_retention_due() - is a snapshot by rule due?
 * @r: valid
 * @last: time of the youngest there is, 0: none; s
 * @now: s
 */
bool dl_retention_due(const struct dl_retention *r, u64 last, u64 now);

/**
 * dl_retention_keeps() - does any rule keep a snapshot?
 * @r: valid
 * @before: time of the next older one made by rule, 0: none; s
 * @time: its own; s
 * @now: s
 */
bool dl_retention_keeps(const struct dl_retention *r, u64 before, u64 time,
			u64 now);

#endif
