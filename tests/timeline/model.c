// SPDX-License-Identifier: GPL-2.0
/*
 * What a volume must hold, see model.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "model.h"

#define IMAGE_BYTES	((size_t)ORIGIN_MAX * SECTOR_BYTES)

static size_t bytes_of(uint32_t sectors)
{
	return (size_t)sectors * SECTOR_BYTES;
}

const char *snap_line_parse(const char *text, struct snap_line *line)
{
	unsigned long long id, seq, time_ns;
	unsigned int views;
	int at = 0;

	memset(line, 0, sizeof(*line));
	if (sscanf(text, "%llu %llu %llu %u %63s%n", &id, &seq, &time_ns,
		   &views, line->name, &at) != 5 || text[at] != '\n')
		return NULL;
	line->id = id;
	line->seq = seq;
	line->time_ns = time_ns;
	line->views = views;
	return text + at + 1;
}

void model_init(struct model *m)
{
	memset(m, 0, sizeof(*m));
	m->cur = xalloc_pages(IMAGE_BYTES);
	m->durable = xalloc_pages(IMAGE_BYTES);
}

void model_exit(struct model *m)
{
	unsigned int i;

	for (i = 0; i <= MAX_SNAPS; i++)
		free(m->snaps[i].copy);
	free(m->cur);
	free(m->durable);
}

void model_begin(struct model *m, uint64_t seed, uint32_t sectors, bool zeros)
{
	m->seed = seed;
	m->sectors = sectors;
	m->nr_changes = m->nr_snaps = 0;
	m->last_id = m->last_seq = 0;
	m->rewound = m->unsettled = false;
	if (zeros)
		memset(m->cur, 0, bytes_of(sectors));
	else
		stamp_fill(m->cur, seed, 0, sectors, 0);
	memcpy(m->durable, m->cur, bytes_of(sectors));
}

void model_maybe_change(struct model *m, const struct op *op)
{
	if (m->nr_changes == MAX_CHANGES)
		die("more than %u changes without a flush", MAX_CHANGES);
	m->changes[m->nr_changes].first = op->first;
	m->changes[m->nr_changes].n = op->n;
	m->changes[m->nr_changes++].val = op_value(op);
}

void model_change(struct model *m, const struct op *op)
{
	char *at = m->cur + bytes_of(op->first);

	model_maybe_change(m, op);
	if (op_value(op) == VAL_ZERO)
		memset(at, 0, bytes_of(op->n));
	else
		stamp_fill(at, m->seed, op->first, op->n, op->id);
}

void model_durable(struct model *m)
{
	const struct change *c;

	for (c = m->changes; c < m->changes + m->nr_changes; c++)
		memcpy(m->durable + bytes_of(c->first),
		       m->cur + bytes_of(c->first), bytes_of(c->n));
	m->nr_changes = 0;
}

void model_settle(struct model *m, const char *seen)
{
	memcpy(m->cur, seen, bytes_of(m->sectors));
	memcpy(m->durable, seen, bytes_of(m->sectors));
	m->nr_changes = 0;
}

void model_rewind(struct model *m, const struct snap *to)
{
	/* It takes one more id than that of the snapshot it makes. */
	m->last_id++;
	m->rewound = m->unsettled = true;
	model_settle(m, to->copy);
}

struct snap *model_snap(struct model *m, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < m->nr_snaps; i++)
		if (m->snaps[i].is.id == id)
			return &m->snaps[i];
	return NULL;
}

struct snap *model_snap_named(struct model *m, const char *name)
{
	unsigned int i;

	for (i = 0; i < m->nr_snaps; i++)
		if (!strcmp(m->snaps[i].is.name, name))
			return &m->snaps[i];
	return NULL;
}

struct snap *model_add(struct model *m, const struct snap_line *line,
		       uint32_t op, const char *image, const char **why)
{
	struct snap *snap = &m->snaps[m->nr_snaps];

	*why = NULL;
	if (m->nr_snaps > MAX_SNAPS)
		die("more than %u snapshots", MAX_SNAPS);
	if (line->id <= m->last_id && m->last_id)
		*why = "an id that was used before, or not in order";
	if (line->seq < m->last_seq)
		*why = "a sequence number from before the last snapshot";
	if (*why)
		return NULL;
	m->last_id = line->id;
	m->last_seq = line->seq;
	if (!snap->copy)
		snap->copy = xalloc_pages(IMAGE_BYTES);
	memcpy(snap->copy, image, bytes_of(m->sectors));
	snap->is = *line;
	snap->made_by = op;
	m->nr_snaps++;
	return snap;
}

void model_remove(struct model *m, struct snap *snap)
{
	struct snap gone = *snap;

	m->nr_snaps--;
	memmove(snap, snap + 1, (size_t)(m->snaps + m->nr_snaps - snap) *
		sizeof(*snap));
	m->snaps[m->nr_snaps] = gone;
}

uint32_t model_value(const struct model *m, const char *image,
		     uint32_t sector)
{
	return stamp_read(image + bytes_of(sector), m->seed, sector);
}
