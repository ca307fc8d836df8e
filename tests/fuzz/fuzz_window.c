// SPDX-License-Identifier: GPL-2.0
/*
 * Pins, marks and the window: whatever is accepted keeps what their headers
 * promise, and is written back as it was.
 */
#include "fuzz.h"
#include "pin.h"
#include "window.h"

static void pin(struct input *in)
{
	struct dl_disk_pin *d = exactly(sizeof(*d)), once;
	u8 how = (u8)take_int(in, 1);
	enum dl_status st;
	struct dl_pin p;

	take(in, d, sizeof(*d));
	if (how & 1)
		d->flags &= cpu_to_le32(7);
	if (how & 2)
		d->name[DL_PIN_NAME_BYTES - 1] = 0;
	d->reserved = 0;
	st = dl_pin_unpack(&p, d);
	saw_int(st);
	if (st == DL_OK) {
		must(p.id && p.seq < U64_MAX - 1);
		must(strnlen(p.name, sizeof(p.name)) < sizeof(p.name));
		must(!*p.name == !!(p.flags & DL_PIN_HIDDEN));
		dl_pin_pack(&p, &once);
		saw(&once, sizeof(once));
		must(!memcmp(&once, d, sizeof(once)));
	}
	free(d);
}

static void mark(struct input *in)
{
	struct dl_disk_mark *d = exactly(sizeof(*d)), once;
	u64 seq = take_int(in, 8);
	enum dl_status st;
	struct dl_mark m;

	take(in, d, sizeof(*d));
	d->reserved0 = 0;
	memset(d->reserved, 0, sizeof(d->reserved));
	st = dl_mark_unpack(&m, d, le32_to_cpu(d->kind), le64_to_cpu(d->id),
			    seq);
	saw_int(st);
	if (st == DL_OK) {
		must(m.id && *m.name);
		must(strnlen(m.name, sizeof(m.name)) < sizeof(m.name));
		must(m.kind != DL_MARK_REWIND || m.target < seq);
		dl_mark_pack(&m, &once);
		saw(&once, sizeof(once));
		must(!memcmp(&once, d, sizeof(once)));
	}
	free(d);
}

static void window(struct input *in)
{
	struct dl_moment at[8];
	struct dl_moments m = { .at = at, .max = ARRAY_SIZE(at) };
	u8 how = (u8)take_int(in, 1);
	size_t n = take_int(in, 1);
	struct dl_disk_window once, *d;
	struct dl_retention r;
	enum dl_status st;
	u64 from;
	u32 i;

	/* Most lengths are those of sections. */
	n = how & 1 ? n : sizeof(*d) + (n & 15) * sizeof(struct dl_disk_moment);
	d = exactly(n);
	take(in, d, n);
	if (n >= sizeof(*d)) {
		memset(d->reserved, 0, sizeof(d->reserved));
		if (how & 2)
			d->nr_rules &= cpu_to_le32(7);
		if (how & 4)
			d->on_full &= cpu_to_le32(3);
		for (i = le32_to_cpu(d->nr_rules); i < DL_RULES; i++)
			memset(&d->rule[i], 0, sizeof(d->rule[i]));
	}
	st = dl_window_unpack(&from, &r, &m, d, n);
	saw_int(st);
	if (st == DL_OK) {
		must(dl_retention_valid(&r));
		must((from == DL_WINDOW_OFF) == !r.window);
		must(m.nr <= m.max);
		for (i = 1; i < m.nr; i++)
			must(m.at[i].seq > m.at[i - 1].seq);
		dl_window_pack(&once, from, &r);
		saw(&once, sizeof(once));
		must(!memcmp(&once, d, sizeof(once)));
	}
	free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	while (in.left) {
		switch (take_int(&in, 1) % 3) {
		case 0:
			pin(&in);
			break;
		case 1:
			mark(&in);
			break;
		default:
			window(&in);
		}
	}
	return 0;
}
