// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for arrays in pieces. See pieces.h.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "pieces.h"

#define FIRST_PIECES_SHIFT	6	/* about so many at first, as a power */
#define LEAST_SHIFT		6	/* elements of a piece, at least */

static u32 pieces_of(const struct dl_pieces *p, u32 nr)
{
	return ((u64)nr + p->mask) >> p->shift;
}

static int add(struct dl_pieces *p, u32 from, u32 to, size_t size)
{
	u32 i;

	for (i = from; i < to; i++) {
		p->at[i] = kvzalloc(size << p->shift, GFP_KERNEL);
		if (!p->at[i])
			break;
		cond_resched();
	}
	if (i == to)
		return 0;
	while (i-- > from) {
		kvfree(p->at[i]);
		p->at[i] = NULL;
	}
	return -ENOMEM;
}

int dl_pieces_init(struct dl_pieces *p, u32 nr, size_t size)
{
	int ret;

	p->shift = max(order_base_2(nr), FIRST_PIECES_SHIFT + LEAST_SHIFT) -
		   FIRST_PIECES_SHIFT;
	p->mask = (1U << p->shift) - 1;
	p->at = kvcalloc(DL_PIECES_MAX, sizeof(*p->at), GFP_KERNEL);
	if (!p->at)
		return -ENOMEM;
	ret = add(p, 0, pieces_of(p, nr), size);
	if (!ret)
		p->nr = nr;
	return ret;
}

int dl_pieces_grow(struct dl_pieces *p, u32 more, size_t size)
{
	int ret;

	if (more > U32_MAX - p->nr || pieces_of(p, p->nr + more) > DL_PIECES_MAX)
		return -E2BIG;
	ret = add(p, pieces_of(p, p->nr), pieces_of(p, p->nr + more), size);
	if (ret)
		return ret;
	/* Pairs with the acquire in dl_pieces_nr(). */
	smp_store_release(&p->nr, p->nr + more);
	return 0;
}

void dl_pieces_exit(struct dl_pieces *p)
{
	u32 i;

	for (i = 0; p->at && i < DL_PIECES_MAX; i++)
		kvfree(p->at[i]);
	kvfree(p->at);
	memset(p, 0, sizeof(*p));
}

u64 dl_pieces_bytes(const struct dl_pieces *p, size_t size)
{
	u64 n = p->nr ? pieces_of(p, p->nr) : 0;

	return n * (size << p->shift) +
	       (p->at ? DL_PIECES_MAX * sizeof(*p->at) : 0);
}
