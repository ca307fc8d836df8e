// SPDX-License-Identifier: GPL-2.0
/*
 * Points and spans of time as people write them.
 */
#define _GNU_SOURCE
#include "../../tools/when.c"

#include "unit.h"

/* 2026-11-21 14:30:00 UTC */
#define NOW		1795271400
#define END_NS		999999999ULL

static void is(const char *text, time_t at)
{
	uint64_t ns = 0;

	if (!dl_when_parse(text, NOW, &ns))
		fail_msg("'%s' is not understood", text);
	assert_int_equal(ns, (uint64_t)at * 1000000000 + END_NS);
}

static void is_not(const char *text)
{
	uint64_t ns;

	if (dl_when_parse(text, NOW, &ns))
		fail_msg("'%s' is taken for a time", text);
}

static void test_points(void **state)
{
	(void)state;
	is("now", NOW);
	is("10 minutes ago", NOW - 600);
	is("10m ago", NOW - 600);
	is("1h30m ago", NOW - 5400);
	is("1 hour 30 minutes ago", NOW - 5400);
	is("2 days ago", NOW - 2 * DAY);
	is("14:03:05", NOW - 27 * 60 + 5);
	/* Of a minute or a day the end is meant. */
	is("14:03", NOW - 27 * 60 + 59);
	is("14:30", NOW);
	is("2026-11-21", NOW);
	is("2026-11-20", NOW - 14 * 3600 - 1800 - 1);
	/* Later than now: yesterday's. */
	is("14:30:01", NOW + 1 - DAY);
	is("23:59", NOW - 14 * 3600 - 1800 - 1);
	is("yesterday 14:30:00", NOW - DAY);
	is("2026-11-21 14:03:05", NOW - 27 * 60 + 5);
	is("2026-11-21T14:03", NOW - 27 * 60 + 59);
	is_not("");
	is_not("soon");
	is_not("10 minutes");
	is_not("10 parsecs ago");
	is_not("ago");
	is_not("25:00");
	is_not("14:03:05x");
	is_not("2026-11-22");
	is_not("2026-11-21 15:00");
	is_not("2026-13-01");
	is_not("2026-11-21x14:03");
	is_not("99999999999999999999 seconds ago");
	is_not("-5 minutes ago");
	is_not("100 years ago");
}

static void test_spans(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds;
	} good[] = {
		{ "90", 90 }, { "90s", 90 }, { "1m30s", 90 }, { "0", 0 },
		{ "10 minutes", 600 }, { "1h", 3600 }, { "2d", 2 * DAY },
		{ "1 week", 7 * DAY }, { " 5 min ", 300 },
	};
	static const char *const bad[] = {
		"", "h", "1x", "1h 30", "1.5h", "-1h", "5000000000",
		"40000d", "1hh", "1h,",
	};
	uint32_t n;
	size_t i;
	char text[32];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (!dl_when_span(good[i].text, &n))
			fail_msg("'%s' is not understood", good[i].text);
		assert_int_equal(n, good[i].seconds);
		dl_when_span_text(text, sizeof(text), n);
		assert_true(dl_when_span(text, &n));
		assert_int_equal(n, good[i].seconds);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (dl_when_span(bad[i], &n))
			fail_msg("'%s' is taken for a span", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_spans),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
