// SPDX-License-Identifier: GPL-2.0
/*
 * How much room is kept behind small writes, and where: streams, strides, noise, frames
 * that are closed in between; and that nothing depends on what slots hold.
 */
#include "fusion.h"
#include "unit.h"

#define SLOTS	64u

struct rig {
	struct dl_fusion_slot slots[SLOTS];
	struct dl_fusion f;
	u64 rng;
	u64 kept, filled;
};

static u64 rnd(struct rig *r)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return r->rng * 0x2545f4914f6cdd1dULL;
}

static void setup(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->f.slots = r->slots;
	r->f.mask = SLOTS - 1;
	r->rng = 0x9e3779b97f4a7c15ULL;
}

/* A record at @sector: what room is kept. */
static u32 record(struct rig *r, u32 frame, u64 sector, u32 sectors)
{
	u8 confidence;
	u32 room = dl_fusion_room(&r->f, DL_FUSION_AUTO, frame, sector, sectors,
				  &confidence);

	assert_true((sector & 7) + sectors + room <= DL_PAGE_SECTORS);
	if (room) {
		dl_fusion_kept(&r->f, sector, room);
		r->kept += room;
	}
	return room;
}

/* A stream of @n writes from @sector on, with a frame for @per of them. */
static void stream(struct rig *r, u64 sector, u32 n, u32 sectors, u32 per)
{
	u32 i, room = 0, frame = 0;

	for (i = 0; i < n; i++, sector += sectors) {
		if (i / per != frame) {
			frame = i / per;
			room = 0;
		}
		if (room >= sectors) {
			room -= sectors;
			r->filled += sectors;
			dl_fusion_filled(&r->f, frame + 1, sector, sectors);
		} else {
			room = record(r, frame + 1, sector, sectors);
		}
	}
}

static void test_stream(void **state)
{
	static struct rig r;

	(void)state;
	setup(&r);
	/* Over the ends of regions: what is known goes along. */
	stream(&r, 4096 * 3, 6144, 1, 1024);
	assert_true(r.kept > 5000);
	assert_true(r.filled * 100 >= r.kept * 99);
	setup(&r);
	stream(&r, 0, 2048, 2, 1024);
	assert_true(r.kept > 2500);
	/* Frames of one write each: nobody comes in time. */
	setup(&r);
	stream(&r, 0, 2048, 1, 1);
	assert_int_equal(r.kept, 0);
}

static void test_noise(void **state)
{
	static struct rig r;
	u32 i;

	(void)state;
	setup(&r);
	for (i = 0; i < 4000; i++)
		record(&r, 1, (u64)i * 8, 1);
	assert_int_equal(r.kept, 0);
	for (i = 0; i < 20000; i++)
		record(&r, 1, rnd(&r) % (1 << 20), 1);
	assert_true(r.kept < 50);
}

/* Where it was wrong none is kept, and each time for longer. */
static void test_judge(void **state)
{
	static struct rig r;
	struct dl_fusion_slot *s;
	u32 i, was = 0, off;

	(void)state;
	setup(&r);
	s = dl_fusion_slot(&r.f, 0);
	for (i = 0; i < 4; i++) {
		stream(&r, 0, 64, 1, 64);
		s->kept = 100;
		s->filled = 79;
		dl_fusion_judge(&r.f);
		off = s->off;
		assert_true(off > was);
		was = off;
		stream(&r, 0, 16, 1, 16);
		s->kept = 0;
		for (; off; off--) {
			assert_int_equal(record(&r, 9, 1024 + off * 8, 1), 0);
			dl_fusion_judge(&r.f);
		}
		assert_int_equal(s->off, 0);
	}
	s->kept = 100;
	s->filled = 80;
	dl_fusion_judge(&r.f);
	assert_int_equal(s->off, 0);
}

/* Told of a region: some of its own writes are needed, fewer than without. */
static void test_teach(void **state)
{
	static const u8 p[2] = { 255, 255 };
	static struct rig r;
	u32 told, alone;

	(void)state;
	setup(&r);
	stream(&r, 0, 64, 1, 64);
	alone = (u32)r.kept;
	setup(&r);
	dl_fusion_teach(&r.f, 0, p, 1);
	stream(&r, 0, 64, 1, 64);
	told = (u32)r.kept;
	assert_true(told > alone);
	assert_true(dl_fusion_slot(&r.f, 0)->p[1] > 208);
}

/* Whatever is in the slots, and whatever comes: never beyond the page. */
static void test_any(void **state)
{
	static struct rig r;
	u32 i, k;
	u8 p[2];

	(void)state;
	setup(&r);
	for (i = 0; i < 200000; i++) {
		u64 x = rnd(&r), sector = rnd(&r);
		u32 first = sector & 7, n;

		if (first == 7)
			first = 0;
		sector = (sector & ~7ULL) | first;
		n = 1 + (u32)(x >> 8) % (7 - first);
		if (i % 64 == 0)
			for (k = 0; k < sizeof(r.slots); k++)
				((u8 *)r.slots)[k] = (u8)rnd(&r);
		p[0] = (u8)x;
		p[1] = (u8)(x >> 16);
		if (x >> 60 == 1)
			dl_fusion_teach(&r.f, sector >> DL_FUSION_REGION_SHIFT, p,
					(u8)(x >> 24));
		if (x >> 60 == 2)
			dl_fusion_judge(&r.f);
		if (x >> 60 == 3)
			dl_fusion_filled(&r.f, (u32)x, sector, n);
		record(&r, (u32)x & 3, sector, n);
	}
}

static void test_modes(void **state)
{
	static struct rig r;
	u8 confidence = 1;

	(void)state;
	setup(&r);
	assert_int_equal(dl_fusion_room(&r.f, DL_FUSION_OFF, 1, 10, 1, &confidence), 0);
	assert_int_equal(confidence, 0);
	assert_int_equal(dl_fusion_room(&r.f, DL_FUSION_ON, 1, 10, 1, &confidence), 5);
	assert_int_equal(dl_fusion_room(&r.f, DL_FUSION_ON, 1, 12, 4, &confidence), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_teach),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
