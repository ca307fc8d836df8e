// SPDX-License-Identifier: GPL-2.0
/*
 * The window's rules and moments. See window.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "window.h"

int dl_window_init(struct dl_window *w, u32 moments)
{
	mutex_init(&w->lock);
	spin_lock_init(&w->inner);
	w->moments.max = moments;
	w->moments.at = kvcalloc(moments, sizeof(*w->moments.at), GFP_KERNEL);
	return w->moments.at ? 0 : -ENOMEM;
}

void dl_window_exit(struct dl_window *w)
{
	kvfree(w->moments.at);
	w->moments.at = NULL;
}

struct dl_retention dl_window_rules(struct dl_window *w)
{
	struct dl_retention r;
	unsigned long flags;

	spin_lock_irqsave(&w->inner, flags);
	r = w->rules;
	spin_unlock_irqrestore(&w->inner, flags);
	return r;
}

void dl_window_set_rules(struct dl_window *w, const struct dl_retention *r)
{
	unsigned long flags;

	spin_lock_irqsave(&w->inner, flags);
	w->rules = *r;
	spin_unlock_irqrestore(&w->inner, flags);
}

void dl_window_moment(struct dl_window *w, u64 seq, u64 time_ns)
{
	unsigned long flags;

	spin_lock_irqsave(&w->inner, flags);
	dl_moments_add(&w->moments, seq, time_ns);
	spin_unlock_irqrestore(&w->inner, flags);
}

u64 dl_window_time(struct dl_window *w, u64 seq)
{
	unsigned long flags;
	u64 time_ns = 0;
	s64 i;

	spin_lock_irqsave(&w->inner, flags);
	i = dl_moments_seq(&w->moments, seq);
	if (i >= 0)
		time_ns = w->moments.at[i].time_ns;
	spin_unlock_irqrestore(&w->inner, flags);
	return time_ns;
}

u64 dl_window_expired(struct dl_window *w, u64 than, u64 now)
{
	unsigned long flags;
	u64 seq = 0;
	s64 i;

	spin_lock_irqsave(&w->inner, flags);
	i = dl_moments_expired(&w->moments, than, now);
	if (i >= 0)
		seq = w->moments.at[i].seq;
	spin_unlock_irqrestore(&w->inner, flags);
	return seq;
}

u64 dl_window_last(struct dl_window *w, struct dl_pins *p)
{
	u64 from = READ_ONCE(p->window), seq = 0;
	unsigned long flags;

	spin_lock_irqsave(&w->inner, flags);
	if (w->moments.nr)
		seq = w->moments.at[w->moments.nr - 1].seq;
	spin_unlock_irqrestore(&w->inner, flags);
	return from == DL_WINDOW_OFF ? seq : max(seq, from);
}

bool dl_window_nth(struct dl_window *w, u32 i, struct dl_moment *m)
{
	unsigned long flags;
	bool is;

	spin_lock_irqsave(&w->inner, flags);
	is = i < w->moments.nr;
	if (is)
		*m = w->moments.at[i];
	spin_unlock_irqrestore(&w->inner, flags);
	return is;
}

void dl_window_forget(struct dl_window *w, u64 below)
{
	unsigned long flags;
	s64 i;

	spin_lock_irqsave(&w->inner, flags);
	i = dl_moments_seq(&w->moments, below);
	/* The last one at or below tells when that was. */
	if (below == U64_MAX)
		w->moments.nr = 0;
	else if (i > 0)
		dl_moments_drop(&w->moments, w->moments.at[i].seq);
	spin_unlock_irqrestore(&w->inner, flags);
}

void dl_window_save(struct dl_window *w, struct dl_pins *p,
		    struct dl_cp_writer *cw)
{
	struct dl_retention rules;
	struct dl_disk_window head;
	struct dl_disk_moment d;
	struct dl_moment m;
	u64 from;
	u32 i;

	read_lock(&p->lock);
	from = p->window_next;
	read_unlock(&p->lock);
	/* Rules come before a window, and go after it, maybe just now. */
	rules = dl_window_rules(w);
	if (!rules.window)
		from = DL_WINDOW_OFF;
	if (from == DL_WINDOW_OFF) {
		rules.window = 0;
		rules.nr_rules = 0;
	}
	if (from == DL_WINDOW_OFF && !rules.on_full)
		return;
	dl_cp_section(cw, DL_SECTION_WINDOW, DL_SECTION_MUST);
	dl_window_pack(&head, from, &rules);
	dl_cp_put_bytes(cw, &head, sizeof(head));
	for (i = 0; i < w->moments.max && dl_window_nth(w, i, &m); i++) {
		dl_moment_pack(&d, &m);
		dl_cp_put_bytes(cw, &d, sizeof(d));
	}
}

int dl_window_load(struct dl_window *w, struct dl_pins *p, const void *body,
		   size_t bytes)
{
	u64 from;

	if (dl_window_unpack(&from, &w->rules, &w->moments, body, bytes) !=
	    DL_OK)
		return -EUCLEAN;
	dl_pins_window_going(p, from);
	dl_pins_window_moved(p);
	return 0;
}
