// SPDX-License-Identifier: GPL-2.0
/*
 * Write history: its memory, and its readers. See workload.h.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "workload.h"

#define SAMPLES_MIN	16u

static_assert(sizeof(struct dl_sample) == 24);

/* As many of @size as @bytes have room for, a power of two. */
static u32 fit(u64 bytes, size_t size)
{
	return max_t(u64, SAMPLES_MIN,
		     rounddown_pow_of_two(max_t(u64, bytes / size, 1)));
}

int dl_workload_init(struct dl_workload *w, u32 kib)
{
	u64 half = (u64)kib * 512;
	struct dl_sample *s;
	u32 nr;
	int cpu;

	mutex_init(&w->lock);
	if (!kib)
		return 0;
	w->list_mask = fit(half, sizeof(*w->list)) - 1;
	w->list = kvcalloc(w->list_mask + 1, sizeof(*w->list), GFP_KERNEL);
	nr = fit(half / num_possible_cpus(), sizeof(*s));
	w->ring_mask = nr - 1;
	w->memory = kvcalloc((size_t)nr * num_possible_cpus(), sizeof(*s),
			     GFP_KERNEL);
	if (!w->list || !w->memory)
		return -ENOMEM;
	w->ring = alloc_percpu(struct dl_workload_ring);
	if (!w->ring)
		return -ENOMEM;
	s = w->memory;
	for_each_possible_cpu(cpu) {
		struct dl_workload_ring *r = per_cpu_ptr(w->ring, cpu);

		r->ring = s;
		r->tick = jiffies;
		r->now = ktime_get_coarse_real_ns();
		s += nr;
	}
	w->next_nr = 1;
	return 0;
}

void dl_workload_exit(struct dl_workload *w)
{
	free_percpu(w->ring);
	w->ring = NULL;
	kvfree(w->memory);
	w->memory = NULL;
	kvfree(w->list);
	w->list = NULL;
}

u64 dl_workload_bytes(const struct dl_workload *w)
{
	if (!w->ring)
		return 0;
	return ((u64)w->list_mask + 1) * sizeof(*w->list) +
		num_possible_cpus() * (((u64)w->ring_mask + 1) *
				       sizeof(struct dl_sample) +
				       sizeof(struct dl_workload_ring));
}

/* Copy the next sample of a ring that is whole; the others have had numbers. */
static void look(struct dl_workload *w, struct dl_workload_ring *r)
{
	u64 oldest;

	while (r->taken < r->end) {
		r->next = r->ring[r->taken & w->ring_mask];
		/* Then the head: had it been overwritten, that would be seen. */
		smp_rmb();
		oldest = READ_ONCE(r->head);
		oldest -= min_t(u64, oldest, w->ring_mask);
		if (oldest <= r->taken)
			break;
		w->next_nr += oldest - r->taken;
		r->taken = oldest;
	}
}

/* The ring whose next sample is oldest, or NULL; it is for as long as up to @until. */
static struct dl_workload_ring *first(struct dl_workload *w, u64 *until)
{
	struct dl_workload_ring *best = NULL, *r;
	int cpu;

	*until = U64_MAX;
	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(w->ring, cpu);
		if (r->taken >= r->end)
			continue;
		if (!best || r->next.time_ns < best->next.time_ns) {
			if (best)
				*until = best->next.time_ns;
			best = r;
		} else {
			*until = min(*until, r->next.time_ns);
		}
	}
	return best;
}

/* Bring what is in the rings now to the list. */
static void gather(struct dl_workload *w)
{
	struct dl_workload_ring *r;
	struct dl_told *t;
	u64 until;
	int cpu;

	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(w->ring, cpu);
		/* All before it is to be read as it was written. */
		r->end = smp_load_acquire(&r->head);
		look(w, r);
	}
	while ((r = first(w, &until))) {
		do {
			t = &w->list[w->listed++ & w->list_mask];
			t->s = r->next;
			t->nr = w->next_nr++;
			r->taken++;
			look(w, r);
			if (!(w->listed & 0xff))
				cond_resched();
		} while (r->taken < r->end && r->next.time_ns <= until);
	}
}

/* Place on the list of the first that has number @nr or a higher one. */
static u64 find(const struct dl_workload *w, u64 nr)
{
	u64 low = w->listed - min_t(u64, w->listed, (u64)w->list_mask + 1);
	u64 high = w->listed, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (w->list[mid & w->list_mask].nr < nr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int dl_workload_fold(struct dl_workload *w, u64 *cursor, u32 max, u64 *missed,
		     void (*fn)(void *ctx, const struct dl_sample *s),
		     void *ctx)
{
	u64 at, end, from = *cursor, to;
	int nr = 0;

	if (!w->ring)
		return -ENODATA;
	mutex_lock(&w->lock);
	gather(w);
	if (from > w->next_nr) {
		mutex_unlock(&w->lock);
		return -EINVAL;
	}
	at = find(w, from);
	end = min(w->listed, at + min_t(u32, max, S32_MAX));
	/* Nothing was promised to who begins. */
	if (!from)
		from = at < w->listed ? w->list[at & w->list_mask].nr :
			w->next_nr;
	for (; at < end; at++, nr++)
		fn(ctx, &w->list[at & w->list_mask].s);
	/* Behind the last are numbers that nobody will be told. */
	to = at < w->listed ? w->list[at & w->list_mask].nr : w->next_nr;
	*missed = to - from - nr;
	*cursor = to;
	mutex_unlock(&w->lock);
	return nr;
}
