// SPDX-License-Identifier: GPL-2.0
/*
 * Retention. See retention.h.
 */
#include "retention.h"

static bool same_slot(u64 a, u64 b, u32 every)
{
	return a / every == b / every;
}

bool dl_retention_valid(const struct dl_retention *r)
{
	u32 i;

	if (r->window > DL_RETAIN_MAX || r->on_full >= DL_ON_FULL_COUNT ||
	    r->nr_rules > DL_RULES || (r->nr_rules && !r->window))
		return false;
	for (i = 0; i < r->nr_rules; i++)
		if (r->rule[i].every < 60 || r->rule[i].keep > DL_RETAIN_MAX ||
		    r->rule[i].keep < r->rule[i].every)
			return false;
	return true;
}

bool dl_retention_due(const struct dl_retention *r, u64 last, u64 now)
{
	u32 i;

	for (i = 0; i < r->nr_rules; i++)
		/* A clock that was set back must not make one after the other. */
		if (!last ||
		    (now > last && !same_slot(last, now, r->rule[i].every)))
			return true;
	return false;
}

bool dl_retention_keeps(const struct dl_retention *r, u64 before, u64 time,
			u64 now)
{
	u64 age = now > time ? now - time : 0;
	u32 i;

	for (i = 0; i < r->nr_rules; i++) {
		u32 every = r->rule[i].every;

		if (age <= r->rule[i].keep &&
		    (!before || !same_slot(before, time, every)))
			return true;
	}
	return false;
}
