// SPDX-License-Identifier: GPL-2.0
/*
 * Moments. See moments.h.
 */
#include "moments.h"

/*
 * Drop those without which the next one is no further from the one before than
 * 1 / 2^@shift of their age. So the last one before nothing happened for long
 * stays, and what it was in that time can be told exactly.
 */
static u32 count_or_keep(struct dl_moments *m, u32 shift, bool keep)
{
	u64 now = m->at[m->nr - 1].time_ns, before = m->at[0].time_ns, t, age;
	u32 n = 1, i;

	for (i = 1; i < m->nr; i++) {
		t = m->at[i].time_ns;
		age = now > t ? now - t : 0;
		/* A clock that was set back: not what can be told apart by it. */
		if (i + 1 < m->nr && t >= before &&
		    m->at[i + 1].time_ns >= before &&
		    m->at[i + 1].time_ns - before <= age >> shift)
			continue;
		before = t;
		if (keep)
			m->at[n] = m->at[i];
		n++;
	}
	return n;
}

static void thin(struct dl_moments *m)
{
	u32 want = m->max - m->max / 8, shift, i, n;

	for (shift = 12; shift; shift--)
		if (count_or_keep(m, shift, false) <= want)
			break;
	m->nr = count_or_keep(m, shift, true);
	if (m->nr <= want)
		return;
	for (n = 1, i = 2; i < m->nr; i += 2)
		m->at[n++] = m->at[i];
	m->nr = n;
}

void dl_moments_add(struct dl_moments *m, u64 seq, u64 time_ns)
{
	const struct dl_moment *last = m->nr ? &m->at[m->nr - 1] : NULL;

	if (last && seq <= last->seq)
		return;
	/* The last one goes only for one as close: it may have been that for long. */
	if (m->nr > 1 && time_ns >= last[-1].time_ns &&
	    time_ns - last[-1].time_ns < DL_MOMENT_GAP_NS)
		m->nr--;
	else if (m->nr == m->max)
		thin(m);
	m->at[m->nr++] = (struct dl_moment) { .seq = seq, .time_ns = time_ns };
}

s64 dl_moments_seq(const struct dl_moments *m, u64 seq)
{
	u32 lo = 0, hi = m->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (m->at[mid].seq <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (s64)lo - 1;
}

s64 dl_moments_time(const struct dl_moments *m, u64 time_ns)
{
	s64 i = (s64)m->nr - 1;

	while (i >= 0 && m->at[i].time_ns > time_ns)
		i--;
	return i;
}

s64 dl_moments_expired(const struct dl_moments *m, u64 than, u64 now)
{
	s64 found = -1;
	u32 i;

	for (i = 0; i < m->nr; i++) {
		if (m->at[i].time_ns > now)
			continue;
		if (m->at[i].time_ns > than)
			break;
		found = i;
	}
	return found;
}

void dl_moments_drop(struct dl_moments *m, u64 seq)
{
	u32 i, first = 0;

	while (first < m->nr && m->at[first].seq < seq)
		first++;
	if (!first)
		return;
	for (i = first; i < m->nr; i++)
		m->at[i - first] = m->at[i];
	m->nr -= first;
}
