// SPDX-License-Identifier: GPL-2.0
/*
 * The summary of a segment: written frame by frame, read back as a whole.
 */
#include "crc.h"
#include "summary.h"

static u64 summary_bytes(u64 nr_frames, u64 nr_descs)
{
	return sizeof(struct dl_disk_summary) +
		nr_frames * sizeof(struct dl_disk_summary_frame) +
		nr_descs * sizeof(struct dl_disk_desc) +
		sizeof(struct dl_disk_summary_tail);
}

static u64 whole_blocks(u64 bytes, u32 block_bytes)
{
	return (bytes + block_bytes - 1) & ~((u64)block_bytes - 1);
}

u32 dl_summary_sectors(u32 block_bytes, u32 nr_frames, u32 nr_descs, u32 tags)
{
	/* At most 2^33 items of 32 bytes: neither sum nor result overflows. */
	return (u32)(whole_blocks(summary_bytes(nr_frames, nr_descs) + tags,
				  block_bytes) >> DL_SECTOR_SHIFT);
}

static u32 summary_crc(const struct dl_disk_summary *d, u32 body_bytes)
{
	return dl_crc32c_around(d, sizeof(*d) + (size_t)body_bytes,
				offsetof(struct dl_disk_summary, crc));
}

static u32 tail_crc(const struct dl_disk_summary_tail *t)
{
	return dl_crc32c_around(t, sizeof(*t),
				offsetof(struct dl_disk_summary_tail, crc));
}

void dl_summary_begin(struct dl_summary_writer *w, void *buf, size_t size)
{
	memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->size = size;
	w->used = sizeof(struct dl_disk_summary);
}

enum dl_status dl_summary_add(struct dl_summary_writer *w,
			      const struct dl_frame_head *h, u32 start,
			      u32 block_bytes, const struct dl_disk_desc *descs)
{
	size_t desc_bytes = h->nr_descs * sizeof(*descs);
	struct dl_disk_summary_frame *f;
	size_t n = sizeof(*f) + desc_bytes;

	if (w->used > w->size || n > w->size - w->used ||
	    n > U32_MAX - w->used)
		return DL_NO_SPACE;

	f = (struct dl_disk_summary_frame *)(w->buf + w->used);
	f->commit = cpu_to_le64(h->commit);
	f->first_seq = cpu_to_le64(h->first_seq);
	f->time_ns = cpu_to_le64(h->time_ns);
	f->payload_start = cpu_to_le32(start + (block_bytes >> DL_SECTOR_SHIFT));
	f->nr_descs = cpu_to_le32(h->nr_descs);
	if (desc_bytes)
		memcpy(f + 1, descs, desc_bytes);
	w->used += n;

	if (!w->nr_frames) {
		w->first_commit = h->commit;
		w->first_seq = h->first_seq;
	}
	w->last_commit = h->commit;
	/* One below first_seq as long as there was no record at all. */
	w->last_seq = h->first_seq + h->nr_descs - 1;
	w->nr_frames++;
	w->nr_descs += h->nr_descs;
	w->end = start + h->total_sectors;
	return DL_OK;
}

enum dl_status dl_summary_end(struct dl_summary_writer *w,
			      struct dl_summary_head *h, u32 block_bytes,
			      u32 *sectors)
{
	struct dl_disk_summary *d = (struct dl_disk_summary *)w->buf;
	u32 tags = dl_summary_tags(h->flags, w->end);
	struct dl_disk_summary_tail *t;
	u64 total;

	if (!w->nr_frames)
		return DL_BAD_SIZE;
	total = whole_blocks(summary_bytes(w->nr_frames, w->nr_descs) + tags,
			     block_bytes);
	if (total > w->size)
		return DL_NO_SPACE;

	h->first_commit = w->first_commit;
	h->last_commit = w->last_commit;
	h->first_seq = w->first_seq;
	h->last_seq = w->last_seq;
	h->nr_frames = w->nr_frames;
	h->nr_descs = w->nr_descs;
	h->body_bytes = (u32)(w->used - sizeof(*d)) + tags;
	h->end = w->end;

	memset(w->buf + w->used, 0, (size_t)total - w->used);
	memset(d, 0, sizeof(*d));
	d->magic = cpu_to_le32(DL_SUMMARY_MAGIC);
	d->epoch = cpu_to_le64(h->epoch);
	d->segment_id = cpu_to_le64(h->segment_id);
	d->first_commit = cpu_to_le64(h->first_commit);
	d->last_commit = cpu_to_le64(h->last_commit);
	d->first_seq = cpu_to_le64(h->first_seq);
	d->last_seq = cpu_to_le64(h->last_seq);
	d->next_id = cpu_to_le64(h->next_id);
	d->next_start = cpu_to_le64(h->next_start);
	d->next_sectors = cpu_to_le32(h->next_sectors);
	d->nr_frames = cpu_to_le32(h->nr_frames);
	d->nr_descs = cpu_to_le32(h->nr_descs);
	d->body_bytes = cpu_to_le32(h->body_bytes);
	d->end = cpu_to_le32(h->end);
	d->flags = cpu_to_le32(h->flags);
	memcpy(d->digest, h->digest, sizeof(d->digest));
	d->crc = cpu_to_le32(summary_crc(d, h->body_bytes));

	*sectors = (u32)(total >> DL_SECTOR_SHIFT);
	t = (struct dl_disk_summary_tail *)(w->buf + total - sizeof(*t));
	t->magic = cpu_to_le32(DL_SUMMARY_MAGIC);
	t->sectors = cpu_to_le32(*sectors);
	t->segment_id = cpu_to_le64(h->segment_id);
	t->epoch = cpu_to_le64(h->epoch);
	t->crc = cpu_to_le32(tail_crc(t));
	return DL_OK;
}

void dl_summary_seal(const struct dl_summary_head *h, void *buf, const u8 *tag)
{
	struct dl_disk_summary *d = buf;

	memcpy((u8 *)(d + 1) + h->body_bytes - DL_TAG_BYTES, tag, DL_TAG_BYTES);
	d->crc = cpu_to_le32(summary_crc(d, h->body_bytes));
}

enum dl_status dl_summary_tail_unpack(const void *block, u32 block_bytes,
				      u64 segment_id, u64 epoch,
				      u32 max_sectors, u32 *sectors)
{
	const struct dl_disk_summary_tail *t;
	u32 n;

	t = block + block_bytes - sizeof(*t);
	if (t->magic != cpu_to_le32(DL_SUMMARY_MAGIC))
		return DL_BAD_MAGIC;
	if (le32_to_cpu(t->crc) != tail_crc(t))
		return DL_BAD_CRC;
	if (le64_to_cpu(t->segment_id) != segment_id ||
	    le64_to_cpu(t->epoch) != epoch)
		return DL_BAD_IDENTITY;
	n = le32_to_cpu(t->sectors);
	if (!n || n > max_sectors || n & ((block_bytes >> DL_SECTOR_SHIFT) - 1))
		return DL_BAD_SIZE;
	*sectors = n;
	return DL_OK;
}

enum dl_status dl_summary_open(struct dl_summary_head *h, const void *buf,
			       u32 sectors, u64 segment_id, u64 epoch,
			       u32 segment_sectors)
{
	const struct dl_disk_summary *d = buf;
	u64 bytes = (u64)sectors << DL_SECTOR_SHIFT;

	/* The body must fit before its checksum can be computed. */
	if (bytes < summary_bytes(0, 0) || sectors > segment_sectors)
		return DL_BAD_SIZE;
	if (d->magic != cpu_to_le32(DL_SUMMARY_MAGIC))
		return DL_BAD_MAGIC;
	h->body_bytes = le32_to_cpu(d->body_bytes);
	if (h->body_bytes > bytes - summary_bytes(0, 0))
		return DL_BAD_SIZE;
	if (le32_to_cpu(d->crc) != summary_crc(d, h->body_bytes))
		return DL_BAD_CRC;

	h->epoch = le64_to_cpu(d->epoch);
	h->segment_id = le64_to_cpu(d->segment_id);
	if (h->epoch != epoch || h->segment_id != segment_id)
		return DL_BAD_IDENTITY;
	h->first_commit = le64_to_cpu(d->first_commit);
	h->last_commit = le64_to_cpu(d->last_commit);
	h->first_seq = le64_to_cpu(d->first_seq);
	h->last_seq = le64_to_cpu(d->last_seq);
	h->next_id = le64_to_cpu(d->next_id);
	h->next_start = le64_to_cpu(d->next_start);
	h->next_sectors = le32_to_cpu(d->next_sectors);
	h->nr_frames = le32_to_cpu(d->nr_frames);
	h->nr_descs = le32_to_cpu(d->nr_descs);
	h->end = le32_to_cpu(d->end);
	h->flags = le32_to_cpu(d->flags);
	memcpy(h->digest, d->digest, sizeof(h->digest));

	if (h->end > segment_sectors - sectors ||
	    h->next_sectors > DL_SEGMENT_SECTORS_MAX)
		return DL_BAD_SIZE;
	if (summary_bytes(h->nr_frames, h->nr_descs) +
	    dl_summary_tags(h->flags, h->end) !=
	    summary_bytes(0, 0) + h->body_bytes)
		return DL_BAD_SIZE;
	if (!h->nr_frames || !h->first_commit || h->last_commit == U64_MAX ||
	    h->last_commit < h->first_commit ||
	    h->last_commit - h->first_commit != h->nr_frames - 1)
		return DL_BAD_SIZE;
	return DL_OK;
}

void dl_summary_rewind(struct dl_summary_reader *r,
		       const struct dl_summary_head *h, const void *buf)
{
	r->pos = (const u8 *)buf + sizeof(struct dl_disk_summary);
	r->end = r->pos + h->body_bytes - dl_summary_tags(h->flags, h->end);
	r->frames_left = h->nr_frames;
	r->descs_left = h->nr_descs;
}

enum dl_status dl_summary_next(struct dl_summary_reader *r,
			       struct dl_summary_frame *f,
			       const struct dl_disk_desc **descs)
{
	const struct dl_disk_summary_frame *d;
	size_t room = r->end - r->pos;

	if (!r->frames_left)
		return r->descs_left || room ? DL_BAD_SIZE : DL_NOT_FOUND;
	if (room < sizeof(*d))
		return DL_BAD_SIZE;
	d = (const struct dl_disk_summary_frame *)r->pos;
	room -= sizeof(*d);
	f->commit = le64_to_cpu(d->commit);
	f->first_seq = le64_to_cpu(d->first_seq);
	f->time_ns = le64_to_cpu(d->time_ns);
	f->payload_start = le32_to_cpu(d->payload_start);
	f->nr_descs = le32_to_cpu(d->nr_descs);
	if (f->nr_descs > r->descs_left ||
	    f->nr_descs > room / sizeof(struct dl_disk_desc))
		return DL_BAD_SIZE;
	*descs = (const struct dl_disk_desc *)(d + 1);
	r->pos += sizeof(*d) + f->nr_descs * sizeof(struct dl_disk_desc);
	r->frames_left--;
	r->descs_left -= f->nr_descs;
	return DL_OK;
}
