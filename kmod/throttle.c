// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing of writers. See throttle.h.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "throttle.h"

#define TICK	max(1UL, msecs_to_jiffies(4))

static void throttle_tick(struct work_struct *work);

void dl_throttle_init(struct dl_throttle *t, struct workqueue_struct *wq,
		      void (*go)(void *ctx), void *ctx)
{
	spin_lock_init(&t->lock);
	INIT_DELAYED_WORK(&t->tick, throttle_tick);
	t->wq = wq;
	t->go = go;
	t->ctx = ctx;
}

void dl_throttle_stop(struct dl_throttle *t)
{
	spin_lock(&t->lock);
	WRITE_ONCE(t->on, false);
	t->freed_ns = 0;
	spin_unlock(&t->lock);
	cancel_delayed_work_sync(&t->tick);
	t->go(t->ctx);
}

void dl_throttle_release(struct dl_throttle *t)
{
	/* The tick sees it and ends; a lost race is made good by an update. */
	if (READ_ONCE(t->on)) {
		WRITE_ONCE(t->on, false);
		t->go(t->ctx);
	}
}

/* The rate for the space there is: from a quarter to twice what came free. */
static u64 paced_rate(const struct dl_throttle *t)
{
	u64 rate = div_u64(t->rate * t->free * 16, max(t->total, 1U));

	return clamp(rate, t->rate / 4 + 1, t->rate * 2 + 1);
}

static void throttle_tick(struct work_struct *work)
{
	struct dl_throttle *t = container_of(to_delayed_work(work),
					     struct dl_throttle, tick);
	u64 now = ktime_get_ns(), add;
	bool on;

	spin_lock(&t->lock);
	on = t->on;
	if (on) {
		add = div_u64(paced_rate(t) *
			      min_t(u64, now - t->tick_ns, NSEC_PER_SEC),
			      NSEC_PER_MSEC);
		/* What nobody used is not saved up for a burst. */
		t->budget = min_t(s64, t->budget, 0) + (s64)add;
		t->tick_ns = now;
	}
	spin_unlock(&t->lock);
	t->go(t->ctx);
	if (on)
		queue_delayed_work(t->wq, &t->tick, TICK);
}

void dl_throttle_update(struct dl_throttle *t, u32 free, u32 total)
{
	bool go = false;

	spin_lock(&t->lock);
	t->free = free;
	t->total = total;
	if (!t->on && t->rate && free < total / 8) {
		WRITE_ONCE(t->on, true);
		t->budget = 0;
		t->tick_ns = ktime_get_ns();
		queue_delayed_work(t->wq, &t->tick, TICK);
	} else if (t->on && free > total / 6) {
		WRITE_ONCE(t->on, false);
		go = true;
	}
	spin_unlock(&t->lock);
	if (go)
		t->go(t->ctx);
}

void dl_throttle_freed(struct dl_throttle *t, u64 bytes)
{
	u64 now = ktime_get_ns(), ms, rate;

	spin_lock(&t->lock);
	t->freed += bytes;
	ms = div_u64(now - t->freed_ns, NSEC_PER_MSEC);
	if (!t->freed_ns || ms > 60 * MSEC_PER_SEC) {
		/* Nothing to compare with: reconcile was idle until now. */
		t->freed = 0;
		t->freed_ns = now;
	} else if (ms >= 2) {
		rate = div64_u64(t->freed, ms);
		t->rate = t->rate ? (3 * t->rate + rate) / 4 : rate;
		t->freed = 0;
		t->freed_ns = now;
	}
	spin_unlock(&t->lock);
}

bool dl_throttle_admit(struct dl_throttle *t, u32 bytes)
{
	bool ok = true;

	if (likely(!READ_ONCE(t->on)))
		return true;
	spin_lock(&t->lock);
	if (t->on) {
		ok = t->budget > 0;
		if (ok)
			t->budget -= bytes;
	}
	spin_unlock(&t->lock);
	return ok;
}
