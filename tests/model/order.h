/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Can pieces of writes be put in an order? Given edges "this piece came before
 * that one", found where two writes that overlap in time wrote the same sector,
 * the order of a write's own pieces, and the order in time of whole writes.
 */
#ifndef DLT_ORDER_H
#define DLT_ORDER_H

#include "history.h"

struct order;

struct order *order_new(const struct history *h);
void order_free(struct order *o);
void order_reset(struct order *o);

/* The piece of @a that holds @sector came before that of @b. */
void order_add(struct order *o, const struct op *a, const struct op *b,
	       uint32_t sector);

/* True if all that was added can be satisfied. */
bool order_exists(struct order *o);

/* After order_exists() said no: sectors of edges that are in the way; their
 * number, at most @max.
 */
uint32_t order_stuck_sectors(const struct order *o, uint32_t *sector,
			     uint32_t max);
/* One of those edges. */
void order_culprit(const struct order *o, const struct op **a,
		   const struct op **b, uint32_t *sector);

#endif
