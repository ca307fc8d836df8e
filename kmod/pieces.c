// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for arrays in pieces. See pieces.h.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "pieces.h"

#define GROWTH		16u	/* so many times as large as it was made */
#define LEAST_MAX	1024u	/* pieces that there is room for, at least */

static u32 pieces_of(u32 nr)
{
	return ((u64)nr + DL_PIECE - 1) >> DL_PIECE_SHIFT;
}

/* To the page, and where the kernel's large pages are, if that can be had. */
static void *alloc_piece(size_t size)
{
	size_t bytes = size << DL_PIECE_SHIFT;
	void *p = alloc_pages_exact(bytes, GFP_KERNEL | __GFP_ZERO |
				    __GFP_NORETRY | __GFP_NOWARN);

	return p ?: vzalloc(bytes);
}

static void free_piece(void *p, size_t size)
{
	if (is_vmalloc_addr(p))
		vfree(p);
	else if (p)
		free_pages_exact(p, size << DL_PIECE_SHIFT);
}

static int add(struct dl_pieces *p, u32 from, u32 to, size_t size)
{
	u32 i;

	for (i = from; i < to; i++) {
		if (!p->at[i])
			p->at[i] = alloc_piece(size);
		if (!p->at[i])
			return -ENOMEM;
		cond_resched();
	}
	return 0;
}

int dl_pieces_init(struct dl_pieces *p, u32 nr, size_t size)
{
	u32 n = pieces_of(nr);
	int ret;

	p->max = clamp_t(u64, (u64)n * GROWTH, LEAST_MAX, pieces_of(U32_MAX));
	p->at = kvcalloc(p->max, sizeof(*p->at), GFP_KERNEL);
	if (!p->at)
		return -ENOMEM;
	ret = add(p, 0, n, size);
	if (!ret)
		p->nr = nr;
	return ret;
}

int dl_pieces_reserve(struct dl_pieces *p, u32 more, size_t size)
{
	if (more > U32_MAX - p->nr || pieces_of(p->nr + more) > p->max)
		return -E2BIG;
	return add(p, pieces_of(p->nr), pieces_of(p->nr + more), size);
}

void dl_pieces_grow(struct dl_pieces *p, u32 more)
{
	/* Pairs with the acquire in dl_pieces_nr(). */
	smp_store_release(&p->nr, p->nr + more);
}

void dl_pieces_exit(struct dl_pieces *p, size_t size)
{
	u32 i;

	for (i = 0; p->at && i < p->max; i++)
		free_piece(p->at[i], size);
	kvfree(p->at);
	memset(p, 0, sizeof(*p));
}

u64 dl_pieces_bytes(const struct dl_pieces *p, size_t size)
{
	u64 n = pieces_of(p->nr);

	return n * (size << DL_PIECE_SHIFT) + p->max * sizeof(*p->at);
}
