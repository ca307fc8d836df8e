/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes recorded as deltas: only what is new in a page, against what it held.
 *
 * A chain begins when a page that lies whole in the log, and in memory with it, is
 * written and its region's level says so; from then on its entry in the map is
 * the newest delta and what they make of the page is in memory (chain.h). It ends
 * when the page is written whole, when the horizon passes its newest delta, or
 * when what it has made of the page is logged, whole, as a record that says nothing
 * new (DL_DESC_SAME). That is done
 *
 *  - before the horizon passes where it began, but not its newest delta: nothing
 *    above a horizon may lean on what is below, but for the origin;
 *  - before what it has made becomes past that a snapshot needs: a version has
 *    one payload. So in a window, where every sequence is kept, there are none;
 *  - where a run of zeros hides some of it.
 *
 * The entry keeps its sequence then: its content is what it was.
 */
#ifndef DL_SUBPAGE_H
#define DL_SUBPAGE_H

#include "grain.h"
#include "history.h"

/* A write to one page, its shard locked. */
struct dl_subwrite {
	struct bio *bio;
	struct bvec_iter *iter;	/* advances if the write is taken */
	u64 page;
	struct dl_shard *sh;
	u32 bucket;
	u32 old;		/* what dl_pmap_find() says of its sectors */
	u8 first, sectors;
	struct dl_grained how;
};

/**
 * dl_subpage_write() - record what a write changes, if that is possible
 * @v: volume
 * @w: write; @w->old is an entry
 * @b: batch
 *
 * Context: the shard locked.
 * Return: 1: done; 0: it is to be recorded as usual, and what @w->old was stays
 * where it is or is whole in the log now; -EAGAIN: there is no room.
 */
int dl_subpage_write(struct dl_volume *v, struct dl_subwrite *w,
		     struct dl_batch *b);

/**
 * dl_subpage_end() - see to it that an entry is no delta when it is replaced
 * @v: volume
 * @idx: entry; nothing is done if it is none
 * @all: of the page, all is replaced
 * @b: batch
 *
 * Context: the shard locked. Return: 0 or -EAGAIN.
 */
int dl_subpage_end(struct dl_volume *v, u32 idx, bool all, struct dl_batch *b);

/**
 * dl_subpage_settle() - log whole what chains have made of their pages
 * @v: volume
 * @base: those that began at or below it
 * @above: and whose newest delta is above it
 *
 * No other such chain is there when this returns, and none comes.
 * Context: process, may sleep. Return: as dl_preserve(). Not durable yet.
 */
int dl_subpage_settle(struct dl_volume *v, u64 base, u64 above);

/* The same for entry @idx of @page, if it is a delta. */
int dl_subpage_whole(struct dl_volume *v, u64 page, u32 idx);

/**
 * dl_subpage_again() - log what a page holds once more, as if it was written now
 * @v: volume
 * @page: page
 * @idx: its entry, of a whole page
 * @was: what the entry was: nothing is done if it is something else by now
 * @stored: its payload as it is stored; not looked at if the entry is a delta
 * @b: batch
 *
 * The entry is the new record from here on. For who knows that no snapshot needs
 * the old one.
 * Context: the shard locked. Return: its sequence, or 0: nothing has changed.
 */
u64 dl_subpage_again(struct dl_volume *v, u64 page, u32 idx,
		     const struct dl_pval *was, const void *stored,
		     struct dl_batch *b);

/* Copy what a chain has made of a page, if the entry is still that delta. */
bool dl_subpage_copy(struct dl_volume *v, u64 page, u32 idx, u64 seq, void *to);

/* Have what it takes to write deltas. Context: process, may sleep. */
int dl_subpage_on(struct dl_volume *v);

#endif
