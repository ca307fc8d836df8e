/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The naive oracle: every write, flush and discard of a run, with when it
 * started and when it was done, and which of them wrote each sector.
 *
 * Times are readings of one clock that all threads share, so that "A was done
 * before B started" is A.end < B.start. In a crash run the clock is the
 * position in the recorded stream of device writes: every start and every end
 * leaves a mark in that stream.
 */
#ifndef DLT_HISTORY_H
#define DLT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "stamp.h"

#define NEVER	UINT64_MAX

enum op_type {
	OP_WRITE,	/* plain: done once the volume holds it */
	OP_FUA,		/* a write that is durable once it is done */
	OP_DISCARD,	/* sectors read as zeros after it */
	OP_ZERO,	/* the same, by WRITE ZEROES */
	OP_FLUSH,	/* all that was done before it started is durable */
	OP_CONTROL,	/* something else done to the volume: no content */
};

struct op {
	uint64_t start;		/* NEVER: not reached */
	uint64_t end;		/* NEVER: not done, or failed */
	uint32_t id;		/* history.first_id + index */
	uint32_t sector;	/* OP_CONTROL: which */
	uint32_t sectors;
	uint32_t pause_us;	/* wait this long before it */
	uint8_t type;
	uint8_t thread;
	uint8_t pad[6];
};

struct history {
	uint64_t seed;		/* of the stamps */
	uint32_t sectors;	/* of the volume */
	uint32_t first_id;	/* > 0; ids are unique over a volume's life */
	uint32_t nr_ops;
	uint32_t nr_threads;
	struct op *ops;		/* by id; those of a thread in program order */
	uint32_t *base;		/* what each sector showed before */

	/* history_index(): the started writers of sector s, by start, are
	 * list[off[s]] .. list[off[s + 1] - 1]; max_end runs along with list:
	 * the latest end among the sector's writers up to there.
	 */
	uint32_t *off;
	uint32_t *list;
	uint64_t *max_end;
	uint32_t *piece_off;	/* pieces (pages) of the ops before op i */
	uint32_t nr_pieces;
};

static inline bool op_writes(const struct op *op)
{
	return op->type <= OP_ZERO;
}

static inline bool op_zeroes(const struct op *op)
{
	return op->type == OP_DISCARD || op->type == OP_ZERO;
}

static inline uint32_t op_first_page(const struct op *op)
{
	return op->sector / PAGE_SECTORS;
}

static inline uint32_t op_pages(const struct op *op)
{
	return (op->sector + op->sectors - 1) / PAGE_SECTORS -
		op_first_page(op) + 1;
}

/* Sectors of @op in its page number @i (from its first): [*from, *to). */
static inline void op_piece(const struct op *op, uint32_t i, uint32_t *from,
			    uint32_t *to)
{
	uint32_t page = (op_first_page(op) + i) * PAGE_SECTORS;
	uint32_t end = op->sector + op->sectors;

	*from = page > op->sector ? page : op->sector;
	*to = page + PAGE_SECTORS < end ? page + PAGE_SECTORS : end;
}

static inline const struct op *history_op(const struct history *h, uint32_t id)
{
	return id >= h->first_id && id - h->first_id < h->nr_ops ?
		&h->ops[id - h->first_id] : NULL;
}

/* An empty history of @nr_ops ops; base is all id 0. Exits on no memory. */
void history_init(struct history *h, uint64_t seed, uint32_t sectors,
		  uint32_t first_id, uint32_t nr_ops);
void history_exit(struct history *h);

/* Build the per-sector lists, once all starts and ends are known. */
void history_index(struct history *h);

/* True if no two ops overlap in time: the exact rule applies. */
bool history_is_serial(const struct history *h);

/* 0 or -1 with errno. */
int history_save(const struct history *h, FILE *f);
int history_load(struct history *h, FILE *f);

/* One line about an op, for reports. */
const char *op_text(const struct op *op, char *out, size_t size);

#endif
