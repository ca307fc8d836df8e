// SPDX-License-Identifier: GPL-2.0
/*
 * Moving the window, snapshots by rule. See retain.h.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "io.h"
#include "msg.h"
#include "reconcile.h"
#include "retain.h"
#include "snapshot.h"
#include "space.h"

/* A window that moves is swept: not for less than this part of it. */
#define PARTS		64
/* A log that is short of room forgets this part of the window at a time. */
#define SHORTEN		8
/* Places for snapshots that rules leave to others. */
#define RESERVE		4

static u64 durable(struct dl_volume *v)
{
	return READ_ONCE(v->log.durable_seq);
}

/* ---- setting ---- */

static int refuse(struct dl_volume *v, int err, const char *why)
{
	dl_err("%s: retention: %s", v->name, why);
	return err;
}

/* All that is replaced from the present on is kept. */
static u64 begin_window(struct dl_volume *v)
{
	unsigned long flags;
	u64 seq;

	dl_snapshot_announce(v);
	spin_lock_irqsave(&v->log.lock, flags);
	seq = v->log.next_seq - 1;
	/* No record up to it may take a later write's content. */
	v->log.mark_seq = max(v->log.mark_seq, seq);
	spin_unlock_irqrestore(&v->log.lock, flags);
	dl_window_forget(&v->window, U64_MAX);
	dl_window_moment(&v->window, seq, ktime_get_real_ns());
	return seq;
}

static int change(struct dl_volume *v, const struct dl_retention *r)
{
	struct dl_window *w = &v->window;
	bool was = v->pins.window != DL_WINDOW_OFF;
	bool less = r->on_full == DL_ON_FULL_SHORTEN || was;
	int ret = 0;

	if (r->window && !was)
		ret = dl_snapshot_prepare(v);
	if (ret)
		return ret;
	if (!r->window)
		dl_pins_window_going(&v->pins, DL_WINDOW_OFF);
	/* What comes of it is worth to wait for, also under a rule to fail. */
	WRITE_ONCE(w->easing, less);
	if (less)
		dl_volume_set_full(v, false);
	dl_window_set_rules(w, r);
	w->made = 0;
	if (r->window && !was)
		dl_pins_window_going(&v->pins, begin_window(v));
	ret = dl_snapshot_save(v);
	/* If that failed the log takes no more: what it says is not known. */
	if (!ret)
		dl_pins_window_moved(&v->pins);
	dl_pins_settle(&v->pins);
	dl_volume_keep_room(v);
	dl_reconcile_sweep(&v->rc);
	WRITE_ONCE(w->easing, false);
	if (less)
		dl_volume_set_full(v, false);
	/* Else those that wait may be to fail now. */
	dl_write_wake(v);
	return ret;
}

static int may_change(struct dl_volume *v)
{
	if (dl_volume_mode(v) != DL_MODE_RW)
		return refuse(v, -EROFS, "the volume is not read-write");
	if (READ_ONCE(v->detaching) || !v->started)
		return refuse(v, -EBUSY, "the volume is being detached, or has not been resumed yet");
	return 0;
}

int dl_retain_set(struct dl_volume *v, const struct dl_retention *r)
{
	int ret;

	if (!dl_retention_valid(r))
		return refuse(v, -EINVAL, "a window of at most 36600 days, and with one up to 8 rules of at least a minute that keep for at least as long");
	mutex_lock(&v->snapshot_lock);
	ret = may_change(v);
	if (!ret) {
		mutex_lock(&v->window.lock);
		ret = change(v, r);
		mutex_unlock(&v->window.lock);
		if (ret)
			refuse(v, ret, ret == -ENOMEM ? "out of memory" :
			       "the log cannot be written");
	}
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

/* ---- by rule ---- */

/* The youngest snapshot made by rule, or one like it of 1970. */
static struct dl_pin youngest(struct dl_volume *v)
{
	struct dl_pin pin = { };
	u32 i;

	read_lock(&v->pins.lock);
	for (i = v->pins.nr; i; i--) {
		if (!(v->pins.pin[i - 1].flags & DL_PIN_RULE))
			continue;
		pin = v->pins.pin[i - 1];
		break;
	}
	read_unlock(&v->pins.lock);
	return pin;
}

/* Make one, if one is due and there is anything new. The caller saves. */
static bool make_one(struct dl_volume *v, const struct dl_retention *r, u64 now)
{
	struct dl_pin last = youngest(v), pin = {
		.seq = durable(v),
		.time_ns = now * NSEC_PER_SEC,
		.sectors = v->sectors,
		.flags = DL_PIN_RULE,
	};
	struct dl_pins *p = &v->pins;
	u64 when = last.time_ns / NSEC_PER_SEC;
	bool taken, room;
	struct tm tm;

	/*
	 * One that had to go for want of room is not made good: who makes room
	 * would drop it again, for ever. A clock that was set back is no reason
	 * to wait for the time it had been.
	 */
	if (v->window.made <= now)
		when = max(when, v->window.made);
	if (pin.seq <= last.seq || !dl_retention_due(r, when, now))
		return false;
	time64_to_tm(now, 0, &tm);
	snprintf(pin.name, sizeof(pin.name), "auto-%ld%02d%02dT%02d%02d%02dZ",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		 tm.tm_min, tm.tm_sec);
	read_lock(&p->lock);
	taken = dl_pins_find(p, pin.name, 0);
	/* Somebody may be about to make one, and has seen that there is room. */
	room = p->max - p->nr > RESERVE;
	read_unlock(&p->lock);
	if (!room)
		dl_err_limit("%s: the checkpoint has no room for more snapshots: none is made by rule until some are deleted",
			     v->name);
	if (!room || taken || dl_pins_add(p, &pin))
		return false;
	dl_snapshot_take_map(v, pin.id, pin.name);
	v->window.made = now;
	return true;
}

/* Those that no rule keeps are to go, if nobody looks at them. */
static bool expire(struct dl_volume *v, const struct dl_retention *r, u64 now)
{
	u64 before = 0, time;
	bool any = false;
	u32 i;

	write_lock(&v->pins.lock);
	for (i = 0; i < v->pins.nr; i++) {
		struct dl_pin *pin = &v->pins.pin[i];

		if (!(pin->flags & DL_PIN_RULE) || pin->going)
			continue;
		time = pin->time_ns / NSEC_PER_SEC;
		if (dl_retention_keeps(r, before, time, now) || pin->views) {
			before = time;
			continue;
		}
		pin->going = true;
		any = true;
	}
	write_unlock(&v->pins.lock);
	return any;
}

/* A checkpoint is durable without those that were to go: they do. */
static void drop_going(struct dl_volume *v)
{
	u64 id;
	u32 i;

	do {
		id = 0;
		read_lock(&v->pins.lock);
		for (i = 0; i < v->pins.nr && !id; i++)
			if (v->pins.pin[i].going &&
			    v->pins.pin[i].flags & DL_PIN_RULE)
				id = v->pins.pin[i].id;
		read_unlock(&v->pins.lock);
		if (id) {
			dl_pins_drop(&v->pins, id);
			dl_grainpast_drop(&v->grainpast, id);
		}
	} while (id);
}

/* ---- moving ---- */

static int save(struct dl_volume *v, u32 flags)
{
	int ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
				       flags);

	if (ret) {
		dl_volume_log_failed(v);
		return ret;
	}
	drop_going(v);
	dl_pins_window_moved(&v->pins);
	dl_window_forget(&v->window, v->pins.window);
	dl_volume_keep_room(v);
	return 1;
}

/*
 * @fully: move the window for however little. @make: what is due. @flags: of the
 * checkpoint.
 */
static int tend(struct dl_volume *v, bool fully, bool make, u32 flags)
{
	struct dl_window *w = &v->window;
	struct dl_retention r;
	u64 ns = ktime_get_real_ns(), now = ns / NSEC_PER_SEC, to = 0;
	u64 from, last;
	bool any = false;
	int ret = 0;

	mutex_lock(&w->lock);
	r = dl_window_rules(w);
	from = v->pins.window;
	last = durable(v);
	if (from < last && now > r.window)
		to = dl_window_expired(w, ns - r.window * (u64)NSEC_PER_SEC,
				       ns);
	to = min(to, last);
	if (to > from && (fully || to - from > (last - from) / PARTS)) {
		dl_pins_window_going(&v->pins, to);
		any = true;
	}
	if (r.nr_rules && make && !READ_ONCE(v->detaching))
		any |= make_one(v, &r, now);
	any |= expire(v, &r, now);
	if (any)
		ret = save(v, flags);
	mutex_unlock(&w->lock);
	return ret;
}

int dl_retain_tend(struct dl_volume *v, bool at_once)
{
	return tend(v, at_once, !at_once, 0);
}

int dl_retain_apply(struct dl_volume *v)
{
	int ret;

	mutex_lock(&v->snapshot_lock);
	ret = may_change(v);
	if (!ret) {
		ret = tend(v, true, true, v->resumed ? 0 : DL_SUPER_CLEAN);
		if (ret < 0)
			refuse(v, ret, "the log cannot be written");
	}
	if (ret > 0) {
		dl_reconcile_sweep(&v->rc);
		/* Writes wait for what comes of it. */
		dl_volume_set_full(v, false);
		ret = 0;
	}
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

/* The oldest one made by rule that nobody looks at is to go. */
static bool oldest_going(struct dl_volume *v)
{
	char name[DL_PIN_NAME_BYTES];
	bool found = false;
	u32 i;

	write_lock(&v->pins.lock);
	for (i = 0; i < v->pins.nr && !found; i++) {
		struct dl_pin *pin = &v->pins.pin[i];

		found = pin->flags & DL_PIN_RULE && !pin->views && !pin->going;
		if (!found)
			continue;
		pin->going = true;
		memcpy(name, pin->name, sizeof(name));
		/* Which may have been made in an earlier life. */
		v->window.made = max(v->window.made,
				     pin->time_ns / NSEC_PER_SEC);
	}
	write_unlock(&v->pins.lock);
	if (found)
		dl_warn("%s: log %pg is full: snapshot '%s', made by rule, is dropped",
			v->name, v->logio.bdev, name);
	return found;
}

int dl_retain_shorten(struct dl_volume *v, u64 most)
{
	struct dl_window *w = &v->window;
	struct dl_retention r;
	u64 from, last;
	int ret = 0;

	mutex_lock(&w->lock);
	r = dl_window_rules(w);
	from = v->pins.window;
	last = min(durable(v), most);
	if (r.on_full != DL_ON_FULL_SHORTEN || from == DL_WINDOW_OFF)
		goto out;
	if (from < last) {
		dl_pins_window_going(&v->pins, from +
				     DIV_ROUND_UP_ULL(last - from, SHORTEN));
		ret = save(v, 0);
	} else if (oldest_going(v)) {
		ret = save(v, 0);
	}
out:
	mutex_unlock(&w->lock);
	return ret;
}

unsigned long dl_retain_due(struct dl_volume *v)
{
	struct dl_retention r = dl_window_rules(&v->window);
	unsigned long secs;

	if (READ_ONCE(v->pins.window) == DL_WINDOW_OFF)
		return MAX_SCHEDULE_TIMEOUT;
	secs = clamp(r.window / PARTS, 1U, 60U);
	return secs * HZ;
}
