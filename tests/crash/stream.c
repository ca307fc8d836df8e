// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what was recorded, see stream.h.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../model/run.h"
#include "../model/util.h"
#include "record/dl_record.h"
#include "stream.h"

/* What a volatile cache holds, while the events are gone through in order. */
struct cache {
	uint32_t *done;		/* changes, in the order they were done */
	uint32_t nr_done;
	uint32_t nr_durable;	/* of these, from the front */
};

struct builder {
	struct stream *s;
	uint32_t max_changes, max_boundaries, max_marks, max_done;
	struct cache cache[NR_DEVS];
};

#define GROW(array, nr, max) do {					\
	if ((nr) == (max)) {						\
		(max) = (max) ? 2 * (max) : 1024;			\
		(array) = xrealloc((array), (max), sizeof(*(array)));	\
	}								\
} while (0)

static void add_boundary(struct builder *b, uint64_t time)
{
	struct stream *s = b->s;

	GROW(s->boundaries, s->nr_boundaries, b->max_boundaries);
	s->boundaries[s->nr_boundaries++] = time;
}

static void add_mark(struct builder *b, uint64_t number, uint64_t time)
{
	struct stream *s = b->s;

	GROW(s->marks, s->nr_marks, b->max_marks);
	s->marks[s->nr_marks++] = (struct mark){ number, time };
}

static uint32_t add_change(struct builder *b, const struct change *c)
{
	struct stream *s = b->s;
	unsigned int i;

	if (s->nr_changes == b->max_changes) {
		GROW(s->changes, s->nr_changes, b->max_changes);
		for (i = 0; i < NR_DEVS; i++)
			b->cache[i].done = xrealloc(b->cache[i].done,
				b->max_changes, sizeof(*b->cache[i].done));
	}
	s->changes[s->nr_changes] = *c;
	return s->nr_changes++;
}

static void change_done(struct builder *b, uint32_t i, uint64_t time)
{
	struct change *c = &b->s->changes[i];
	struct cache *cache = &b->cache[c->dev];

	c->done = time;
	if (c->fua) {
		c->durable = time;
		add_boundary(b, time);
		add_boundary(b, time + 1);
	}
	cache->done[cache->nr_done++] = i;
}

/* A flush that was submitted when @nr changes had been done, is done. */
static void flush_done(struct builder *b, unsigned int dev, uint32_t nr,
		       uint64_t time)
{
	struct cache *cache = &b->cache[dev];

	for (; cache->nr_durable < nr; cache->nr_durable++) {
		struct change *c =
			&b->s->changes[cache->done[cache->nr_durable]];

		if (c->durable > time)
			c->durable = time;
	}
	b->s->nr_flushes[dev]++;
	add_boundary(b, time);
	add_boundary(b, time + 1);
}

static int by_order(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->order < y->order ? -1 : x->order > y->order;
}

static void finish(struct builder *b)
{
	unsigned int i;

	qsort(b->s->changes, b->s->nr_changes, sizeof(*b->s->changes),
	      by_order);
	for (i = 0; i < NR_DEVS; i++)
		free(b->cache[i].done);
}

/* ---- the recorder ------------------------------------------------------- */

/* A request of which only the submission was seen so far. */
struct pending {
	uint64_t id;
	uint32_t value;		/* its change; of a flush: what was done then */
};

struct pendings {
	struct pending *list;
	uint32_t nr, max;
};

static void pending_add(struct pendings *p, uint64_t id, uint32_t value)
{
	GROW(p->list, p->nr, p->max);
	p->list[p->nr++] = (struct pending){ id, value };
}

static struct pending *pending_find(struct pendings *p, uint64_t id)
{
	uint32_t i;

	for (i = p->nr; i-- > 0;)
		if (p->list[i].id == id)
			return &p->list[i];
	return NULL;
}

static void pending_drop(struct pendings *p, struct pending *gone)
{
	*gone = p->list[--p->nr];
}

static void one_event(struct builder *b, struct pendings *open,
		      const struct dl_record_event *e, uint64_t time,
		      const struct layout *l)
{
	struct pending *p;

	if (e->type == DL_RECORD_MARK) {
		add_mark(b, e->id, time);
		return;
	}
	if (e->number >= NR_DEVS)
		die("the recording names a device that is none: %u", e->number);
	if (e->type == DL_RECORD_SUBMIT && !e->sectors) {
		pending_add(open, e->id, b->cache[e->number].nr_done);
		return;
	}
	if (e->type == DL_RECORD_SUBMIT) {
		struct change c = {
			.submit = time, .done = NEVER, .durable = NEVER,
			.order = time, .dev = e->number,
			.at = l->start[e->number] + (uint32_t)e->sector,
			.sectors = e->sectors,
			.fua = e->flags & DL_RECORD_FUA,
			.data = e->flags & DL_RECORD_DATA ?
				(const char *)(e + 1) : NULL };

		if (e->flags & DL_RECORD_FLUSH)
			die("a flush with data reached a device");
		if (e->sector + e->sectors > l->sectors[e->number])
			die("a write beyond the end of a device");
		pending_add(open, e->id, add_change(b, &c));
		return;
	}
	p = pending_find(open, e->id);
	if (!p)
		return;		/* submitted before the recording began */
	if (e->type == DL_RECORD_RELEASE) {
		b->s->changes[p->value].order = time;
	} else if (!e->sectors) {
		if (!(e->flags & DL_RECORD_ERROR))
			flush_done(b, e->number, p->value, time);
		pending_drop(open, p);
	} else {
		if (!(e->flags & DL_RECORD_ERROR))
			change_done(b, p->value, time);
		pending_drop(open, p);
	}
}

void stream_from_recorder(struct stream *s, int fd, const struct layout *l)
{
	struct builder b = { .s = s };
	struct dl_record_state state;
	struct pendings open = { NULL, 0, 0 };
	uint64_t at = 0, time = 1;
	ssize_t n;

	memset(s, 0, sizeof(*s));
	if (ioctl(fd, DL_RECORD_STATE, &state))
		die("recorder: %s", strerror(errno));
	s->cut = state.overflow;
	s->buf = xcalloc(1, state.bytes);
	while (at < state.bytes) {
		n = pread(fd, s->buf + at, state.bytes - at, (off_t)at);
		if (n <= 0)
			die("recorder: %s", n ? strerror(errno) : "short read");
		at += (uint64_t)n;
	}
	for (at = 0; at + sizeof(struct dl_record_event) <= state.bytes; time++) {
		const struct dl_record_event *e =
			(const struct dl_record_event *)(s->buf + at);

		at += sizeof(*e);
		one_event(&b, &open, e, time, l);
		if (e->type == DL_RECORD_SUBMIT && (e->flags & DL_RECORD_DATA))
			at += (uint64_t)e->sectors * SECTOR_BYTES;
	}
	s->end = time;
	free(open.list);
	finish(&b);
}

/* ---- dm-log-writes ------------------------------------------------------ */

#define LW_MAGIC	0x6a736677736872ULL
#define LW_VERSION	1

enum { LW_FLUSH = 1, LW_FUA = 2, LW_DISCARD = 4, LW_MARK = 8 };

struct lw_super {
	uint64_t magic, version, nr_entries;
	uint32_t block_bytes;
};

struct lw_entry {
	uint64_t block, nr_blocks, flags, mark_bytes;
};

static void lw_read(int fd, void *to, uint64_t bytes, uint64_t at)
{
	char *p = to;
	ssize_t n;

	while (bytes) {
		n = pread(fd, p, bytes, (off_t)at);
		if (n <= 0)
			die("write log: %s", n ? strerror(errno) : "short read");
		p += n;
		at += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
}

static void lw_change(struct builder *b, const struct lw_entry *e,
		      uint32_t block_sectors, const char *data, uint64_t time,
		      const struct layout *l)
{
	uint64_t at = e->block * block_sectors;
	struct change c = {
		.submit = time, .done = NEVER, .durable = NEVER, .order = time,
		.at = (uint32_t)at,
		.sectors = (uint32_t)(e->nr_blocks * block_sectors),
		.dev = at >= l->start[DEV_LOG] ? DEV_LOG : DEV_ORIGIN,
		.fua = e->flags & LW_FUA,
		.data = e->flags & LW_DISCARD ? NULL : data };

	if (c.sectors)
		change_done(b, add_change(b, &c), time);
}

void stream_from_log_writes(struct stream *s, int fd, const struct layout *l)
{
	struct builder b = { .s = s };
	uint64_t i, total, at, bytes, time = 1;
	struct lw_super super;
	unsigned int dev;
	uint32_t unit;

	memset(s, 0, sizeof(*s));
	lw_read(fd, &super, sizeof(super), 0);
	if (le64toh(super.magic) != LW_MAGIC ||
	    le64toh(super.version) != LW_VERSION)
		die("write log: not a log of dm-log-writes");
	unit = le32toh(super.block_bytes);

	/* Its length is not written down: walk it once to know. */
	for (i = 0, at = unit; i < le64toh(super.nr_entries); i++) {
		struct lw_entry e;

		lw_read(fd, &e, sizeof(e), at);
		at += unit;
		if (!(le64toh(e.flags) & LW_DISCARD))
			at += le64toh(e.nr_blocks) * unit;
	}
	total = at;
	s->buf = xcalloc(1, total);
	lw_read(fd, s->buf, total, 0);

	for (i = 0, at = unit; i < le64toh(super.nr_entries); i++, time++) {
		struct lw_entry e;

		memcpy(&e, s->buf + at, sizeof(e));
		e.block = le64toh(e.block);
		e.nr_blocks = le64toh(e.nr_blocks);
		e.flags = le64toh(e.flags);
		e.mark_bytes = le64toh(e.mark_bytes);
		bytes = e.flags & LW_DISCARD ? 0 : e.nr_blocks * unit;
		if (e.flags & LW_MARK) {
			char text[24] = "";

			if (e.mark_bytes < sizeof(text))
				memcpy(text, s->buf + at + sizeof(e),
				       e.mark_bytes);
			add_mark(&b, strtoull(text, NULL, 10), time);
		}
		if (e.flags & LW_FLUSH)
			for (dev = 0; dev < NR_DEVS; dev++)
				flush_done(&b, dev, b.cache[dev].nr_done, time);
		lw_change(&b, &e, unit / SECTOR_BYTES, s->buf + at + unit, time,
			  l);
		at += unit + bytes;
	}
	s->end = time;
	finish(&b);
}

/* ---- both --------------------------------------------------------------- */

void stream_exit(struct stream *s)
{
	free(s->changes);
	free(s->boundaries);
	free(s->marks);
	free(s->buf);
	memset(s, 0, sizeof(*s));
}

void stream_times(const struct stream *s, struct history *h)
{
	uint32_t i;

	for (i = 0; i < h->nr_ops; i++)
		h->ops[i].start = h->ops[i].end = NEVER;
	for (i = 0; i < s->nr_marks; i++) {
		uint64_t id = s->marks[i].number >> 1;
		struct op *op;

		if (id < h->first_id || id - h->first_id >= h->nr_ops)
			continue;
		op = &h->ops[id - h->first_id];
		if (s->marks[i].number & 1)
			op->end = s->marks[i].time;
		else
			op->start = s->marks[i].time;
	}
}

uint64_t stream_mark(const struct stream *s, uint64_t number)
{
	uint32_t i;

	for (i = 0; i < s->nr_marks; i++)
		if (s->marks[i].number == number)
			return s->marks[i].time;
	return NEVER;
}

static void print_time(FILE *f, const char *what, uint64_t time)
{
	if (time != NEVER)
		fprintf(f, " %s %llu", what, (unsigned long long)time);
}

void stream_print(const struct stream *s, const struct layout *l, FILE *f)
{
	uint32_t i;

	for (i = 0; i < s->nr_changes; i++) {
		const struct change *c = &s->changes[i];
		uint32_t word[4] = { 0 };

		if (c->data)
			memcpy(word, c->data, sizeof(word));
		fprintf(f, "# %s %u+%u%s: submitted %llu",
			c->dev == DEV_LOG ? "log" : "origin",
			c->at - l->start[c->dev], c->sectors,
			!c->data ? " zeros" : c->fua ? " FUA" : "",
			(unsigned long long)c->submit);
		print_time(f, "released", c->order == c->submit ? NEVER :
							     c->order);
		print_time(f, "done", c->done);
		print_time(f, "durable", c->durable);
		if (c->data)
			fprintf(f, "; %08x %08x %08x %08x", word[0], word[1],
				word[2], word[3]);
		fputc('\n', f);
	}
}
