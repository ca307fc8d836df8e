// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to programs: what was written lately, and what is foreseen. See control.c for how calls go.
 */
#include <linux/blk_types.h>

#include "control.h"
#include "foresee.h"
#include "volume.h"

/* Elements of one call: what the kernel takes memory for. */
#define SAMPLES_MAX	4096u
#define FORECASTS_MAX	128u

/* ---- what was written ---- */

static u32 kind_of(u8 op)
{
	switch (op) {
	case DL_SAMPLE_OP(REQ_OP_DISCARD):
		return DL_CTL_SAMPLE_DISCARD;
	case DL_SAMPLE_OP(REQ_OP_WRITE_ZEROES):
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

static int list_samples(struct dl_volume *v, union dl_control_arg *arg, void *to, u32 max)
{
	struct dl_ctl_workload *a = &arg->workload;
	struct dl_ctl_sample *end = to;

	return dl_workload_fold(&v->workload, &a->cursor, max, &a->missed, note, &end);
}

int dl_control_workload(union dl_control_arg *arg)
{
	return dl_control_list(arg, sizeof(struct dl_ctl_sample), SAMPLES_MAX,
			       list_samples);
}

/* ---- what is foreseen ---- */

static void describe(struct dl_ctl_forecast_entry *e, const struct dl_foresight *s)
{
	static const u32 series[] = {
		[DL_QUANTITY_WRITES] = DL_CTL_SERIES_WRITES,
		[DL_QUANTITY_BYTES] = DL_CTL_SERIES_BYTES,
		[DL_QUANTITY_NEW] = DL_CTL_SERIES_NEW,
		[DL_QUANTITY_LOG] = DL_CTL_SERIES_LOG,
		[DL_QUANTITY_SIZE] = DL_CTL_SERIES_SIZE,
		[DL_QUANTITIES] = DL_CTL_SERIES_SHARE,
	};

	*e = (struct dl_ctl_forecast_entry) {
		.series = series[s->what],
		.horizon_ms = s->ticks * DL_CASCADE_TICK_MS,
		.client = s->client,
		.value = s->next.value,
		.low = s->next.low, .high = s->next.high,
		.last = s->last, .foreseen = s->foreseen,
		.seen = s->score.n, .error = s->score.error,
		.naive = s->score.naive, .held = s->score.held,
		.confidence = s->next.confidence, .known = s->known,
	};
}

static int list_forecasts(struct dl_volume *v, union dl_control_arg *arg, void *to, u32 max)
{
	struct dl_ctl_forecast *a = &arg->forecast;
	struct dl_ctl_forecast_entry *list = to;
	struct dl_foresight one, ahead;
	u64 at = a->cursor, peek;
	u32 n = 0;

	while (n < max && dl_foresee_next(v, &at, &one))
		describe(&list[n++], &one);
	peek = at;
	a->cursor = n == max && dl_foresee_next(v, &peek, &ahead) ? at : 0;
	return n;
}

int dl_control_forecast(union dl_control_arg *arg)
{
	return dl_control_list(arg, sizeof(struct dl_ctl_forecast_entry), FORECASTS_MAX,
			       list_forecasts);
}
