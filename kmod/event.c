// SPDX-License-Identifier: GPL-2.0
/*
 * Raising events, telling of them, waiting for them. See event.h.
 */
#include <linux/blkdev.h>
#include <linux/kobject.h>
#include <linux/sched/mm.h>

#include "event.h"
#include "volume.h"

static const char * const names[] = {
	[DL_EVENT_MODE] = "mode",
	[DL_EVENT_PRESSURE] = "pressure",
	[DL_EVENT_FULL] = "full",
	[DL_EVENT_ROOM] = "room",
	[DL_EVENT_FORECAST] = "forecast",
};

static void send_uevent(struct dl_volume *v, enum dl_event what, u64 nr)
{
	char event[32], number[40];
	char *env[3] = { event, number };

	snprintf(event, sizeof(event), "DELTALOG_EVENT=%s", names[what]);
	snprintf(number, sizeof(number), "DELTALOG_EVENT_NR=%llu", nr);
	kobject_uevent_env(&disk_to_dev(dm_disk(v->md))->kobj, KOBJ_CHANGE,
			   env);
}

static void tell(struct work_struct *work)
{
	struct dl_events *e = container_of(work, struct dl_events, work);
	struct dl_volume *v = container_of(e, struct dl_volume, events);
	u64 last[DL_EVENT_COUNT];
	unsigned long what;
	unsigned int i, noio;

	spin_lock_irq(&e->lock);
	what = e->untold;
	e->untold = 0;
	memcpy(last, e->last, sizeof(last));
	spin_unlock_irq(&e->lock);
	/* A resume of this volume waits for the lock. */
	noio = memalloc_noio_save();
	mutex_lock(&v->event_lock);
	/* Without a live table the disk may not be known to sysfs either. */
	if (v->ti) {
		dm_table_event(v->ti->table);
		for_each_set_bit(i, &what, DL_EVENT_COUNT)
			send_uevent(v, i, last[i]);
	}
	mutex_unlock(&v->event_lock);
	memalloc_noio_restore(noio);
}

void dl_event_init(struct dl_volume *v)
{
	struct dl_events *e = &v->events;

	spin_lock_init(&e->lock);
	init_waitqueue_head(&e->wait);
	INIT_WORK(&e->work, tell);
}

void dl_event_end(struct dl_volume *v)
{
	struct dl_events *e = &v->events;

	spin_lock_irq(&e->lock);
	e->gone = true;
	spin_unlock_irq(&e->lock);
	wake_up_all(&e->wait);
}

void dl_event_raise(struct dl_volume *v, enum dl_event what)
{
	struct dl_events *e = &v->events;
	unsigned long flags;

	spin_lock_irqsave(&e->lock, flags);
	e->last[what] = ++e->nr;
	e->untold |= 1UL << what;
	spin_unlock_irqrestore(&e->lock, flags);
	wake_up_all(&e->wait);
	schedule_work(&e->work);
}

void dl_event_pressure(struct dl_volume *v, unsigned int percent)
{
	struct dl_events *e = &v->events;

	/* Reconcile goes on down to the low one, and no further. */
	if (percent <= v->opts.low_watermark) {
		e->pressed = false;
	} else if (percent >= v->opts.high_watermark && !e->pressed) {
		e->pressed = true;
		dl_event_raise(v, DL_EVENT_PRESSURE);
	}
}

u64 dl_event_nr(struct dl_volume *v)
{
	u64 nr;

	spin_lock_irq(&v->events.lock);
	nr = v->events.nr;
	spin_unlock_irq(&v->events.lock);
	return nr;
}

/* Has the number changed, or will it never? */
static bool changed(struct dl_events *e, u64 nr)
{
	bool ret;

	spin_lock_irq(&e->lock);
	ret = e->nr != nr || e->gone;
	spin_unlock_irq(&e->lock);
	return ret;
}

int dl_event_wait(struct dl_volume *v, u64 *nr, long timeout, u64 *happened)
{
	struct dl_events *e = &v->events;
	unsigned int i;
	int ret = 0;
	u64 since;

	if (wait_event_interruptible_timeout(e->wait, changed(e, *nr),
					     timeout) < 0)
		return -EINTR;
	*happened = 0;
	spin_lock_irq(&e->lock);
	/* Numbers of an earlier activation: all there are is new. */
	since = *nr > e->nr ? 0 : *nr;
	for (i = 0; i < DL_EVENT_COUNT; i++)
		if (e->last[i] > since)
			*happened |= 1ULL << i;
	*nr = e->nr;
	if (e->gone)
		ret = -ENODEV;
	spin_unlock_irq(&e->lock);
	return ret;
}
