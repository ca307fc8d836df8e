// SPDX-License-Identifier: GPL-2.0
/*
 * Deltas: whatever is accepted stays within the page and the sectors that were
 * announced, and what is refused changes nothing; of two pages the delta makes
 * one of the other.
 */
#include "delta.h"
#include "fuzz.h"
#include "level.h"

#define SECTORS	(DL_PAGE_BYTES / DL_SECTOR_BYTES)

static u8 *some_page(u8 fill)
{
	return memset(exactly(DL_PAGE_BYTES), fill, DL_PAGE_BYTES);
}

/* Only the sectors of @mask may differ. */
static void check_outside(const u8 *a, const u8 *b, u8 mask)
{
	u32 i, at;

	for (i = 0; i < SECTORS; i++) {
		at = i * DL_SECTOR_BYTES;
		must(mask >> i & 1 || !memcmp(a + at, b + at, DL_SECTOR_BYTES));
	}
}

/* To a page of @fill: @n bytes that may be a delta. */
static void apply_any(const u8 *delta, u32 n, u8 fill)
{
	u8 *page = some_page(fill), *was = some_page(fill), sectors = 0x55;
	u8 *once = exactly(DL_PAGE_BYTES);
	enum dl_status st;

	st = dl_delta_check(delta, n, &sectors);
	must(st == DL_OK || st == DL_BAD_RECORD);
	must((st == DL_OK) == !!sectors);
	must(dl_delta_apply(page, delta, n) == st);
	saw_int(st);
	saw_int(sectors);
	saw(page, DL_PAGE_BYTES);
	check_outside(page, was, sectors);
	if (st == DL_OK) {
		must(n > 1 && n <= DL_DELTA_MAX);
		memcpy(once, page, DL_PAGE_BYTES);
		must(dl_delta_apply(page, delta, n) == DL_OK);
		must(!memcmp(page, once, DL_PAGE_BYTES));
	}
	free(once);
	free(was);
	free(page);
}

static void any_delta(struct input *in)
{
	u8 seed = (u8)take_int(in, 1), *delta;
	u32 n = (u32)in->left;

	delta = exactly(n);
	take(in, delta, n);
	/* Any kind that there is, and some that there is not. */
	if (n)
		delta[0] %= 6;
	apply_any(delta, n, seed);
	free(delta);
}

/* Places come near the one before, or anywhere; changes are bits or bytes. */
static void change(struct input *in, u8 *page)
{
	u32 at = 0, n, i;

	while (in->left) {
		u8 how = (u8)take_int(in, 1);
		u32 far = (u32)take_int(in, how & 1 ? 1 : 2);

		at = (at + far) % DL_PAGE_BYTES;
		if (how & 2) {
			page[at] ^= (u8)(1u << (how >> 5));
			continue;
		}
		n = how & 4 ? 1u << (how >> 4) : 1u + (how >> 3);
		for (i = 0; i < n && at < DL_PAGE_BYTES; i++, at++)
			page[at] ^= (u8)(1 + (how + i) % 255);
	}
}

static void two_pages(struct input *in)
{
	u8 seed = (u8)take_int(in, 1), level, sectors = 0, touched = 0, *delta;
	u8 *old = some_page(seed), *new = some_page(seed);
	u8 *out = exactly(DL_DELTA_MAX), *mixed = exactly(DL_PAGE_BYTES);
	u32 n, i, piece = 1 + (seed >> 1) % 31;
	u32 at = (u32)take_int(in, 2);
	u8 by = (u8)take_int(in, 1);

	level = seed & 1 ? DL_LEVEL_SUB : DL_LEVEL_BIT;
	change(in, new);
	n = dl_delta_encode(out, old, new, level, &sectors);
	must(n <= DL_DELTA_MAX + 1);
	saw_int(n);
	must(!n == !memcmp(old, new, DL_PAGE_BYTES));
	if (n && n <= DL_DELTA_MAX) {
		delta = exactly(n);
		memcpy(delta, out, n);
		saw(delta, n);
		must(delta[0] >= DL_DELTA_UNITS64 || level == DL_LEVEL_BIT);
		must(dl_delta_check(delta, n, &touched) == DL_OK);
		must(touched == sectors);
		check_outside(old, new, sectors);
		/* A mixture: pieces of 1 to 31 bytes, from one, the other, ... */
		memcpy(mixed, new, DL_PAGE_BYTES);
		for (i = 0; i + piece <= DL_PAGE_BYTES; i += 2 * piece)
			memcpy(mixed + i, old + i, piece);
		must(dl_delta_apply(mixed, delta, n) == DL_OK);
		must(!memcmp(mixed, new, DL_PAGE_BYTES));
		must(dl_delta_apply(old, delta, n) == DL_OK);
		must(!memcmp(old, new, DL_PAGE_BYTES));
		must(dl_delta_apply(new, delta, n) == DL_OK);
		must(!memcmp(old, new, DL_PAGE_BYTES));
		/* Nearly right: what is wrong may be one too many. */
		delta[at % n] += by;
		apply_any(delta, n, seed);
		free(delta);
	}
	free(mixed);
	free(out);
	free(new);
	free(old);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	if (take_int(&in, 1) & 1)
		any_delta(&in);
	else
		two_pages(&in);
	return 0;
}
