/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The delta: what changed between two contents of a page, as places and what
 * they hold now. Never a difference: applied to the old content, the new one or
 * any mixture of their bytes it gives the new one, as often as one likes.
 *
 * A delta is a byte that tells its kind, and to its end what that kind has.
 * Places only rise. Numbers of more than a byte have the high bits first; v is a
 * byte of the page, u a unit of 64 of them, s a sector.
 *
 * DL_DELTA_BYTES: tokens, at least one. A gap counts bytes from the end of the
 * token before, at first from the start of the page.
 *
 *	00 to bf	the byte is the gap, 0 to 191	v
 *	110lllll gggggggg			l + 1 times v, gap g
 *	111lllll llllgggg gggggggg		l + 1 times v, gap g
 *
 * DL_DELTA_BITS: tokens, at least one. A gap counts bits from the one behind the
 * bit of the token before. Bit 0 of a byte is its lowest, v is what the bit is.
 *
 *	v0gggggg				one bit, gap g, 0 to 63
 *	v1gggggg gggggggg			one bit, gap 64 + g, to 16446
 *	ff ff					16447 bits are as they were; a token follows
 *
 * DL_DELTA_UNITS64: a mask of sectors, not 0; for each of these, the lowest
 * first, a mask of its units, not 0, and for each of these u.
 *
 * DL_DELTA_UNITS512: a mask of sectors, not 0; for each of these s.
 *
 * One content has many deltas; the encoder gives the shortest that it finds, and
 * whatever keeps these rules is taken. Documentation/format.md has examples.
 */
#ifndef DL_CORE_DELTA_H
#define DL_CORE_DELTA_H

#include "format.h"
#include "level.h"
#include "status.h"

#define DL_DELTA_MAX	2048u	/* bytes; a longer one is not worth it */

/* First byte of a delta; on disk, never reused. */
enum dl_delta_kind {
	DL_DELTA_BYTES = 1,
	DL_DELTA_BITS = 2,
	DL_DELTA_UNITS64 = 3,
	DL_DELTA_UNITS512 = 4,
};

/**
 * dl_delta_encode() - tell what changed, as shortly as the level allows
 * @out: room for DL_DELTA_MAX bytes
 * @old: DL_PAGE_BYTES, aligned to 8
 * @new: the same
 * @level: DL_LEVEL_BIT: any kind; another: whole units only
 * @sectors: out: mask of the sectors that changed, if the delta is not too long
 *
 * Neither page may change meanwhile: of one that does the delta is worth
 * nothing, though it stays within @out.
 * Context: any. Takes some 800 bytes of stack, with what it calls.
 * Return: bytes; 0 when nothing changed; DL_DELTA_MAX + 1 when it would take
 * more than DL_DELTA_MAX.
 */
u32 dl_delta_encode(u8 *out, const void *old, const void *new, u8 level,
		    u8 *sectors);

/**
 * dl_delta_check() - is it a delta?
 * @in: anything
 * @bytes: its length
 * @sectors: out: mask of the sectors it touches, 0 if it is none
 *
 * Checks everything that dl_delta_apply() relies on: the length; the kind; that
 * places lie within the page, in order; that no byte is missing or left over.
 * Context: any.
 * Return: DL_OK or DL_BAD_RECORD.
 */
enum dl_status dl_delta_check(const u8 *in, u32 bytes, u8 *sectors);

/**
 * dl_delta_apply() - make of @page what the delta tells
 * @page: DL_PAGE_BYTES: the old content, the new, or any mixture of their bytes
 * @in: anything
 * @bytes: its length
 *
 * Context: any.
 * Return: as dl_delta_check(); a delta that is refused changes nothing.
 */
enum dl_status dl_delta_apply(void *page, const u8 *in, u32 bytes);

#endif
