// SPDX-License-Identifier: GPL-2.0
/*
 * A log taken apart: of every byte, what it is. By the core's walk, over a log
 * that is sound, which its replay is then held against the model for.
 */
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "walk.h"
#include "rot.h"

const char *const part_text[NR_PARTS] = {
	[PART_UNUSED] = "unused", [PART_SUPER] = "superblock",
	[PART_CHECKPOINT] = "checkpoint", [PART_HEAD] = "frame head",
	[PART_DESCS] = "frame tail", [PART_PAYLOAD] = "payload",
	[PART_SUMMARY] = "summary", [PART_END] = "summary tail",
};

struct taking {
	struct anatomy *an;
	const char *log;
	struct dl_super sb;
	struct dl_cp_segment table[64];
	uint32_t nr_table;
	bool by_summary;	/* the second walk, with summaries */
};

static void claim(struct anatomy *an, enum part what, uint64_t sector,
		  uint64_t offset, uint64_t bytes, uint32_t owner)
{
	uint64_t from = sector * DL_SECTOR_BYTES + offset, i;

	if (from + bytes > LOG_BYTES)
		die("the log's %s lies behind its end", part_text[what]);
	for (i = from; i < from + bytes; i++) {
		if (an->part[i])
			die("byte %llu of the log is a %s and a %s",
			    (unsigned long long)i, part_text[an->part[i]],
			    part_text[what]);
		an->part[i] = what;
		an->owner[i / DL_SECTOR_BYTES] = (uint16_t)owner;
	}
	an->bytes[what] += (uint32_t)bytes;
}

static int take_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	struct taking *t = ctx;

	if (sector + sectors > LOG_SECTORS)
		return -EIO;
	memcpy(buf, t->log + sector * DL_SECTOR_BYTES,
	       (size_t)sectors * DL_SECTOR_BYTES);
	return 0;
}

static void take_summary(struct taking *t, const struct dl_cp_segment *seg)
{
	const u32 bs = t->sb.block_bytes / DL_SECTOR_BYTES;
	const u64 end = seg->start + seg->sectors;
	struct dl_summary_head sh;
	const char *body;
	u32 n, bytes, i;

	if (dl_summary_tail_unpack(t->log + (end - bs) * DL_SECTOR_BYTES,
				   t->sb.block_bytes, seg->id, seg->epoch,
				   seg->sectors, &n) != DL_OK)
		die("segment %llu: no summary", (unsigned long long)seg->id);
	body = t->log + (end - n) * DL_SECTOR_BYTES;
	if (dl_summary_open(&sh, body, n, seg->id, seg->epoch,
			    seg->sectors) != DL_OK)
		die("segment %llu: bad summary", (unsigned long long)seg->id);
	for (i = 0; i < t->nr_table && t->table[i].id != seg->id; i++)
		;
	/* Of a summary the checkpoint does not know of, nobody needs to warn. */
	i = i < t->nr_table && t->table[i].flags & DL_SEG_SUMMARY;
	bytes = (u32)sizeof(struct dl_disk_summary) + sh.body_bytes;
	claim(t->an, PART_SUMMARY, end - n, 0, bytes, i);
	bytes = sizeof(struct dl_disk_summary_tail);
	claim(t->an, PART_END, end - 1, DL_SECTOR_BYTES - bytes, bytes, i);
	t->an->nr_summaries++;
	for (i = 0; i < t->an->nr_frames; i++)
		if (t->an->frames[i].segment == seg->id)
			t->an->frames[i].vouched = true;
}

static int take_segment(void *ctx, const struct dl_walk_segment_info *info)
{
	struct taking *t = ctx;

	if (t->by_summary) {
		t->an->nr_segments++;
		if (info->by_summary)
			take_summary(t, &info->seg);
	}
	return 0;
}

static int take_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct taking *t = ctx;
	struct anatomy *an = t->an;
	struct part_frame *f = &an->frames[an->nr_frames];
	const u32 in_head = dl_frame_head_descs(t->sb.block_bytes);
	const u32 tail = dl_frame_tail_sectors(t->sb.block_bytes, h->nr_descs);
	u32 n = h->nr_descs < in_head ? h->nr_descs : in_head, i;

	if (t->by_summary)
		return 0;
	if (an->nr_frames == ARRAY_SIZE(an->frames))
		die("too many frames");
	f->sector = sector;
	f->end = sector + h->total_sectors;
	f->commit = h->commit;
	f->segment = h->segment_id;
	f->durable = h->durable_commit;
	f->first_rec = an->nr_recs;
	for (i = 0; i < t->nr_table; i++)
		if (t->table[i].id == h->segment_id)
			f->sealed = t->table[i].state == DL_SEG_SEALED;
	claim(an, PART_HEAD, sector, 0, sizeof(struct dl_disk_frame) +
	      n * sizeof(struct dl_disk_desc), an->nr_frames);
	if (tail)
		claim(an, PART_DESCS, sector + h->total_sectors - tail, 0,
		      (h->nr_descs - in_head) * sizeof(struct dl_disk_desc),
		      an->nr_frames);
	an->nr_frames++;
	return 0;
}

static int take_record(void *ctx, const struct dl_rec *rec)
{
	struct taking *t = ctx;
	struct anatomy *an = t->an;
	struct part_rec *r = &an->recs[an->nr_recs];

	if (t->by_summary)
		return 0;
	if (an->nr_recs == ARRAY_SIZE(an->recs))
		die("too many records");
	r->type = rec->d.type;
	r->first = rec->d.first;
	r->sectors = rec->d.sectors;
	r->frame = an->nr_frames - 1;
	r->addr = rec->d.addr;
	if (rec->d.type == DL_REC_DATA) {
		r->loc = rec->loc;
		claim(an, PART_PAYLOAD, rec->loc, 0,
		      (u64)rec->d.stored * DL_SECTOR_BYTES, an->nr_recs);
	} else if (rec->d.type == DL_REC_ZERO_RUN) {
		r->length = rec->d.payload;
	}
	an->nr_recs++;
	return 0;
}

static void take_note(void *ctx, const struct dl_note *n)
{
	(void)ctx;
	if (n->kind != DL_NOTE_INFO)
		die("the log is not sound: %s at sector %llu: %s", n->what,
		    (unsigned long long)n->sector, dl_status_text(n->why));
}

static void walk_all(struct taking *t, const struct dl_cp_head *cp)
{
	static const struct dl_walk_ops ops = {
		.read = take_read, .segment = take_segment,
		.frame = take_frame, .record = take_record, .note = take_note,
	};
	struct dl_walk w = {
		.ops = &ops, .ctx = t, .sb = &t->sb, .cp = cp,
		.head_buf = xcalloc(1, DL_WALK_HEAD_BYTES),
		.data_buf = xcalloc(1, DL_WALK_DATA_BYTES),
		.summary_buf = t->by_summary ? xcalloc(1, 1 << 20) : NULL,
		.summary_bytes = t->by_summary ? 1 << 20 : 0,
	};
	struct dl_walk_segment_info info;
	struct dl_cp_segment seg;
	bool more = t->nr_table;
	enum dl_status st = DL_OK;
	u32 i;

	dl_walk_begin(&w);
	for (i = 0; i < t->nr_table && more && st == DL_OK; i++)
		st = dl_walk_segment(&w, &t->table[i], &info, &more);
	while (st == DL_OK && more &&
	       dl_walk_successor(&w, &info, &seg) == DL_OK)
		st = dl_walk_segment(&w, &seg, &info, &more);
	if (st != DL_OK)
		die("the log is not sound: %s", dl_status_text(st));
	t->an->last_commit = w.last_commit;
	free(w.head_buf);
	free(w.data_buf);
	free(w.summary_buf);
}

static void take_checkpoint(struct taking *t, const struct dl_super *sb,
			    bool in_use, struct dl_cp_head *head)
{
	const char *buf = t->log + sb->cp_sector * DL_SECTOR_BYTES;
	struct dl_cp_reader r;
	struct dl_cp_head h;
	const void *body;
	size_t bytes;
	u32 type, i;

	if (dl_cp_open(&r, &h, sb, buf) != DL_OK)
		die("the log's checkpoint is not sound");
	if (!in_use)
		return;
	*head = h;
	while (dl_cp_next(&r, &type, &body, &bytes) == DL_OK) {
		if (type != DL_SECTION_SEGMENTS)
			continue;
		t->nr_table = bytes / sizeof(struct dl_disk_segment);
		for (i = 0; i < t->nr_table; i++)
			if (i == ARRAY_SIZE(t->table) ||
			    dl_cp_get_segment(&t->table[i], body, bytes, i,
					      sb) != DL_OK)
				die("the log's segment table is not sound");
	}
}

void anatomy_make(struct anatomy *an, const char *log)
{
	struct taking t = { .an = an, .log = log };
	struct dl_super sb[DL_SUPER_SLOTS];
	enum dl_status st[DL_SUPER_SLOTS];
	struct dl_cp_head head;
	u32 i;

	memset(an, 0, sizeof(*an));
	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		st[i] = dl_super_unpack(&sb[i], log + i * DL_SUPER_BYTES);
		if (st[i] != DL_OK)
			die("superblock %u is not sound", i);
		claim(an, PART_SUPER, i * DL_SUPER_SECTORS, 0, DL_SUPER_BYTES, i);
	}
	an->slot = dl_super_pick(st, sb);
	t.sb = sb[an->slot];
	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		take_checkpoint(&t, &sb[i], (int)i == an->slot, &head);
		claim(an, PART_CHECKPOINT, sb[i].cp_sector, 0, sb[i].cp_bytes, i);
	}
	an->durable = head.durable_commit;
	walk_all(&t, &head);
	t.by_summary = true;
	walk_all(&t, &head);
	for (i = 0; i < LOG_BYTES; i++)
		an->bytes[PART_UNUSED] += !an->part[i];
}

bool anatomy_proven(const struct anatomy *an, uint32_t f)
{
	uint32_t i;

	if (an->frames[f].commit <= an->durable || an->frames[f].sealed)
		return true;
	for (i = f + 1; i < an->nr_frames; i++)
		if (an->frames[i].durable >= an->frames[f].commit)
			return true;
	return false;
}

void anatomy_replay(const struct anatomy *an, const char *log,
		    const char *base, uint32_t frames, char *out,
		    uint32_t *owner)
{
	uint32_t i, s;

	memcpy(out, base, VOL_BYTES);
	if (owner)
		memset(owner, 0, VOL_SECTORS * sizeof(*owner));
	for (i = 0; i < an->nr_recs && an->recs[i].frame < frames; i++) {
		const struct part_rec *r = &an->recs[i];
		bool run = r->type == DL_REC_ZERO_RUN;
		uint64_t at = run ? r->addr : r->addr * 8 + r->first;
		uint32_t n = run ? r->length : r->sectors;

		if (at + n > VOL_SECTORS)
			die("record %u lies behind the end of the volume", i);
		for (s = 0; s < n; s++) {
			char *to = out + (at + s) * DL_SECTOR_BYTES;

			if (r->loc)
				memcpy(to, log + (r->loc + s) * DL_SECTOR_BYTES,
				       DL_SECTOR_BYTES);
			else
				memset(to, 0, DL_SECTOR_BYTES);
			if (owner)
				owner[at + s] = i + 1;
		}
	}
}
