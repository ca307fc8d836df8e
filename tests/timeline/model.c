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

	for (i = 0; i < sizeof(m->snaps) / sizeof(m->snaps[0]); i++)
		free(m->snaps[i].copy);
	for (i = 0; i < MAX_TALES; i++)
		free(m->tales[i].base);
	for (i = 0; i < MAX_INSTANTS; i++)
		free(m->instants[i].copy);
	free(m->cur);
	free(m->durable);
}

void model_begin(struct model *m, uint64_t seed, uint32_t sectors, bool zeros)
{
	m->seed = seed;
	m->sectors = sectors;
	m->nr_changes = m->nr_snaps = 0;
	m->nr_instants = m->nr_since = 0;
	m->last_id = m->last_seq = m->last_instant = m->told_id = 0;
	m->rewound = m->unsettled = false;
	model_hush(m);
	if (zeros)
		memset(m->cur, 0, bytes_of(sectors));
	else
		stamp_fill(m->cur, seed, 0, sectors, 0);
	memcpy(m->durable, m->cur, bytes_of(sectors));
}

/* ---- tales -------------------------------------------------------------- */

/* It begins with what is durable: whoever comes later holds that at least. */
static void begin_tale(struct model *m)
{
	struct tale *t;

	if (m->nr_tales == MAX_TALES) {
		struct tale first = m->tales[0];

		memmove(m->tales, m->tales + 1,
			(MAX_TALES - 1) * sizeof(first));
		m->tales[--m->nr_tales] = first;
		m->untold = true;
	}
	t = &m->tales[m->nr_tales++];
	if (!t->base)
		t->base = xalloc_pages(IMAGE_BYTES);
	memcpy(t->base, m->durable, bytes_of(m->sectors));
	memcpy(t->is, m->changes, m->nr_changes * sizeof(*t->is));
	t->nr = m->nr_changes;
}

void model_hush(struct model *m)
{
	m->nr_tales = 0;
	m->untold = false;
}

void model_tell(struct model *m)
{
	model_hush(m);
	m->told_id = m->last_id;
	begin_tale(m);
}

bool model_tale_is_long(const struct model *m)
{
	return m->nr_tales && m->tales[m->nr_tales - 1].nr > MAX_CHANGES - 60;
}

static void tell(struct model *m, const struct change *c)
{
	struct tale *t = &m->tales[m->nr_tales - 1];

	if (!m->nr_tales)
		return;
	if (t->nr == MAX_CHANGES)
		m->untold = true;
	else
		t->is[t->nr++] = *c;
}

bool model_told(const struct model *m, const char *seen, uint32_t *bad,
		char *why, size_t size)
{
	unsigned int i;

	for (i = m->nr_tales; i > 0; i--) {
		const struct tale *t = &m->tales[i - 1];
		struct moment mo = { .base = t->base, .changes = t->is,
				     .nr = t->nr };

		if (moment_find(m, &mo, seen, bad, why, size))
			return true;
	}
	return m->untold;
}

/* ---- the volume --------------------------------------------------------- */

static void add_change(struct model *m, const struct op *op)
{
	if (m->nr_changes == MAX_CHANGES)
		die("more than %u changes without a flush", MAX_CHANGES);
	m->changes[m->nr_changes].first = op->first;
	m->changes[m->nr_changes].n = op->n;
	m->changes[m->nr_changes++].val = op_value(op);
	tell(m, &m->changes[m->nr_changes - 1]);
}

void model_maybe_change(struct model *m, const struct op *op)
{
	add_change(m, op);
	m->last_instant = 0;
}

void model_change(struct model *m, const struct op *op)
{
	char *at = m->cur + bytes_of(op->first);

	add_change(m, op);
	if (m->nr_since == MAX_SINCE)
		m->last_instant = 0;
	if (m->last_instant)
		m->since[m->nr_since++] = m->changes[m->nr_changes - 1];
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
	m->last_instant = 0;
	if (m->nr_tales)
		begin_tale(m);
}

void model_rewind(struct model *m, const char *image)
{
	/* It takes one more id than that of the snapshot it makes. */
	m->last_id++;
	m->rewound = m->unsettled = true;
	model_settle(m, image);
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

/* Number @at, and those from there on move up. */
static struct snap *insert(struct model *m, unsigned int at,
			   const struct snap_line *line, uint32_t op,
			   const char *image)
{
	struct snap new = m->snaps[m->nr_snaps];

	if (line->id > m->last_id)
		m->last_id = line->id;
	if (!new.copy)
		new.copy = xalloc_pages(IMAGE_BYTES);
	memcpy(new.copy, image, bytes_of(m->sectors));
	new.is = *line;
	new.made_by = op;
	new.ruled = new.doomed = false;
	new.seen_ns = 0;
	memmove(&m->snaps[at + 1], &m->snaps[at],
		(m->nr_snaps - at) * sizeof(new));
	m->snaps[at] = new;
	m->nr_snaps++;
	return &m->snaps[at];
}

static const char *used_id(const struct model *m, const struct snap_line *line)
{
	if (m->nr_snaps > MAX_SNAPS + MAX_RULED)
		die("more than %u snapshots", MAX_SNAPS + MAX_RULED);
	return line->id <= m->last_id && m->last_id ?
		"an id that was used before, or not in order" : NULL;
}

struct snap *model_add(struct model *m, const struct snap_line *line,
		       uint32_t op, const char *image, const char **why)
{
	*why = used_id(m, line);
	if (line->seq < m->last_seq)
		*why = "a sequence number from before the last snapshot";
	if (*why)
		return NULL;
	m->last_seq = line->seq;
	return insert(m, m->nr_snaps, line, op, image);
}

struct snap *model_adopt(struct model *m, unsigned int at,
			 const struct snap_line *line, uint32_t op,
			 uint64_t now_ns, const char *image, const char **why)
{
	struct snap *snap;

	/* Others may have been made since, and seen before. */
	*why = line->id <= m->told_id || model_snap(m, line->id) ?
		"an id that was used before" : NULL;
	if (m->nr_snaps >= MAX_SNAPS + MAX_RULED)
		die("more than %u snapshots", MAX_SNAPS + MAX_RULED);
	if (*why)
		return NULL;
	snap = insert(m, at, line, op, image);
	snap->ruled = true;
	snap->seen_ns = now_ns;
	return snap;
}

struct snap *model_pick(struct model *m, const struct snap_line *line,
			uint32_t op, const struct instant *in,
			const char **why)
{
	unsigned int at = m->nr_snaps;

	*why = used_id(m, line);
	if (line->seq != in->seq)
		*why = "another sequence number";
	if (!line->time_ns || line->time_ns > in->time_ns)
		*why = "a time that is not that of the moment";
	if (*why)
		return NULL;
	while (at && m->snaps[at - 1].is.seq > line->seq)
		at--;
	return insert(m, at, line, op, in->copy);
}

void model_remove(struct model *m, struct snap *snap)
{
	struct snap gone = *snap;

	m->nr_snaps--;
	memmove(snap, snap + 1, (size_t)(m->snaps + m->nr_snaps - snap) *
		sizeof(*snap));
	m->snaps[m->nr_snaps] = gone;
}

unsigned int model_named(const struct model *m)
{
	unsigned int i, n = 0;

	for (i = 0; i < m->nr_snaps; i++)
		n += !m->snaps[i].ruled;
	return n;
}

struct snap *model_nth_named(struct model *m, unsigned int i)
{
	struct snap *snap = m->snaps;

	while (snap->ruled || i--)
		snap++;
	return snap;
}

uint32_t model_value(const struct model *m, const char *image,
		     uint32_t sector)
{
	return stamp_read(image + bytes_of(sector), m->seed, sector);
}

/* ---- instants ----------------------------------------------------------- */

struct instant *model_note(struct model *m, unsigned int slot, uint64_t seq,
			   uint64_t time_ns, uint32_t op)
{
	struct instant *in = model_instant_at(m, seq);

	if (in) {
		m->last_instant = seq;
		m->nr_since = 0;
		if (time_ns < in->time_ns)
			in->time_ns = time_ns;
		return in;
	}
	in = &m->instants[slot];
	if (slot == m->nr_instants)
		m->nr_instants++;
	if (!in->copy)
		in->copy = xalloc_pages(IMAGE_BYTES);
	memcpy(in->copy, m->cur, bytes_of(m->sectors));
	in->seq = seq;
	in->time_ns = time_ns;
	in->made_by = op;
	in->before = m->last_instant;
	in->nr_since = m->nr_since;
	memcpy(in->since, m->since, m->nr_since * sizeof(*m->since));
	m->last_instant = seq;
	m->nr_since = 0;
	return in;
}

struct instant *model_instant_at(struct model *m, uint64_t seq)
{
	unsigned int i;

	for (i = 0; i < m->nr_instants; i++)
		if (m->instants[i].seq == seq)
			return &m->instants[i];
	return NULL;
}

struct instant *model_instant(struct model *m, const char *name)
{
	return *name == '@' ?
		model_instant_at(m, strtoull(name + 1, NULL, 10)) : NULL;
}

const char *model_image(struct model *m, const char *name)
{
	const struct instant *in = model_instant(m, name);

	return in ? in->copy : model_snap_named(m, name)->copy;
}
