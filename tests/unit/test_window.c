// SPDX-License-Identifier: GPL-2.0
/*
 * Pins, marks and the window, to disk and back; and everything that must not be
 * taken over.
 */
#include "pin.h"
#include "unit.h"
#include "window.h"

static struct dl_pin some_pin(void)
{
	return (struct dl_pin) {
		.id = 3, .seq = 1000, .time_ns = 1700000000000000000ULL,
		.sectors = 1 << 20, .flags = DL_PIN_RULE, .name = "monday",
	};
}

static void test_pin(void **state)
{
	struct dl_pin pin = some_pin(), back;
	struct dl_disk_pin d, again, bad;

	(void)state;
	dl_pin_pack(&pin, &d);
	assert_status(dl_pin_unpack(&back, &d), DL_OK);
	dl_pin_pack(&back, &again);
	assert_memory_equal(&d, &again, sizeof(d));
	bad = d;
	bad.id = 0;
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
	bad = d;
	bad.seq = cpu_to_le64(U64_MAX - 1);
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
	bad = d;
	bad.flags = cpu_to_le32(1 << 3);
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
	bad = d;
	memset(bad.name, 'x', sizeof(bad.name));
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
	bad = d;
	bad.name[0] = 0;
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
	bad.flags = cpu_to_le32(DL_PIN_HIDDEN);
	assert_status(dl_pin_unpack(&back, &bad), DL_OK);
	bad.name[0] = 'x';
	assert_status(dl_pin_unpack(&back, &bad), DL_BAD_RECORD);
}

static void test_mark(void **state)
{
	const struct dl_mark m = {
		.kind = DL_MARK_REWIND, .id = 7, .time_ns = 5, .sectors = 8,
		.target = 99, .name = "before",
	};
	struct dl_disk_mark d, again, bad;
	struct dl_mark back;

	(void)state;
	dl_mark_pack(&m, &d);
	assert_status(dl_mark_unpack(&back, &d, DL_MARK_REWIND, 7, 100), DL_OK);
	dl_mark_pack(&back, &again);
	assert_memory_equal(&d, &again, sizeof(d));
	assert_status(dl_mark_unpack(&back, &d, DL_MARK_REWIND, 7, 99),
		      DL_BAD_RECORD);
	assert_status(dl_mark_unpack(&back, &d, DL_MARK_REWIND, 8, 100),
		      DL_BAD_RECORD);
	assert_status(dl_mark_unpack(&back, &d, DL_MARK_PIN, 7, 100),
		      DL_BAD_RECORD);
	bad = d;
	memset(bad.name, 'x', sizeof(bad.name));
	assert_status(dl_mark_unpack(&back, &bad, DL_MARK_REWIND, 7, 100),
		      DL_BAD_RECORD);
	bad = d;
	bad.name[0] = 0;
	assert_status(dl_mark_unpack(&back, &bad, DL_MARK_REWIND, 7, 100),
		      DL_BAD_RECORD);
}

#define MOMENTS	20

struct section {
	struct dl_disk_window head;
	struct dl_disk_moment at[MOMENTS];
};

static struct section some_window(void)
{
	const struct dl_retention r = {
		.window = 3600, .on_full = DL_ON_FULL_THROTTLE, .nr_rules = 1,
		.rule = { { 3600, 86400 } },
	};
	struct section s;
	u32 i;

	dl_window_pack(&s.head, 4711, &r);
	for (i = 0; i < MOMENTS; i++) {
		struct dl_moment m = { .seq = 4700 + 10 * i, .time_ns = i };

		dl_moment_pack(&s.at[i], &m);
	}
	return s;
}

static enum dl_status unpack(const void *body, size_t bytes, u64 *from,
			     struct dl_retention *r, struct dl_moments *m)
{
	/* A copy of exactly that size: a byte too far is seen. */
	void *copy = malloc(bytes ? bytes : 1);
	enum dl_status st;

	assert_non_null(copy);
	memcpy(copy, body, bytes);
	st = dl_window_unpack(from, r, m, copy, bytes);
	free(copy);
	return st;
}

static void test_window(void **state)
{
	struct section s = some_window(), bad;
	struct dl_moment at[8];
	struct dl_moments m = { .at = at, .max = ARRAY_SIZE(at) };
	struct dl_retention r;
	size_t n;
	u64 from;

	(void)state;
	assert_status(unpack(&s, sizeof(s), &from, &r, &m), DL_OK);
	assert_int_equal(from, 4711);
	assert_int_equal(r.window, 3600);
	assert_int_equal(r.on_full, DL_ON_FULL_THROTTLE);
	assert_int_equal(r.nr_rules, 1);
	assert_int_equal(r.rule[0].keep, 86400);
	/* The youngest that there is room for. */
	assert_int_equal(m.nr, 8);
	assert_int_equal(at[0].seq, 4700 + 120);
	assert_int_equal(at[7].seq, 4700 + 190);
	assert_int_equal(at[7].time_ns, 19);
	for (n = 0; n < sizeof(s); n++) {
		bool whole = n >= sizeof(s.head) &&
			!((n - sizeof(s.head)) % sizeof(s.at[0]));

		assert_status(unpack(&s, n, &from, &r, &m),
			      whole ? DL_OK : DL_BAD_RECORD);
	}
	bad = s;
	bad.at[3].seq = bad.at[2].seq;
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
	bad = s;
	bad.head.nr_rules = cpu_to_le32(9);
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
	bad = s;
	bad.head.rule[0].every = 0;
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
	bad = s;
	bad.head.from = cpu_to_le64(DL_WINDOW_OFF);
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
	bad.head.seconds = 0;
	bad.head.nr_rules = 0;
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_OK);
	bad.head.from = cpu_to_le64(5);
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
	bad = s;
	bad.head.from = cpu_to_le64(U64_MAX - 1);
	assert_status(unpack(&bad, sizeof(s), &from, &r, &m), DL_BAD_RECORD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
