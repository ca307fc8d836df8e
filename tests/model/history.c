// SPDX-License-Identifier: GPL-2.0
/*
 * The oracle's memory, see history.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "util.h"

#define HISTORY_MAGIC	0x31545349484c44ULL	/* "DLHIST1" */

void history_init(struct history *h, uint64_t seed, uint32_t sectors,
		  uint32_t first_id, uint32_t nr_ops)
{
	uint32_t i;

	memset(h, 0, sizeof(*h));
	h->seed = seed;
	h->sectors = sectors;
	h->first_id = first_id;
	h->nr_ops = nr_ops;
	h->nr_threads = 1;
	h->ops = xcalloc(nr_ops, sizeof(*h->ops));
	h->base = xcalloc(sectors, sizeof(*h->base));
	for (i = 0; i < nr_ops; i++) {
		h->ops[i].id = first_id + i;
		h->ops[i].start = NEVER;
		h->ops[i].end = NEVER;
	}
}

static void index_free(struct history *h)
{
	free(h->off);
	free(h->list);
	free(h->max_end);
	free(h->piece_off);
	h->off = NULL;
	h->list = NULL;
	h->max_end = NULL;
	h->piece_off = NULL;
}

void history_exit(struct history *h)
{
	index_free(h);
	free(h->ops);
	free(h->base);
	memset(h, 0, sizeof(*h));
}

static int by_start(const void *a, const void *b)
{
	const struct op *x = *(const struct op *const *)a;
	const struct op *y = *(const struct op *const *)b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void history_index(struct history *h)
{
	const struct op **sorted = xcalloc(h->nr_ops, sizeof(*sorted));
	uint32_t i, s, nr = 0, *fill;
	uint64_t total = 0;

	index_free(h);
	h->off = xcalloc((size_t)h->sectors + 1, sizeof(*h->off));
	h->piece_off = xcalloc((size_t)h->nr_ops + 1, sizeof(*h->piece_off));
	for (i = 0; i < h->nr_ops; i++) {
		const struct op *op = &h->ops[i];

		h->piece_off[i + 1] = h->piece_off[i];
		if (!op_writes(op))
			continue;
		h->piece_off[i + 1] += op_pages(op);
		if (op->start == NEVER)
			continue;
		sorted[nr++] = op;
		total += op->sectors;
		for (s = op->sector; s < op->sector + op->sectors; s++)
			h->off[s + 1]++;
	}
	h->nr_pieces = h->piece_off[h->nr_ops];
	for (s = 0; s < h->sectors; s++)
		h->off[s + 1] += h->off[s];
	h->list = xcalloc(total, sizeof(*h->list));
	h->max_end = xcalloc(total, sizeof(*h->max_end));

	qsort(sorted, nr, sizeof(*sorted), by_start);
	fill = xcalloc(h->sectors, sizeof(*fill));
	for (i = 0; i < nr; i++) {
		const struct op *op = sorted[i];

		for (s = op->sector; s < op->sector + op->sectors; s++) {
			uint32_t at = h->off[s] + fill[s]++;

			h->list[at] = op->id - h->first_id;
			h->max_end[at] = op->end;
			if (at > h->off[s] && h->max_end[at - 1] > op->end)
				h->max_end[at] = h->max_end[at - 1];
		}
	}
	free(fill);
	free(sorted);
}

bool history_is_serial(const struct history *h)
{
	uint64_t last = 0;
	uint32_t i;

	for (i = 0; i < h->nr_ops; i++) {
		const struct op *op = &h->ops[i];

		if (op->start == NEVER)
			continue;
		/* Equal times are no order. */
		if (i && (op->start <= last || last == NEVER))
			return false;
		last = op->end;
	}
	return true;
}

struct history_head {
	uint64_t magic;
	uint64_t seed;
	uint32_t sectors;
	uint32_t first_id;
	uint32_t nr_ops;
	uint32_t nr_threads;
};

int history_save(const struct history *h, FILE *f)
{
	struct history_head head = {
		.magic = HISTORY_MAGIC,
		.seed = h->seed,
		.sectors = h->sectors,
		.first_id = h->first_id,
		.nr_ops = h->nr_ops,
		.nr_threads = h->nr_threads,
	};

	if (fwrite(&head, sizeof(head), 1, f) != 1 ||
	    fwrite(h->ops, sizeof(*h->ops), h->nr_ops, f) != h->nr_ops ||
	    fwrite(h->base, sizeof(*h->base), h->sectors, f) != h->sectors)
		return -1;
	return 0;
}

int history_load(struct history *h, FILE *f)
{
	struct history_head head;

	memset(h, 0, sizeof(*h));
	errno = EINVAL;
	if (fread(&head, sizeof(head), 1, f) != 1 ||
	    head.magic != HISTORY_MAGIC)
		return -1;
	history_init(h, head.seed, head.sectors, head.first_id, head.nr_ops);
	h->nr_threads = head.nr_threads;
	if (fread(h->ops, sizeof(*h->ops), h->nr_ops, f) != h->nr_ops ||
	    fread(h->base, sizeof(*h->base), h->sectors, f) != h->sectors) {
		history_exit(h);
		errno = EINVAL;
		return -1;
	}
	return 0;
}

const char *op_text(const struct op *op, char *out, size_t size)
{
	static const char *const name[] = {
		[OP_WRITE] = "write", [OP_FUA] = "FUA write",
		[OP_DISCARD] = "discard", [OP_ZERO] = "write-zeroes",
		[OP_FLUSH] = "flush", [OP_CONTROL] = "control",
	};
	int n = snprintf(out, size, "%s %u", name[op->type], op->id);

	if (op_writes(op) && n > 0 && (size_t)n < size)
		n += snprintf(out + n, size - (size_t)n, " of sectors %u+%u",
			      op->sector, op->sectors);
	if (n > 0 && (size_t)n < size && op->end == NEVER)
		snprintf(out + n, size - (size_t)n,
			 " (thread %u, from %llu, never done)", op->thread,
			 (unsigned long long)op->start);
	else if (n > 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n,
			 " (thread %u, from %llu to %llu)", op->thread,
			 (unsigned long long)op->start,
			 (unsigned long long)op->end);
	return out;
}
