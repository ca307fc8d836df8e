// SPDX-License-Identifier: GPL-2.0
/*
 * Room in log and map. See space.h.
 */
#include "io.h"
#include "msg.h"
#include "space.h"

bool dl_volume_starved(struct dl_volume *v)
{
	enum dl_starved why = READ_ONCE(v->log.starved);

	return why == DL_STARVED_SEGMENT || why == DL_STARVED_RESERVE ||
	       READ_ONCE(v->map.starved) || READ_ONCE(v->past.starved) ||
	       !dl_runs_room(&v->runs);
}

unsigned int dl_volume_pressure(struct dl_volume *v)
{
	unsigned int log = dl_log_usage(&v->log);
	unsigned int map = (u64)dl_map_used(&v->map) * 100 / v->map.max;

	return max(log, map);
}

/* Free chunks below which the log is tight; 0: it never is. */
static u32 tight_below(struct dl_volume *v)
{
	u32 kept = READ_ONCE(v->log.kept_chunks);

	return kept ? kept + max(v->log.segs.nr_chunks / 16,
				 v->log.segs.seg_chunks) : 0;
}

bool dl_volume_tight(struct dl_volume *v)
{
	return dl_log_free_chunks(&v->log) < tight_below(v);
}

bool dl_volume_held_tight(struct dl_volume *v)
{
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	u64 sectors = 0;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list)
		if (!dl_segment_passed(seg, v->horizon, l->durable))
			sectors += seg->sectors;
	spin_unlock_irqrestore(&l->lock, flags);
	return dl_log_free_chunks(l) + sectors / l->segs.chunk_sectors <
		tight_below(v);
}

bool dl_volume_past_tight(struct dl_volume *v)
{
	const struct dl_history *h = &v->past;

	return h->on && (READ_ONCE(h->starved) ||
			 READ_ONCE(h->nr_free) < h->max / 16 ||
			 READ_ONCE(h->nr_runs) > DL_PAST_RUNS / 4 * 3);
}

static bool waits_full(struct dl_volume *v)
{
	return dl_window_rules(&v->window).on_full == DL_ON_FULL_THROTTLE;
}

bool dl_volume_waits_full(struct dl_volume *v)
{
	/* A suspend waits for the writes that wait. */
	return waits_full(v) && !READ_ONCE(v->rc.no_wait);
}

bool dl_volume_fails_full(struct dl_volume *v)
{
	return READ_ONCE(v->full) && !dl_volume_waits_full(v);
}

bool dl_volume_no_room(struct dl_volume *v)
{
	u32 kept = READ_ONCE(v->log.kept_chunks);

	return kept && (dl_log_free_chunks(&v->log) < kept ||
			!READ_ONCE(v->past.nr_free) ||
			READ_ONCE(v->past.starved));
}

/*
 * A segment that a cycle has but to pass: what reconcile logs of its own no map
 * has, and the versions that held it may have gone.
 */
static bool passable(struct dl_volume *v)
{
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	bool any = false;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list)
		any |= seg->last_seq > v->horizon && !dl_segment_held(seg) &&
		       dl_segment_passed(seg, seg->last_seq, l->durable);
	spin_unlock_irqrestore(&l->lock, flags);
	return any;
}

bool dl_volume_unsettled(struct dl_volume *v)
{
	return dl_map_used(&v->map) > atomic_read(&v->nr_lost) ||
	       !dl_runs_none(&v->runs) || passable(v);
}

void dl_volume_set_full(struct dl_volume *v, bool full)
{
	bool was;

	spin_lock(&v->rc.lock);
	was = v->full;
	/* Who is about to sweep will know better. */
	full = full && !READ_ONCE(v->rc.sweep) && !READ_ONCE(v->window.easing);
	WRITE_ONCE(v->full, full);
	/* Here, so that the last one told is what is so. */
	if (full != was)
		dl_event_raise(v, full ? DL_EVENT_FULL : DL_EVENT_ROOM);
	spin_unlock(&v->rc.lock);
	if (full == was)
		return;
	if (full)
		dl_err("%s: log %pg is full of what snapshots need: writes %s until some are deleted",
		       v->name, v->logio.bdev,
		       waits_full(v) ? "wait" : "fail");
	else
		dl_info("%s: log %pg has room again", v->name, v->logio.bdev);
	dl_write_wake(v);
}

void dl_volume_keep_room(struct dl_volume *v)
{
	const struct dl_chains *c = &v->map.chains;
	u32 n = 0, last = 0;

	/* One cycle may need both: what snapshots need, and chains logged whole. */
	if (READ_ONCE(v->pins.newest))
		n += DL_KEPT_SEGMENTS;
	if (READ_ONCE(c->max) || READ_ONCE(c->nr))
		last = DL_KEPT_SEGMENTS;
	dl_log_keep(&v->log, (n + last) * v->log.segs.seg_chunks,
		    last * v->log.segs.seg_chunks);
}

void dl_volume_room(struct dl_volume *v, u32 *free, u32 *total)
{
	u32 kept = READ_ONCE(v->log.kept_chunks);
	u32 held = READ_ONCE(v->log.segs.held_chunks);

	*free = dl_log_free_chunks(&v->log);
	*total = v->log.segs.nr_chunks;
	*free -= min(*free, kept);
	*total -= min(*total - 1, kept + held);
	*free = min(*free, *total);
}
