// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the log in search of decay. See scrub.h.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "core/walk.h"
#include "damage.h"
#include "lookup.h"
#include "msg.h"
#include "scrub.h"
#include "snapshot.h"
#include "volume.h"

#define READ_TRIES	3
#define SUMMARY_BYTES	(4u << 20)

struct scan {
	struct dl_volume *v;
	struct dl_scrub *s;
	struct dl_scrub_step *out;
	u64 id;
	u64 start;		/* log sector of the segment */
	u64 budget, done;	/* sectors */
	u64 damaged;
	u64 from_commit;	/* what is before was told already */
	bool gone;		/* the segment has been released */
	bool stopped;		/* by a signal */
	void *summary;
	struct dl_walk w;
	struct dl_cp_head cp;
	struct dl_super sb;
};

void dl_scrub_init(struct dl_scrub *s)
{
	mutex_init(&s->lock);
}

const char *dl_scrub_fate_name(enum dl_scrub_fate fate)
{
	static const char * const names[] = {
		"present", "past", "spare", "mended", "structure",
	};

	return names[fate];
}

static struct dl_scrub_counts counts(const struct dl_scrub *s)
{
	return (struct dl_scrub_counts) {
		.sectors = s->sectors, .records = s->records,
		.damaged = s->damaged, .mended = s->mended, .spare = s->spare,
	};
}

/* ---- segments ---- */

/*
 * The first segment from @id on that can be looked at. One that the checkpoint has
 * left out is about to go, and nobody may take hold of it any more. Log locked.
 */
static struct dl_segment *first_from(struct dl_log *l, u64 id)
{
	struct dl_segment *seg, *best = NULL;

	lockdep_assert_held(&l->lock);
	list_for_each_entry(seg, &l->segs.live, list)
		if (seg->id >= id && seg->state == DL_SEG_SEALED &&
		    seg->last_commit >= seg->first_commit &&
		    seg->last_commit <= l->durable && !seg->unlisted &&
		    (!best || seg->id < best->id))
			best = seg;
	return best;
}

u64 dl_scrub_left(struct dl_volume *v)
{
	struct dl_scrub *s = &v->scrub;
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	u64 n = 0;

	if (!READ_ONCE(s->running))
		return 0;
	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list)
		if (seg->id >= s->segment && seg->id <= s->until &&
		    seg->state == DL_SEG_SEALED)
			n += seg->used - (seg->id == s->segment ?
					  min(s->off, seg->used) : 0);
	spin_unlock_irqrestore(&l->lock, flags);
	return n;
}

static int scan_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	struct scan *sc = ctx;
	struct dl_volume *v = sc->v;
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	int ret = -EIO, i;

	/* Below a suspended volume the log's device may be suspended, too. */
	sc->stopped |= signal_pending(current) || !READ_ONCE(v->resumed);
	if (sc->stopped || sc->gone)
		return -EIO;
	spin_lock_irqsave(&l->lock, flags);
	seg = first_from(l, sc->id);
	if (seg && seg->id == sc->id)
		atomic_inc(&seg->readers);
	else
		sc->gone = true;
	spin_unlock_irqrestore(&l->lock, flags);
	if (sc->gone)
		return -EIO;
	/* A path that was lost for a moment is no decay. */
	for (i = 0; ret && i < READ_TRIES; i++)
		ret = dl_blkio_read(&v->logio, sector, sectors, buf);
	dl_put_segment(v, seg);
	sc->done += sectors;
	return ret;
}

/* Is it still the segment's, what was read? */
static bool still_there(struct scan *sc)
{
	struct dl_log *l = &sc->v->log;
	struct dl_segment *seg;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	seg = first_from(l, sc->id);
	sc->gone |= !seg || seg->id != sc->id;
	spin_unlock_irqrestore(&l->lock, flags);
	return !sc->gone;
}

static enum dl_status scan_open(void *ctx, const struct dl_frame_head *h,
				u64 sector, void *head)
{
	struct scan *sc = ctx;
	enum dl_status st = dl_crypt_open(&sc->v->crypt, h, sector, head, false);

	return still_there(sc) ? st : DL_NOT_FOUND;
}

static enum dl_status scan_decode(void *ctx, const struct dl_cp_segment *seg,
				  const struct dl_summary_head *sh, u64 sector,
				  void *buf)
{
	struct scan *sc = ctx;

	return dl_crypt_open_summary(&sc->v->crypt, sh, seg->start, seg->sectors,
				     sector, buf, false);
}

static enum dl_status scan_plain(void *ctx, u64 sector, void *block)
{
	struct scan *sc = ctx;
	int ret = dl_crypt_plain(&sc->v->crypt, sector, block);

	if (!ret || !still_there(sc))
		return DL_OK;
	return ret == -EBADMSG ? DL_BAD_TAG : DL_IO_ERROR;
}

static int scan_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct scan *sc = ctx;
	struct dl_scrub *s = sc->s;

	if (sc->stopped || sc->gone)
		return 1;
	s->off = sector + h->total_sectors - sc->start;
	s->commit = h->commit + 1;
	s->sectors += h->total_sectors;
	s->records += h->nr_descs;
	return sc->done >= sc->budget || sc->out->nr >= DL_SCRUB_TELL;
}

/* ---- what is damaged ---- */

static void tell(struct dl_volume *v, struct dl_scrub_step *out, u64 sector,
		 u64 page, enum dl_scrub_fate fate, enum dl_status why,
		 const char *what)
{
	if (out->nr < DL_SCRUB_ITEMS)
		out->item[out->nr++] = (struct dl_scrub_item) {
			.sector = sector, .page = page, .fate = fate,
			.why = why, .what = what,
		};
	if (page == U64_MAX)
		dl_err_limit("%s: log %pg: scrub: %s at sector %llu: %s (%s)",
			     v->name, v->logio.bdev, what, sector,
			     dl_status_text(why), dl_scrub_fate_name(fate));
	else
		dl_err_limit("%s: log %pg: scrub: %s at sector %llu, page %llu: %s (%s)",
			     v->name, v->logio.bdev, what, sector, page,
			     dl_status_text(why), dl_scrub_fate_name(fate));
}

static void scan_note(void *ctx, const struct dl_note *n)
{
	struct scan *sc = ctx;
	struct dl_scrub_step *out = sc->out;

	if (n->kind == DL_NOTE_INFO || sc->stopped || sc->gone ||
	    (n->commit && n->commit < sc->from_commit))
		return;
	sc->damaged++;
	if (out->nr < DL_SCRUB_ITEMS)
		out->item[out->nr++] = (struct dl_scrub_item) {
			.sector = n->sector, .why = n->why, .what = n->what,
			.page = strcmp(n->what, "payload") ? U64_MAX : n->page,
			.fate = n->kind == DL_NOTE_REPAIRED ? DL_SCRUB_SPARE :
				DL_SCRUB_STRUCTURE,
		};
}

/* What was found since @from: whom it concerns, now that no segment is held. */
static void judge_all(struct scan *sc, u32 from)
{
	struct dl_scrub_step *out = sc->out;
	struct dl_volume *v = sc->v;
	u32 nr = out->nr, i;

	sc->s->damaged += sc->damaged;
	for (i = from; i < nr; i++) {
		struct dl_scrub_item it = out->item[i];

		if (it.page <= DL_PAGE_MAX)
			it.fate = dl_damage_fate(v, it.page, it.sector);
		sc->s->mended += it.fate == DL_SCRUB_MENDED;
		sc->s->spare += it.fate == DL_SCRUB_SPARE;
		out->nr = i;
		tell(v, out, it.sector, it.page, it.fate, it.why, it.what);
	}
}

/* ---- a step ---- */

static const struct dl_walk_ops frame_ops = {
	.read = scan_read, .frame = scan_frame, .note = scan_note,
	.open = scan_open, .plain = scan_plain,
};

static const struct dl_walk_ops summary_ops = {
	.read = scan_read, .note = scan_note, .open = scan_open,
	.summary = scan_decode, .plain = scan_plain,
};

static int scan_alloc(struct scan *sc)
{
	sc->w.head_buf = kvmalloc(DL_WALK_HEAD_BYTES, GFP_KERNEL);
	sc->w.data_buf = kvmalloc(DL_WALK_DATA_BYTES, GFP_KERNEL);
	sc->summary = kvmalloc(SUMMARY_BYTES, GFP_KERNEL);
	return sc->w.head_buf && sc->w.data_buf && sc->summary ? 0 : -ENOMEM;
}

static void scan_free(struct scan *sc)
{
	kvfree(sc->summary);
	kvfree(sc->w.data_buf);
	kvfree(sc->w.head_buf);
	kfree(sc);
}

/* What is wrong the notes say. Return: DL_LOST if it could not go on. */
static enum dl_status walk(struct scan *sc, const struct dl_cp_segment *seg,
			   u32 flags, const struct dl_walk_ops *ops)
{
	struct dl_walk_segment_info info;
	bool more;

	sc->w.ops = ops;
	sc->w.ctx = sc;
	sc->w.sb = &sc->sb;
	sc->w.cp = &sc->cp;
	sc->w.flags = flags;
	dl_walk_begin(&sc->w);
	return dl_walk_segment(&sc->w, seg, &info, &more);
}

/* The frames of @seg from where we are on, as many as are wanted. */
static enum dl_status scan_frames(struct scan *sc,
				  const struct dl_cp_segment *seg)
{
	struct dl_cp_segment rest = *seg;

	/* Up to where its frames end, so that no summary is in it. */
	rest.start += sc->s->off;
	rest.sectors = seg->end - sc->s->off;
	rest.end = rest.sectors;
	rest.first_commit = sc->s->commit;
	rest.first_seq = 0;
	rest.flags = 0;
	return walk(sc, &rest, DL_WALK_FRAMES | DL_WALK_PAYLOADS, &frame_ops);
}

/*
 * The summary; @frames: where they cannot be followed it leads to them, all in one
 * go, and what it vouches for is not lost.
 */
static void scan_summary(struct scan *sc, const struct dl_cp_segment *seg,
			 bool frames)
{
	if (!(seg->flags & DL_SEG_SUMMARY))
		return;
	sc->w.summary_bytes = SUMMARY_BYTES;
	sc->w.summary_buf = sc->summary;
	walk(sc, seg, frames ? DL_WALK_FRAMES | DL_WALK_PAYLOADS : 0,
	     &summary_ops);
	sc->w.summary_buf = NULL;
	sc->w.summary_bytes = 0;
}

/* Find the segment to look at: false when there is none left. */
static bool choose(struct scan *sc, struct dl_cp_segment *cs)
{
	struct dl_log *l = &sc->v->log;
	struct dl_scrub *s = sc->s;
	struct dl_segment *seg;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	seg = first_from(l, s->segment);
	if (seg && seg->id > s->until)
		seg = NULL;
	if (seg) {
		dl_segment_describe(seg, l->durable, cs);
		cs->end = seg->used;
		sc->id = seg->id;
		sc->start = seg->start;
		sc->cp.durable_commit = l->durable;
		if (s->segment != seg->id || !s->commit) {
			s->saved = counts(s);
			s->segment = seg->id;
			s->off = 0;
			s->commit = seg->first_commit;
		}
	}
	spin_unlock_irqrestore(&l->lock, flags);
	return seg;
}

/* Look at one segment, or a part. Return: 0, or -EINTR. */
static int scan_segment(struct scan *sc, const struct dl_cp_segment *cs)
{
	struct dl_scrub *s = sc->s;
	const struct dl_scrub_counts was = counts(s);
	u32 from = sc->out->nr, off = s->off;
	u64 commit = s->commit;
	bool broken = false;

	sc->gone = false;
	sc->damaged = 0;
	sc->from_commit = s->commit;
	if (s->commit <= cs->last_commit)
		broken = scan_frames(sc, cs) == DL_LOST;
	/* All of it, or as far as it can be told: the summary, and on. */
	if (!sc->stopped && !sc->gone && !sc->w.err) {
		if (broken && cs->flags & DL_SEG_SUMMARY) {
			sc->damaged = 0;
			sc->out->nr = from;
			s->sectors += cs->end - s->off;
		}
		scan_summary(sc, cs, broken);
		s->segment = cs->id + 1;
		s->off = 0;
		s->commit = 0;
	}
	if (sc->stopped || sc->gone) {
		/* What was found in it may be another's by now. */
		sc->out->nr = from;
		s->off = off;
		s->commit = commit;
		s->sectors = was.sectors;
		s->records = was.records;
		s->segment = cs->id;
		return sc->stopped ? -EINTR : 0;
	}
	judge_all(sc, from);
	return 0;
}

static int step(struct dl_volume *v, u32 sectors, struct dl_scrub_step *out)
{
	struct dl_scrub *s = &v->scrub;
	struct dl_cp_segment cs;
	struct scan *sc;
	int ret;

	if (!s->running)
		return -ENODATA;
	if (!READ_ONCE(v->resumed))
		return -EBUSY;
	sc = kzalloc(sizeof(*sc), GFP_KERNEL);
	if (!sc)
		return -ENOMEM;
	sc->v = v;
	sc->s = s;
	sc->out = out;
	sc->budget = sectors;
	sc->sb = v->ck.sb;
	ret = scan_alloc(sc);
	while (!ret && sc->done < sc->budget && out->nr < DL_SCRUB_TELL) {
		if (!choose(sc, &cs)) {
			s->running = false;
			s->ended_ns = ktime_get_real_ns();
			break;
		}
		ret = scan_segment(sc, &cs);
		cond_resched();
	}
	scan_free(sc);
	/* What was found is to be told. */
	return ret == -EINTR && out->nr ? 0 : ret;
}

int dl_scrub_step(struct dl_volume *v, u32 sectors, struct dl_scrub_step *out)
{
	unsigned int noio = memalloc_noio_save();
	bool was;
	int ret;

	out->nr = 0;
	mutex_lock(&v->scrub.lock);
	was = v->scrub.running;
	ret = step(v, sectors, out);
	/* That it ended is worth keeping. */
	if (was && !v->scrub.running) {
		mutex_lock(&v->snapshot_lock);
		if (v->started && dl_volume_mode(v) == DL_MODE_RW &&
		    !READ_ONCE(v->detaching) && dl_snapshot_save(v))
			ret = ret ?: -EIO;
		mutex_unlock(&v->snapshot_lock);
	}
	mutex_unlock(&v->scrub.lock);
	memalloc_noio_restore(noio);
	return ret;
}

/* Both superblocks and what they point to: what is damaged is written anew. */
static int slots(struct dl_volume *v, struct dl_scrub_step *out)
{
	enum dl_status st[DL_SUPER_SLOTS], again[DL_SUPER_SLOTS];
	u64 sector[DL_SUPER_SLOTS];
	bool bad = false;
	int ret, i;

	ret = dl_checkpoint_verify(&v->ck, st, sector);
	for (i = 0; !ret && i < DL_SUPER_SLOTS; i++)
		bad |= st[i] != DL_OK;
	if (!bad)
		return ret;
	ret = dl_snapshot_save(v);
	if (!ret)
		ret = dl_checkpoint_verify(&v->ck, again, NULL);
	if (ret)
		return ret;
	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		if (st[i] == DL_OK)
			continue;
		v->scrub.damaged++;
		v->scrub.mended += again[i] == DL_OK;
		tell(v, out, sector[i], U64_MAX, again[i] == DL_OK ?
		     DL_SCRUB_MENDED : DL_SCRUB_STRUCTURE, st[i],
		     "superblock or checkpoint");
	}
	return 0;
}

static int begin(struct dl_volume *v, struct dl_scrub_step *out)
{
	struct dl_scrub *s = &v->scrub;
	struct dl_log *l = &v->log;
	struct dl_segment *seg;
	unsigned long flags;
	int ret;

	dl_log_seal(l);
	ret = dl_log_sync(l);
	if (ret)
		return ret;
	s->segment = 0;
	s->until = 0;
	s->off = 0;
	s->commit = 0;
	s->sectors = 0;
	s->records = 0;
	s->damaged = 0;
	s->mended = 0;
	s->spare = 0;
	memset(&s->saved, 0, sizeof(s->saved));
	s->began_ns = ktime_get_real_ns();
	spin_lock_irqsave(&l->lock, flags);
	list_for_each_entry(seg, &l->segs.live, list)
		if (seg->state == DL_SEG_SEALED)
			s->until = max(s->until, seg->id);
	spin_unlock_irqrestore(&l->lock, flags);
	s->running = true;
	return slots(v, out);
}

int dl_scrub_begin(struct dl_volume *v, struct dl_scrub_step *out)
{
	unsigned int noio = memalloc_noio_save();
	int ret;

	out->nr = 0;
	mutex_lock(&v->scrub.lock);
	mutex_lock(&v->snapshot_lock);
	if (dl_volume_mode(v) != DL_MODE_RW)
		ret = -EROFS;
	else if (!v->resumed || READ_ONCE(v->detaching))
		ret = -EBUSY;
	else
		ret = begin(v, out);
	mutex_unlock(&v->snapshot_lock);
	mutex_unlock(&v->scrub.lock);
	memalloc_noio_restore(noio);
	return ret;
}

/* ---- with a checkpoint ---- */

void dl_scrub_save(struct dl_volume *v, struct dl_cp_writer *w)
{
	/* Racy: a little older or younger makes no difference. */
	const struct dl_scrub *s = &v->scrub;
	const struct dl_scrub_counts c = s->running ? s->saved : counts(s);
	struct dl_disk_scrub d = {
		.segment = cpu_to_le64(s->segment),
		.until = cpu_to_le64(s->until),
		.sectors = cpu_to_le64(c.sectors),
		.records = cpu_to_le64(c.records),
		.damaged = cpu_to_le64(c.damaged),
		.mended = cpu_to_le64(c.mended),
		.spare = cpu_to_le64(c.spare),
		.began_ns = cpu_to_le64(s->began_ns),
		.ended_ns = cpu_to_le64(s->ended_ns),
		.flags = cpu_to_le32(s->running ? DL_SCRUB_RUNNING : 0),
	};

	if (!s->began_ns)
		return;
	dl_cp_section(w, DL_SECTION_SCRUB, 0);
	dl_cp_put_bytes(w, &d, sizeof(d));
}

void dl_scrub_load(struct dl_volume *v, const void *body, size_t bytes)
{
	const struct dl_disk_scrub *d = body;
	struct dl_scrub *s = &v->scrub;

	if (bytes < sizeof(*d))
		return;
	s->segment = le64_to_cpu(d->segment);
	s->until = le64_to_cpu(d->until);
	s->sectors = le64_to_cpu(d->sectors);
	s->records = le64_to_cpu(d->records);
	s->damaged = le64_to_cpu(d->damaged);
	s->mended = le64_to_cpu(d->mended);
	s->spare = le64_to_cpu(d->spare);
	s->began_ns = le64_to_cpu(d->began_ns);
	s->ended_ns = le64_to_cpu(d->ended_ns);
	s->running = le32_to_cpu(d->flags) & DL_SCRUB_RUNNING;
}
