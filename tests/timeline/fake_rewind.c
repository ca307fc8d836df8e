// SPDX-License-Identifier: GPL-2.0
/*
 * The fake's rewind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "fake_int.h"

static uint32_t nr_pages(const struct fake *f)
{
	return (f->sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;
}

static size_t page_bytes(const struct fake *f, uint32_t page)
{
	uint32_t n = f->sectors - page * PAGE_SECTORS;

	return fake_bytes(n < PAGE_SECTORS ? n : PAGE_SECTORS);
}

static bool page_same(const struct fake *f, const char *a, const char *b,
		      uint32_t page)
{
	size_t at = fake_bytes(page * PAGE_SECTORS);

	return !memcmp(a + at, b + at, page_bytes(f, page));
}

static void page_copy(const struct fake *f, char *to, const char *from,
		      uint32_t page)
{
	size_t at = fake_bytes(page * PAGE_SECTORS);

	memcpy(to + at, from + at, page_bytes(f, page));
}

static uint32_t pages_changed(const struct fake *f, const char *a,
			      const char *b)
{
	uint32_t nr = 0, i;

	for (i = 0; i < nr_pages(f); i++)
		nr += !page_same(f, a, b, i);
	return nr;
}

/* One page in which they differ, if there is one. */
static void leak(struct fake *f, char *to, const char *from)
{
	uint32_t at = rng_below(&f->r, nr_pages(f)), i, page;

	for (i = 0; i < nr_pages(f); i++) {
		page = (at + i) % nr_pages(f);
		if (page_same(f, to, from, page))
			continue;
		page_copy(f, to, from, page);
		return;
	}
}

/* A sector that is zero and shall not be becomes so in @to. */
static void leave_zero(struct fake *f, char *to, const char *from)
{
	static const char zeros[SECTOR_BYTES];
	uint32_t at = rng_below(&f->r, f->sectors), i;

	for (i = 0; i < f->sectors; i++) {
		size_t byte = fake_bytes((at + i) % f->sectors);

		if (memcmp(from + byte, zeros, SECTOR_BYTES) ||
		    !memcmp(to + byte, zeros, SECTOR_BYTES))
			continue;
		memset(to + byte, 0, SECTOR_BYTES);
		return;
	}
}

/* What the volume then holds; @was and @to are of the two snapshots. */
static void revert(struct fake *f, const char *was, const char *to)
{
	bool half = f->cut && f->fault == FAULT_REWIND_HALF;
	bool none = f->cut && f->fault == FAULT_REWIND_NAME;
	uint32_t i;

	for (i = 0; i < nr_pages(f) && !none; i++) {
		if (f->fault == FAULT_REWIND_LOG &&
		    page_same(f, f->cur, f->origin, i))
			continue;
		if (!half || i % 2)
			page_copy(f, f->cur, to, i);
	}
	if (f->fault == FAULT_REWIND_ZERO)
		leave_zero(f, f->cur, was);
	fake_forget(f);
	if (f->fault == FAULT_REWIND_UNDONE && !f->cut)
		return;
	memcpy(f->durable, f->cur, fake_bytes(f->sectors));
	f->durable_seq = f->seq;
}

static void spoil(struct fake *f, struct fake_snap *to, struct fake_snap *kept)
{
	struct fake_snap *between = to + 1;

	if (f->fault == FAULT_REWIND_KEPT)
		leak(f, kept->copy, to->copy);
	if (f->fault == FAULT_REWIND_TARGET)
		leak(f, to->copy, kept->copy);
	if (between == kept)
		return;
	if (f->fault == FAULT_REWIND_BETWEEN)
		leak(f, between->copy, to->copy);
	if (f->fault == FAULT_REWIND_LOSES) {
		free(between->copy);
		f->nr_snaps--;
		memmove(between, between + 1,
			(size_t)(kept - between) * sizeof(*between));
	}
}

/* The image of @name into @image; @to: the snapshot, or NULL. */
static int find_target(struct fake *f, const char *name, char *image,
		       struct fake_snap **to)
{
	uint64_t seq;
	int err;

	*to = fake_snaps_find(f, name);
	if (*to)
		memcpy(image, (*to)->copy, fake_bytes(f->sectors));
	if (*name != '@')
		return *to ? 0 : -ENOENT;
	err = fake_window_image(f, name, &seq, image);
	if (err)
		return err;
	if (f->fault == FAULT_REWIND_NOWHERE)
		memcpy(image, f->cur, fake_bytes(f->sectors));
	if (f->fault == FAULT_REWIND_MOMENT && f->undo[0].n)
		fake_put(image, &f->undo[0]);
	return 0;
}

static bool fits(struct fake *f, const char *image)
{
	uint32_t pages = pages_changed(f, f->cur, image);

	if (f->past + pages > (uint64_t)f->log / PAGE_SECTORS * 3 / 4) {
		if (f->fault == FAULT_REWIND_ROOM)
			leak(f, f->cur, image);
		return false;
	}
	f->past += pages;
	return true;
}

static int rewind_to(struct fake *f, const char *name, const char *kept,
		     char *image, char *reply)
{
	struct fake_snap *to;
	int err = find_target(f, name, image, &to);

	if (err)
		return err;
	if (fake_snaps_find(f, kept))
		return -EEXIST;
	if ((!f->suspended && f->fault != FAULT_REWIND_BUSY) ||
	    (f->pending_rewind && f->fault != FAULT_REWIND_TWICE))
		return -EBUSY;
	if (!fits(f, image))
		return -ENOSPC;
	err = fake_snaps_create(f, kept, reply);
	if (err)
		return err;
	f->next_id += f->fault != FAULT_REWIND_ID;
	f->rewound = to ? to->id : 0;
	f->pending_rewind = true;
	f->seq++;
	revert(f, f->snaps[f->nr_snaps - 1].copy, image);
	fake_window_changed(f, 0, f->sectors);
	if (to)
		spoil(f, to, &f->snaps[f->nr_snaps - 1]);
	return 0;
}

int fake_rewind(struct fake *f, const char *name, const char *kept,
		char *reply)
{
	char *image;
	int err;

	if (!fake_snaps_name(kept))
		return -EINVAL;
	image = xcalloc(f->sectors, SECTOR_BYTES);
	err = rewind_to(f, name, kept, image, reply);
	free(image);
	return err;
}

void fake_rewind_deleted(struct fake *f, const struct fake_snap *s)
{
	struct fake_snap *kept = &f->snaps[f->nr_snaps - 1];

	if (f->pending_rewind && f->rewound == s->id && s != kept &&
	    f->fault == FAULT_REWIND_DELETE)
		leak(f, f->cur, kept->copy);
}
