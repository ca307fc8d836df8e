// SPDX-License-Identifier: GPL-2.0
/*
 * Looking ahead. See outlook.h.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "core/checkpoint.h"
#include "foresee.h"
#include "history.h"
#include "io.h"
#include "msg.h"
#include "outlook.h"
#include "space.h"

#define LOOK		max(1UL, msecs_to_jiffies(100))
#define JUDGE_MS	1000
#define FARTHEST	1800U	/* s that forecasters look ahead */
/* What is older says little of what is to come. */
#define OLD_NS		(7ULL * 24 * 3600 * NSEC_PER_SEC)
#define PACE_NS		(50 * NSEC_PER_MSEC)	/* of reconcile that say how fast it is */

static u64 now_ms(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_MSEC);
}

static void start_over(struct dl_outlook *o, u32 within_secs)
{
	u32 ms = within_secs * MSEC_PER_SEC;

	o->within_secs = within_secs;
	dl_flow_init(&o->log, ms);
	dl_flow_init(&o->held, ms);
}

/* ---- what there is ---- */

struct sight {
	u64 room, total;	/* bytes that writes may have, now and at most */
	u64 log_sectors;
	u64 past, settles;
	bool kept;
	struct dl_forecast ahead;	/* bytes to the log within @ahead_ms */
	u32 ahead_ms;
};

/* Bytes of the origin that reconcile has to log of what it is going to overwrite. */
static u64 to_be_saved(struct dl_volume *v, u32 saved, u64 newest, u64 next)
{
	u64 pages = dl_map_used(&v->map);

	/* What was written before the youngest snapshot is in it as it is. */
	if (newest < next)
		pages = min(pages, next - newest);
	else if (newest != U64_MAX)
		pages = 0;
	return mul_u64_u32_shr(pages << DL_PAGE_SHIFT, saved, 16);
}

static void see_room(struct dl_volume *v, struct sight *s)
{
	struct dl_log *l = &v->log;
	unsigned long flags;
	u32 free, total;

	dl_volume_room(v, &free, &total);
	s->room = (u64)free * l->segs.chunk_sectors << DL_SECTOR_SHIFT;
	s->total = (u64)total * l->segs.chunk_sectors << DL_SECTOR_SHIFT;
	spin_lock_irqsave(&l->lock, flags);
	s->log_sectors = l->log_sectors;
	spin_unlock_irqrestore(&l->lock, flags);
}

/* One pass over the segments. */
static void see_past(struct dl_volume *v, struct sight *s)
{
	u64 newest = dl_history_newest(v), all = 0, held = 0, next, saved;
	struct dl_log *l = &v->log;
	u32 kept = READ_ONCE(l->kept_chunks), free = dl_log_free_chunks(l);
	struct dl_segment *seg;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list) {
		all += seg->sectors;
		held += min_t(u64, atomic_read(&seg->held), seg->sectors);
	}
	next = l->next_seq;
	spin_unlock_irqrestore(&l->lock, flags);
	all <<= DL_SECTOR_SHIFT;
	s->kept = newest;
	s->past = held << DL_SECTOR_SHIFT;
	saved = newest ? to_be_saved(v, READ_ONCE(v->outlook.saved), newest, next) : 0;
	s->past = min(all, s->past + saved);
	s->settles = all - s->past;
	/* What is taken of what is reconcile's alone goes back there first. */
	if (free < kept)
		s->settles -= min(s->settles, (u64)(kept - free) *
				  l->segs.chunk_sectors << DL_SECTOR_SHIFT);
}

/* What the forecasters say of the log, as far ahead as they look. */
static void see_ahead(struct dl_volume *v, struct sight *s)
{
	u32 secs = READ_ONCE(v->opts.full_within_secs);

	s->ahead_ms = min(secs, FARTHEST) * MSEC_PER_SEC;
	if (s->ahead_ms)
		dl_foresee_ahead(v, DL_QUANTITY_LOG, s->ahead_ms, &s->ahead);
}

/* ---- what follows ---- */

static bool wanted(const struct dl_volume *v)
{
	return READ_ONCE(v->opts.foresight) && dl_volume_mode(v) == DL_MODE_RW;
}

static void say(struct dl_volume *v, const struct dl_fullness *is)
{
	u64 secs = div_u64(is->within_ms, MSEC_PER_SEC);
	u32 percent = (u64)is->chance * 100 >> 16;

	if (is->within_ms == DL_FULLNESS_NEVER)
		secs = v->opts.full_within_secs;
	if (is->held >= is->behind)
		dl_warn_limit("%s: log %pg is likely to be full of what snapshots hold, in %llu s by now (%u %%): delete some, have the window shorter, or let the log grow",
			      v->name, v->logio.bdev, secs, percent);
	else
		dl_warn_limit("%s: log %pg is likely to be full, in %llu s by now (%u %%): more is written than origin %pg takes; writers will be slowed down to its pace",
			      v->name, v->logio.bdev, secs, percent, v->origin.bdev);
}

static void announce(struct dl_volume *v)
{
	struct dl_outlook *o = &v->outlook;
	struct dl_fullness is;
	bool was, now;

	spin_lock(&o->lock);
	was = o->announced;
	is = o->is;
	now = dl_fullness_announced(was, is.chance);
	o->announced = now;
	spin_unlock(&o->lock);
	if (now == was)
		return;
	if (now) {
		say(v, &is);
		dl_event_raise(v, DL_EVENT_FORECAST);
	} else {
		dl_info_limit("%s: log %pg is not likely to be full any more within %u s",
			      v->name, v->logio.bdev, v->opts.full_within_secs);
	}
}

/* How much more only the past needs, or less, if that is by what goes on. */
static s64 grown(struct dl_outlook *o, const struct sight *s)
{
	s64 more = (s64)(s->past - o->past);

	/* What there is of an earlier life did not come now. */
	if (o->loaded) {
		o->loaded = false;
		more = 0;
	}
	/* That much at once is somebody's decision, and says nothing of what comes. */
	if (more < 0 && (u64)-more > s->total / 8)
		more = 0;
	/* The first snapshot: what was before it held nothing. */
	if (s->kept != o->kept) {
		dl_flow_init(&o->held, o->within_secs * MSEC_PER_SEC);
		o->saved = DL_CHANCE_ONE;
		more = 0;
	}
	o->past = s->past;
	o->kept = s->kept;
	return more;
}

/* Locked. */
static void judge(struct dl_volume *v, const struct sight *s, u64 now)
{
	struct dl_outlook *o = &v->outlook;
	u32 secs = READ_ONCE(v->opts.full_within_secs);
	struct dl_fullness_in in = {
		.room = s->room, .settles = s->settles, .drain = o->drain,
		.within_ms = secs * MSEC_PER_SEC,
		.log = &o->log, .held = &o->held, .bursts = &o->bursts,
		.nr = 1, .ahead = { { .ms = s->ahead_ms, .log = s->ahead } },
	};

	if (secs != o->within_secs)
		start_over(o, secs);
	o->settles = s->settles;
	dl_flow_add(&o->held, now, grown(o, s));
	dl_fullness_look(&in, &o->is);
	if (!wanted(v))
		o->is = (struct dl_fullness){ .within_ms = DL_FULLNESS_NEVER };
}

static void look(struct work_struct *work)
{
	struct dl_outlook *o = container_of(to_delayed_work(work),
					    struct dl_outlook, work);
	struct dl_volume *v = container_of(o, struct dl_volume, outlook);
	u64 now = now_ms(), bytes;
	struct sight s = { };
	bool judged, idle;

	see_room(v, &s);
	judged = now - READ_ONCE(o->looked_ms) >= JUDGE_MS;
	if (judged) {
		see_past(v, &s);
		see_ahead(v, &s);
	}
	spin_lock(&o->lock);
	bytes = (s.log_sectors - o->log_sectors) << DL_SECTOR_SHIFT;
	o->log_sectors = s.log_sectors;
	dl_flow_add(&o->log, now, bytes);
	/* What has less is not worth to make room for. */
	dl_bursts_add(&o->bursts, now, bytes, o->drain, s.total / 32);
	if (judged) {
		o->looked_ms = now;
		judge(v, &s, now);
	}
	idle = !bytes && !o->bursts.level;
	o->idle = idle;
	spin_unlock(&o->lock);
	if (judged)
		announce(v);
	if (dl_outlook_early(v))
		dl_reconcile_kick(&v->rc);
	if (READ_ONCE(o->on))
		queue_delayed_work(v->io_wq, &o->work, idle ? HZ : LOOK);
}

bool dl_outlook_early(struct dl_volume *v)
{
	struct dl_outlook *o = &v->outlook;
	struct sight s = { };
	u64 need;

	if (!wanted(v))
		return false;
	see_room(v, &s);
	spin_lock(&o->lock);
	need = dl_bursts_need(&o->bursts);
	if (need) {
		/* When an eighth is left, writers are paced. */
		need += s.total / 8;
		if (o->making_room)
			need += need / 8;
		/* The open segment and the next do not come free. */
		need = min(need, s.total - s.total / 16);
	}
	o->making_room = s.room < need;
	spin_unlock(&o->lock);
	return s.room < need;
}

struct dl_fullness dl_outlook_get(struct dl_volume *v)
{
	struct dl_fullness is;

	spin_lock(&v->outlook.lock);
	is = v->outlook.is;
	spin_unlock(&v->outlook.lock);
	return is;
}

/* ---- reconcile's pace ---- */

struct dl_outlook_cycle dl_outlook_cycle_begin(struct dl_volume *v)
{
	return (struct dl_outlook_cycle) {
		.ns = ktime_get_ns(),
		.pages = (u64)atomic64_read(&v->rc.pages),
		.saved = (u64)atomic64_read(&v->preserved),
	};
}

void dl_outlook_cycle_end(struct dl_volume *v, const struct dl_outlook_cycle *c)
{
	struct dl_outlook *o = &v->outlook;
	u64 pages = (u64)atomic64_read(&v->rc.pages) - c->pages, part, rate;
	u64 saved = (u64)atomic64_read(&v->preserved) - c->saved;

	spin_lock(&o->lock);
	o->freed_ns += ktime_get_ns() - c->ns;
	if (o->freed_ns >= PACE_NS) {
		rate = div64_u64(o->freed * MSEC_PER_SEC,
				 div_u64(o->freed_ns, NSEC_PER_MSEC));
		o->drain = max(o->drain ? (3 * o->drain + rate) / 4 : rate, 1ULL);
		o->freed = 0;
		o->freed_ns = 0;
	}
	if (pages && o->kept) {
		part = min_t(u64, div64_u64(saved << 4, pages), DL_CHANCE_ONE);
		o->saved = (3 * o->saved + (u32)part) / 4;
	}
	spin_unlock(&o->lock);
}

void dl_outlook_freed(struct dl_volume *v, u64 bytes)
{
	spin_lock(&v->outlook.lock);
	v->outlook.freed += bytes;
	spin_unlock(&v->outlook.lock);
}

/* ---- checkpoints ---- */

void dl_outlook_save(struct dl_volume *v, struct dl_cp_writer *w)
{
	struct dl_outlook *o = &v->outlook;
	u64 now = now_ms();

	if (w->size - w->used < sizeof(struct dl_disk_section) +
	    sizeof(o->packed) + sizeof(__le64))
		return;
	dl_cp_section(w, DL_SECTION_OUTLOOK, 0);
	spin_lock(&o->lock);
	o->packed = (struct dl_disk_outlook) {
		.time_ns = cpu_to_le64(ktime_get_real_ns()),
		.drain = cpu_to_le64(o->drain),
		.within_secs = cpu_to_le32(o->within_secs),
		.saved = cpu_to_le32(o->saved),
		.kept = cpu_to_le32(o->kept),
	};
	dl_flow_pack(&o->log, now, &o->packed.log);
	dl_flow_pack(&o->held, now, &o->packed.held);
	dl_bursts_pack(&o->bursts, &o->packed.bursts);
	dl_cp_put_bytes(w, &o->packed, sizeof(o->packed));
	spin_unlock(&o->lock);
}

void dl_outlook_load(struct dl_volume *v, const void *body, size_t bytes)
{
	const struct dl_disk_outlook *d = body;
	struct dl_outlook *o = &v->outlook;
	u64 real = ktime_get_real_ns(), then, now = now_ms(), gap;
	bool sound;

	/* Another release's, perhaps. */
	if (bytes != sizeof(*d))
		return;
	then = le64_to_cpu(d->time_ns);
	if (then > real || real - then > OLD_NS)
		return;
	gap = div_u64(real - then, NSEC_PER_MSEC);
	sound = le32_to_cpu(d->saved) <= DL_CHANCE_ONE &&
		le64_to_cpu(d->drain) <= DL_BURST_MOST;
	spin_lock(&o->lock);
	if (sound && le32_to_cpu(d->within_secs) == o->within_secs)
		sound = dl_flow_unpack(&o->log, &d->log, now, gap) &&
			dl_flow_unpack(&o->held, &d->held, now, gap);
	if (sound)
		sound = dl_bursts_unpack(&o->bursts, &d->bursts, now, gap);
	if (sound) {
		o->drain = le64_to_cpu(d->drain);
		o->saved = le32_to_cpu(d->saved);
		o->kept = d->kept != 0;
		o->loaded = true;
	} else {
		start_over(o, o->within_secs);
	}
	spin_unlock(&o->lock);
	if (!sound)
		dl_info("%s: what the log knew of its filling is not sound: begun anew",
			v->name);
}

/* ---- life ---- */

void dl_outlook_wake(struct dl_volume *v)
{
	/* It may be that nobody looks for a second: a burst is seen when it begins. */
	if (READ_ONCE(v->outlook.on) && READ_ONCE(v->outlook.idle))
		mod_delayed_work(v->io_wq, &v->outlook.work, 0);
}

void dl_outlook_init(struct dl_volume *v)
{
	struct dl_outlook *o = &v->outlook;

	spin_lock_init(&o->lock);
	INIT_DELAYED_WORK(&o->work, look);
	o->saved = DL_CHANCE_ONE;
	o->is.within_ms = DL_FULLNESS_NEVER;
	start_over(o, v->opts.full_within_secs);
}

void dl_outlook_start(struct dl_volume *v)
{
	WRITE_ONCE(v->outlook.on, true);
	mod_delayed_work(v->io_wq, &v->outlook.work, 0);
}

void dl_outlook_stop(struct dl_volume *v)
{
	WRITE_ONCE(v->outlook.on, false);
	cancel_delayed_work_sync(&v->outlook.work);
}
