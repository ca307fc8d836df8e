// SPDX-License-Identifier: GPL-2.0
/*
 * Plans for the log. See prepare.h.
 *
 * The plan before is the log's: nobody else changes it, and of two who plan at once
 * the later one wins.
 */
#include "prepare.h"
#include "volume.h"

void dl_prepare(struct dl_volume *v, struct dl_plan_needs *n)
{
	struct dl_plan_needs nothing = { };
	struct dl_log *l = &v->log;
	struct dl_plan_bounds b;
	struct dl_plan p;

	WRITE_ONCE(l->seal_secs, READ_ONCE(v->opts.seal_secs));
	if (!READ_ONCE(v->opts.foresight)) {
		dl_log_plan(l, NULL);
		return;
	}
	n = n ?: &nothing;
	n->least = (u64)READ_ONCE(v->opts.pool_kib) << 10;
	dl_log_bounds(l, &b);
	if (!dl_log_planned(l, &p))
		dl_plan_static(&p, &b);
	dl_plan_make(&p, &b, n);
	dl_log_plan(l, &p);
}
