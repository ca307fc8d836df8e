// SPDX-License-Identifier: GPL-2.0
/*
 * Who holds how much of the log. See held.h.
 */
#include <linux/bitops.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "held.h"
#include "history.h"

static void copy_pins(struct dl_pins *p, struct dl_held *h)
{
	u32 i;

	read_lock(&p->lock);
	h->window = p->window;
	h->nr = p->nr;
	for (i = 0; i < p->nr; i++) {
		h->seq[i] = p->pin[i].seq;
		h->pin[i] = (struct dl_held_pin) {
			.id = p->pin[i].id,
			.named = p->pin[i].name[0],
		};
	}
	read_unlock(&p->lock);
}

static void count(struct dl_held *h, const struct dl_version *val)
{
	u32 holder = dl_pin_holder(h->seq, h->nr, h->window, val->from,
				   val->until);
	u64 bytes = (u64)hweight8(val->mask) << SECTOR_SHIFT;

	/* With a flag it has no payload; with no holder it is about to go. */
	if (val->flags || holder == DL_PIN_NOBODY)
		return;
	h->total += bytes;
	if (holder != DL_PIN_SEVERAL)
		h->pin[holder].bytes += bytes;
}

static int count_all(struct dl_volume *v, struct dl_held *h)
{
	u32 nr = dl_past_nr(&v->past.t), i;
	struct dl_version val;

	for (i = 1; i < nr; i++) {
		if (dl_history_get(v, i, &val))
			count(h, &val);
		if (i & 0xffff)
			continue;
		cond_resched();
		if (signal_pending(current))
			return -EINTR;
	}
	return 0;
}

int dl_held_count(struct dl_volume *v, struct dl_held *h)
{
	/* As many as there may be by then. The volume may be suspended. */
	u32 max = v->pins.max;
	int ret = -ENOMEM;

	*h = (struct dl_held) {
		.seq = kvmalloc_array(max, sizeof(*h->seq), GFP_NOIO),
		.pin = kvmalloc_array(max, sizeof(*h->pin), GFP_NOIO),
	};
	if (h->seq && h->pin) {
		copy_pins(&v->pins, h);
		/* Pairs with the release in dl_history_alloc(). */
		ret = smp_load_acquire(&v->past.on) ? count_all(v, h) : 0;
	}
	if (ret)
		dl_held_free(h);
	return ret;
}

void dl_held_free(struct dl_held *h)
{
	kvfree(h->pin);
	kvfree(h->seq);
}
