/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stamped sectors: every 512 bytes that a test writes say which write they are
 * from, so that after a crash each sector names the one write it shows.
 *
 * A sector is a header {magic, seed, sector, id} and a fill that follows from
 * it. Three kinds of fill take turns from write to write: random, the same for
 * every write of a sector (so that two versions differ in a few bytes only; three
 * in five are), and zeros (so that it compresses).
 */
#ifndef DLT_STAMP_H
#define DLT_STAMP_H

#include <stddef.h>
#include <stdint.h>

#define SECTOR_BYTES	512u
#define PAGE_SECTORS	8u

/*
 * What a sector shows: the id of a write (0 is the content the origin had
 * before the log), or one of these.
 */
#define VAL_ZERO	0xffffffffu	/* all zeros */
#define VAL_ALIEN	0xfffffffeu	/* nothing any write of this run wrote */
#define VAL_ERROR	0xfffffffdu	/* could not be read */
#define VAL_ANY		0xfffffffcu	/* not to be judged */
#define VAL_MAX_ID	0xfffffff0u

/* Write the stamp of write @id at @sector into the 512 bytes at @buf. */
void stamp_make(void *buf, uint64_t seed, uint64_t sector, uint32_t id);

/* The same for @n sectors from @sector on. */
void stamp_fill(void *buf, uint64_t seed, uint64_t sector, uint32_t n,
		uint32_t id);

/* What the sector at @buf shows; every byte of it is checked. */
uint32_t stamp_read(const void *buf, uint64_t seed, uint64_t sector);

/* Say in words what the sector at @buf holds; @out is NUL terminated. */
void stamp_describe(const void *buf, uint64_t seed, uint64_t sector,
		    char *out, size_t size);

/* A value in words: "write 17", "zeros", "the origin's first content". */
const char *stamp_value_text(uint32_t val, char *out, size_t size);

#endif
