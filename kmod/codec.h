/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compression of pages that are recorded whole.
 *
 * A page is compressed when it is about to be put into a frame, so of one that is
 * written over in the open frame, or recorded as a delta, nothing is compressed in
 * vain. It is made from a copy: a program may go on writing to the buffer of a
 * direct write, and LZ4 would then refer to bytes that it did not store.
 *
 * What does not become smaller costs a try, so where tries failed few are made: a
 * region that had one waits for twice as many pages after each, up to 31; one that
 * pays begins anew.
 *
 * Locks: a bench is guarded by its lock, which nests in a shard's, and is held for
 * as long as what is on it is used. There are enough of them that nobody waits, as
 * long as who holds a spinlock stays on his processor.
 *
 * Memory: sizeof(struct dl_bench) for each processor, at most DL_BENCHES of them,
 * and DL_CODEC_REGIONS bytes.
 */
#ifndef DL_CODEC_H
#define DL_CODEC_H

#include <linux/lz4.h>
#include <linux/spinlock.h>

#include "core/format.h"

#define DL_BENCHES		16u
#define DL_CODEC_REGIONS	4096u

/* Where a page is worked on. */
struct dl_bench {
	spinlock_t lock;	/* all of it */
	u8 page[DL_PAGE_BYTES] __aligned(8);
	u8 packed[DL_PAGE_BYTES] __aligned(8);
	u8 work[LZ4_MEM_COMPRESS] __aligned(8);
};

struct dl_codec {
	struct dl_bench *benches;
	u32 nr;
	u32 accel;		/* of LZ4; 0: pages are stored plainly. READ_ONCE */
	u8 *fails;		/* by region: pages to skip | log2(of how many) << 5 */
};

/* Context: process, may sleep. Return: 0 or -ENOMEM; dl_codec_exit() either way. */
int dl_codec_init(struct dl_codec *c);
void dl_codec_exit(struct dl_codec *c);
u64 dl_codec_bytes(const struct dl_codec *c);

/* A bench, locked: for dl_bench_put(). Context: process or a shard locked. */
struct dl_bench *dl_bench_get(struct dl_codec *c);
void dl_bench_put(struct dl_bench *b);

/* Is compressing @page worth a try? Counts, if it is not. */
bool dl_codec_try(struct dl_codec *c, u64 page);

/**
 * dl_codec_pack() - compress what is in bench->page, to bench->packed
 * @c: codec
 * @b: bench
 * @page: whose content it is
 *
 * Context: the bench locked.
 * Return: sectors that it takes, 1 to 7, and the rest of the last is zeros; 0: it
 * does not become smaller.
 */
u8 dl_codec_pack(struct dl_codec *c, struct dl_bench *b, u64 page);

/**
 * dl_codec_unpack() - what a payload stored with a codec says
 * @codec: DL_CODEC_*, not NONE
 * @stored: the payload, whose checksum is right
 * @sectors: how long it is
 * @to: out: DL_PAGE_BYTES, elsewhere
 *
 * Context: any. Return: 0, or -EBADMSG: it was not made by dl_codec_pack(), and
 * @to holds anything.
 */
int dl_codec_unpack(u8 codec, const void *stored, u8 sectors, void *to);

/* The same with the payload in @page, which then holds what it says. */
int dl_codec_unpack_in_place(struct dl_codec *c, u8 codec, u8 sectors,
			     void *page);

#endif
