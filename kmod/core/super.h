/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The superblock: in-core twin of struct dl_disk_super, pack, unpack, choice
 * between the two slots, and the layout of a fresh log.
 *
 * Pure: no allocation, no I/O; a block is always DL_SUPER_BYTES long.
 */
#ifndef DL_CORE_SUPER_H
#define DL_CORE_SUPER_H

#include "format.h"
#include "status.h"

/* See dl_disk_crypt. */
struct dl_super_crypt {
	u32 cipher, state;
	u8  nonce[DL_NONCE_BYTES];
	u8  tag[DL_TAG_BYTES];
	u8  wrapped[DL_KEY_BYTES];
	u8  cp_nonce[DL_NONCE_BYTES];
	u8  cp_tag[DL_TAG_BYTES];
};

struct dl_super {
	u64 compat, ro_compat, incompat;
	u8  uuid[16];
	u64 generation;
	u32 flags;
	u32 block_bytes;
	u32 chunk_sectors;
	u32 cp_sectors;
	u64 log_sectors;
	u64 data_start;
	u64 volume_sectors;
	u64 cp_sector;
	u32 cp_bytes;
	u32 cp_crc;
	u64 epoch;
	u64 created_ns;
	u64 written_ns;
	char label[33];		/* always NUL terminated in core */
	struct dl_super_crypt crypt;	/* zero without DL_FEATURE_CRYPT */
};

/* Are the checkpoint and everything in the log encrypted? */
static inline bool dl_super_sealed(const struct dl_super *sb)
{
	return sb->incompat & DL_FEATURE_CRYPT &&
	       sb->crypt.state == DL_CRYPT_KEYED;
}

/**
 * dl_super_layout() - lay out an empty log
 * @sb: out: everything that follows from the sizes is filled in (block, chunk,
 *	cp_sectors, log_sectors rounded down to whole chunks, data_start,
 *	volume_sectors); the rest is zero and the caller's to fill
 * @device_sectors: size of the log device
 * @volume_sectors: size of the volume, whole pages not required
 * @block_bytes: log block, 512..4096, a power of two
 * @chunk_sectors: unit of allocation, 0 to choose: the smallest power of two
 *	of at least DL_CHUNK_SECTORS_MIN that makes at most 16384 chunks, or
 *	DL_CHUNK_SECTORS_MAX when that still makes more
 *
 * A checkpoint area has room for a segment in every chunk (128 bytes each),
 * a header page, and between 16 KiB and 1 MiB (a 64th of the log) of sections.
 *
 * Context: any. Return: DL_OK, DL_BAD_SIZE (block, chunk or volume size), or
 * DL_NO_SPACE when the device is below DL_LOG_SECTORS_MIN or leaves fewer
 * than DL_MIN_DATA_CHUNKS chunks.
 */
enum dl_status dl_super_layout(struct dl_super *sb, u64 device_sectors,
			       u64 volume_sectors, u32 block_bytes,
			       u32 chunk_sectors);

#define DL_MIN_DATA_CHUNKS	8u

/* Number of chunks of @sb's log. */
u32 dl_super_chunks(const struct dl_super *sb);

/**
 * dl_super_sections() - what a checkpoint has room for, beside its segments
 * @sb: superblock, checked
 *
 * As large as when the log was laid out, however much it has grown since: what
 * was recorded then must have room now.
 *
 * Return: bytes.
 */
u32 dl_super_sections(const struct dl_super *sb);

/* True when a segment may lie there: whole chunks of the log, at least one. */
bool dl_super_segment_fits(const struct dl_super *sb, u64 start, u32 sectors);

/**
 * dl_super_pack() - make the bytes of a superblock slot, CRC included
 * @sb: superblock
 * @block: out: DL_SUPER_BYTES
 */
void dl_super_pack(const struct dl_super *sb, void *block);

/**
 * dl_super_unpack() - check and decode a superblock slot
 * @sb: out: valid only when DL_OK is returned, except that on DL_BAD_FEATURE
 *	and DL_BAD_VERSION the feature words are filled in for the message
 * @block: DL_SUPER_BYTES as read
 *
 * Everything is range-checked here, against each other as well (areas inside
 * the log, no overlap, powers of two), so that callers may compute with it.
 * An encrypted log has blocks of a page.
 * A slot always has a checkpoint (cp_bytes at least a header) at the start of
 * one of the two areas, and an epoch.
 * The order: magic, version, CRC, features, sizes, places.
 *
 * Return: DL_OK, DL_BAD_MAGIC, DL_BAD_VERSION, DL_BAD_CRC, DL_BAD_FEATURE,
 * DL_BAD_SIZE or DL_BAD_PLACE.
 */
enum dl_status dl_super_unpack(struct dl_super *sb, const void *block);

/**
 * dl_super_pick() - which slot to trust
 * @st: status of each slot from dl_super_unpack()
 * @sb: the two superblocks
 *
 * Return: 0 or 1: the valid slot with the higher generation (slots of
 * different uuid: the higher generation too; the caller reports it); -1 when
 * neither is valid.
 */
int dl_super_pick(const enum dl_status st[2], const struct dl_super sb[2]);

/* True when the block holds only zeros: a device nobody formatted. */
bool dl_super_blank(const void *block);

#endif
