/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is on a log device: every structure, byte for byte.
 *
 * Ownership: this header describes bytes and nothing else. Each structure has
 * an in-core twin in the header of its noun (super.h, checkpoint.h, frame.h,
 * summary.h); pack and unpack live there. Sizes and offsets are asserted in
 * ondisk.c and pinned by golden bytes in tests/unit.
 *
 * Invariants:
 *  - everything is little endian; a sector is 512 bytes, a page 4096 bytes;
 *  - a number that was ever written is never given another meaning;
 *  - reserved bytes are written as zero and not looked at when read, what may
 *    be added there later is announced by a feature bit.
 *
 *   sector 0         superblock, slot 0      (4 KiB)
 *   sector 8         superblock, slot 1      (4 KiB)
 *   sector 16        checkpoint area 0       (cp_sectors)
 *   16 + cp_sectors  checkpoint area 1       (cp_sectors)
 *   data_start       segments, each a run of chunks, to the end of the device
 *
 * Slot i always points into area i. A commit writes one area and its slot,
 * then the other area and its slot, each slot with PREFLUSH|FUA, and only then
 * is anything done that relies on it; so either slot alone is enough to recover
 * from. The first commit after a recovery begins with the slot that it was not
 * recovered from, which may be the only good one.
 *
 * Documentation/format.md tells the whole story with pictures.
 */
#ifndef DL_CORE_FORMAT_H
#define DL_CORE_FORMAT_H

#include "dl_port.h"

#define DL_SECTOR_SHIFT		9
#define DL_SECTOR_BYTES		512u
#define DL_PAGE_SHIFT		12
#define DL_PAGE_BYTES		4096u
#define DL_PAGE_SECTORS		8u
#define DL_PAGE_SECTOR_SHIFT	3

/* Limits that a reader may rely on: anything beyond is corruption. */
#define DL_PAGE_MAX		((1ULL << 40) - 1)	/* highest page number */
#define DL_LOG_SECTORS_MAX	(1ULL << 40)		/* 512 TiB of log */
#define DL_BLOCK_MIN		512u
#define DL_BLOCK_MAX		4096u
#define DL_CHUNK_SECTORS_MIN	128u			/* 64 KiB */
#define DL_CHUNK_SECTORS_MAX	(1u << 21)		/* 1 GiB */
#define DL_CHUNKS_MAX		(1u << 20)
#define DL_SEGMENT_SECTORS_MAX	(1u << 21)
#define DL_LOG_SECTORS_MIN	2048u			/* 1 MiB */

/* ---- superblock -------------------------------------------------------- */

#define DL_SUPER_MAGIC		0x474f4c41544c4544ULL	/* "DELTALOG" */
#define DL_SUPER_BYTES		4096u
#define DL_SUPER_SECTORS	8u
#define DL_SUPER_SLOTS		2
#define DL_FORMAT_VERSION	1u

/* dl_disk_super.flags */
#define DL_SUPER_CLEAN		(1u << 0)  /* nothing was written after this */
#define DL_SUPER_DETACHED	(1u << 1)  /* drained; the origin is a plain disk */

/*
 * Feature masks. An unknown bit in @incompat: refuse. In @ro_compat: refuse
 * to write (this format has no read-only activation, so: refuse). In @compat:
 * ignore and keep.
 */
#define DL_FEATURE_COMPAT	0ULL
#define DL_FEATURE_RO_COMPAT	0ULL
#define DL_FEATURE_HISTORY	(1ULL << 0)	/* records and sections of snapshots */
#define DL_FEATURE_DELTA	(1ULL << 1)	/* records of parts of pages */
#define DL_FEATURE_CODEC	(1ULL << 2)	/* payloads that are compressed */
#define DL_FEATURE_CRYPT	(1ULL << 3)	/* everything but superblocks is encrypted */
#define DL_FEATURE_INCOMPAT	(DL_FEATURE_HISTORY | DL_FEATURE_DELTA | \
				 DL_FEATURE_CODEC | DL_FEATURE_CRYPT)

/*
 * Encryption: an AEAD with a key of 32 bytes, a nonce of 12 and a tag of 16. The
 * volume's key is random and kept in the superblock, wrapped with the user's; what
 * is encrypted is encrypted with keys made of it and the epoch (see crypt.h).
 */
#define DL_KEY_BYTES		32u
#define DL_NONCE_BYTES		12u
#define DL_TAG_BYTES		16u

#define DL_CIPHER_AES_GCM	1u	/* AES-256-GCM, NIST SP 800-38D */
#define DL_CIPHER_CHACHA	2u	/* ChaCha20-Poly1305, RFC 8439 */
#define DL_CIPHERS		3u

/* dl_disk_crypt.state */
#define DL_CRYPT_BLANK		0u	/* no key was drawn yet; nothing is encrypted */
#define DL_CRYPT_KEYED		1u

struct dl_disk_crypt {
	__le32 cipher;		/* DL_CIPHER_* */
	__le32 state;
	__u8   nonce[DL_NONCE_BYTES];	/* of the wrapping, AES-256-GCM */
	__u8   tag[DL_TAG_BYTES];
	__u8   wrapped[DL_KEY_BYTES];	/* the volume's key */
	__u8   cp_nonce[DL_NONCE_BYTES];	/* of the checkpoint that this slot
						 * points to
						 */
	__u8   cp_tag[DL_TAG_BYTES];
	__u8   reserved[32];
};

struct dl_disk_super {
	__le64 magic;
	__le32 version;
	__le32 crc;		/* CRC-32C of the 4096 bytes with this as zero */
	__le64 compat;
	__le64 ro_compat;
	__le64 incompat;
	__u8   uuid[16];
	__le64 generation;	/* +1 for every slot written; the higher wins */
	__le32 flags;
	__le32 block_bytes;	/* log block: 512..4096, power of two */
	__le32 chunk_sectors;	/* unit of segment allocation, power of two */
	__le32 cp_sectors;	/* size of one checkpoint area */
	__le64 log_sectors;	/* sectors of the log device in use */
	__le64 data_start;	/* first sector of chunk 0 */
	__le64 volume_sectors;	/* size of the volume (and of the origin used) */
	__le64 cp_sector;	/* where this slot's checkpoint is */
	__le32 cp_bytes;
	__le32 cp_crc;		/* CRC-32C of the cp_bytes */
	__le64 epoch;		/* of the current life, random, never zero */
	__le64 created_ns;	/* wall clock, ns since 1970 */
	__le64 written_ns;
	__u8   label[32];	/* NUL-padded name the tool gave, for people */
	struct dl_disk_crypt crypt;	/* with DL_FEATURE_CRYPT, else zero */
	__u8   reserved[3792];
};

/* ---- checkpoint -------------------------------------------------------- */

#define DL_CP_MAGIC		0x4b43504443544c44ULL	/* "DLTCDPCK" */

/*
 * A checkpoint is a header, then sections, each a dl_disk_section and its
 * bytes padded to 8. A section of unknown type with DL_SECTION_MUST set is
 * refused, without it skipped (and not kept at the next commit).
 */
#define DL_SECTION_SEGMENTS	1u	/* dl_disk_segment[], oldest first */
#define DL_SECTION_SAMPLES	2u	/* dl_disk_sample[]: origin fingerprint */
#define DL_SECTION_TUNABLES	3u	/* text, "name value\n" a line */

#define DL_SECTION_LOST		4u	/* dl_disk_lost[]: unreadable sectors */
#define DL_SECTION_PINS		5u	/* dl_disk_pins, dl_disk_pin[]: snapshots */

#define DL_SECTION_WINDOW	6u	/* dl_disk_window, dl_disk_moment[] */

#define DL_SECTION_POLICY	7u	/* text: see Documentation/policy.md */
#define DL_SECTION_GRAIN	8u	/* dl_disk_grain[], in no order */
#define DL_SECTION_SCRUB	9u	/* dl_disk_scrub */
#define DL_SECTION_IMPRINTS	10u	/* dl_disk_imprint, regions; and again */
#define DL_SECTION_FORESIGHT	11u	/* format_foresight.h: dl_disk_foresight, ... */
#define DL_SECTION_OUTLOOK	12u	/* dl_disk_outlook */

#define DL_SECTION_MUST		(1u << 0)

struct dl_disk_checkpoint {
	__le64 magic;
	__le64 generation;	/* equal to the superblock's */
	__le64 horizon_seq;	/* every record <= this is in the origin */
	__le64 next_seq;	/* lower bound: > every seq recovered so far */
	__le64 next_commit;	/* lower bound, same */
	__le64 next_segment_id;
	__le64 durable_commit;	/* frames <= this must be found */
	__le32 nr_sections;
	__le32 reserved0;
	__u8   reserved[64];
};

struct dl_disk_section {
	__le32 type;
	__le32 flags;
	__le64 bytes;		/* of the body, without padding */
};

/* dl_disk_segment.state */
#define DL_SEG_OPEN		1u	/* frames may follow what is recorded */
#define DL_SEG_SEALED		2u	/* ends exactly at last_commit */
#define DL_SEG_NEXT		3u	/* allocated as the successor, no frame yet */

/* dl_disk_segment.flags */
#define DL_SEG_SUMMARY		(1u << 0)  /* its summary was durable */

struct dl_disk_segment {
	__le64 id;
	__le64 start;		/* sector on its tier's device */
	__le32 sectors;
	__u8   tier;
	__u8   state;
	__le16 flags;
	__le64 epoch;		/* the epoch its frames carry */
	__le64 first_commit;	/* commit of its first frame */
	__le64 last_commit;	/* sealed: last frame; first_commit - 1: none */
	__le64 first_seq;
	__le64 last_seq;	/* sealed only */
	__le32 end;		/* sealed only: sectors used by frames */
	__le32 reserved0;
	__u8   digest[32];
	__u8   reserved[24];
};

/* dl_disk_sample.flags */
#define DL_SAMPLE_VALID		(1u << 0)

struct dl_disk_sample {
	__le64 page;
	__le32 crc;		/* CRC-32C of the origin's page at the horizon */
	__le32 flags;
};

/*
 * Sectors whose record was damaged when the horizon passed it. They are
 * unreadable until a newer record covers them.
 */
struct dl_disk_lost {
	__le64 page;
	__u8   mask;		/* sectors of it */
	__u8   reserved[7];
};

#define DL_PIN_NAME_BYTES	64u			/* NUL included */

/* dl_disk_pin.flags */
#define DL_PIN_DAMAGED		(1u << 0)  /* part of its past cannot be told */
#define DL_PIN_HIDDEN		(1u << 1)  /* no snapshot: what a rewind needs until
					    * the horizon has passed its mark; no name
					    */
#define DL_PIN_RULE		(1u << 2)  /* made by a rule of retention */

/* The snapshots: a header, then one dl_disk_pin each, by sequence. */
struct dl_disk_pins {
	__le64 marks_seq;	/* marks up to this one are in the list */
	__le64 next_id;
	__u8   reserved[16];
};

struct dl_disk_pin {
	__le64 id;		/* never used again */
	__le64 seq;		/* what was accepted up to here belongs to it */
	__le64 time_ns;		/* wall clock */
	__le64 sectors;		/* of the volume, then */
	__le32 flags;
	__le32 reserved;
	__u8   name[DL_PIN_NAME_BYTES];	/* NUL-padded */
};

#define DL_DISK_RULES		8u

struct dl_disk_rule {
	__le32 every;		/* s */
	__le32 keep;		/* s */
};

/*
 * The window in which every sequence can be gone back to, what is done for it
 * (see retention.h), and which sequence it was when, ascending.
 */
struct dl_disk_window {
	__le64 from;		/* all from here on are kept; U64_MAX: none */
	__le32 seconds;		/* how long they are to be kept; 0: off */
	__le32 on_full;
	__le32 nr_rules;
	__le32 reserved[3];
	struct dl_disk_rule rule[DL_DISK_RULES];
};

struct dl_disk_moment {
	__le64 seq;
	__le64 time_ns;		/* wall clock */
};

/* dl_disk_grain.flags */
#define DL_GRAIN_SEQUENTIAL	(1u << 0)

/* How often a region of 64 KiB was written, and how that was recorded. */
struct dl_disk_grain {
	__le32 region;		/* page >> 4, its lowest 32 bits */
	__u8   region_hi;
	__u8   level;
	__u8   flags;
	__u8   reserved;
	__le32 rate;		/* writes an hour, at the time; saturated */
	__le16 delta;		/* mean bytes of a delta, times 8; 0: none */
	__le16 reserved1;
};

/*
 * The granularity map as it was when a snapshot was made: this, then @nr regions,
 * each a __le64 as imprint.c has it, descending, which is the hottest first. In a
 * mark that makes a snapshot it comes behind the dl_disk_mark; zeros: there is none.
 */
struct dl_disk_imprint {
	__le64 id;		/* of the snapshot */
	__le32 nr;
	__le32 known;		/* regions that the map had, at least @nr */
};

/* dl_disk_scrub.flags */
#define DL_SCRUB_RUNNING	(1u << 0)  /* there is more to look at */

/* How far the last search for decay has got, and what it has found. */
struct dl_disk_scrub {
	__le64 segment;		/* id of the one to look at next */
	__le64 until;		/* and of the last one */
	__le64 sectors;		/* looked at */
	__le64 records;
	__le64 damaged;
	__le64 mended;		/* of these */
	__le64 spare;		/* and of no use to anybody */
	__le64 began_ns;	/* wall clock */
	__le64 ended_ns;	/* of the last that came to its end; 0: none */
	__le32 flags;
	__le32 reserved;
};

/* ---- frame ------------------------------------------------------------- */

#define DL_FRAME_MAGIC		0x4d524644u		/* "DFRM" */
#define DL_FRAME_MAX_SECTORS	2048u			/* 1 MiB, everything */
#define DL_FRAME_MAX_DESCS	1024u

/*
 * A frame is one contiguous log write, whole or absent:
 *
 *   head    one log block: this header, then the first descriptors
 *   payload payload_sectors, padded to the log block
 *   tail    the descriptors that did not fit in the head, padded to the block
 *
 * Head first of a known size, so that a payload's place is known the moment
 * it is accepted, before anyone knows how many descriptors will follow.
 * self_crc covers these 128 bytes (one sector, so never torn); desc_crc covers
 * all descriptors, those in the head and those in the tail, as one array.
 */
/* dl_disk_frame.flags */
#define DL_FRAME_SEALED		(1u << 0)  /* encrypted: after the descriptors come the
					    * tags of its payload's blocks, two to a
					    * slot, and all of these slots are
					    * encrypted as one
					    */

struct dl_disk_frame {
	__le32 magic;
	__le32 self_crc;	/* CRC-32C of these 128 bytes with this as zero */
	__le64 epoch;
	__le64 commit;		/* gapless within a life of the volume */
	__le64 segment_id;
	__le64 first_seq;	/* record i has sequence first_seq + i */
	__le64 time_ns;		/* wall clock when the frame was closed */
	__le64 durable_commit;	/* frames <= this were durable when written */
	__le64 next_id;		/* successor segment, known before this frame */
	__le64 next_start;	/* 0: none was allocated */
	__le32 next_sectors;
	__le32 flags;
	__le32 nr_descs;
	__le32 payload_sectors;	/* used, before padding */
	__le32 total_sectors;	/* head + padded payload + tail */
	__le32 desc_crc;	/* of what is stored: if SEALED, of what is encrypted */
	__u8   tag[DL_TAG_BYTES];	/* SEALED: of the slots, and of this header with
					 * both checksums and the tag as zero
					 */
	__u8   reserved[16];
};

/* dl_disk_desc.type: what a record says about its sectors */
#define DL_REC_NONE		0u	/* a slot that was given up */
#define DL_REC_DATA		1u	/* sectors of one page, payload follows */
#define DL_REC_ZERO		2u	/* sectors of one page read as zero */
#define DL_REC_ZERO_RUN		3u	/* a run of sectors reads as zero */
#define DL_REC_LOST		4u	/* sectors of one page are unreadable */
#define DL_REC_BASE		5u	/* what the origin held; payload follows,
					 * a DL_REC_INDEX says for which sequences
					 */
#define DL_REC_INDEX		6u	/* payload: addr times a dl_disk_past */
#define DL_REC_MARK		7u	/* payload: a dl_disk_mark; addr: its id */
#define DL_REC_DELTA		8u	/* some of a page is new, the rest as it was
					 * before; payload: see delta.h
					 */

/* dl_disk_desc.flags */
#define DL_DESC_DISCARD		(1u << 0)  /* zero because discarded */
#define DL_DESC_NOUNMAP		(1u << 1)  /* zero, keep the blocks allocated */
#define DL_DESC_SAME		(1u << 2)  /* DATA: nothing is new: what DELTAs had
					    * made of the page, all of it
					    */

#define DL_DESC_FORESEEN	(1u << 3)  /* DATA: room was kept behind it for what was
					    * expected to follow, with @confidence
					    */
#define DL_DESC_FUSED		(1u << 4)  /* and more than one write is in it */

/*
 * dl_disk_desc.codec: how the payload of a whole page is stored, if that is in
 * fewer sectors than it has: a dl_disk_packed, then zeros to the end of the last.
 */
#define DL_CODEC_NONE		0u
#define DL_CODEC_LZ4		1u	/* one block, as LZ4_compress_default() makes it */
#define DL_CODECS		2u

struct dl_disk_packed {
	__le16 bytes;		/* of what the compressor made, which follows */
};

struct dl_disk_desc {
	__u8   type;
	__u8   flags;
	__u8   first;		/* first sector in the page, 0..7 */
	__u8   sectors;		/* 1..8; DELTA: from the first changed to the last */
	__le32 crc;		/* CRC-32C of the payload as stored */
	__le64 addr;		/* page number; runs: first sector */
	__le32 payload;		/* DATA: sector offset in the frame's payload,
				 * of which no record crosses a page, unless it
				 * has a codec;
				 * runs: length in sectors; DELTA: byte offset,
				 * and it crosses no page either
				 */
	__le16 stored;		/* payload length in sectors; DELTA: in bytes */
	__u8   level;		/* granularity level it was recorded at */
	__u8   confidence;
	__u8   codec;		/* DL_CODEC_*: DATA and BASE, of whole pages */
	__u8   temperature;
	__le16 client;
	__u8   room;		/* DATA: sectors kept behind the payload for what was
				 * expected to follow, and did not
				 */
	__u8   reserved[3];
};

/* ---- the past ----------------------------------------------------------- */

/* dl_disk_past.flags; the rest as DL_PVAL_ZERO and DL_PVAL_LOST (pmap.h) */
#define DL_PAST_RUN		0x80u	/* addr: first sector; loc: length */

/*
 * A version: what some sectors of a page held from sequence @from on until
 * record @until replaced it. 0 as @from: ever since anyone asks.
 */
struct dl_disk_past {
	__le64 from;
	__le64 until;
	__le64 addr;		/* page */
	__le64 loc;		/* absolute log sector of the payload */
	__le32 crc;		/* CRC-32C of the payload */
	__u8   first;		/* as stored: first sector in the page; codec << 3 */
	__u8   sectors;		/* with a codec: those it is stored in, << 4 */
	__u8   flags;
	__u8   mask;		/* sectors of the page that this is about */
};

#define DL_PAST_PER_PAGE	(DL_PAGE_BYTES / sizeof(struct dl_disk_past))

/* dl_disk_mark.kind; in the descriptor's level, too */
#define DL_MARK_PIN		1u	/* a snapshot of all before the mark */
#define DL_MARK_RENAME		2u
#define DL_MARK_REWIND		3u	/* everything as it was at target; a pin of
					 * what was before, called name; and one on
					 * target with the id behind, see DL_PIN_HIDDEN
					 */

struct dl_disk_mark {
	__le32 kind;
	__le32 reserved0;
	__le64 id;		/* of the snapshot */
	__le64 time_ns;
	__le64 sectors;		/* PIN, REWIND: of the volume */
	__le64 target;		/* REWIND: sequence */
	__u8   reserved[24];
	__u8   name[DL_PIN_NAME_BYTES];
};

/* ---- summary ----------------------------------------------------------- */

#define DL_SUMMARY_MAGIC	0x4d555344u		/* "DSUM" */

/*
 * At the end of a sealed segment: header, then for every frame a
 * dl_disk_summary_frame and its descriptors, padded to the log block; the
 * header is at the first sector of the summary, which ends with the segment.
 * Written only once every frame of the segment is durable, so a valid summary
 * vouches for all of them. Its place is found from the segment's last sector:
 * the last log block of the segment ends with a dl_disk_summary_tail.
 *
 * Of an encrypted log: behind the frames the tags of all blocks of the segment up to
 * @end, whether payload or not; all that encrypted as one, with this header, its
 * checksum as zero, authenticated; then its tag.
 */
/* dl_disk_summary.flags */
#define DL_SUMMARY_SEALED	(1u << 0)

struct dl_disk_summary {
	__le32 magic;
	__le32 crc;		/* CRC-32C of header (this as zero) and body, as stored */
	__le64 epoch;
	__le64 segment_id;
	__le64 first_commit;
	__le64 last_commit;
	__le64 first_seq;
	__le64 last_seq;
	__le64 next_id;		/* successor, as in the last frame */
	__le64 next_start;
	__le32 next_sectors;
	__le32 nr_frames;
	__le32 nr_descs;
	__le32 body_bytes;	/* all up to the padding */
	__le32 end;		/* sectors of the segment used by frames */
	__le32 flags;
	__u8   digest[32];
};

struct dl_disk_summary_frame {
	__le64 commit;
	__le64 first_seq;
	__le64 time_ns;
	__le32 payload_start;	/* sector of the payload, from segment start */
	__le32 nr_descs;
};

struct dl_disk_summary_tail {
	__le32 magic;
	__le32 sectors;		/* of the whole summary, up to segment end */
	__le64 segment_id;
	__le64 epoch;
	__le32 crc;		/* CRC-32C of this with crc as zero */
	__le32 reserved;
};

#endif
