// SPDX-License-Identifier: GPL-2.0
/*
 * The checkpoint: a writer and a reader over the caller's buffer.
 *
 * The writer never fails midway: what does not fit sets @overflow, and
 * dl_cp_end() is the one place that has to be checked.
 */
#include "checkpoint.h"

#define SECTION_ALIGN	8u

static void *reserve(struct dl_cp_writer *w, size_t n)
{
	void *p;

	if (w->overflow || n > w->size - w->used) {
		w->overflow = true;
		return NULL;
	}
	p = w->buf + w->used;
	w->used += n;
	return p;
}

static void close_section(struct dl_cp_writer *w)
{
	struct dl_disk_section *s;
	size_t bytes, pad;
	void *p;

	if (!w->section)
		return;
	s = (struct dl_disk_section *)(w->buf + w->section);
	bytes = w->used - w->section - sizeof(*s);
	s->bytes = cpu_to_le64(bytes);
	w->section = 0;
	pad = -bytes & (SECTION_ALIGN - 1);
	p = reserve(w, pad);
	if (p)
		memset(p, 0, pad);
}

/*
 * Room for an item. One outside of a section would be lost to any reader, one
 * behind an odd number of bytes would be where no array of it is.
 */
static void *reserve_item(struct dl_cp_writer *w, size_t n)
{
	if (!w->section || w->used % SECTION_ALIGN)
		w->overflow = true;
	return reserve(w, n);
}

void dl_cp_begin(struct dl_cp_writer *w, void *buf, size_t size)
{
	memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->size = size;
	reserve(w, sizeof(struct dl_disk_checkpoint));
}

void dl_cp_section(struct dl_cp_writer *w, u32 type, u32 flags)
{
	struct dl_disk_section *s;

	close_section(w);
	s = reserve(w, sizeof(*s));
	if (!s)
		return;
	memset(s, 0, sizeof(*s));
	s->type = cpu_to_le32(type);
	s->flags = cpu_to_le32(flags);
	w->section = (u8 *)s - w->buf;
	w->nr_sections++;
}

void dl_cp_put_segment(struct dl_cp_writer *w, const struct dl_cp_segment *s)
{
	struct dl_disk_segment *d = reserve_item(w, sizeof(*d));

	if (!d)
		return;
	memset(d, 0, sizeof(*d));
	d->id = cpu_to_le64(s->id);
	d->start = cpu_to_le64(s->start);
	d->sectors = cpu_to_le32(s->sectors);
	d->tier = s->tier;
	d->state = s->state;
	d->flags = cpu_to_le16(s->flags);
	d->epoch = cpu_to_le64(s->epoch);
	d->first_commit = cpu_to_le64(s->first_commit);
	d->last_commit = cpu_to_le64(s->last_commit);
	d->first_seq = cpu_to_le64(s->first_seq);
	d->last_seq = cpu_to_le64(s->last_seq);
	d->end = cpu_to_le32(s->end);
	memcpy(d->digest, s->digest, sizeof(d->digest));
}

void dl_cp_put_sample(struct dl_cp_writer *w, const struct dl_cp_sample *s)
{
	struct dl_disk_sample *d = reserve_item(w, sizeof(*d));

	if (!d)
		return;
	d->page = cpu_to_le64(s->page);
	d->crc = cpu_to_le32(s->crc);
	d->flags = cpu_to_le32(s->flags);
}

void dl_cp_put_bytes(struct dl_cp_writer *w, const void *p, size_t n)
{
	void *d;

	if (!w->section)
		w->overflow = true;
	d = reserve(w, n);
	if (d && n)
		memcpy(d, p, n);
}

enum dl_status dl_cp_end(struct dl_cp_writer *w, const struct dl_cp_head *h,
			 u32 *bytes, u32 *crc)
{
	struct dl_disk_checkpoint *d = (struct dl_disk_checkpoint *)w->buf;

	close_section(w);
	if (w->overflow || w->used > U32_MAX)
		return DL_NO_SPACE;

	memset(d, 0, sizeof(*d));
	d->magic = cpu_to_le64(DL_CP_MAGIC);
	d->generation = cpu_to_le64(h->generation);
	d->horizon_seq = cpu_to_le64(h->horizon_seq);
	d->next_seq = cpu_to_le64(h->next_seq);
	d->next_commit = cpu_to_le64(h->next_commit);
	d->next_segment_id = cpu_to_le64(h->next_segment_id);
	d->durable_commit = cpu_to_le64(h->durable_commit);
	d->nr_sections = cpu_to_le32(w->nr_sections);
	*bytes = (u32)w->used;
	*crc = dl_crc32c(w->buf, w->used);
	return DL_OK;
}

enum dl_status dl_cp_check(const struct dl_super *sb, const void *buf)
{
	size_t size = sb->cp_bytes;

	if (size < sizeof(struct dl_disk_checkpoint) || size % SECTION_ALIGN)
		return DL_BAD_SIZE;
	return dl_crc32c(buf, size) == sb->cp_crc ? DL_OK : DL_BAD_CRC;
}

enum dl_status dl_cp_open(struct dl_cp_reader *r, struct dl_cp_head *h,
			  const struct dl_super *sb, const void *buf)
{
	enum dl_status st = dl_cp_check(sb, buf);

	if (st == DL_OK && dl_super_sealed(sb))
		st = DL_NO_KEY;
	return st == DL_OK ? dl_cp_parse(r, h, sb, buf) : st;
}

enum dl_status dl_cp_parse(struct dl_cp_reader *r, struct dl_cp_head *h,
			   const struct dl_super *sb, const void *buf)
{
	const struct dl_disk_checkpoint *d = buf;
	size_t size = sb->cp_bytes;

	if (d->magic != cpu_to_le64(DL_CP_MAGIC))
		return DL_BAD_MAGIC;
	if (le64_to_cpu(d->generation) != sb->generation)
		return DL_BAD_IDENTITY;

	h->generation = le64_to_cpu(d->generation);
	h->horizon_seq = le64_to_cpu(d->horizon_seq);
	h->next_seq = le64_to_cpu(d->next_seq);
	h->next_commit = le64_to_cpu(d->next_commit);
	h->next_segment_id = le64_to_cpu(d->next_segment_id);
	h->durable_commit = le64_to_cpu(d->durable_commit);

	r->buf = buf;
	r->size = size;
	r->pos = sizeof(*d);
	r->left = le32_to_cpu(d->nr_sections);
	if (r->left > (size - r->pos) / sizeof(struct dl_disk_section))
		return DL_BAD_SIZE;
	return DL_OK;
}

static bool section_known(u32 type)
{
	return type == DL_SECTION_SEGMENTS || type == DL_SECTION_SAMPLES ||
		type == DL_SECTION_TUNABLES || type == DL_SECTION_LOST ||
		type == DL_SECTION_PINS || type == DL_SECTION_WINDOW ||
		type == DL_SECTION_POLICY || type == DL_SECTION_GRAIN ||
		type == DL_SECTION_SCRUB || type == DL_SECTION_IMPRINTS ||
		type == DL_SECTION_FORESIGHT || type == DL_SECTION_OUTLOOK;
}

enum dl_status dl_cp_next(struct dl_cp_reader *r, u32 *type,
			  const void **body, size_t *bytes)
{
	while (r->left) {
		const struct dl_disk_section *s;
		size_t room = r->size - r->pos;
		u64 n;

		if (room < sizeof(*s))
			return DL_BAD_SECTION;
		s = (const struct dl_disk_section *)(r->buf + r->pos);
		room -= sizeof(*s);
		n = le64_to_cpu(s->bytes);
		/* @room is a multiple of 8: what fits also fits padded. */
		if (n > room)
			return DL_BAD_SECTION;
		*type = le32_to_cpu(s->type);
		*body = s + 1;
		*bytes = (size_t)n;
		r->pos += sizeof(*s) + *bytes + (-*bytes & (SECTION_ALIGN - 1));
		r->left--;
		if (section_known(*type))
			return DL_OK;
		if (le32_to_cpu(s->flags) & DL_SECTION_MUST)
			return DL_BAD_FEATURE;
	}
	/* Bytes that no section claims were not written by dl_cp_end(). */
	return r->pos == r->size ? DL_NOT_FOUND : DL_BAD_SECTION;
}

enum dl_status dl_cp_get_segment(struct dl_cp_segment *s, const void *body,
				 size_t bytes, u32 i, const struct dl_super *sb)
{
	const struct dl_disk_segment *d = body;

	if (bytes % sizeof(*d) || i >= bytes / sizeof(*d))
		return DL_BAD_SECTION;
	d += i;
	s->id = le64_to_cpu(d->id);
	s->start = le64_to_cpu(d->start);
	s->sectors = le32_to_cpu(d->sectors);
	s->tier = d->tier;
	s->state = d->state;
	/* Bits without a meaning are not looked at; walk.c uses one in core. */
	s->flags = le16_to_cpu(d->flags) & DL_SEG_SUMMARY;
	s->epoch = le64_to_cpu(d->epoch);
	s->first_commit = le64_to_cpu(d->first_commit);
	s->last_commit = le64_to_cpu(d->last_commit);
	s->first_seq = le64_to_cpu(d->first_seq);
	s->last_seq = le64_to_cpu(d->last_seq);
	s->end = le32_to_cpu(d->end);
	memcpy(s->digest, d->digest, sizeof(s->digest));

	if (!dl_super_segment_fits(sb, s->start, s->sectors))
		return DL_BAD_PLACE;
	if (!s->id || !s->epoch || s->end > s->sectors)
		return DL_BAD_SIZE;
	switch (s->state) {
	case DL_SEG_OPEN:
	case DL_SEG_NEXT:
		return DL_OK;
	case DL_SEG_SEALED:
		/* Room for + 1 above, for - 1 below: callers may compute. */
		if (!s->first_commit || s->last_commit == U64_MAX ||
		    s->last_commit < s->first_commit - 1)
			return DL_BAD_SIZE;
		return DL_OK;
	default:
		return DL_BAD_SIZE;
	}
}

enum dl_status dl_cp_get_sample(struct dl_cp_sample *s, const void *body,
				size_t bytes, u32 i)
{
	const struct dl_disk_sample *d = body;

	if (bytes % sizeof(*d) || i >= bytes / sizeof(*d))
		return DL_BAD_SECTION;
	d += i;
	s->page = le64_to_cpu(d->page);
	s->crc = le32_to_cpu(d->crc);
	s->flags = le32_to_cpu(d->flags);
	return s->page <= DL_PAGE_MAX ? DL_OK : DL_BAD_SIZE;
}
