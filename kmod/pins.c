// SPDX-License-Identifier: GPL-2.0
/*
 * The sorted list of pins. See pins.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "pins.h"

int dl_pins_init(struct dl_pins *p, u32 max)
{
	rwlock_init(&p->lock);
	p->max = max;
	p->next_id = 1;
	p->window = DL_WINDOW_OFF;
	p->window_next = DL_WINDOW_OFF;
	p->pin = kvcalloc(max, sizeof(*p->pin), GFP_KERNEL);
	return p->pin ? 0 : -ENOMEM;
}

void dl_pins_exit(struct dl_pins *p)
{
	kvfree(p->pin);
	p->pin = NULL;
}

/* The first pin at or above @seq: its index, @p->nr if there is none. */
static u32 lower_bound(const struct dl_pins *p, u64 seq)
{
	u32 lo = 0, hi = p->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (p->pin[mid].seq < seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Whatever the list says: by a window, or by a pin about to be made. */
static bool wanted_by_all(const struct dl_pins *p, u64 until)
{
	/* Pairs with the release of who ends it: a window has begun by then. */
	return smp_load_acquire(&p->announced) ||
	       until > READ_ONCE(p->window);
}

bool dl_pins_any(struct dl_pins *p, u64 from, u64 until)
{
	bool any;
	u32 i;

	if (from >= until || !READ_ONCE(p->newest))
		return false;
	if (wanted_by_all(p, until))
		return true;
	read_lock(&p->lock);
	i = lower_bound(p, from);
	any = i < p->nr && p->pin[i].seq < until;
	read_unlock(&p->lock);
	return any;
}

bool dl_pins_any_named(struct dl_pins *p, u64 from, u64 until)
{
	bool any = false;
	u32 i;

	if (from >= until)
		return false;
	if (wanted_by_all(p, until))
		return true;
	read_lock(&p->lock);
	for (i = lower_bound(p, from); !any && i < p->nr &&
	     p->pin[i].seq < until; i++)
		any = !(p->pin[i].flags & DL_PIN_HIDDEN);
	read_unlock(&p->lock);
	return any;
}

struct dl_pin *dl_pins_find(struct dl_pins *p, const char *name, u64 id)
{
	u32 i;

	for (i = 0; i < p->nr; i++)
		if (name ? *name && !p->pin[i].going &&
		    !strcmp(p->pin[i].name, name) : p->pin[i].id == id)
			return &p->pin[i];
	return NULL;
}

static void set_newest(struct dl_pins *p)
{
	u64 newest = p->nr ? p->pin[p->nr - 1].seq + 1 : 0;

	if (p->announced || p->window != DL_WINDOW_OFF)
		newest = U64_MAX;
	/* Pairs with the acquire in dl_history_newest(): the memory is there. */
	smp_store_release(&p->newest, newest);
}

static void end_announcement(struct dl_pins *p)
{
	/* Pairs with the acquire in wanted_by_all(). */
	smp_store_release(&p->announced, false);
	set_newest(p);
}

static int add(struct dl_pins *p, const struct dl_pin *pin)
{
	u32 at;

	if (p->nr == p->max)
		return -ENOSPC;
	at = lower_bound(p, pin->seq + 1);
	memmove(&p->pin[at + 1], &p->pin[at], (p->nr - at) * sizeof(*pin));
	p->pin[at] = *pin;
	p->nr++;
	p->next_id = max(p->next_id, pin->id + 1);
	set_newest(p);
	return 0;
}

static void drop(struct dl_pins *p, struct dl_pin *pin)
{
	p->nr--;
	memmove(pin, pin + 1, (&p->pin[p->nr] - pin) * sizeof(*pin));
	set_newest(p);
}

void dl_pins_going(struct dl_pins *p, u64 id)
{
	struct dl_pin *pin;

	write_lock(&p->lock);
	pin = dl_pins_find(p, NULL, id);
	if (pin)
		pin->going = true;
	write_unlock(&p->lock);
}

u64 dl_pins_next_seq(struct dl_pins *p)
{
	u64 last;

	read_lock(&p->lock);
	last = p->marks_seq;
	if (p->nr)
		last = max(last, p->pin[p->nr - 1].seq);
	read_unlock(&p->lock);
	return last + 1;
}

void dl_pins_announce(struct dl_pins *p)
{
	write_lock(&p->lock);
	WRITE_ONCE(p->announced, true);
	set_newest(p);
	write_unlock(&p->lock);
}

u64 dl_pins_new_id(struct dl_pins *p, u32 n)
{
	u64 id;

	write_lock(&p->lock);
	id = p->next_id;
	p->next_id += n;
	write_unlock(&p->lock);
	return id;
}

int dl_pins_add(struct dl_pins *p, struct dl_pin *pin)
{
	int ret = -ENOENT;

	write_lock(&p->lock);
	pin->id = p->next_id;
	if (p->window_next != DL_WINDOW_OFF && pin->seq >= p->window_next)
		ret = add(p, pin);
	write_unlock(&p->lock);
	return ret;
}

int dl_pins_add_now(struct dl_pins *p, struct dl_pin *pin)
{
	int ret;

	write_lock(&p->lock);
	pin->id = p->next_id;
	ret = add(p, pin);
	write_unlock(&p->lock);
	return ret;
}

bool dl_pins_in_window(struct dl_pins *p, u64 seq)
{
	bool in;

	read_lock(&p->lock);
	in = p->window_next != DL_WINDOW_OFF && seq >= p->window_next;
	read_unlock(&p->lock);
	return in;
}

void dl_pins_window_going(struct dl_pins *p, u64 from)
{
	write_lock(&p->lock);
	p->window_next = from;
	write_unlock(&p->lock);
}

void dl_pins_window_moved(struct dl_pins *p)
{
	write_lock(&p->lock);
	WRITE_ONCE(p->window, p->window_next);
	set_newest(p);
	write_unlock(&p->lock);
}

void dl_pins_drop_hidden(struct dl_pins *p, u64 horizon)
{
	struct dl_pin *kept;
	u64 id;
	u32 i;

	write_lock(&p->lock);
	for (i = 0; i < p->nr; ) {
		if (!(p->pin[i].flags & DL_PIN_HIDDEN)) {
			i++;
			continue;
		}
		id = p->pin[i].id;
		drop(p, &p->pin[i]);
		kept = dl_pins_find(p, NULL, id - 1);
		if (kept && kept->seq >= horizon)
			drop(p, kept);
		i = 0;
	}
	write_unlock(&p->lock);
}

bool dl_pins_damaged(struct dl_pins *p, u64 seq)
{
	bool damaged;
	u32 i;

	read_lock(&p->lock);
	damaged = seq < p->damaged_below;
	for (i = lower_bound(p, seq); i < p->nr && p->pin[i].seq == seq; i++)
		damaged |= p->pin[i].flags & DL_PIN_DAMAGED;
	read_unlock(&p->lock);
	return damaged;
}

u32 dl_pins_named(struct dl_pins *p)
{
	u32 n = 0, i;

	read_lock(&p->lock);
	for (i = 0; i < p->nr; i++)
		n += !!p->pin[i].name[0];
	read_unlock(&p->lock);
	return n;
}

u32 dl_pins_viewed(struct dl_pins *p)
{
	u32 n = 0, i;

	read_lock(&p->lock);
	for (i = 0; i < p->nr; i++)
		n += p->pin[i].views > 0;
	read_unlock(&p->lock);
	return n;
}

void dl_pins_drop(struct dl_pins *p, u64 id)
{
	struct dl_pin *pin;

	write_lock(&p->lock);
	pin = dl_pins_find(p, NULL, id);
	if (pin)
		drop(p, pin);
	write_unlock(&p->lock);
}

int dl_pins_mark(struct dl_pins *p, u64 seq, const struct dl_mark *m)
{
	struct dl_pin *pin, new = {
		.id = m->id,
		.seq = seq - 1,
		.time_ns = m->time_ns,
		.sectors = m->sectors,
	};
	const struct dl_pin hidden = {
		.id = m->id + 1,
		.seq = m->target,
		.time_ns = m->time_ns,
		.sectors = m->sectors,
		.flags = DL_PIN_HIDDEN,
	};
	int ret = 0;

	memcpy(new.name, m->name, sizeof(new.name));
	write_lock(&p->lock);
	if (seq <= p->marks_seq)
		goto out;
	p->marks_seq = seq;
	pin = dl_pins_find(p, NULL, m->id);
	switch (m->kind) {
	case DL_MARK_PIN:
		if (!pin)
			ret = add(p, &new);
		break;
	case DL_MARK_REWIND:
		if (!pin)
			ret = add(p, &new);
		if (!ret && !pin)
			ret = add(p, &hidden);
		break;
	case DL_MARK_RENAME:
		/* Who names it wants it, whatever the rules say. */
		if (pin) {
			memcpy(pin->name, new.name, sizeof(pin->name));
			pin->flags &= ~DL_PIN_RULE;
		}
		break;
	}
	end_announcement(p);
out:
	write_unlock(&p->lock);
	return ret;
}

void dl_pins_settle(struct dl_pins *p)
{
	write_lock(&p->lock);
	end_announcement(p);
	write_unlock(&p->lock);
}

u32 dl_pins_damage(struct dl_pins *p, u64 seq)
{
	u32 i, n = 0;

	write_lock(&p->lock);
	for (i = 0; i < p->nr && p->pin[i].seq < seq; i++) {
		p->pin[i].flags |= DL_PIN_DAMAGED;
		n++;
	}
	p->damaged_below = max(p->damaged_below, seq);
	if (p->window < seq) {
		p->window = seq;
		p->window_next = seq;
		n++;
	}
	write_unlock(&p->lock);
	return n;
}

static void save_pin(const struct dl_pin *pin, struct dl_cp_writer *w)
{
	struct dl_disk_pin d;

	dl_pin_pack(pin, &d);
	dl_cp_put_bytes(w, &d, sizeof(d));
}

void dl_pins_save(struct dl_pins *p, struct dl_cp_writer *w)
{
	struct dl_disk_pins head = { };
	u32 i;

	read_lock(&p->lock);
	if (p->nr || p->marks_seq || p->next_id > 1) {
		dl_cp_section(w, DL_SECTION_PINS, DL_SECTION_MUST);
		head.marks_seq = cpu_to_le64(p->marks_seq);
		head.next_id = cpu_to_le64(p->next_id);
		dl_cp_put_bytes(w, &head, sizeof(head));
	}
	for (i = 0; i < p->nr; i++)
		if (!p->pin[i].going && !p->pin[i].passing)
			save_pin(&p->pin[i], w);
	read_unlock(&p->lock);
}

int dl_pins_load(struct dl_pins *p, const void *body, size_t bytes)
{
	const struct dl_disk_pins *head = body;
	const struct dl_disk_pin *d = body + sizeof(*head);
	struct dl_pin pin;
	size_t n, i;
	u64 seq = 0;
	int ret = 0;

	if (bytes < sizeof(*head) ||
	    (bytes - sizeof(*head)) % sizeof(*d))
		return -EUCLEAN;
	n = (bytes - sizeof(*head)) / sizeof(*d);
	write_lock(&p->lock);
	p->marks_seq = le64_to_cpu(head->marks_seq);
	p->next_id = max_t(u64, le64_to_cpu(head->next_id), 1);
	for (i = 0; !ret && i < n; i++) {
		if (dl_pin_unpack(&pin, &d[i]) != DL_OK || pin.seq < seq ||
		    dl_pins_find(p, NULL, pin.id))
			ret = -EUCLEAN;
		else
			ret = add(p, &pin);
		seq = pin.seq;
	}
	write_unlock(&p->lock);
	return ret;
}
