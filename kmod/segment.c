// SPDX-License-Identifier: GPL-2.0
/*
 * Segment allocation. See segment.h for states, ownership and locks.
 */
#include <linux/bitmap.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "segment.h"

#define SUMMARY_MOST	(4u << 20)
#define MIN_SEGMENTS	4	/* what the emergency pool can hold at once */

int dl_segments_init(struct dl_segments *s, const struct dl_super *sb,
		     u32 segment_kib)
{
	struct dl_chunks c;
	u64 want;

	INIT_LIST_HEAD(&s->pool);
	INIT_LIST_HEAD(&s->live);
	s->data_start = sb->data_start;
	s->chunk_sectors = sb->chunk_sectors;
	s->chunk_shift = ilog2(sb->chunk_sectors);
	s->nr_chunks = dl_super_chunks(sb);
	s->free_chunks = s->nr_chunks;

	want = segment_kib ? (u64)segment_kib * 2 :
		clamp_t(u64, sb->log_sectors / 64, DL_CHUNK_SECTORS_MIN,
			64 * 2048);
	want = min_t(u64, want, DL_SEGMENT_SECTORS_MAX);
	/* Four segments is the least that lets one fill while others settle. */
	s->seg_chunks = clamp_t(u64, want / s->chunk_sectors, 1,
				s->nr_chunks / 4);

	s->mem = mempool_create_kmalloc_pool(MIN_SEGMENTS,
					     sizeof(struct dl_segment));
	if (!s->mem || dl_chunks_alloc(&c, s->nr_chunks))
		return -ENOMEM;
	s->bitmap = c.bitmap;
	RCU_INIT_POINTER(s->by_chunk, c.by_chunk);
	return 0;
}

void dl_segments_exit(struct dl_segments *s)
{
	struct dl_segment *seg, *tmp;

	if (s->pool.next) {
		list_for_each_entry_safe(seg, tmp, &s->pool, list)
			dl_segment_free(s, seg);
		list_for_each_entry_safe(seg, tmp, &s->live, list)
			dl_segment_free(s, seg);
		INIT_LIST_HEAD(&s->pool);
		INIT_LIST_HEAD(&s->live);
	}
	kvfree(s->spare);
	s->spare = NULL;
	mempool_destroy(s->mem);
	s->mem = NULL;
	/* Nobody looks any more. */
	kvfree(rcu_dereference_protected(s->by_chunk, true));
	RCU_INIT_POINTER(s->by_chunk, NULL);
	kvfree(s->bitmap);
	s->bitmap = NULL;
}

int dl_chunks_alloc(struct dl_chunks *c, u32 nr)
{
	c->nr = nr;
	c->bitmap = kvcalloc(BITS_TO_LONGS(nr), sizeof(long), GFP_KERNEL);
	c->by_chunk = kvcalloc(nr, sizeof(*c->by_chunk), GFP_KERNEL);
	if (c->bitmap && c->by_chunk)
		return 0;
	dl_chunks_free(c);
	return -ENOMEM;
}

void dl_chunks_free(struct dl_chunks *c)
{
	kvfree(c->by_chunk);
	kvfree(c->bitmap);
}

/* For who writes it: dl_log.lock is held, or nobody else is there yet. */
static struct dl_segment **chunks(struct dl_segments *s)
{
	return rcu_dereference_protected(s->by_chunk, true);
}

void dl_segments_extend(struct dl_segments *s, struct dl_chunks *c)
{
	struct dl_chunks old = {
		.nr = s->nr_chunks,
		.bitmap = s->bitmap,
		.by_chunk = chunks(s),
	};

	bitmap_copy(c->bitmap, old.bitmap, old.nr);
	memcpy(c->by_chunk, old.by_chunk, old.nr * sizeof(*c->by_chunk));
	s->bitmap = c->bitmap;
	rcu_assign_pointer(s->by_chunk, c->by_chunk);
	s->free_chunks += c->nr - old.nr;
	WRITE_ONCE(s->nr_chunks, c->nr);
	*c = old;
}

static void occupy(struct dl_segments *s, struct dl_segment *seg)
{
	u32 first = (seg->start - s->data_start) >> s->chunk_shift;
	u32 n = seg->sectors / s->chunk_sectors, i;

	bitmap_set(s->bitmap, first, n);
	for (i = 0; i < n; i++)
		chunks(s)[first + i] = seg;
	s->free_chunks -= n;
}

u32 dl_segments_size(const struct dl_segments *s, u32 chunks, u32 room)
{
	u32 unused = chunks - (s->nr_chunks - s->free_chunks);
	u32 have = s->nr_live + s->nr_pool;
	u32 n = s->seg_chunks;

	/* The pool, the open one, its successor: those are not full. */
	while (have + unused / n + 8 > room) {
		if (n * 2 > DL_SEGMENT_SECTORS_MAX >> s->chunk_shift)
			return 0;
		n *= 2;
	}
	return n;
}

u32 dl_segments_most(const struct dl_segments *s, u32 chunks, u32 seg_chunks,
		     u32 room)
{
	return min(s->nr_live + 2 * (chunks / seg_chunks) + 8, room);
}

void dl_segments_limit(struct dl_segments *s, u32 seg_chunks, u32 most)
{
	WRITE_ONCE(s->seg_chunks, seg_chunks);
	s->max = most;
	s->at_max = false;
}

static struct dl_segment *alloc(struct dl_segments *s, gfp_t gfp)
{
	struct dl_segment *seg = mempool_alloc(s->mem, gfp);

	memset(seg, 0, sizeof(*seg));
	INIT_LIST_HEAD(&seg->list);
	atomic_set(&seg->readers, 0);
	atomic_set(&seg->held, 0);
	atomic_set(&seg->index, 0);
	atomic_long_add(sizeof(*seg), &s->bytes);
	return seg;
}

/* A buffer that is spare begins with its size. */
static u32 spare_bytes(const void *buf)
{
	return *(const u32 *)buf;
}

static void free_buf(struct dl_segments *s, void *buf, u32 bytes)
{
	if (!buf)
		return;
	kvfree(buf);
	atomic_long_sub(bytes, &s->bytes);
}

static u32 summary_flags(const struct dl_segments *s)
{
	return s->sealed ? DL_SUMMARY_SEALED : 0;
}

/*
 * Twice what whole pages need. A segment of little records goes without a summary,
 * and is recovered by its frames.
 */
static u32 summary_wants(const struct dl_segments *s, u32 sectors)
{
	return max_t(u32, 16384, sectors << (DL_SECTOR_SHIFT - 6)) +
		dl_summary_tags(summary_flags(s), sectors);
}

static u32 summary_bytes(const struct dl_segments *s, u32 sectors)
{
	return min(summary_wants(s, sectors), SUMMARY_MOST);
}

u32 dl_segment_largest(const struct dl_segments *s)
{
	u32 sectors = DL_SEGMENT_SECTORS_MAX;

	while (sectors > s->chunk_sectors && summary_wants(s, sectors) > SUMMARY_MOST)
		sectors /= 2;
	return sectors >> s->chunk_shift;
}

struct dl_segment *dl_segment_alloc(struct dl_segments *s, u32 chunks)
{
	struct dl_segment *seg = alloc(s, GFP_NOIO);
	u32 spare;

	seg->sum_bytes = summary_bytes(s, chunks * s->chunk_sectors);
	seg->sum_buf = xchg(&s->spare, NULL);
	spare = seg->sum_buf ? spare_bytes(seg->sum_buf) : 0;
	if (spare >= seg->sum_bytes && spare / 2 <= seg->sum_bytes) {
		seg->sum_bytes = spare;
	} else if (spare) {
		/* From when segments were of another size. */
		free_buf(s, seg->sum_buf, spare);
		seg->sum_buf = NULL;
	}
	if (!seg->sum_buf) {
		seg->sum_buf = kvmalloc(seg->sum_bytes, GFP_NOIO |
					__GFP_NORETRY | __GFP_NOWARN);
		atomic_long_add(seg->sum_buf ? seg->sum_bytes : 0, &s->bytes);
	}
	if (seg->sum_buf)
		dl_summary_begin(&seg->sum, seg->sum_buf, seg->sum_bytes);
	return seg;
}

void dl_segment_drop_summary(struct dl_segments *s, struct dl_segment *seg)
{
	void *old;

	if (!seg->sum_buf)
		return;
	*(u32 *)seg->sum_buf = seg->sum_bytes;
	old = xchg(&s->spare, seg->sum_buf);
	seg->sum_buf = NULL;
	if (old)
		free_buf(s, old, spare_bytes(old));
}

void dl_segment_free(struct dl_segments *s, struct dl_segment *seg)
{
	free_buf(s, seg->sum_buf, seg->sum_bytes);
	atomic_long_sub(sizeof(*seg), &s->bytes);
	mempool_free(seg, s->mem);
}

int dl_segments_adopt(struct dl_segments *s, const struct dl_cp_segment *cs)
{
	struct dl_segment *seg;
	u32 first = (cs->start - s->data_start) >> s->chunk_shift;
	u32 n = cs->sectors / s->chunk_sectors;

	if (find_next_bit(s->bitmap, first + n, first) < first + n)
		return -EUCLEAN;
	seg = alloc(s, GFP_KERNEL);
	seg->id = cs->id;
	seg->start = cs->start;
	seg->sectors = cs->sectors;
	seg->used = cs->end;
	seg->epoch = cs->epoch;
	seg->first_commit = cs->first_commit;
	seg->last_commit = cs->last_commit;
	seg->first_seq = cs->first_seq;
	seg->last_seq = cs->last_seq;
	seg->state = DL_SEG_SEALED;
	seg->summary_written = true;
	seg->summary_durable = cs->flags & DL_SEG_SUMMARY;
	seg->born = jiffies;
	occupy(s, seg);
	dl_segment_enlist(s, seg);
	s->next_id = max(s->next_id, cs->id + 1);
	return 0;
}

u32 dl_segments_left(const struct dl_segments *s)
{
	/* The open one and its successor are in neither list or both. */
	u32 have = s->nr_live + s->nr_pool + 2;

	return s->max - min(s->max, have);
}

bool dl_segment_place(struct dl_segments *s, struct dl_segment *seg, u32 n,
		      u64 epoch)
{
	unsigned long at;

	s->at_max = !dl_segments_left(s);
	if (s->at_max)
		return false;
	for (; n; n /= 2) {
		at = bitmap_find_next_zero_area(s->bitmap, s->nr_chunks, 0, n, 0);
		if (at < s->nr_chunks)
			break;
	}
	if (!n)
		return false;
	seg->id = s->next_id++;
	seg->start = s->data_start + (u64)at * s->chunk_sectors;
	seg->sectors = n * s->chunk_sectors;
	seg->epoch = epoch;
	seg->state = DL_SEG_NEXT;
	occupy(s, seg);
	list_add_tail(&seg->list, &s->pool);
	s->nr_pool++;
	s->pool_chunks += n;
	return true;
}

static void leave_pool(struct dl_segments *s, struct dl_segment *seg)
{
	list_del_init(&seg->list);
	s->nr_pool--;
	s->pool_chunks -= seg->sectors >> s->chunk_shift;
}

struct dl_segment *dl_segment_take(struct dl_segments *s)
{
	struct dl_segment *seg;

	seg = list_first_entry_or_null(&s->pool, struct dl_segment, list);
	if (seg)
		leave_pool(s, seg);
	return seg;
}

void dl_segment_withdraw(struct dl_segments *s, struct dl_segment *seg)
{
	leave_pool(s, seg);
	dl_segment_release(s, seg);
	s->at_max = false;
}

void dl_segment_enlist(struct dl_segments *s, struct dl_segment *seg)
{
	u32 chunks = seg->sectors >> s->chunk_shift;

	seg->in_chain = true;
	seg->size = chunks == s->seg_chunks ? DL_SEG_USUAL :
		chunks < s->seg_chunks ? DL_SEG_SMALL : DL_SEG_LARGE;
	list_add_tail(&seg->list, &s->live);
	s->nr_live++;
	s->nr_size[seg->size]++;
}

void dl_segment_release(struct dl_segments *s, struct dl_segment *seg)
{
	u32 first = (seg->start - s->data_start) >> s->chunk_shift;
	u32 n = seg->sectors / s->chunk_sectors, i;

	bitmap_clear(s->bitmap, first, n);
	for (i = 0; i < n; i++)
		chunks(s)[first + i] = NULL;
	s->free_chunks += n;
	if (seg->in_chain) {
		list_del_init(&seg->list);
		s->nr_live--;
		s->nr_size[seg->size]--;
		s->at_max = false;
	}
}

u32 dl_segment_room(const struct dl_segments *s, const struct dl_segment *seg,
		    u32 block_bytes, u32 max_descs)
{
	u32 tags = dl_summary_tags(summary_flags(s), seg->sectors);
	u32 need = dl_summary_sectors(block_bytes, seg->nr_frames + 1,
				      seg->nr_descs + max_descs, tags);

	if (seg->used + need >= seg->sectors)
		return 0;
	return seg->sectors - seg->used - need;
}

void dl_segment_describe(const struct dl_segment *seg, u64 durable,
			 struct dl_cp_segment *cs)
{
	bool settled = seg->state == DL_SEG_SEALED &&
		       seg->last_commit <= durable;

	*cs = (struct dl_cp_segment) {
		.id = seg->id,
		.start = seg->start,
		.sectors = seg->sectors,
		.state = settled ? DL_SEG_SEALED : DL_SEG_OPEN,
		.flags = settled && seg->summary_durable ? DL_SEG_SUMMARY : 0,
		.epoch = seg->epoch,
		.first_commit = seg->first_commit,
		.first_seq = seg->first_seq,
	};
	if (settled) {
		cs->last_commit = seg->last_commit;
		cs->last_seq = seg->last_seq;
		cs->end = seg->used;
	}
}
