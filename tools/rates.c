// SPDX-License-Identifier: GPL-2.0
/* A volume at two moments. See rates.h. */
#include <inttypes.h>
#include <string.h>

#include "human.h"
#include "json.h"
#include "rates.h"

#define PAGE	4096u

static uint64_t key(const struct dl_reading *r, const char *name)
{
	return dl_volstat_value(&r->s, name);
}

/* By how much a counter grew. */
static uint64_t grown(const struct dl_reading *was, const struct dl_reading *is,
		      const char *name)
{
	uint64_t a = was ? key(was, name) : 0, b = key(is, name);

	return b > a ? b - a : 0;
}

/* A second; < 0: that is not known. */
static double rate(const struct dl_reading *was, const struct dl_reading *is,
		   const char *name)
{
	if (!was || is->at <= was->at)
		return -1;
	return (double)grown(was, is, name) / (is->at - was->at);
}

/* ---- for people */

static const char *bytes(char *buf, size_t size, double v)
{
	if (v < 0)
		snprintf(buf, size, "-");
	else
		dl_human_bytes(buf, size, (uint64_t)v);
	return buf;
}

static const char *number(char *buf, size_t size, double v)
{
	if (v < 0)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%.0f", v);
	return buf;
}

/* "83 %", or "-" of nothing. */
static const char *percent(char *buf, size_t size, uint64_t part, uint64_t whole)
{
	if (whole)
		snprintf(buf, size, "%u %%", dl_human_percent(part, whole));
	else
		snprintf(buf, size, "-");
	return buf;
}

static void print_rates(FILE *f, const struct dl_reading *was,
			const struct dl_reading *is)
{
	char a[32], b[32], c[32], d[32];

	fprintf(f, "  rates      %s writes/s, %s/s; to the log %s/s, to the origin %s/s\n",
		number(a, sizeof(a), rate(was, is, "writes")),
		bytes(b, sizeof(b), rate(was, is, "user_bytes")),
		bytes(c, sizeof(c), rate(was, is, "log_bytes")),
		bytes(d, sizeof(d), rate(was, is, "origin_bytes")));
}

static void print_forecast(FILE *f, const struct dl_reading *is, uint32_t ms)
{
	const struct dl_ctl_forecast_entry *e =
		dl_foreseen_of(&is->f, DL_CTL_SERIES_BYTES, ms);
	char pace[16], value[32], low[32], high[32], last[32], said[32] = "-";

	if (!e || !e->seen)
		return;
	if (e->known)
		dl_human_bytes(said, sizeof(said), e->foreseen);
	dl_human_bytes(value, sizeof(value), e->value);
	dl_human_bytes(low, sizeof(low), e->low);
	dl_human_bytes(high, sizeof(high), e->high);
	dl_human_bytes(last, sizeof(last), e->last);
	fprintf(f, "  forecast   in %s: %s (%s to %s), %u %% sure; last %s, foreseen %s\n",
		dl_foreseen_pace(pace, sizeof(pace), ms), value, low, high,
		dl_foreseen_sure(e), last, said);
}

static void print_segments(FILE *f, const struct dl_reading *was,
			   const struct dl_reading *is)
{
	fprintf(f, "  segments   %" PRIu64 ", a new one %" PRIu64 " KiB; pool %" PRIu64 ", %" PRIu64 " KiB; %" PRIu64 " waited for one\n",
		key(is, "segments"), key(is, "segment_kib"),
		key(is, "pool_segments"), key(is, "pool_kib"),
		grown(was, is, "alloc_stalls"));
}

static void print_fusion(FILE *f, const struct dl_reading *was,
			 const struct dl_reading *is)
{
	char kept[32], filled[32], came[32];

	fprintf(f, "  fusion     %s placeholders/s, %s of their room filled; %s of expected neighbours came\n",
		number(kept, sizeof(kept), rate(was, is, "placeholders")),
		percent(filled, sizeof(filled), grown(was, is, "fused_sectors"),
			grown(was, is, "placeholder_sectors")),
		percent(came, sizeof(came), grown(was, is, "neighbours_came"),
			grown(was, is, "neighbours_said")));
}

static void print_deltas(FILE *f, const struct dl_reading *was,
			 const struct dl_reading *is)
{
	uint64_t deltas = grown(was, is, "deltas");
	char share[32];

	fprintf(f, "  deltas     %s of pages, %" PRIu64 " bytes each\n",
		percent(share, sizeof(share), deltas,
			grown(was, is, "user_bytes") / PAGE),
		deltas ? grown(was, is, "delta_bytes") / deltas : 0);
}

static void print_reconcile(FILE *f, const struct dl_reading *was,
			    const struct dl_reading *is)
{
	uint64_t seq = key(is, "seq"), horizon = key(is, "horizon_seq");
	uint64_t waited = grown(was, is, "waited");

	fprintf(f, "  reconcile  %s, %" PRIu64 " records behind, longest lag %.1f s; %" PRIu64 " pages waited, %" PRIu64 " replaced\n",
		key(is, "reconciling") ? "runs" : "rests",
		seq > horizon ? seq - horizon : 0,
		(double)key(is, "lag_max_ms") / 1000, waited,
		grown(was, is, "waited_hits"));
}

static void print_space(FILE *f, const struct dl_reading *is)
{
	uint64_t used = key(is, "log_used"), all = key(is, "log_size"), within;
	uint64_t chance = key(is, "full_probability");
	char size[32];

	fprintf(f, "  space      %u %% of %s; full soon: ", dl_human_percent(used, all),
		dl_human_bytes(size, sizeof(size), all * 512));
	if (is->off) {
		fputs("off, as foresight is\n", f);
		return;
	}
	fprintf(f, "%" PRIu64 ".%" PRIu64 " %% likely", chance / 10, chance % 10);
	if (dl_volstat_get(&is->s, "full_within", &within))
		fprintf(f, ", expected in %" PRIu64 " s\n", within);
	else
		fputc('\n', f);
}

void dl_rates_print(FILE *f, const struct dl_reading *was, const struct dl_reading *is)
{
	fprintf(f, "%s  %s%s\n", is->v.name, is->s.mode,
		is->v.suspended ? ", suspended" : "");
	print_rates(f, was, is);
	print_forecast(f, is, 500);
	print_forecast(f, is, 5000);
	print_segments(f, was, is);
	print_fusion(f, was, is);
	print_deltas(f, was, is);
	print_reconcile(f, was, is);
	print_space(f, is);
}

/* ---- for programs */

static void add_rate(struct json_object *o, const char *name,
		     const struct dl_reading *was, const struct dl_reading *is,
		     const char *counter)
{
	double v = rate(was, is, counter);

	json_object_object_add(o, name, v < 0 ? NULL : json_object_new_double(v));
}

static struct json_object *forecast_json(const struct dl_reading *is, uint32_t ms)
{
	const struct dl_ctl_forecast_entry *e =
		dl_foreseen_of(&is->f, DL_CTL_SERIES_BYTES, ms);
	struct json_object *o;

	if (!e)
		return NULL;
	o = json_object_new_object();
	dl_json_u64(o, "pace_ms", ms);
	dl_json_u64(o, "value", e->value);
	dl_json_u64(o, "low", e->low);
	dl_json_u64(o, "high", e->high);
	dl_json_u64(o, "confidence", e->confidence);
	dl_json_u64(o, "last", e->last);
	json_object_object_add(o, "foreseen", e->known ?
			       json_object_new_uint64(e->foreseen) : NULL);
	return o;
}

struct json_object *dl_rates_json(const struct dl_reading *was,
				  const struct dl_reading *is)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rates = json_object_new_object();
	struct json_object *ahead = json_object_new_array();

	dl_json_str(o, "name", is->v.name);
	dl_json_str(o, "mode", is->s.mode);
	dl_json_bool(o, "suspended", is->v.suspended);
	dl_json_bool(o, "foresight", !is->off);
	add_rate(rates, "writes", was, is, "writes");
	add_rate(rates, "bytes", was, is, "user_bytes");
	add_rate(rates, "log_bytes", was, is, "log_bytes");
	add_rate(rates, "origin_bytes", was, is, "origin_bytes");
	add_rate(rates, "placeholders", was, is, "placeholders");
	add_rate(rates, "deltas", was, is, "deltas");
	json_object_object_add(o, "per_second", rates);
	json_object_array_add(ahead, forecast_json(is, 500));
	json_object_array_add(ahead, forecast_json(is, 5000));
	json_object_object_add(o, "forecast_bytes", ahead);
	json_object_object_add(o, "status", dl_volstat_json(&is->s));
	return o;
}
