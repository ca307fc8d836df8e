// SPDX-License-Identifier: GPL-2.0
/*
 * The window on disk. See window.h.
 */
#include "window.h"

static_assert(DL_RULES == DL_DISK_RULES, "rules in memory and on disk");

void dl_window_pack(struct dl_disk_window *d, u64 from,
		    const struct dl_retention *r)
{
	u32 i;

	*d = (struct dl_disk_window) {
		.from = cpu_to_le64(from),
		.seconds = cpu_to_le32(r->window),
		.on_full = cpu_to_le32(r->on_full),
		.nr_rules = cpu_to_le32(r->nr_rules),
	};
	for (i = 0; i < r->nr_rules; i++) {
		d->rule[i].every = cpu_to_le32(r->rule[i].every);
		d->rule[i].keep = cpu_to_le32(r->rule[i].keep);
	}
}

void dl_moment_pack(struct dl_disk_moment *d, const struct dl_moment *m)
{
	d->seq = cpu_to_le64(m->seq);
	d->time_ns = cpu_to_le64(m->time_ns);
}

static bool take_moments(struct dl_moments *m, const struct dl_disk_moment *d,
			 size_t n)
{
	u64 seq, last = 0;
	size_t i;

	m->nr = 0;
	for (i = 0; i < n; i++) {
		seq = le64_to_cpu(d[i].seq);
		if (seq > U64_MAX - 2 || (i && seq <= last))
			return false;
		last = seq;
		if (n - i > m->max)
			continue;
		m->at[m->nr].seq = seq;
		m->at[m->nr++].time_ns = le64_to_cpu(d[i].time_ns);
	}
	return true;
}

enum dl_status dl_window_unpack(u64 *from, struct dl_retention *r,
				struct dl_moments *m, const void *body,
				size_t bytes)
{
	const struct dl_disk_window *d = body;
	u32 i;

	if (bytes < sizeof(*d) ||
	    (bytes - sizeof(*d)) % sizeof(struct dl_disk_moment))
		return DL_BAD_RECORD;
	*from = le64_to_cpu(d->from);
	*r = (struct dl_retention) {
		.window = le32_to_cpu(d->seconds),
		.on_full = le32_to_cpu(d->on_full),
		.nr_rules = le32_to_cpu(d->nr_rules),
	};
	if (r->nr_rules > DL_RULES)
		return DL_BAD_RECORD;
	for (i = 0; i < r->nr_rules; i++) {
		r->rule[i].every = le32_to_cpu(d->rule[i].every);
		r->rule[i].keep = le32_to_cpu(d->rule[i].keep);
	}
	if (!dl_retention_valid(r) || (*from == DL_WINDOW_OFF) != !r->window ||
	    (*from > U64_MAX - 2 && *from != DL_WINDOW_OFF) ||
	    !take_moments(m, body + sizeof(*d), (bytes - sizeof(*d)) /
			  sizeof(struct dl_disk_moment)))
		return DL_BAD_RECORD;
	return DL_OK;
}
