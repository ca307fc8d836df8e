// SPDX-License-Identifier: GPL-2.0
/*
 * The builder of synthetic logs, and recovery's part over one.
 */
#include <stdlib.h>

#include "logbuild.h"

#define CHUNK	DL_CHUNK_SECTORS_MIN

/* xorshift64*: the same images for the same seed on every machine. */
u64 lb_random(struct lb *b)
{
	b->rng ^= b->rng >> 12;
	b->rng ^= b->rng << 25;
	b->rng ^= b->rng >> 27;
	return b->rng * 0x2545f4914f6cdd1dULL;
}

static void random_bytes(struct lb *b, u8 *p, size_t n)
{
	while (n--)
		*p++ = (u8)(lb_random(b) >> 32);
}

static u32 block_sectors(const struct lb *b)
{
	return b->sb.block_bytes >> DL_SECTOR_SHIFT;
}

static void mark(struct lb *b, size_t at, size_t n, enum lb_kind kind)
{
	memset(b->kind + at, kind, n);
}

static void own(struct lb *b, u64 sector, u32 n, u32 owner)
{
	while (n--)
		b->owner[sector++] = (u16)owner;
}

/* Choose the place of the segment that comes after the current one. */
static void allocate(struct lb *b, u32 sectors)
{
	struct dl_cp_segment *s = &b->segs[b->nr_segs];

	memset(s, 0, sizeof(*s));
	if (b->nr_segs == LB_SEGS - 1 ||
	    b->next_chunk + sectors / CHUNK > dl_super_chunks(&b->sb))
		return;
	s->id = b->segment_id++;
	s->start = b->sb.data_start + (u64)b->next_chunk * CHUNK;
	s->sectors = sectors;
	s->epoch = b->epoch;
	s->state = DL_SEG_NEXT;
	b->next_chunk += sectors / CHUNK;
}

struct lb *lb_new(u32 block_bytes, u64 seed)
{
	struct lb *b = calloc(1, sizeof(*b));

	b->rng = seed * 0x9e3779b97f4a7c15ULL | 1;
	b->log = calloc(1, LB_LOG_BYTES);
	b->base = calloc(1, LB_LOG_BYTES);
	b->kind = calloc(1, LB_LOG_BYTES);
	b->owner = calloc(LB_LOG_SECTORS, sizeof(*b->owner));
	b->sum_buf = calloc(1, LB_SUMMARY_MAX);
	b->head_buf = malloc(DL_WALK_HEAD_BYTES);
	b->data_buf = malloc(DL_WALK_DATA_BYTES);
	b->summary_buf = malloc(LB_SUMMARY_MAX);
	if (dl_super_layout(&b->sb, LB_LOG_SECTORS, 1 << 20, block_bytes,
			    CHUNK) != DL_OK)
		abort();
	b->sb.generation = 1;
	b->epoch = lb_random(b) | 1;
	b->sb.epoch = b->epoch;
	b->commit = 1;
	b->seq = 1;
	b->segment_id = 1;
	b->time_ns = 1700000000000000000ULL;
	allocate(b, CHUNK);
	return b;
}

void lb_free(struct lb *b)
{
	free(b->log);
	free(b->base);
	free(b->kind);
	free(b->owner);
	free(b->sum_buf);
	free(b->head_buf);
	free(b->data_buf);
	free(b->summary_buf);
	free(b);
}

void lb_open(struct lb *b, u32 sectors)
{
	struct dl_cp_segment *s = &b->segs[b->nr_segs++];

	if (!s->id)
		abort();
	s->state = DL_SEG_OPEN;
	s->first_commit = b->commit;
	s->first_seq = b->seq;
	b->pos = 0;
	allocate(b, sectors);
	dl_summary_begin(&b->sum, b->sum_buf, LB_SUMMARY_MAX);
}

/* Bytes of a record's payload. */
static u32 bytes_of(const struct lb_spec *spec)
{
	return spec->type == DL_REC_DELTA ? spec->run :
		spec->type == DL_REC_DATA ? spec->sectors * DL_SECTOR_BYTES : 0;
}

/*
 * Where a payload goes, of which what is behind @at is the next: one of sectors
 * begins where a sector does, none crosses a page of the frame's.
 */
static u32 place(u32 at, const struct lb_spec *spec)
{
	if (spec->type == DL_REC_DATA)
		at = (at + DL_SECTOR_BYTES - 1) & ~(DL_SECTOR_BYTES - 1);
	if ((at & (DL_PAGE_BYTES - 1)) + bytes_of(spec) > DL_PAGE_BYTES)
		at = (at | (DL_PAGE_BYTES - 1)) + 1;
	return at;
}

/* A record's descriptor; a payload is made in place. */
static void make_desc(struct lb *b, const struct lb_spec *spec, u64 loc,
		      u32 *at, struct dl_desc *d)
{
	memset(d, 0, sizeof(*d));
	d->type = spec->type;
	if (d->type == DL_REC_NONE)
		return;
	d->flags = spec->flags;
	d->first = spec->first;
	d->sectors = spec->sectors;
	d->addr = spec->addr;
	d->level = 2;
	d->confidence = 7;
	d->temperature = 9;
	d->client = 5;
	if (d->type == DL_REC_ZERO_RUN)
		d->payload = spec->run;
	if (bytes_of(spec)) {
		size_t n = bytes_of(spec);
		u8 *p;

		*at = place(*at, spec);
		p = b->log + loc * DL_SECTOR_BYTES + *at;
		random_bytes(b, p, n);
		d->crc = dl_crc32c(p, n);
		d->payload = *at;
		d->stored = n;
		if (d->type == DL_REC_DATA) {
			d->payload >>= DL_SECTOR_SHIFT;
			d->stored >>= DL_SECTOR_SHIFT;
		}
		mark(b, p - b->log, n, LB_PAYLOAD);
		*at += n;
	}
}

bool lb_frame(struct lb *b, const struct lb_spec *spec, u32 nr)
{
	const struct dl_cp_segment *next = &b->segs[b->nr_segs];
	struct dl_cp_segment *s = &b->segs[b->nr_segs - 1];
	const u32 bb = b->sb.block_bytes, bs = block_sectors(b);
	struct lb_frame *f = &b->frames[b->nr_frames];
	u32 i, total, tail, at = 0, payload, head_bytes;
	static struct dl_disk_desc descs[DL_FRAME_MAX_DESCS];
	struct dl_disk_frame head;
	u8 *p;

	for (i = 0; i < nr; i++)
		if (bytes_of(&spec[i]))
			at = place(at, &spec[i]) + bytes_of(&spec[i]);
	payload = (at + DL_SECTOR_BYTES - 1) >> DL_SECTOR_SHIFT;
	total = dl_frame_total(bb, nr, payload);
	if (total > DL_FRAME_MAX_SECTORS || b->nr_frames == LB_FRAMES ||
	    b->nr_recs + nr > LB_RECS ||
	    b->pos + total + dl_summary_sectors(bb, b->sum.nr_frames + 1,
						b->sum.nr_descs + nr, 0) >
	    s->sectors)
		return false;

	memset(f, 0, sizeof(*f));
	f->sector = s->start + b->pos;
	f->seg = b->nr_segs - 1;
	f->rec = b->nr_recs;
	f->nr_recs = nr;
	p = b->log + f->sector * DL_SECTOR_BYTES;
	mark(b, p - b->log, (size_t)total * DL_SECTOR_BYTES, LB_UNUSED);
	memset(p, 0, (size_t)total * DL_SECTOR_BYTES);
	at = 0;
	for (i = 0; i < nr; i++) {
		struct lb_rec *rec = &b->recs[b->nr_recs++];

		rec->seq = b->seq + i;
		make_desc(b, &spec[i], f->sector + bs, &at, &rec->d);
		rec->loc = dl_rec_has_payload(rec->d.type) ?
			f->sector + bs + dl_desc_sector(&rec->d) : 0;
		dl_desc_pack(&rec->d, &descs[i]);
	}

	f->h.epoch = b->epoch;
	f->h.commit = b->commit++;
	f->h.segment_id = s->id;
	f->h.first_seq = b->seq;
	f->h.time_ns = b->time_ns += 1000;
	f->h.durable_commit = b->durable;
	f->h.next_id = next->id;
	f->h.next_start = next->start;
	f->h.next_sectors = next->sectors;
	f->h.nr_descs = nr;
	f->h.payload_sectors = payload;
	dl_frame_pack(&f->h, bb, &head, descs);

	memcpy(p, &head, sizeof(head));
	head_bytes = (nr < dl_frame_head_descs(bb) ? nr : dl_frame_head_descs(bb)) *
		sizeof(*descs);
	memcpy(p + sizeof(head), descs, head_bytes);
	mark(b, p - b->log, sizeof(head) + head_bytes, LB_HEAD);
	tail = dl_frame_tail_sectors(bb, nr);
	if (tail) {
		u8 *t = p + (size_t)(f->h.total_sectors - tail) * DL_SECTOR_BYTES;
		size_t n = nr * sizeof(*descs) - head_bytes;

		memcpy(t, (u8 *)descs + head_bytes, n);
		mark(b, t - b->log, n, LB_HEAD);
	}

	own(b, f->sector, f->h.total_sectors, b->nr_frames);
	b->writes[b->nr_writes++] = (struct lb_write) {
		f->sector, f->h.total_sectors, (int)b->nr_frames, f->seg };
	if (dl_summary_add(&b->sum, &f->h, b->pos, bb, descs) != DL_OK)
		abort();
	b->nr_frames++;
	b->seq += nr;
	b->pos += f->h.total_sectors;
	s->last_commit = f->h.commit;
	s->last_seq = b->seq - 1;
	s->end = b->pos;
	return true;
}

bool lb_frame_random(struct lb *b, u32 nr)
{
	static struct lb_spec spec[DL_FRAME_MAX_DESCS];
	u32 i;

	for (i = 0; i < nr; i++) {
		u64 x = lb_random(b);

		spec[i] = (struct lb_spec) {
			.type = DL_REC_DATA,
			.first = x & 7,
			.sectors = 1 + (x >> 8) % (8 - (x & 7)),
			.addr = (x >> 16) % 1000,
		};
		switch (x >> 40 & 7) {
		case 3:
		case 4:
			if (b->whole)
				break;
			spec[i].type = DL_REC_DELTA;
			spec[i].run = 1 + (x >> 50) % (x & 64 ? 100 : 2048);
			break;
		case 0:
			spec[i].type = DL_REC_ZERO;
			spec[i].flags = x >> 48 & DL_DESC_DISCARD;
			break;
		case 1:
			spec[i].type = DL_REC_ZERO_RUN;
			spec[i].run = 1 + (x >> 50) % 500;
			break;
		case 2:
			spec[i].type = x & 1 ? DL_REC_NONE : DL_REC_LOST;
			break;
		}
	}
	return lb_frame(b, spec, nr);
}

void lb_seal(struct lb *b, bool summary)
{
	const struct dl_cp_segment *next = &b->segs[b->nr_segs];
	struct dl_cp_segment *s = &b->segs[b->nr_segs - 1];
	struct dl_summary_head sh = { 0 };
	u64 sector;
	size_t at;
	u32 n;

	s->state = DL_SEG_SEALED;
	if (!summary)
		return;
	lb_flush(b);
	s->flags = DL_SEG_SUMMARY;
	sh.epoch = b->epoch;
	sh.segment_id = s->id;
	sh.next_id = next->id;
	sh.next_start = next->start;
	sh.next_sectors = next->sectors;
	if (dl_summary_end(&b->sum, &sh, b->sb.block_bytes, &n) != DL_OK)
		abort();
	sector = s->start + s->sectors - n;
	at = sector * DL_SECTOR_BYTES;
	memcpy(b->log + at, b->sum_buf, (size_t)n * DL_SECTOR_BYTES);
	mark(b, at, (size_t)n * DL_SECTOR_BYTES, LB_UNUSED);
	mark(b, at, sizeof(struct dl_disk_summary) + sh.body_bytes, LB_SUMMARY);
	at += (size_t)n * DL_SECTOR_BYTES - sizeof(struct dl_disk_summary_tail);
	mark(b, at, sizeof(struct dl_disk_summary_tail), LB_TAIL);
	own(b, sector, n, b->nr_segs - 1);
	b->writes[b->nr_writes++] = (struct lb_write) {
		sector, n, -1, b->nr_segs - 1 };
}

void lb_checkpoint(struct lb *b)
{
	u32 i, n = b->nr_segs + (b->segs[b->nr_segs].id ? 1 : 0);

	memcpy(b->table, b->segs, n * sizeof(b->table[0]));
	for (i = 0; i < n; i++) {
		struct dl_cp_segment *s = &b->table[i];

		if (s->state == DL_SEG_SEALED)
			continue;
		/* Where an open segment ends is not for a checkpoint to know. */
		if (s->state == DL_SEG_OPEN && s->last_commit < s->first_commit)
			s->state = DL_SEG_NEXT;
		if (s->state == DL_SEG_NEXT)
			s->first_commit = b->commit;
		s->last_commit = 0;
		s->last_seq = 0;
		s->end = 0;
	}
	b->nr_table = n;
	b->cp = (struct dl_cp_head) {
		.generation = b->sb.generation,
		.next_seq = b->seq,
		.next_commit = b->commit,
		.next_segment_id = b->segment_id,
		.durable_commit = b->durable,
	};
}

void lb_recycle(struct lb *b, bool new_epoch)
{
	memcpy(b->base, b->log, LB_LOG_BYTES);
	memset(b->kind, LB_UNUSED, LB_LOG_BYTES);
	if (new_epoch) {
		b->epoch = lb_random(b) | 1;
		b->sb.epoch = b->epoch;
	}
	lb_flush(b);
	b->nr_segs = 0;
	b->nr_frames = 0;
	b->nr_recs = 0;
	b->nr_writes = 0;
	b->nr_table = 0;
	b->next_chunk = 0;
	allocate(b, CHUNK);
}

u32 lb_frames(struct lb *b, u32 n, u32 lag, u32 max_descs)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (b->commit > lag && b->commit - 1 - lag > b->durable)
			b->durable = b->commit - 1 - lag;
		if (!lb_frame_random(b, 1 + lb_random(b) % max_descs))
			break;
	}
	return i;
}

struct lb *lb_long(u32 block_bytes, u64 seed, u32 lag, bool new_epoch)
{
	struct lb *b = lb_new(block_bytes, seed);
	u32 most = block_bytes == 512 ? 20 : 6;
	int i;

	for (i = 0; i < 5; i++) {
		lb_open(b, CHUNK);
		while (lb_frames(b, 1, 1, most))
			;
		lb_seal(b, i & 1);
	}
	lb_recycle(b, new_epoch);

	lb_open(b, CHUNK);
	lb_frames(b, 3, lag, most);
	lb_seal(b, true);
	lb_open(b, CHUNK);
	lb_frames(b, 2, lag, most);
	lb_checkpoint(b);
	lb_frames(b, 3, lag, most);
	lb_seal(b, true);
	lb_open(b, CHUNK);
	lb_frames(b, 3, lag, most);
	lb_seal(b, false);
	lb_open(b, CHUNK);
	lb_frames(b, 4, lag, most);
	return b;
}

void lb_apply(const struct lb *b, u8 *image, const struct lb_write *wr,
	      u32 from, u32 sectors)
{
	size_t at = (wr->sector + from) * DL_SECTOR_BYTES;

	memcpy(image + at, b->log + at, (size_t)sectors * DL_SECTOR_BYTES);
}

bool lb_proven(const struct lb *b, u32 frame, const bool *present)
{
	const struct lb_frame *f = &b->frames[frame];
	u32 i;

	if (f->h.commit <= b->cp.durable_commit)
		return true;
	for (i = 0; i < b->nr_table; i++)
		if (b->table[i].id == f->h.segment_id &&
		    b->table[i].state == DL_SEG_SEALED)
			return true;
	for (i = frame + 1; i < b->nr_frames; i++)
		if ((!present || present[i]) &&
		    b->frames[i].h.durable_commit >= f->h.commit)
			return true;
	return false;
}

/* ---- the walk ---------------------------------------------------------- */

struct walk_ctx {
	struct lb *b;
	const u8 *image;
	struct lb_result *r;
	u32 rec;		/* next in the model */
	u64 commit, seq;	/* without a model: last one, next one */
};

static void wrong(struct walk_ctx *c, const char *what)
{
	if (!c->r->wrong)
		c->r->wrong = what;
}

static int op_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	struct walk_ctx *c = ctx;
	u32 bs = block_sectors(c->b);

	if (!sectors || sector % bs || sectors % bs ||
	    sector < c->b->sb.data_start || sectors > c->b->sb.log_sectors ||
	    sector > c->b->sb.log_sectors - sectors) {
		wrong(c, "a read outside of the segments, or of part of a block");
		return -EINVAL;
	}
	c->r->reads++;
	c->r->read_sectors += sectors;
	if (sector < c->b->bad_sector + c->b->bad_sectors &&
	    c->b->bad_sector < sector + sectors) {
		/* What is in the buffer after a failed read is anyone's guess. */
		memset(buf, 0x5a, (size_t)sectors * DL_SECTOR_BYTES);
		return -EIO;
	}
	memcpy(buf, c->image + sector * DL_SECTOR_BYTES,
	       (size_t)sectors * DL_SECTOR_BYTES);
	return 0;
}

static int op_segment(void *ctx, const struct dl_walk_segment_info *info)
{
	struct walk_ctx *c = ctx;

	if (c->r->nr_segs < LB_SEGS)
		c->r->segs[c->r->nr_segs++] = *info;
	return 0;
}

static int op_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct walk_ctx *c = ctx;
	const struct lb_frame *f = &c->b->frames[c->r->frames++];

	if (c->b->no_model) {
		if (!h->commit || !h->epoch || sector < c->b->sb.data_start ||
		    sector >= c->b->sb.log_sectors)
			wrong(c, "a frame outside of the log, or without a number");
		if (c->r->frames > 1 && (h->commit <= c->commit ||
					 h->first_seq < c->seq))
			wrong(c, "a frame that is out of order");
		c->commit = h->commit;
		c->seq = h->first_seq + h->nr_descs;
		return 0;
	}
	if (c->r->frames > c->b->nr_frames || h->commit != f->h.commit ||
	    h->first_seq != f->h.first_seq || h->epoch != f->h.epoch ||
	    h->segment_id != f->h.segment_id || h->time_ns != f->h.time_ns ||
	    h->nr_descs != f->h.nr_descs || sector != f->sector)
		wrong(c, "a frame that was not written like this");
	return 0;
}

static int op_record(void *ctx, const struct dl_rec *rec)
{
	struct walk_ctx *c = ctx;
	const struct lb_rec *m;
	const u8 *p;
	u64 at;

	if (c->b->no_model) {
		c->r->records++;
		if (rec->commit != c->commit || rec->seq >= c->seq)
			wrong(c, "a record of no frame");
		if ((rec->d.type == DL_REC_DATA ||
		     rec->d.type == DL_REC_DELTA) &&
		    (rec->loc < c->b->sb.data_start ||
		     rec->loc > c->b->sb.log_sectors - dl_desc_span(&rec->d) ||
		     rec->d.addr > DL_PAGE_MAX ||
		     rec->d.first + rec->d.sectors > 8))
			wrong(c, "a record of what is not in the log");
		return 0;
	}
	while (c->rec < c->b->nr_recs &&
	       c->b->recs[c->rec].d.type == DL_REC_NONE)
		c->rec++;
	if (c->rec == c->b->nr_recs) {
		wrong(c, "a record that was never written");
		return 0;
	}
	m = &c->b->recs[c->rec++];
	c->r->records++;
	if (rec->seq != m->seq || rec->loc != m->loc ||
	    rec->d.type != m->d.type || rec->d.flags != m->d.flags ||
	    rec->d.first != m->d.first || rec->d.sectors != m->d.sectors ||
	    rec->d.addr != m->d.addr || rec->d.payload != m->d.payload ||
	    rec->d.stored != m->d.stored || rec->d.crc != m->d.crc ||
	    rec->d.client != m->d.client || rec->d.level != m->d.level) {
		wrong(c, "a record that is not the one written, or out of order");
		return 0;
	}
	if (!dl_rec_has_payload(m->d.type))
		return 0;
	/* What a reader would get. */
	at = rec->loc * DL_SECTOR_BYTES +
		(dl_desc_at(&rec->d) & (DL_SECTOR_BYTES - 1));
	p = c->image + at;
	if (dl_crc32c(p, dl_desc_bytes(&rec->d)) != rec->d.crc)
		c->r->unreadable++;
	else if (memcmp(p, c->b->log + at, dl_desc_bytes(&rec->d)))
		wrong(c, "a record that reads as something else");
	return 0;
}

static void op_note(void *ctx, const struct dl_note *n)
{
	struct walk_ctx *c = ctx;

	c->r->notes[n->kind]++;
	c->r->note[n->kind] = *n;
}

void lb_walk(struct lb *b, const u8 *image, u32 flags, size_t summary_bytes,
	     struct lb_result *r)
{
	static const struct dl_walk_ops ops = {
		.read = op_read,
		.segment = op_segment,
		.frame = op_frame,
		.record = op_record,
		.note = op_note,
	};
	struct walk_ctx c = { .b = b, .image = image, .r = r };
	struct dl_walk_segment_info info;
	struct dl_cp_segment seg;
	struct dl_walk w = {
		.ops = &ops,
		.ctx = &c,
		.sb = &b->sb,
		.cp = &b->cp,
		.flags = flags,
		.head_buf = b->head_buf,
		.data_buf = b->data_buf,
		.summary_buf = summary_bytes ? b->summary_buf : NULL,
		.summary_bytes = summary_bytes,
	};
	u32 i = 0;

	memset(r, 0, sizeof(*r));
	dl_walk_begin(&w);
	r->more = b->nr_table > 0;
	if (r->more)
		seg = b->table[i++];
	while (r->more) {
		r->st = dl_walk_segment(&w, &seg, &info, &r->more);
		if (r->st != DL_OK || !r->more)
			break;
		if (i < b->nr_table) {
			seg = b->table[i++];
			continue;
		}
		r->st = dl_walk_successor(&w, &info, &seg);
		if (r->st == DL_NOT_FOUND)
			r->st = DL_OK;
		else if (r->st == DL_OK)
			continue;
		break;
	}
	r->damaged = w.nr_damaged;
	r->last_commit = w.last_commit;
	r->last_seq = w.last_seq;
	if (w.nr_frames != r->frames || w.nr_records != r->records)
		wrong(&c, "the walk counts otherwise");
}
