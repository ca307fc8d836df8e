// SPDX-License-Identifier: GPL-2.0
/*
 * Plans for the log. See prepare.h.
 *
 * The plan before is the log's: nobody else changes it, and of two who plan at once
 * the later one wins.
 */
#include "foresee.h"
#include "prepare.h"
#include "volume.h"

bool dl_prepare(struct dl_volume *v, u32 ticks)
{
	struct dl_plan_client clients[DL_LEARN_CLIENTS];
	struct dl_plan_needs n = { };
	struct dl_log *l = &v->log;
	struct dl_plan_bounds b;
	struct dl_plan p;

	WRITE_ONCE(l->seal_secs, READ_ONCE(v->opts.seal_secs));
	if (!READ_ONCE(v->opts.foresight)) {
		dl_log_plan(l, NULL);
		return false;
	}
	dl_foresee_ahead(v, DL_QUANTITY_LOG, READ_ONCE(v->opts.segment_ms),
			 &n.fill);
	dl_foresee_burst(v, &n, clients);
	n.least = (u64)READ_ONCE(v->opts.pool_kib) << 10;
	dl_log_bounds(l, &b);
	if (!dl_log_planned(l, &p))
		dl_plan_static(&p, &b);
	do
		dl_plan_make(&p, &b, &n);
	while (ticks-- > 1);
	dl_log_plan(l, &p);
	return p.burst || dl_log_waits(l);
}
