/* SPDX-License-Identifier: GPL-2.0 */
/* A static array as one in pieces, the last piece first. */
#ifndef IN_PIECES_H
#define IN_PIECES_H

#include "pieces.h"
#include "unit.h"

#define PIECES(n)	(((n) + DL_PIECE - 1) >> DL_PIECE_SHIFT)

/* @memory: PIECES(@nr) times DL_PIECE elements of @size bytes; @at: PIECES(@nr). */
static inline void pieces_init(struct dl_pieces *p, void **at, void *memory,
			       u32 nr, size_t size)
{
	u32 i, n = PIECES(nr);

	for (i = 0; i < n; i++)
		at[i] = (char *)memory + ((n - 1 - i) * size << DL_PIECE_SHIFT);
	*p = (struct dl_pieces) { .at = at, .nr = nr, .max = n };
}

#endif
