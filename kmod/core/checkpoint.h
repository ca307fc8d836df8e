/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checkpoint: what recovery starts from. A header and typed sections in
 * one buffer the caller owns; writer and reader are cursors over it.
 *
 * Usage, writing: dl_cp_begin(), then for each section dl_cp_section(), the
 * items, ...; dl_cp_end() gives the byte count, the CRC goes in the superblock.
 * Reading: dl_cp_open(), then dl_cp_next() until DL_NOT_FOUND.
 */
#ifndef DL_CORE_CHECKPOINT_H
#define DL_CORE_CHECKPOINT_H

#include "format.h"
#include "status.h"
#include "super.h"

struct dl_cp_head {
	u64 generation;
	u64 horizon_seq;
	u64 next_seq;
	u64 next_commit;
	u64 next_segment_id;
	u64 durable_commit;
};

/* In-core twin of struct dl_disk_segment. */
struct dl_cp_segment {
	u64 id;
	u64 start;
	u32 sectors;
	u8  tier;
	u8  state;
	u16 flags;
	u64 epoch;
	u64 first_commit;
	u64 last_commit;
	u64 first_seq;
	u64 last_seq;
	u32 end;
	u8  digest[32];
};

struct dl_cp_sample {
	u64 page;
	u32 crc;
	u32 flags;
};

struct dl_cp_writer {
	u8 *buf;
	size_t size, used;
	u32 nr_sections;
	size_t section;		/* offset of the open section's header, or 0 */
	bool overflow;
};

void dl_cp_begin(struct dl_cp_writer *w, void *buf, size_t size);
/* Open a section; closes the one before (pads it to 8 bytes). */
void dl_cp_section(struct dl_cp_writer *w, u32 type, u32 flags);
void dl_cp_put_segment(struct dl_cp_writer *w, const struct dl_cp_segment *s);
void dl_cp_put_sample(struct dl_cp_writer *w, const struct dl_cp_sample *s);
void dl_cp_put_bytes(struct dl_cp_writer *w, const void *p, size_t n);
/**
 * dl_cp_end() - close the last section and fill in the header
 * @w: writer
 * @h: header fields
 * @bytes: out: length, a multiple of 8
 * @crc: out: CRC-32C of it, for dl_super.cp_crc
 *
 * Return: DL_OK, or DL_NO_SPACE when anything did not fit on the way (or was
 * put where it does not belong: outside of a section, items behind odd bytes).
 */
enum dl_status dl_cp_end(struct dl_cp_writer *w, const struct dl_cp_head *h,
			 u32 *bytes, u32 *crc);

struct dl_cp_reader {
	const u8 *buf;
	size_t size, pos;
	u32 left;		/* sections not yet returned */
};

/**
 * dl_cp_open() - check a checkpoint against its superblock, decode its header
 * @r: out: reader positioned at the first section
 * @h: out: header
 * @sb: superblock it belongs to: cp_bytes, cp_crc and generation must agree
 * @buf: sb->cp_bytes bytes as read
 *
 * Return: DL_OK, DL_BAD_SIZE, DL_BAD_CRC, DL_BAD_MAGIC or DL_BAD_IDENTITY; of one
 * that is encrypted and sound DL_NO_KEY, or why not.
 */
enum dl_status dl_cp_open(struct dl_cp_reader *r, struct dl_cp_head *h,
			  const struct dl_super *sb, const void *buf);

/* Only what can be checked without a key: DL_OK, DL_BAD_SIZE or DL_BAD_CRC. */
enum dl_status dl_cp_check(const struct dl_super *sb, const void *buf);

/* The rest of dl_cp_open(), when that has been checked and @buf is decrypted. */
enum dl_status dl_cp_parse(struct dl_cp_reader *r, struct dl_cp_head *h,
			   const struct dl_super *sb, const void *buf);

/**
 * dl_cp_next() - the next section
 * @r: reader
 * @type: out: section type, of a type this release knows
 * @body: out: its bytes, inside the reader's buffer
 * @bytes: out: their number
 *
 * Unknown sections without DL_SECTION_MUST are passed over.
 * Return: DL_OK; DL_NOT_FOUND at the end; DL_BAD_SECTION when lengths do not
 * add up, DL_BAD_FEATURE for an unknown section with DL_SECTION_MUST.
 */
enum dl_status dl_cp_next(struct dl_cp_reader *r, u32 *type,
			  const void **body, size_t *bytes);

/**
 * dl_cp_get_segment() - decode and check entry @i of a segments section
 * @s: out
 * @body: section body; @bytes: its length; @i: index, < bytes / 128
 * @sb: for the range checks: inside the log, whole chunks, known state, end
 *	within the segment, non-zero id and epoch
 *
 * Return: DL_OK, DL_BAD_SECTION (index or length), DL_BAD_PLACE, DL_BAD_SIZE.
 * That segments do not overlap each other is the caller's to check, with the
 * chunk bitmap it builds anyway.
 */
enum dl_status dl_cp_get_segment(struct dl_cp_segment *s, const void *body,
				 size_t bytes, u32 i, const struct dl_super *sb);
enum dl_status dl_cp_get_sample(struct dl_cp_sample *s, const void *body,
				size_t bytes, u32 i);

#endif
