// SPDX-License-Identifier: GPL-2.0
/*
 * Frame headers and record descriptors: pack, unpack, check.
 */
#include "crc.h"
#include "delta.h"
#include "frame.h"

/* Sectors that a volume can have; runs are counted in these. */
#define VOLUME_MAX	((DL_PAGE_MAX + 1) << DL_PAGE_SECTOR_SHIFT)

void dl_desc_pack(const struct dl_desc *d, struct dl_disk_desc *out)
{
	memset(out, 0, sizeof(*out));
	out->type = d->type;
	if (d->type == DL_REC_NONE)
		return;
	out->flags = d->flags;
	out->first = d->first;
	out->sectors = d->sectors;
	out->crc = cpu_to_le32(d->crc);
	out->addr = cpu_to_le64(d->addr);
	out->payload = cpu_to_le32(d->payload);
	out->stored = cpu_to_le16(d->stored);
	out->level = d->level;
	out->confidence = d->confidence;
	out->codec = d->codec;
	out->temperature = d->temperature;
	out->client = cpu_to_le16(d->client);
}

/* The span of sectors within one page. */
static enum dl_status check_span(const struct dl_desc *d)
{
	if (d->addr > DL_PAGE_MAX)
		return DL_BAD_RECORD;
	if (d->first >= DL_PAGE_SECTORS || !d->sectors ||
	    d->sectors > DL_PAGE_SECTORS - d->first)
		return DL_BAD_RECORD;
	return DL_OK;
}

/* As many sectors as it is about; with a codec a whole page, in fewer. */
static bool stored_right(const struct dl_desc *d)
{
	if (!d->codec)
		return d->stored == d->sectors;
	return !d->first && d->sectors == DL_PAGE_SECTORS && d->stored &&
		d->stored < DL_PAGE_SECTORS;
}

enum dl_status dl_desc_unpack(struct dl_desc *d, const struct dl_disk_desc *in,
			      u32 payload_sectors)
{
	memset(d, 0, sizeof(*d));
	d->type = in->type;
	if (d->type == DL_REC_NONE)
		return DL_OK;
	d->flags = in->flags;
	d->first = in->first;
	d->sectors = in->sectors;
	d->crc = le32_to_cpu(in->crc);
	d->addr = le64_to_cpu(in->addr);
	d->payload = le32_to_cpu(in->payload);
	d->stored = le16_to_cpu(in->stored);
	d->level = in->level;
	d->confidence = in->confidence;
	d->codec = in->codec;
	d->temperature = in->temperature;
	d->client = le16_to_cpu(in->client);

	if (d->codec >= DL_CODECS ||
	    (d->codec && d->type != DL_REC_DATA && d->type != DL_REC_BASE))
		return DL_BAD_FEATURE;
	switch (d->type) {
	case DL_REC_DATA:
	case DL_REC_BASE:
	case DL_REC_INDEX:
	case DL_REC_MARK:
		if (!stored_right(d) || d->payload > payload_sectors ||
		    d->stored > payload_sectors - d->payload ||
		    /* It never crosses a page of its frame. */
		    (!d->codec && (d->payload & (DL_PAGE_SECTORS - 1)) +
		     d->stored > DL_PAGE_SECTORS))
			return DL_BAD_RECORD;
		if (d->type == DL_REC_INDEX &&
		    (!d->addr || d->addr > DL_PAST_PER_PAGE))
			return DL_BAD_RECORD;
		if (d->type == DL_REC_MARK || d->type == DL_REC_INDEX)
			return d->stored == DL_PAGE_SECTORS ? DL_OK :
				DL_BAD_RECORD;
		return check_span(d);
	case DL_REC_DELTA:
		if (!d->stored || d->stored > DL_DELTA_MAX ||
		    d->payload >> DL_SECTOR_SHIFT >= payload_sectors ||
		    d->stored > (payload_sectors << DL_SECTOR_SHIFT) -
				d->payload ||
		    /* As above. */
		    (d->payload & (DL_PAGE_BYTES - 1)) + d->stored >
		    DL_PAGE_BYTES)
			return DL_BAD_RECORD;
		return check_span(d);
	case DL_REC_ZERO:
	case DL_REC_LOST:
		return check_span(d);
	case DL_REC_ZERO_RUN:
		if (d->addr >= VOLUME_MAX || !d->payload ||
		    d->payload > VOLUME_MAX - d->addr)
			return DL_BAD_RECORD;
		return DL_OK;
	default:
		return DL_BAD_FEATURE;
	}
}

static u32 self_crc(const struct dl_disk_frame *f)
{
	return dl_crc32c_around(f, sizeof(*f),
				offsetof(struct dl_disk_frame, self_crc));
}

static u32 descs_crc(const void *descs, u32 nr)
{
	return dl_crc32c(descs, nr * sizeof(struct dl_disk_desc));
}

void dl_frame_pack(struct dl_frame_head *h, u32 block_bytes,
		   struct dl_disk_frame *out, const struct dl_disk_desc *descs)
{
	h->total_sectors = dl_frame_total(block_bytes, dl_frame_head_slots(h),
					  h->payload_sectors);
	h->desc_crc = descs_crc(descs, dl_frame_head_slots(h));

	memset(out, 0, sizeof(*out));
	out->magic = cpu_to_le32(DL_FRAME_MAGIC);
	out->epoch = cpu_to_le64(h->epoch);
	out->commit = cpu_to_le64(h->commit);
	out->segment_id = cpu_to_le64(h->segment_id);
	out->first_seq = cpu_to_le64(h->first_seq);
	out->time_ns = cpu_to_le64(h->time_ns);
	out->durable_commit = cpu_to_le64(h->durable_commit);
	out->next_id = cpu_to_le64(h->next_id);
	out->next_start = cpu_to_le64(h->next_start);
	out->next_sectors = cpu_to_le32(h->next_sectors);
	out->flags = cpu_to_le32(h->flags);
	out->nr_descs = cpu_to_le32(h->nr_descs);
	out->payload_sectors = cpu_to_le32(h->payload_sectors);
	out->total_sectors = cpu_to_le32(h->total_sectors);
	out->desc_crc = cpu_to_le32(h->desc_crc);
	memcpy(out->tag, h->tag, sizeof(out->tag));
	out->self_crc = cpu_to_le32(self_crc(out));
}

void dl_frame_seal(struct dl_disk_frame *out, const void *slots, u32 nr,
		   const u8 *tag)
{
	memcpy(out->tag, tag, sizeof(out->tag));
	out->desc_crc = cpu_to_le32(descs_crc(slots, nr));
	out->self_crc = cpu_to_le32(self_crc(out));
}

void dl_frame_aad(const struct dl_disk_frame *in, struct dl_disk_frame *aad)
{
	*aad = *in;
	aad->self_crc = 0;
	aad->desc_crc = 0;
	memset(aad->tag, 0, sizeof(aad->tag));
}

enum dl_status dl_frame_unpack(struct dl_frame_head *h,
			       const struct dl_disk_frame *in, u32 block_bytes)
{
	if (in->magic != cpu_to_le32(DL_FRAME_MAGIC))
		return DL_BAD_MAGIC;
	if (le32_to_cpu(in->self_crc) != self_crc(in))
		return DL_BAD_CRC;

	h->epoch = le64_to_cpu(in->epoch);
	h->commit = le64_to_cpu(in->commit);
	h->segment_id = le64_to_cpu(in->segment_id);
	h->first_seq = le64_to_cpu(in->first_seq);
	h->time_ns = le64_to_cpu(in->time_ns);
	h->durable_commit = le64_to_cpu(in->durable_commit);
	h->next_id = le64_to_cpu(in->next_id);
	h->next_start = le64_to_cpu(in->next_start);
	h->next_sectors = le32_to_cpu(in->next_sectors);
	h->flags = le32_to_cpu(in->flags);
	h->nr_descs = le32_to_cpu(in->nr_descs);
	h->payload_sectors = le32_to_cpu(in->payload_sectors);
	h->total_sectors = le32_to_cpu(in->total_sectors);
	h->desc_crc = le32_to_cpu(in->desc_crc);
	memcpy(h->tag, in->tag, sizeof(h->tag));

	/* commit + 1 and first_seq + nr_descs must not wrap for any caller. */
	if (!h->epoch || !h->commit || h->commit == U64_MAX)
		return DL_BAD_SIZE;
	if (h->durable_commit >= h->commit)
		return DL_BAD_SIZE;
	if (h->nr_descs > DL_FRAME_MAX_DESCS ||
	    h->payload_sectors > DL_FRAME_MAX_SECTORS ||
	    dl_frame_head_slots(h) > DL_FRAME_MAX_DESCS ||
	    h->first_seq > U64_MAX - h->nr_descs)
		return DL_BAD_SIZE;
	if (h->next_sectors > DL_SEGMENT_SECTORS_MAX)
		return DL_BAD_SIZE;
	if (h->total_sectors > DL_FRAME_MAX_SECTORS ||
	    h->total_sectors != dl_frame_total(block_bytes,
					       dl_frame_head_slots(h),
					       h->payload_sectors))
		return DL_BAD_SIZE;
	if (h->flags & DL_FRAME_SEALED && block_bytes != DL_PAGE_BYTES)
		return DL_BAD_SIZE;
	return DL_OK;
}

enum dl_status dl_frame_check_descs(const struct dl_frame_head *h,
				    const struct dl_disk_desc *descs)
{
	return descs_crc(descs, dl_frame_head_slots(h)) == h->desc_crc ?
		DL_OK : DL_BAD_CRC;
}
