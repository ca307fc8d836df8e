// SPDX-License-Identifier: GPL-2.0
/*
 * Ticks, and the forecasters they feed. See foresee.h.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "foresee.h"
#include "msg.h"
#include "prepare.h"
#include "volume.h"

/* Ticks without a write after which it rests. */
#define QUIET		40u
/* And between two looks while something of before is still to end. */
#define SLOW		20u
/* A state this old says little of what is to come. */
#define OLD_NS		(7ULL * 24 * 3600 * NSEC_PER_SEC)
#define TICK_NS		((u64)DL_CASCADE_TICK_MS * NSEC_PER_MSEC)

static void tick_work(struct work_struct *work);

/* Counted while the machine sleeps, too: nothing is written then. */
static u64 now_tick(void)
{
	return div_u64(ktime_get_boottime_ns(), TICK_NS);
}

static size_t packed_bytes(void)
{
	return round_up(dl_cascade_bytes(), 8);
}

int dl_foresee_init(struct dl_volume *v)
{
	struct dl_foresee *f = kvzalloc(sizeof(*f), GFP_KERNEL);
	u32 i;

	if (!f)
		return -ENOMEM;
	f->v = v;
	f->stop = true;
	f->awake = true;
	mutex_init(&f->lock);
	INIT_DELAYED_WORK(&f->tick, tick_work);
	v->foresee = f;
	f->packed = kzalloc(packed_bytes(), GFP_KERNEL);
	if (!f->packed || dl_learn_init(&f->learn, v))
		return -ENOMEM;
	for (i = 0; i < DL_QUANTITIES; i++)
		dl_cascade_init(&f->of[i], i == DL_QUANTITY_SIZE, now_tick());
	return 0;
}

void dl_foresee_exit(struct dl_volume *v)
{
	if (v->foresee) {
		dl_learn_exit(&v->foresee->learn);
		kfree(v->foresee->packed);
	}
	kvfree(v->foresee);
	v->foresee = NULL;
}

u64 dl_foresee_bytes(const struct dl_volume *v)
{
	return sizeof(*v->foresee) + packed_bytes() + dl_learn_bytes();
}

/* ---- what was written ---- */

static u64 sum(struct dl_volume *v, enum dl_stat what)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += READ_ONCE(per_cpu_ptr(v->stats, cpu)->n[what]);
	return n;
}

static void count(struct dl_volume *v, u64 *now)
{
	now[DL_QUANTITY_WRITES] = sum(v, DL_STAT_WRITES);
	now[DL_QUANTITY_BYTES] = sum(v, DL_STAT_USER_BYTES);
	now[DL_QUANTITY_NEW] = sum(v, DL_STAT_NEW_PAGES) << DL_PAGE_SHIFT;
	now[DL_QUANTITY_LOG] = READ_ONCE(v->log.log_sectors) << DL_SECTOR_SHIFT;
	now[DL_QUANTITY_SIZE] = 0;
}

/*
 * Bursts that come a second or more apart are in fewer ticks than one of twenty, so no
 * quantile has them. They are those that come faster than the static pool can be
 * filled, which is once in a tick; what it has half of left then is none, nor keeps one
 * from coming to its end.
 */
static void note_bursts(struct dl_foresee *f, u64 tick, u64 bytes)
{
	struct dl_plan_bounds b;
	u64 pool;

	dl_log_bounds(&f->v->log, &b);
	pool = (u64)b.pool * b.seg_chunks << b.chunk_shift;
	dl_bursts_add(&f->bursts, tick * DL_CASCADE_TICK_MS,
		      bytes > pool / 2 ? bytes : 0,
		      pool * (MSEC_PER_SEC / DL_CASCADE_TICK_MS), pool);
}

/* Hand on what has changed. @f->lock held. */
static void catch_up(struct dl_foresee *f)
{
	u64 now[DL_QUANTITIES], change[DL_QUANTITIES], tick = now_tick();
	u32 i;

	count(f->v, now);
	for (i = 0; i < DL_QUANTITIES; i++)
		change[i] = now[i] - f->was[i];
	memcpy(f->was, now, sizeof(now));
	for (i = 0; i < DL_QUANTITY_SIZE; i++)
		dl_cascade_add(&f->of[i], tick, change[i], 1);
	dl_cascade_add(&f->of[DL_QUANTITY_SIZE], tick,
		       change[DL_QUANTITY_BYTES], change[DL_QUANTITY_WRITES]);
	note_bursts(f, tick, change[DL_QUANTITY_LOG]);
	/* Whoever asks between two ticks does not make it look quiet. */
	if (change[DL_QUANTITY_WRITES])
		f->quiet = 0;
}

/* ---- ticks ---- */

/*
 * To the end of a tick, and not as long as one from now on: timers are late by a
 * jiffy or two, and every so often there would be a tick in which nothing was written.
 */
static unsigned long until(u32 ticks)
{
	u32 past;

	div_u64_rem(ktime_get_boottime_ns(), TICK_NS, &past);
	return max(1UL, nsecs_to_jiffies(ticks * TICK_NS - past));
}

static void arm(struct dl_foresee *f, u32 ticks)
{
	queue_delayed_work(f->v->io_wq, &f->tick, until(ticks));
}

void dl_foresee_wake(struct dl_foresee *f)
{
	if (READ_ONCE(f->stop))
		return;
	WRITE_ONCE(f->awake, true);
	mod_delayed_work(f->v->io_wq, &f->tick, until(1));
}

static void tick_work(struct work_struct *work)
{
	struct dl_foresee *f = container_of(to_delayed_work(work),
					    struct dl_foresee, tick);
	unsigned int noio = memalloc_noio_save();
	u64 tick = now_tick();
	bool rest, more;
	u32 passed;

	mutex_lock(&f->lock);
	/* A jiffy too early: it is not over yet. */
	if (tick == f->ticked) {
		mutex_unlock(&f->lock);
		memalloc_noio_restore(noio);
		if (!READ_ONCE(f->stop))
			arm(f, 1);
		return;
	}
	f->ticked = tick;
	passed = f->quiet >= QUIET ? SLOW : 1;
	f->quiet++;
	catch_up(f);
	if (++f->since_learned >= f->learn_in) {
		f->since_learned = 0;
		f->learn_in = dl_learn(&f->learn, tick);
	}
	rest = f->quiet >= QUIET;
	mutex_unlock(&f->lock);
	more = dl_prepare(f->v, passed);
	memalloc_noio_restore(noio);
	if (READ_ONCE(f->stop))
		return;
	if (!rest) {
		arm(f, 1);
		return;
	}
	if (more)
		arm(f, SLOW);
	WRITE_ONCE(f->awake, false);
	/* Who wrote meanwhile saw it awake. If that is overlooked, the next one wakes it. */
	smp_mb();
	if (sum(f->v, DL_STAT_WRITES) != f->was[DL_QUANTITY_WRITES])
		dl_foresee_wake(f);
}

void dl_foresee_start(struct dl_volume *v)
{
	struct dl_foresee *f = v->foresee;

	WRITE_ONCE(f->stop, false);
	dl_foresee_wake(f);
}

void dl_foresee_stop(struct dl_volume *v)
{
	struct dl_foresee *f = v->foresee;

	WRITE_ONCE(f->stop, true);
	cancel_delayed_work_sync(&f->tick);
}

void dl_foresee_ahead(struct dl_volume *v, enum dl_quantity what, u32 ms,
		      struct dl_forecast *out)
{
	struct dl_foresee *f = v->foresee;

	mutex_lock(&f->lock);
	catch_up(f);
	dl_cascade_ahead(&f->of[what], ms / DL_CASCADE_TICK_MS, out);
	mutex_unlock(&f->lock);
}

/* The cascade number @i, of @out too; NULL: there is no such client. */
static const struct dl_cascade *cascade_of(struct dl_foresee *f, u32 i,
					   struct dl_foresight *out)
{
	const struct dl_learn_client *c;

	if (i < DL_QUANTITIES) {
		*out = (struct dl_foresight) { .what = i };
		return &f->of[i];
	}
	c = &f->learn.client[i - DL_QUANTITIES];
	*out = (struct dl_foresight) {
		.what = DL_QUANTITIES, .client = c->client,
	};
	return c->used ? &c->share : NULL;
}

bool dl_foresee_next(struct dl_volume *v, u64 *at, struct dl_foresight *out)
{
	const u32 all = (DL_QUANTITIES + DL_LEARN_CLIENTS) * DL_CASCADE_LEVELS;
	struct dl_foresee *f = v->foresee;
	const struct dl_cascade *c = NULL;
	const struct dl_series *s;
	u32 level = 0;

	mutex_lock(&f->lock);
	if (f->of[0].tick != now_tick())
		catch_up(f);
	for (; *at < all && !c; ++*at) {
		level = (u32)*at % DL_CASCADE_LEVELS;
		c = cascade_of(f, (u32)*at / DL_CASCADE_LEVELS, out);
	}
	if (c) {
		s = &c->level[level].series;
		out->ticks = dl_cascade_paces[level].ticks;
		dl_series_next(s, &out->next);
		/* Nobody has more than all. */
		if (out->what == DL_QUANTITIES) {
			out->next.value = min_t(u64, out->next.value, 65536);
			out->next.low = min_t(u64, out->next.low, 65536);
			out->next.high = min_t(u64, out->next.high, 65536);
		}
		out->known = dl_series_last(s, &out->last, &out->foreseen);
		dl_series_score(s, &out->score);
	}
	mutex_unlock(&f->lock);
	return c;
}

void dl_foresee_burst(struct dl_volume *v, struct dl_plan_needs *n,
		      struct dl_plan_client *clients)
{
	struct dl_foresee *f = v->foresee;

	mutex_lock(&f->lock);
	catch_up(f);
	/* The pool is filled anew at once; the plan for it, with the next tick. */
	dl_cascade_ahead(&f->of[DL_QUANTITY_LOG], 1, &n->burst);
	n->bursts = dl_bursts_expected(&f->bursts);
	n->nr_clients = 0;
	n->nr_clients = dl_learn_clients(&f->learn, dl_plan_burst(n), clients);
	n->clients = clients;
	mutex_unlock(&f->lock);
}

/* ---- checkpoints ---- */

size_t dl_foresee_saved(void)
{
	return sizeof(struct dl_disk_section) + sizeof(struct dl_disk_foresight) +
		DL_QUANTITIES * packed_bytes() + sizeof(struct dl_disk_bursts);
}

void dl_foresee_save(struct dl_volume *v, struct dl_cp_writer *w)
{
	const size_t all = dl_foresee_saved();
	struct dl_foresee *f = v->foresee;
	struct dl_disk_bursts bursts;
	struct dl_disk_foresight head = {
		.time_ns = cpu_to_le64(ktime_get_real_ns()),
		.nr = cpu_to_le32(DL_QUANTITIES),
		.bytes = cpu_to_le32(packed_bytes()),
	};
	u32 i;

	if (w->size - w->used < all + sizeof(__le64))
		return;
	mutex_lock(&f->lock);
	catch_up(f);
	dl_cp_section(w, DL_SECTION_FORESIGHT, 0);
	dl_cp_put_bytes(w, &head, sizeof(head));
	for (i = 0; i < DL_QUANTITIES; i++) {
		dl_cascade_pack(&f->of[i], f->packed);
		dl_cp_put_bytes(w, f->packed, packed_bytes());
	}
	dl_bursts_pack(&f->bursts, &bursts);
	dl_cp_put_bytes(w, &bursts, sizeof(bursts));
	mutex_unlock(&f->lock);
}

void dl_foresee_load(struct dl_volume *v, const void *body, size_t bytes)
{
	const struct dl_disk_foresight *head = body;
	struct dl_foresee *f = v->foresee;
	u64 now = ktime_get_real_ns(), then, tick = now_tick();
	u32 i;

	/* Another release's, perhaps. */
	if (bytes != dl_foresee_saved() - sizeof(struct dl_disk_section) ||
	    le32_to_cpu(head->bytes) != packed_bytes() ||
	    le32_to_cpu(head->nr) != DL_QUANTITIES)
		return;
	then = le64_to_cpu(head->time_ns);
	if (then > now || now - then > OLD_NS)
		return;
	body += sizeof(*head);
	mutex_lock(&f->lock);
	for (i = 0; i < DL_QUANTITIES; i++, body += packed_bytes()) {
		dl_cascade_init(&f->of[i], i == DL_QUANTITY_SIZE, tick);
		if (dl_cascade_unpack(&f->of[i], body) == DL_OK) {
			/* A day's course goes on without us, and nothing else does. */
			dl_cascade_skip(&f->of[i], div_u64(now - then, TICK_NS));
			continue;
		}
		dl_info("%s: what the log foresaw of its writes is not sound: begun anew",
			v->name);
		dl_cascade_init(&f->of[i], i == DL_QUANTITY_SIZE, tick);
	}
	if (!dl_bursts_unpack(&f->bursts, body, tick * DL_CASCADE_TICK_MS,
			      div_u64(now - then, NSEC_PER_MSEC)))
		dl_info("%s: what the log knew of bursts is not sound: begun anew",
			v->name);
	mutex_unlock(&f->lock);
}
