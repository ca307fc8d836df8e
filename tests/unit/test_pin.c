// SPDX-License-Identifier: GPL-2.0
/*
 * Which pin holds what: against one that looks at every pin, for every range.
 */
#include "pin.h"
#include "unit.h"
#include "window.h"

#define SEQS	12u

static u32 slow_holder(const u64 *seq, u32 nr, u64 window, u64 from, u64 until)
{
	u32 holders = 0, last = 0, i;

	for (i = 0; i < nr; i++)
		if (seq[i] >= from && seq[i] < until) {
			last = i;
			holders++;
		}
	/* The window is several: what it holds is no pin's alone. */
	if (from < until && until > window)
		return DL_PIN_SEVERAL;
	return !holders ? DL_PIN_NOBODY : holders > 1 ? DL_PIN_SEVERAL : last;
}

static void all_ranges(const u64 *seq, u32 nr, u64 window)
{
	u64 from, until;

	for (from = 0; from < SEQS; from++)
		for (until = 0; until < SEQS; until++)
			assert_int_equal(dl_pin_holder(seq, nr, window, from, until),
					 slow_holder(seq, nr, window, from, until));
}

/* Every set of pins on ten sequences, with and without a window. */
static void test_all(void **state)
{
	u64 seq[10];
	u32 set, i, nr;

	(void)state;
	for (set = 0; set < 1u << 10; set++) {
		for (i = 0, nr = 0; i < 10; i++)
			if (set >> i & 1)
				seq[nr++] = i + 1;
		all_ranges(seq, nr, DL_WINDOW_OFF);
		all_ranges(seq, nr, 6);
	}
}

static void test_words(void **state)
{
	/* Two snapshots of a volume that was not written to in between. */
	static const u64 seq[] = { 10, 20, 20, 30 };

	(void)state;
	all_ranges(seq, 4, DL_WINDOW_OFF);
	/* What was written before a snapshot and replaced after it is its own. */
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 5, 15), 0);
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 10, 11), 0);
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 25, U64_MAX), 3);
	/* The record that replaces it is not in it, the one before is. */
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 11, 20), DL_PIN_NOBODY);
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 11, 21), DL_PIN_SEVERAL);
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 5, 21), DL_PIN_SEVERAL);
	assert_int_equal(dl_pin_holder(seq, 4, DL_WINDOW_OFF, 31, 40), DL_PIN_NOBODY);
	assert_int_equal(dl_pin_holder(seq, 0, DL_WINDOW_OFF, 0, 40), DL_PIN_NOBODY);
	/* The window holds what was replaced above its beginning. */
	assert_int_equal(dl_pin_holder(seq, 4, 12, 5, 12), 0);
	assert_int_equal(dl_pin_holder(seq, 4, 12, 5, 13), DL_PIN_SEVERAL);
	assert_int_equal(dl_pin_holder(seq, 0, 12, 5, 13), DL_PIN_SEVERAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
