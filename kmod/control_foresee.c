// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to programs: what was written lately. See control.c for how calls go.
 */
#include <linux/blk_types.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "control.h"
#include "volume.h"

/* Elements of one call: what the kernel takes memory for. */
#define SAMPLES_MAX	4096u

static u32 kind_of(u8 op)
{
	switch (op) {
	case REQ_OP_DISCARD:
		return DL_CTL_SAMPLE_DISCARD;
	case REQ_OP_WRITE_ZEROES:
		return DL_CTL_SAMPLE_ZEROES;
	default:
		return DL_CTL_SAMPLE_WRITE;
	}
}

static void note(void *ctx, const struct dl_sample *s)
{
	struct dl_ctl_sample **to = ctx;

	*(*to)++ = (struct dl_ctl_sample) {
		.time_ns = s->time_ns, .sector = s->sector,
		.client = s->client, .sectors = s->sectors,
		.op = kind_of(s->op),
	};
}

int dl_control_workload(union dl_control_arg *arg)
{
	struct dl_ctl_workload *a = &arg->workload;
	u32 max = min(a->count, SAMPLES_MAX);
	struct dl_ctl_sample *list, *end;
	u64 cursor = a->cursor, missed;
	struct dl_volume *v;
	int ret = -ENODEV;

	if (!max)
		return -EINVAL;
	list = kvcalloc(max, sizeof(*list), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	end = list;
	v = dl_control_enter(a->major, a->minor);
	if (v) {
		ret = dl_workload_fold(&v->workload, &cursor, max, &missed,
				       note, &end);
		dl_volume_leave(v);
	}
	if (ret >= 0) {
		a->count = ret;
		a->cursor = cursor;
		a->missed = missed;
		ret = dl_control_give(a->buffer, list, ret * sizeof(*list));
	}
	kvfree(list);
	return ret;
}
