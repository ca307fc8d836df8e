/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Imprints: the granularity map as it was when a snapshot was made, or the hottest
 * of it. All of a volume are in one run of bytes, the oldest first, which is what
 * a checkpoint's section holds; a mark has its snapshot's behind it.
 *
 * A region is one number, and the hotter the higher: an imprint is sorted by it,
 * so half of one is its hotter half. When there is no room for another the
 * largest ones are halved, and when all are small the oldest one goes.
 */
#ifndef DL_CORE_IMPRINT_H
#define DL_CORE_IMPRINT_H

#include "format.h"
#include "level.h"
#include "status.h"

/* No imprint is halved to fewer regions than this. */
#define DL_IMPRINT_LEAST	32u

/* A region, as an imprint has it. */
struct dl_imprint_region {
	u64 region;
	u32 rate;		/* writes an hour, then; at most a 128th too low */
	u16 delta;		/* mean size of deltas in 1/8 bytes, likewise */
	u8  level;		/* enum dl_level */
	bool sequential;
};

struct dl_imprint {
	u64 id;			/* of the snapshot */
	u32 known;		/* regions that the map had */
	u32 nr;			/* of these, the hottest */
	const __le64 *region;	/* they, the hottest first */
};

struct dl_imprints {
	void *buf;		/* @room bytes, of which @used are in use */
	u32 used, room;
};

__le64 dl_imprint_pack(const struct dl_imprint_region *r);
/* Whatever it is, this is some region, at some level. */
void dl_imprint_unpack(struct dl_imprint_region *r, __le64 d);

/**
 * dl_imprint_get() - decode and check one of a run
 * @im: out: points into @body
 * @body: as read, on a boundary of 8 bytes
 * @bytes: its length
 * @at: where to look, a multiple of 8; out: behind it
 *
 * Return: DL_OK; DL_NOT_FOUND at the end, or where zeros begin; DL_BAD_SECTION when
 * the lengths do not add up or the regions are not sorted.
 */
enum dl_status dl_imprint_get(struct dl_imprint *im, const void *body,
			      size_t bytes, size_t *at);

/**
 * dl_imprint_put() - write one, as far as there is room
 * @body: out, on a boundary of 8 bytes
 * @bytes: room in it
 * @im: what to write: the hottest of it; nothing if not even its head fits
 *
 * Return: bytes written.
 */
size_t dl_imprint_put(void *body, size_t bytes, const struct dl_imprint *im);

/* Regions that one of a run in so much room may have. */
u32 dl_imprints_most(u32 room);

/* The one of snapshot @id. Return: false: there is none. */
bool dl_imprints_find(const struct dl_imprints *s, u64 id,
		      struct dl_imprint *im);

/**
 * dl_imprints_add() - have another, as the youngest
 * @s: run
 * @im: it; of its regions at most dl_imprints_most()
 *
 * Others are halved or dropped for it. One with its number stays as it is.
 * Return: false: there is no room for any.
 */
bool dl_imprints_add(struct dl_imprints *s, const struct dl_imprint *im);

/* If there is one of @id. */
void dl_imprints_drop(struct dl_imprints *s, u64 id);

/* The youngest that fit in @most bytes: where they begin, and *@bytes of them. */
const void *dl_imprints_youngest(const struct dl_imprints *s, size_t most,
				 size_t *bytes);

#endif
