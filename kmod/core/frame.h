/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The frame, unit of commit, and the record descriptor: in-core twins, pack,
 * unpack, and the one validator for what is read and what is about to be
 * written.
 */
#ifndef DL_CORE_FRAME_H
#define DL_CORE_FRAME_H

#include "format.h"
#include "status.h"

struct dl_frame_head {
	u64 epoch;
	u64 commit;
	u64 segment_id;
	u64 first_seq;
	u64 time_ns;
	u64 durable_commit;
	u64 next_id;
	u64 next_start;
	u32 next_sectors;
	u32 flags;
	u32 nr_descs;
	u32 payload_sectors;
	u32 total_sectors;
	u32 desc_crc;
	u8  tag[DL_TAG_BYTES];
};

/* A record as it stands in a frame. */
struct dl_desc {
	u8  type;		/* DL_REC_* */
	u8  flags;		/* DL_DESC_* */
	u8  first, sectors;	/* in-page span (DATA, ZERO, LOST) */
	u32 crc;
	u64 addr;		/* page number; ZERO_RUN: first sector */
	u32 payload;		/* as on disk: see dl_desc_at(); ZERO_RUN: length */
	u16 stored;		/* see dl_desc_bytes() */
	u16 client;
	u8  level, confidence, codec, temperature;
};

/* Does a record of @type have a payload? */
static inline bool dl_rec_has_payload(u8 type)
{
	return type == DL_REC_DATA || type == DL_REC_BASE ||
	       type == DL_REC_INDEX || type == DL_REC_MARK ||
	       type == DL_REC_DELTA;
}

/* Where the payload of a record that has one begins in its frame's, in bytes. */
static inline u32 dl_desc_at(const struct dl_desc *d)
{
	return d->type == DL_REC_DELTA ? d->payload :
		d->payload << DL_SECTOR_SHIFT;
}

/* And how many bytes it has. */
static inline u32 dl_desc_bytes(const struct dl_desc *d)
{
	return d->type == DL_REC_DELTA ? d->stored :
		(u32)d->stored << DL_SECTOR_SHIFT;
}

/* The sector of its frame's payload that it begins in. */
static inline u32 dl_desc_sector(const struct dl_desc *d)
{
	return dl_desc_at(d) >> DL_SECTOR_SHIFT;
}

/* How many sectors it lies in, some of them perhaps not alone. */
static inline u32 dl_desc_span(const struct dl_desc *d)
{
	u32 end = dl_desc_at(d) + dl_desc_bytes(d);

	return ((end + DL_SECTOR_BYTES - 1) >> DL_SECTOR_SHIFT) -
		dl_desc_sector(d);
}

/* Slots for the tags of @payload sectors. A sealed log has blocks of a page. */
static inline u32 dl_frame_tag_slots(u32 payload)
{
	u32 blocks = (payload + DL_PAGE_SECTORS - 1) / DL_PAGE_SECTORS;

	return (blocks * DL_TAG_BYTES + (u32)sizeof(struct dl_disk_desc) - 1) /
		(u32)sizeof(struct dl_disk_desc);
}

/* Slots of a frame with @nr_descs and @payload sectors: as many as descriptors, or more. */
static inline u32 dl_frame_slots(u32 flags, u32 nr_descs, u32 payload)
{
	return nr_descs +
		(flags & DL_FRAME_SEALED ? dl_frame_tag_slots(payload) : 0);
}

/* How many descriptors fit in a head of one block of @block_bytes. */
static inline u32 dl_frame_head_descs(u32 block_bytes)
{
	return (block_bytes - (u32)sizeof(struct dl_disk_frame)) /
		(u32)sizeof(struct dl_disk_desc);
}

/* Sectors of the tail needed for @slots: whole blocks, often none. */
static inline u32 dl_frame_tail_sectors(u32 block_bytes, u32 slots)
{
	u32 in_head = dl_frame_head_descs(block_bytes);
	u32 bytes;

	if (slots <= in_head)
		return 0;
	bytes = (slots - in_head) * (u32)sizeof(struct dl_disk_desc);
	return (bytes + block_bytes - 1) / block_bytes *
		(block_bytes >> DL_SECTOR_SHIFT);
}

/* @sectors rounded up to whole log blocks. */
static inline u32 dl_frame_pad(u32 block_bytes, u32 sectors)
{
	u32 bs = block_bytes >> DL_SECTOR_SHIFT;

	return (sectors + bs - 1) & ~(bs - 1);
}

/* Sectors a frame takes in the log. */
static inline u32 dl_frame_total(u32 block_bytes, u32 slots, u32 payload)
{
	return (block_bytes >> DL_SECTOR_SHIFT) +
		dl_frame_pad(block_bytes, payload) +
		dl_frame_tail_sectors(block_bytes, slots);
}

/* Those of the frame with header @h. */
static inline u32 dl_frame_head_slots(const struct dl_frame_head *h)
{
	return dl_frame_slots(h->flags, h->nr_descs, h->payload_sectors);
}

void dl_desc_pack(const struct dl_desc *d, struct dl_disk_desc *out);

/**
 * dl_desc_unpack() - decode and check one descriptor
 * @d: out
 * @in: as on disk
 * @payload_sectors: of its frame; a DATA record must lie inside, and without a
 *	codec within one page of it
 *
 * Checks: type known; span within a page and not empty; address at most
 * DL_PAGE_MAX (runs: sectors, no wrap, not empty); stored equal to the span, or
 * with a codec less than a page and the span a whole one. DL_REC_NONE carries
 * nothing else: of such a slot nothing but the type is looked at (or written by
 * dl_desc_pack()).
 * Return: DL_OK, DL_BAD_RECORD, or DL_BAD_FEATURE (type, codec unknown).
 */
enum dl_status dl_desc_unpack(struct dl_desc *d, const struct dl_disk_desc *in,
			      u32 payload_sectors);

/**
 * dl_frame_pack() - write the header of a frame whose descriptors are in place
 * @h: header; total_sectors and desc_crc are computed here and stored in it
 * @block_bytes: log block
 * @out: where the 128 bytes go (the start of the head block)
 * @descs: the descriptors as one array, in disk form
 *
 * If it is to be encrypted, the slots for the tags must be there, whatever is in them.
 * In memory head and tail are one buffer: header, then all descriptors; the
 * first block of it is the head, the rest is the tail.
 */
void dl_frame_pack(struct dl_frame_head *h, u32 block_bytes,
		   struct dl_disk_frame *out, const struct dl_disk_desc *descs);

/**
 * dl_frame_seal() - the slots of a packed frame have been encrypted
 * @out: its header as packed: gets the tag and both checksums
 * @slots: what is encrypted
 * @nr: slots
 * @tag: DL_TAG_BYTES
 */
void dl_frame_seal(struct dl_disk_frame *out, const void *slots, u32 nr,
		   const u8 *tag);

/**
 * dl_frame_aad() - what of a header is authenticated with its slots
 * @in: header as on disk
 * @aad: out: the header without checksums and tag
 */
void dl_frame_aad(const struct dl_disk_frame *in, struct dl_disk_frame *aad);

/**
 * dl_frame_unpack() - check and decode a frame header (128 bytes)
 * @h: out
 * @in: as read
 * @block_bytes: log block
 *
 * Checks magic, self_crc and every number's range (descriptors at most
 * DL_FRAME_MAX_DESCS, total consistent with its parts and at most
 * DL_FRAME_MAX_SECTORS, epoch and commit not zero, durable_commit below commit,
 * room to add 1 to the commit and nr_descs to first_seq). It does not look at
 * the descriptors: dl_frame_check_descs().
 * Return: DL_OK, DL_BAD_MAGIC, DL_BAD_CRC or DL_BAD_SIZE.
 */
enum dl_status dl_frame_unpack(struct dl_frame_head *h,
			       const struct dl_disk_frame *in, u32 block_bytes);

/* desc_crc over the frame's slots at @descs: DL_OK or DL_BAD_CRC. */
enum dl_status dl_frame_check_descs(const struct dl_frame_head *h,
				    const struct dl_disk_desc *descs);

#endif
