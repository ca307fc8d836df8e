// SPDX-License-Identifier: GPL-2.0
/*
 * Pins and marks on disk; what a pin holds. See pin.h.
 */
#include "pin.h"

#define KNOWN_FLAGS	(DL_PIN_DAMAGED | DL_PIN_HIDDEN | DL_PIN_RULE)

static bool name_ends(const u8 *name)
{
	return !name[DL_PIN_NAME_BYTES - 1];
}

u32 dl_pin_holder(const u64 *seq, u32 nr, u64 window, u64 from, u64 until)
{
	u32 lo = 0, hi = nr;

	if (from >= until)
		return DL_PIN_NOBODY;
	if (until > window)
		return DL_PIN_SEVERAL;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (seq[mid] < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == nr || seq[lo] >= until)
		return DL_PIN_NOBODY;
	return lo + 1 < nr && seq[lo + 1] < until ? DL_PIN_SEVERAL : lo;
}

void dl_pin_pack(const struct dl_pin *pin, struct dl_disk_pin *d)
{
	*d = (struct dl_disk_pin) {
		.id = cpu_to_le64(pin->id),
		.seq = cpu_to_le64(pin->seq),
		.time_ns = cpu_to_le64(pin->time_ns),
		.sectors = cpu_to_le64(pin->sectors),
		.flags = cpu_to_le32(pin->flags),
	};
	memcpy(d->name, pin->name, sizeof(d->name));
}

enum dl_status dl_pin_unpack(struct dl_pin *pin, const struct dl_disk_pin *d)
{
	*pin = (struct dl_pin) {
		.id = le64_to_cpu(d->id),
		.seq = le64_to_cpu(d->seq),
		.time_ns = le64_to_cpu(d->time_ns),
		.sectors = le64_to_cpu(d->sectors),
		.flags = le32_to_cpu(d->flags),
	};
	memcpy(pin->name, d->name, sizeof(pin->name));
	if (!pin->id || pin->id > U64_MAX - 2 || pin->seq > U64_MAX - 2 ||
	    pin->flags & ~KNOWN_FLAGS || !name_ends(d->name) ||
	    !d->name[0] != !!(pin->flags & DL_PIN_HIDDEN))
		return DL_BAD_RECORD;
	return DL_OK;
}

void dl_mark_pack(const struct dl_mark *m, struct dl_disk_mark *d)
{
	*d = (struct dl_disk_mark) {
		.kind = cpu_to_le32(m->kind),
		.id = cpu_to_le64(m->id),
		.time_ns = cpu_to_le64(m->time_ns),
		.sectors = cpu_to_le64(m->sectors),
		.target = cpu_to_le64(m->target),
	};
	memcpy(d->name, m->name, sizeof(d->name));
}

enum dl_status dl_mark_unpack(struct dl_mark *m, const struct dl_disk_mark *d,
			      u32 kind, u64 id, u64 seq)
{
	*m = (struct dl_mark) {
		.kind = le32_to_cpu(d->kind),
		.id = le64_to_cpu(d->id),
		.time_ns = le64_to_cpu(d->time_ns),
		.sectors = le64_to_cpu(d->sectors),
		.target = le64_to_cpu(d->target),
	};
	memcpy(m->name, d->name, sizeof(m->name));
	if (m->kind != kind || m->id != id || !id || id > U64_MAX - 2 ||
	    !name_ends(d->name) || !d->name[0] ||
	    (kind == DL_MARK_REWIND && m->target >= seq))
		return DL_BAD_RECORD;
	return DL_OK;
}
