// SPDX-License-Identifier: GPL-2.0
/*
 * See nonce.h.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "nonce.h"

#define FRAME_MAGIC	0x4d524644u	/* kmod/core/format.h */
#define FRAME_SEALED	1u

struct frame {
	uint64_t epoch, segment;
	uint64_t begin, end;
};

static uint64_t get64(const char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint32_t get32(const char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static int order(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	if (x->epoch != y->epoch)
		return x->epoch < y->epoch ? -1 : 1;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

/* Offsets as in struct dl_disk_frame. */
static uint32_t take(const struct stream *s, const struct layout *l,
		     struct frame *f)
{
	uint32_t i, n = 0;

	for (i = 0; i < s->nr_changes; i++) {
		const struct change *c = &s->changes[i];

		if (c->dev != DEV_LOG || !c->data ||
		    get32(c->data) != FRAME_MAGIC ||
		    !(get32(c->data + 76) & FRAME_SEALED))
			continue;
		f[n].epoch = get64(c->data + 8);
		f[n].segment = get64(c->data + 24);
		f[n].begin = c->at - l->start[DEV_LOG];
		f[n].end = f[n].begin + get32(c->data + 88);
		n++;
	}
	return n;
}

uint32_t nonces_reused(const struct stream *s, const struct layout *l,
		       uint32_t *frames)
{
	struct frame *f = xcalloc(s->nr_changes + 1, sizeof(*f));
	uint32_t n = take(s, l, f), i, reused = 0;

	qsort(f, n, sizeof(*f), order);
	for (i = 1; i < n; i++)
		reused += f[i].epoch == f[i - 1].epoch &&
			f[i].segment == f[i - 1].segment &&
			f[i].begin < f[i - 1].end;
	free(f);
	*frames += n;
	return reused;
}
