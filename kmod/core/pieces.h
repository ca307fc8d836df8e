/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An array in pieces of equal size, so that it can grow under who uses it: what
 * is there stays where it is.
 *
 * Ownership: the memory is the caller's (kmod/pieces.h). An element of a piece
 * that was added is reached through the caller's free list, behind a lock, or by
 * who goes through all of them up to dl_pieces_nr().
 */
#ifndef DL_CORE_PIECES_H
#define DL_CORE_PIECES_H

#include "dl_port.h"

#define DL_PIECE_SHIFT	10
#define DL_PIECE	(1u << DL_PIECE_SHIFT)	/* elements */

struct dl_pieces {
	void **at;
	u32 nr;			/* elements in use; only ever grows */
	u32 max;		/* pieces that @at has room for */
};

/* How many elements there are. Those below it may be looked at, by anybody. */
static inline u32 dl_pieces_nr(const struct dl_pieces *p)
{
	/* Pairs with the release of who adds pieces. */
	return smp_load_acquire(&p->nr);
}

/* Element @idx, of @size bytes each. */
static inline void *dl_pieces_elem(const struct dl_pieces *p, u32 idx,
				   size_t size)
{
	return (char *)p->at[idx >> DL_PIECE_SHIFT] +
	       (size_t)(idx & (DL_PIECE - 1)) * size;
}

#endif
