// SPDX-License-Identifier: GPL-2.0
/*
 * Retention by rule, run through years of minutes against what the rules say in
 * words.
 */
#include "retention.h"
#include "unit.h"

#define HOUR	3600u
#define DAY	86400u
#define MOST	4096

struct shelf {
	u64 time[MOST];
	u32 nr;
};

/* One minute: make one if it is due, drop those that no rule keeps. */
static void tick(struct shelf *s, const struct dl_retention *r, u64 now)
{
	u64 before = 0;
	u32 i, n = 0;

	if (dl_retention_due(r, s->nr ? s->time[s->nr - 1] : 0, now)) {
		assert_true(s->nr < MOST);
		s->time[s->nr++] = now;
	}
	for (i = 0; i < s->nr; i++) {
		if (!dl_retention_keeps(r, before, s->time[i], now))
			continue;
		before = s->time[i];
		s->time[n++] = before;
	}
	s->nr = n;
}

static u32 count(const struct shelf *s, u64 from, u64 to)
{
	u32 i, n = 0;

	for (i = 0; i < s->nr; i++)
		n += s->time[i] >= from && s->time[i] < to;
	return n;
}

/* Hourly for a day, daily for 30 days. */
static void test_calendar(void **state)
{
	const struct dl_retention r = {
		.window = HOUR, .nr_rules = 2,
		.rule = { { HOUR, DAY }, { DAY, 30 * DAY } },
	};
	u64 now = 1700000000, end = now + 100 * (u64)DAY;
	struct shelf s = { .nr = 0 };
	u64 today;

	(void)state;
	assert_true(dl_retention_valid(&r));
	for (; now < end; now += 60)
		tick(&s, &r, now);
	now -= 60;
	assert_in_range(count(&s, now - DAY, now + 1), 24, 25);
	for (today = now / DAY - 29; today < now / DAY - 1; today++)
		assert_int_equal(count(&s, today * DAY, (today + 1) * DAY), 1);
	assert_int_equal(count(&s, 0, now - 30 * (u64)DAY), 0);
}

/* A machine that was off must not find all it had gone but what has to go. */
static void test_off(void **state)
{
	const struct dl_retention r = {
		.window = 60, .nr_rules = 1, .rule = { { HOUR, 10 * HOUR } },
	};
	u64 now = 1700000000 / HOUR * HOUR, i;
	struct shelf s = { .nr = 0 };

	(void)state;
	for (i = 0; i < 10 * HOUR; i += 60)
		tick(&s, &r, now + i);
	assert_int_equal(s.nr, 10);
	now += 10 * HOUR + 5 * HOUR;
	tick(&s, &r, now);
	assert_int_equal(count(&s, 0, now), 5);
	assert_int_equal(s.nr, 6);
	/* And one whose clock goes back makes none until it is where it was. */
	for (i = 0; i < 4 * HOUR; i += 60)
		tick(&s, &r, now - 4 * HOUR + i);
	assert_int_equal(s.nr, 6);
}

static void test_valid(void **state)
{
	struct dl_retention r = { .window = 0 };

	(void)state;
	assert_true(dl_retention_valid(&r));
	r.nr_rules = 1;
	r.rule[0] = (struct dl_rule) { 60, 60 };
	assert_false(dl_retention_valid(&r));
	r.window = 1;
	assert_true(dl_retention_valid(&r));
	r.rule[0].every = 59;
	assert_false(dl_retention_valid(&r));
	r.rule[0] = (struct dl_rule) { 61, 60 };
	assert_false(dl_retention_valid(&r));
	r.rule[0] = (struct dl_rule) { 60, DL_RETAIN_MAX + 1 };
	assert_false(dl_retention_valid(&r));
	r.rule[0] = (struct dl_rule) { DL_RETAIN_MAX, DL_RETAIN_MAX };
	assert_true(dl_retention_valid(&r));
	r.on_full = DL_ON_FULL_COUNT;
	assert_false(dl_retention_valid(&r));
	r.on_full = DL_ON_FULL_FAIL;
	r.window = DL_RETAIN_MAX + 1;
	assert_false(dl_retention_valid(&r));
	r.window = DL_RETAIN_MAX;
	r.nr_rules = DL_RULES + 1;
	assert_false(dl_retention_valid(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_valid),
	};

	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
