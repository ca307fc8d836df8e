// SPDX-License-Identifier: GPL-2.0
/*
 * Forecasters: whatever numbers come and whenever, what is foreseen is in order and
 * within what was seen, and the work is bounded. Whatever state is accepted is written
 * back as it was, and does no harm from then on.
 */
#include "cascade.h"
#include "crc.h"
#include "fixed.h"
#include "fuzz.h"

static void check_forecast(const struct dl_forecast *f)
{
	must(f->low <= f->value && f->value <= f->high);
	saw(&f->value, sizeof(f->value));
	saw(&f->low, sizeof(f->low));
	saw(&f->high, sizeof(f->high));
	saw(&f->confidence, sizeof(f->confidence));
}

static void check_series(const struct dl_series *s)
{
	const s32 top = (s32)DL_FIXED_TOP;
	u32 i;

	must(s->least >= 0 && s->least <= s->most && s->most <= top);
	must(s->value >= s->least && s->value <= s->most);
	for (i = 0; i < DL_SERIES_MODELS; i++) {
		must(s->foreseen[i] >= s->least && s->foreseen[i] <= s->most);
		must(s->error[i] <= DL_FIXED_TOP << DL_SERIES_ERROR_SHIFT);
	}
	must(s->under <= 0 && s->under >= -top);
	must(s->over >= 0 && s->over <= top);
	must(s->held <= DL_FIXED_ONE);
	must(s->season ? s->phase < s->season : !s->phase);
}

/* Numbers as writes have them: some bits, anywhere; none; all. */
static u64 number(struct input *in)
{
	const u8 how = (u8)take_int(in, 1);

	switch (how >> 6) {
	case 0:
		return how & 1 ? U64_MAX : 0;
	case 1:
		return 1ULL << (how & 63);
	case 2:
		return take_int(in, 2) << (how & 63);
	default:
		return take_int(in, 8);
	}
}

static void series(struct input *in)
{
	u32 n = (u32)take_int(in, 1);
	struct dl_disk_series *d = exactly(sizeof(*d));
	struct dl_series s, again;
	struct dl_forecast f;

	dl_series_init(&s, (u32)take_int(in, 1));
	while (n-- && in->left) {
		dl_series_add(&s, number(in));
		check_series(&s);
		dl_series_next(&s, &f);
		check_forecast(&f);
		must(s.n >= DL_SERIES_WARM || !f.confidence);
	}
	dl_series_pack(&s, d);
	must(dl_series_unpack(&again, d, s.season) == DL_OK);
	must(again.value == s.value);
	free(d);
}

static u64 seen_by(const struct dl_cascade *c)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < DL_CASCADE_LEVELS; i++)
		n += c->level[i].series.n;
	return n;
}

static void live(struct input *in, struct dl_cascade *c)
{
	u32 n = (u32)take_int(in, 1) % 64, i;
	u64 tick = c->tick, before;
	struct dl_forecast f;

	while (n-- && in->left) {
		const u8 how = (u8)take_int(in, 1);

		tick = how & 1 ? number(in) : tick + (how >> 2);
		before = seen_by(c);
		dl_cascade_add(c, tick, number(in), how & 2 ? number(in) : 1);
		/* Counts that were as high as they get stay so. */
		must(seen_by(c) - before <= DL_CASCADE_LEVELS * DL_CASCADE_GAP);
		for (i = 0; i < DL_CASCADE_LEVELS; i++) {
			must(c->level[i].end > c->tick ||
			     c->level[i].end == U64_MAX);
			check_series(&c->level[i].series);
		}
		dl_cascade_ahead(c, (u32)take_int(in, 2), &f);
		check_forecast(&f);
	}
}

/* As read: a good state with some of it changed, under a checksum that is right. */
static void state(struct input *in, struct dl_cascade *c)
{
	struct dl_disk_cascade *d = exactly(sizeof(*d)), once;
	u32 n = (u32)take_int(in, 1) % 16, i;
	const bool gauge = take_int(in, 1) & 1;
	struct dl_cascade back;
	enum dl_status st;

	dl_cascade_pack(c, d);
	while (n--) {
		const u32 at = (u32)take_int(in, 2) % sizeof(*d);

		((u8 *)d)[at] = (u8)take_int(in, 1);
	}
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		d->level[i].reserved = 0;
		memset(d->level[i].series.reserved, 0,
		       sizeof(d->level[i].series.reserved));
	}
	d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
		offsetof(struct dl_disk_cascade, crc)));
	dl_cascade_init(&back, gauge, take_int(in, 4));
	st = dl_cascade_unpack(&back, d);
	saw_int(st);
	if (st == DL_OK) {
		dl_cascade_pack(&back, &once);
		saw(&once, sizeof(once));
		/* An interval without an end got one. */
		for (i = 0; i < DL_CASCADE_LEVELS; i++)
			if (!d->level[i].left)
				d->level[i].left = once.level[i].left;
		d->crc = once.crc;
		must(!memcmp(&once, d, sizeof(once)));
		live(in, &back);
	}
	free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct dl_cascade c;

	while (in.left) {
		switch (take_int(&in, 1) % 3) {
		case 0:
			series(&in);
			break;
		default:
			dl_cascade_init(&c, take_int(&in, 1) & 1, number(&in));
			live(&in, &c);
			state(&in, &c);
		}
	}
	return 0;
}
