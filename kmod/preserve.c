// SPDX-License-Identifier: GPL-2.0
/*
 * Logging versions and their index. See preserve.h.
 */
#include <linux/mempool.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "io.h"
#include "msg.h"
#include "preserve.h"
#include "rewind.h"
#include "trace.h"

#define PATIENCE	300	/* times to wait for room, up to 0.1 s each */

/* ---- readers of the past ---- */

u8 dl_past_enter(struct dl_volume *v)
{
	u8 phase;

	for (;;) {
		phase = READ_ONCE(v->past_phase);
		atomic_inc(&v->past_readers[phase]);
		/* Pairs with the barrier in wait_for_readers(). */
		smp_mb__after_atomic();
		if (likely(phase == READ_ONCE(v->past_phase)))
			return phase;
		dl_past_leave(v, phase);
	}
}

void dl_past_leave(struct dl_volume *v, u8 phase)
{
	if (atomic_dec_and_test(&v->past_readers[phase]))
		wake_up(&v->rc.readers);
}

static void wait_for_readers(struct dl_volume *v)
{
	u8 phase;

	/* Jobs take turns: a phase must be empty before it begins again. */
	mutex_lock(&v->past_lock);
	phase = v->past_phase;
	WRITE_ONCE(v->past_phase, !phase);
	/* Pairs with the one in dl_past_enter(). */
	smp_mb();
	wait_event(v->rc.readers, !atomic_read(&v->past_readers[phase]));
	mutex_unlock(&v->past_lock);
}

/* ---- records of our own ---- */

int dl_preserve_wait(struct dl_volume *v, bool stopped_too, int *tries)
{
	DEFINE_WAIT(wait);

	if ((*tries)++ >= PATIENCE)
		return -ENOSPC;
	dl_volume_housekeep(v);
	flush_work(&v->house_work);
	if (!stopped_too && READ_ONCE(v->rc.stop))
		return -EBUSY;
	/* Stopped: not even the first segment could be opened. */
	if (!dl_log_free_chunks(&v->log) || READ_ONCE(v->log.stopped) ||
	    (READ_ONCE(v->log.starved) == DL_STARVED_RESERVE &&
	     dl_log_free_chunks(&v->log) < READ_ONCE(v->log.kept_last))) {
		dl_err_limit("%s: log %pg is full: no room for what has to be logged before any can be freed%s",
			     v->name, v->logio.bdev, dl_history_wanted(v) ?
			     ": delete snapshots" : "");
		return -ENOSPC;
	}
	prepare_to_wait(&v->room_wait, &wait, TASK_UNINTERRUPTIBLE);
	if (READ_ONCE(v->log.starved))
		schedule_timeout(HZ / 10 + 1);
	finish_wait(&v->room_wait, &wait);
	return 0;
}

/* @m: it is a mark, and this is what it says. */
static int put(struct dl_volume *v, const struct dl_disk_desc *what,
	       const void *data, u64 *loc, const struct dl_mark *m, u64 *seq)
{
	unsigned int sectors = le16_to_cpu(what->stored);
	struct dl_batch b;
	struct dl_slot s;
	int ret, tries = 0;

	for (;;) {
		dl_batch_init(&b);
		ret = m ? dl_log_reserve_mark(&v->log, sectors, &s, &b) :
			dl_log_reserve_own(&v->log, sectors, &s, &b);
		if (!ret)
			break;
		dl_log_submit(&v->log, &b);
		if (ret == -EAGAIN)
			ret = dl_preserve_wait(v, m, &tries);
		if (ret)
			return ret;
	}
	memcpy(s.mem, data, (size_t)sectors << DL_SECTOR_SHIFT);
	*s.desc = *what;
	s.desc->crc = cpu_to_le32(dl_crc32c(data, (size_t)sectors <<
					    DL_SECTOR_SHIFT));
	s.desc->payload = cpu_to_le32(s.loc - s.frame->payload_start);
	trace_deltalog_record(v->md, s.seq, s.desc);
	*loc = s.loc;
	/*
	 * While the place is held its frame cannot go, so no horizon and no
	 * checkpoint comes between the mark and what it says.
	 */
	if (m) {
		*seq = s.seq;
		ret = dl_pins_mark(&v->pins, s.seq, m);
	}
	dl_log_put(&s, &b);
	dl_log_submit(&v->log, &b);
	return ret;
}

/* @data: as @val says that it is stored. */
static int put_base(struct dl_volume *v, const struct dl_version *val,
		    const void *data, u64 *loc)
{
	const struct dl_disk_desc d = {
		.type = DL_REC_BASE,
		.first = val->first,
		.sectors = val->sectors,
		.addr = cpu_to_le64(val->page),
		.codec = val->codec,
		.stored = cpu_to_le16(dl_version_stored(val)),
	};

	return put(v, &d, data, loc, NULL, NULL);
}

int dl_preserve_mark(struct dl_volume *v, const struct dl_mark *m,
		     const void *packed, u64 *seq)
{
	const struct dl_disk_desc d = {
		.type = DL_REC_MARK,
		.sectors = DL_PAGE_SECTORS,
		.addr = cpu_to_le64(m->id),
		.stored = cpu_to_le16(DL_PAGE_SECTORS),
		.level = m->kind,
	};
	u64 loc;

	return put(v, &d, packed, &loc, m, seq);
}

/* ---- the index ---- */

static void index_begin(struct dl_index *ix, struct dl_volume *v)
{
	ix->v = v;
	ix->page = mempool_alloc(v->pages, GFP_NOIO);
	ix->n = 0;
}

static int index_flush(struct dl_index *ix)
{
	const struct dl_disk_desc d = {
		.type = DL_REC_INDEX,
		.sectors = DL_PAGE_SECTORS,
		.addr = cpu_to_le64(ix->n),
		.stored = cpu_to_le16(DL_PAGE_SECTORS),
	};
	struct dl_disk_past *e = page_address(ix->page);
	u64 loc;
	u32 i;
	int ret;

	if (!ix->n)
		return 0;
	memset(e + ix->n, 0, DL_PAGE_BYTES - ix->n * sizeof(*e));
	ret = put(ix->v, &d, e, &loc, NULL, NULL);
	for (i = 0; !ret && i < ix->n; i++)
		*ix->home[i] = dl_segment_chunk(&ix->v->log.segs, loc) + 1;
	ix->n = 0;
	return ret;
}

/* Until index_flush() @home must stay where it is. */
static int index_add(struct dl_index *ix, const struct dl_version *val, u32 *home)
{
	struct dl_disk_past *e = page_address(ix->page);

	dl_past_pack(val, &e[ix->n]);
	ix->home[ix->n++] = home;
	return ix->n == DL_PAST_PER_PAGE ? index_flush(ix) : 0;
}

static void index_end(struct dl_index *ix)
{
	mempool_free(ix->page, ix->v->pages);
}

/* ---- what the origin holds ---- */

static struct dl_version version_of(const struct dl_keep *k, u64 page)
{
	return (struct dl_version) {
		.from = k->from, .until = k->until, .page = page,
		.loc = k->loc, .crc = k->crc, .home = k->home,
		.first = k->first, .sectors = k->sectors,
		.codec = k->codec, .stored = k->stored,
		.flags = k->flags,
		.mask = dl_pmap_span_mask(k->first, k->sectors),
	};
}

/* A whole page that becomes smaller so is @data compressed, from here on. */
static void pack_keep(struct dl_volume *v, struct dl_keep *k, u64 page,
		      void *data)
{
	struct dl_bench *b;

	k->codec = DL_CODEC_NONE;
	k->stored = 0;
	if (k->flags || k->sectors < DL_PAGE_SECTORS ||
	    !dl_codec_try(&v->codec, page))
		return;
	b = dl_bench_get(&v->codec);
	memcpy(b->page, data, DL_PAGE_BYTES);
	k->stored = dl_codec_pack(&v->codec, b, page);
	if (k->stored) {
		k->codec = DL_CODEC_LZ4;
		memcpy(data, b->packed, k->stored << DL_SECTOR_SHIFT);
		dl_stat_packed(v, k->stored);
	}
	dl_bench_put(b);
}

static int log_keep(struct dl_volume *v, struct dl_index *ix, struct dl_keep *k,
		    u64 page, void *data)
{
	size_t bytes = (size_t)k->sectors << DL_SECTOR_SHIFT;
	struct dl_version val;
	int ret = 0;

	if (!k->flags && !memchr_inv(data, 0, bytes))
		k->flags = DL_PVAL_ZERO;
	pack_keep(v, k, page, data);
	if (!k->flags) {
		k->crc = dl_crc32c(data, k->codec ?
				   k->stored << DL_SECTOR_SHIFT : bytes);
		val = version_of(k, page);
		ret = put_base(v, &val, data, &k->loc);
	}
	if (ret)
		return ret;
	atomic64_add(bytes, &v->preserved);
	val = version_of(k, page);
	return index_add(ix, &val, &k->home);
}

static void make_known(struct dl_volume *v, const struct dl_keep *k, u64 page,
		       u32 idx)
{
	u32 bucket = dl_pmap_bucket(&v->map.pm, page);
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	struct dl_version val = version_of(k, page);

	spin_lock(&sh->lock);
	dl_history_add(v, bucket, idx, &val);
	spin_unlock(&sh->lock);
}

int dl_preserve(struct dl_volume *v, struct dl_index *ix, struct dl_keep *keep,
		u32 nr, const u64 *page, struct page **mem)
{
	u32 list = dl_history_take(&v->past, nr), next, i;
	int ret = 0, err;

	if (!list) {
		dl_err_limit("%s: no room for more versions of pages (%u): reconcile waits until snapshots are deleted",
			     v->name, v->past.max);
		return -ENOSPC;
	}
	index_begin(ix, v);
	for (i = 0; i < nr; i++)
		keep[i].home = 0;
	for (i = 0; !ret && i < nr; i++)
		ret = log_keep(v, ix, &keep[i], page[keep[i].slot],
			       page_address(mem[keep[i].slot]) +
			       (keep[i].first << DL_SECTOR_SHIFT));
	if (!ret)
		ret = index_flush(ix);
	index_end(ix);
	err = dl_log_sync(&v->log);
	/* What an index record in the log says must hold, whatever failed. */
	for (i = 0; i < nr; i++, list = next) {
		next = dl_past_ent(&v->past.t, list)->next;
		if (err || !keep[i].home)
			dl_history_unused(v, list);
		else
			make_known(v, &keep[i], page[keep[i].slot], list);
	}
	ret = ret ?: err;
	if (!ret)
		wait_for_readers(v);
	return ret;
}

/* ---- versions that recovery could not find ---- */

/* Version @i has moved: from here on it is read there. Only we move or drop. */
static void move(struct dl_volume *v, u32 i, u64 loc, u32 home)
{
	struct dl_version val;
	struct dl_shard *sh;
	u32 bucket;

	if (!dl_history_get(v, i, &val))
		return;
	bucket = dl_pmap_bucket(&v->map.pm, val.page);
	sh = dl_map_shard(&v->map, bucket);
	spin_lock(&sh->lock);
	dl_history_moved(v, i, loc, home);
	spin_unlock(&sh->lock);
}

static void apply(struct dl_volume *v, struct dl_mover *mv)
{
	u32 i;

	for (i = 0; i < mv->n; i++)
		/* Not in any index record: it stays where it was. */
		if (mv->m[i].home)
			move(v, mv->m[i].idx, mv->m[i].loc, mv->m[i].home);
	mv->n = 0;
}

static int index_run(struct dl_volume *v, struct dl_index *ix, u32 i, u32 *home)
{
	const struct dl_past_run *r = &v->past.runs[i];
	struct dl_version val = {
		.from = r->from, .until = r->until, .page = r->start,
		.loc = r->end - r->start, .flags = DL_PAST_RUN,
	};

	return index_add(ix, &val, home);
}

/* Runs whose index entry is wanted in a new place; there are never many. */
static int index_runs(struct dl_volume *v, u64 goal,
		      const struct dl_segment *victim)
{
	struct dl_history *h = &v->past;
	u32 n = READ_ONCE(h->nr_runs), *home = v->mover->run_home, i;
	struct dl_index *ix = &v->mover->index;
	int ret = 0;

	if (!n)
		return 0;
	index_begin(ix, v);
	for (i = 0; !ret && i < n; i++) {
		home[i] = h->runs[i].home;
		if (victim ? home[i] && dl_segment_has(&v->log.segs,
						       home[i] - 1, victim) :
		    !home[i] && h->runs[i].from <= goal &&
		    dl_pins_any_named(&v->pins, h->runs[i].from,
				      h->runs[i].until))
			ret = index_run(v, ix, i, &home[i]);
	}
	if (!ret)
		ret = index_flush(ix);
	index_end(ix);
	for (i = 0; !ret && i < n; i++)
		dl_history_moved_run(v, i, home[i]);
	return ret;
}

int dl_preserve_index(struct dl_volume *v, u64 goal)
{
	struct dl_history *h = &v->past;
	struct dl_mover *mv = v->mover;
	struct dl_version val;
	struct dl_index *ix;
	int ret;
	u32 i;

	if (!h->on)
		return 0;
	ret = index_runs(v, goal, NULL);
	mv->n = 0;
	ix = &mv->index;
	index_begin(ix, v);
	for (i = 1; !ret && i < dl_past_nr(&h->t); i++) {
		if (!(i & 0xffff))
			cond_resched();
		if (!READ_ONCE(dl_past_ent(&h->t, i)->mask) || dl_past_ent(&h->t, i)->home ||
		    !dl_history_get(v, i, &val) || val.home || val.from > goal ||
		    !dl_pins_any_named(&v->pins, val.from, val.until))
			continue;
		mv->m[mv->n].idx = i;
		mv->m[mv->n].loc = val.loc;
		ret = index_add(ix, &val, &mv->m[mv->n].home);
		if (++mv->n < DL_MOVES || ret)
			continue;
		ret = index_flush(ix);
		if (!ret)
			apply(v, mv);
	}
	if (!ret)
		ret = index_flush(ix);
	if (!ret)
		apply(v, mv);
	index_end(ix);
	return ret;
}

/* ---- cleaning ---- */

/* The settled segment that holds least; NULL when none holds little. */
static struct dl_segment *choose_victim(struct dl_volume *v)
{
	struct dl_log *l = &v->log;
	struct dl_segment *seg, *best = NULL;
	unsigned long flags;
	u64 live, least = U64_MAX;

	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list) {
		if (!dl_segment_passed(seg, v->horizon, l->durable))
			break;
		live = (u64)atomic_read(&seg->held) +
			atomic_read(&seg->index) / 8;
		if (live < seg->sectors / 2 && live < least && !seg->stuck) {
			least = live;
			best = seg;
		}
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return best;
}

static bool in_segment(const struct dl_volume *v, u64 loc,
		       const struct dl_segment *seg)
{
	return dl_segment_has(&v->log.segs,
			      dl_segment_chunk(&v->log.segs, loc), seg);
}

/* Log version @val anew, if @victim is where its payload or its index is. */
static int copy_out_of(struct dl_volume *v, const struct dl_segment *victim,
		       struct dl_version *val, struct dl_index *ix, u32 *home,
		       void *buf)
{
	int ret;

	if (!val->flags && in_segment(v, val->loc, victim)) {
		ret = dl_read_record(v, val->loc, dl_version_stored(val),
				     val->crc, val->page, buf);
		/* What cannot be moved stays, and so does its segment. */
		if (!ret)
			ret = put_base(v, val, buf, &val->loc);
		if (ret)
			return ret;
	}
	return index_add(ix, val, home);
}

static bool lives_in(struct dl_volume *v, const struct dl_segment *victim,
		     const struct dl_version *val)
{
	return (!val->flags && in_segment(v, val->loc, victim)) ||
	       (val->home && dl_segment_has(&v->log.segs, val->home - 1, victim));
}

static int evacuate(struct dl_volume *v, const struct dl_segment *victim,
		    struct dl_mover *mv, struct page *page)
{
	struct dl_index *ix = &mv->index;
	struct dl_version val;
	int ret = 0, err;
	u32 i;

	index_begin(ix, v);
	for (i = 1; !ret && i < dl_past_nr(&v->past.t); i++) {
		if (!(i & 0xffff))
			cond_resched();
		if (READ_ONCE(v->rc.stop))
			ret = -EBUSY;
		if (ret || !READ_ONCE(dl_past_ent(&v->past.t, i)->mask) ||
		    !dl_history_get(v, i, &val) || !lives_in(v, victim, &val))
			continue;
		mv->m[mv->n].idx = i;
		mv->m[mv->n].home = 0;
		ret = copy_out_of(v, victim, &val, ix, &mv->m[mv->n].home,
				  page_address(page));
		mv->m[mv->n].loc = val.loc;
		if (++mv->n < DL_MOVES || ret)
			continue;
		ret = index_flush(ix);
		if (!ret)
			ret = dl_log_sync(&v->log);
		if (!ret)
			apply(v, mv);
	}
	if (!ret)
		ret = index_flush(ix);
	/* What an index record in the log says must hold, whatever failed. */
	err = dl_log_sync(&v->log);
	if (!err)
		apply(v, mv);
	index_end(ix);
	return ret ?: err;
}

int dl_preserve_clean(struct dl_volume *v)
{
	struct dl_segment *victim;
	struct page *page;
	int ret;

	/* The map refers to what is not there for its own record's sake. */
	if (!v->past.on || dl_rewind_pending(v))
		return 0;
	victim = choose_victim(v);
	if (!victim)
		return 0;
	v->mover->n = 0;
	page = mempool_alloc(v->pages, GFP_NOIO);
	ret = evacuate(v, victim, v->mover, page);
	mempool_free(page, v->pages);
	if (ret == -EBADMSG || ret == -EIO) {
		victim->stuck = true;
		return 0;
	}
	if (!ret)
		ret = index_runs(v, 0, victim);
	if (!ret)
		ret = dl_log_sync(&v->log);
	return ret ?: 1;
}
