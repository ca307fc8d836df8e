// SPDX-License-Identifier: GPL-2.0
/*
 * The policy: its language, what it decides, and, with the monitor and in
 * simulated time, how it follows a load.
 */
#include "heat.h"
#include "policy.h"
#include "unit.h"

static void accept(struct dl_policy *p, const char *text)
{
	/* Of exactly that size: a byte too far is seen. */
	size_t n = strlen(text);
	struct dl_policy_error e = { 0 };
	char *copy = malloc(n ? n : 1);
	enum dl_status st;

	assert_non_null(copy);
	memcpy(copy, text, n);
	st = dl_policy_parse(p, copy, n, &e);
	free(copy);
	if (st != DL_OK)
		fail_msg("%u:%u: %s: in '%s'", e.line, e.column, e.reason, text);
}

/* @text is taken over, and as canonical text is @want. */
static void canonical(const char *text, const char *want)
{
	char got[DL_POLICY_TEXT + 1], again[DL_POLICY_TEXT + 1];
	struct dl_policy p, q;
	size_t n;

	accept(&p, text);
	n = dl_policy_format(&p, got, sizeof(got));
	assert_int_equal(n, strlen(got));
	assert_string_equal(got, want);
	accept(&q, got);
	assert_memory_equal(&p, &q, sizeof(p));
	dl_policy_format(&q, again, sizeof(again));
	assert_string_equal(got, again);
}

#define HEAD	"window 2m\nhysteresis 25%\nmax-chain 256\n"

static void test_forms(void **state)
{
	(void)state;
	canonical("", HEAD "-> block\n");
	canonical("  # nothing; at all\n\t\r\n;;", HEAD "-> block\n");
	canonical(dl_policy_default, dl_policy_default);
	canonical("# comment\n"
		  "window 60s\n"
		  "hysteresis 30 %   # and behind\n"
		  "max-chain 1000\n"
		  "range 0-1G: rate > 10/min -> bit\n"
		  "client 1234: -> block\n"
		  "rate>60/min->bit;rate>6 /min -> sub\n"
		  "sequential and rate < 2/h -> coarse\n"
		  "-> block",
		  "window 60s\nhysteresis 30%\nmax-chain 1000\n"
		  "range 0-1G: rate > 10/min -> bit\n"
		  "client 1234: -> block\n"
		  "rate > 60/min -> bit\n"
		  "rate > 6/min -> sub\n"
		  "sequential and rate < 2/h -> coarse\n"
		  "-> block\n");
	/* One line, settings behind rules, and the default implied. */
	canonical("page-rate >= 5/s and rate <= 9/s -> 1; window 1d; hysteresis 0%; max-chain 1",
		  "window 1d\nhysteresis 0%\nmax-chain 1\n"
		  "page-rate >= 5/s and rate <= 9/s -> bit\n-> block\n");
	canonical("window 24h; max-chain 65535; hysteresis 90%; sequential->coarse",
		  "window 24h\nhysteresis 90%\nmax-chain 65535\n"
		  "sequential -> coarse\n-> block\n");
	canonical("window 1440m", "window 1440m\nhysteresis 25%\nmax-chain 256\n"
		  "-> block\n");
	canonical("range 512-1K: -> 1; range 0s-8s: -> 64; range 1K-4096: -> 512;"
		  "range 1024G-2T: -> 4096; range 1M-3M: -> 4K; range 0-7s: -> 64K;"
		  "range 1K-36028797018963967s: -> 65536",
		  HEAD "range 1s-1K: -> bit\nrange 0-4K: -> sub\n"
		  "range 1K-4K: -> sub\nrange 1T-2T: -> block\n"
		  "range 1M-3M: -> block\nrange 0-7s: -> coarse\n"
		  "range 1K-36028797018963967s: -> coarse\n-> block\n");
	canonical("client /a/b.slice : rate > 1/h -> sub\n"
		  "client 18446744073709551615: range 0-1K: -> sub\n"
		  "range 0-1K: client /: sequential -> sub\n"
		  "client /a/b.slice:->bit",
		  HEAD "client /a/b.slice: rate > 1/h -> sub\n"
		  "range 0-1K: client 18446744073709551615: -> sub\n"
		  "range 0-1K: client /: sequential -> sub\n"
		  "client /a/b.slice: -> bit\n-> block\n");
	canonical("rate > 0/h and rate < 1000000/s and page-rate > 1/h and page-rate < 7/h -> bit",
		  HEAD "rate > 0/h and rate < 1000000/s and page-rate > 1/h and page-rate < 7/h -> bit\n"
		  "-> block\n");
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		u32 line, column;
		const char *reason;
	} bad[] = {
		{ "window 60s\nwindow 60s", 2, 1, "this setting is given twice" },
		{ "window", 1, 7, "a number is missing here" },
		{ "window 0s", 1, 8, "the window must be from 1s to 1d" },
		{ "window 2d", 1, 8, "the window must be from 1s to 1d" },
		{ "window 86401s", 1, 8, "the window must be from 1s to 1d" },
		{ "window 18446744073709551617s", 1, 8,
		  "the window must be from 1s to 1d" },
		{ "window 60", 1, 10, "the unit is missing: s, m, h or d" },
		{ "window 1min", 1, 9, "the unit is missing: s, m, h or d" },
		{ "window 0.5h", 1, 9,
		  "numbers are whole: take a unit that makes it one" },
		{ "\n\n hysteresis 91%", 3, 13,
		  "the hysteresis must be from 0% to 90%" },
		{ "hysteresis 9", 1, 13, "the '%' is missing" },
		{ "max-chain 0", 1, 11, "max-chain must be from 1 to 65535" },
		{ "max-chain 65536", 1, 11, "max-chain must be from 1 to 65535" },
		{ "max-chain 1 2", 1, 13,
		  "the line should end here, with a newline or ';'" },
		{ "-> bit sub", 1, 8,
		  "the line should end here, with a newline or ';'" },
		{ "-> bits", 1, 4,
		  "a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes" },
		{ "->", 1, 3,
		  "a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes" },
		{ "-> unsaid", 1, 4,
		  "a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes" },
		{ "-> 128", 1, 4,
		  "a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes" },
		{ "-> 65537", 1, 4,
		  "a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes" },
		{ "rates > 5/h -> bit", 1, 1,
		  "a line is window, hysteresis, max-chain or [range|client ...:] [condition and ...] -> level" },
		{ "range 0-1K: rates > 5/h -> bit", 1, 13,
		  "a condition is rate, page-rate or sequential" },
		{ "sequential and -> bit", 1, 16,
		  "a condition is rate, page-rate or sequential" },
		{ "rate = 5/h -> bit", 1, 6, "one of > >= < <= is missing here" },
		{ "rate > -> bit", 1, 8, "a number is missing here" },
		{ "rate > 5 -> bit", 1, 10, "the unit is missing: /s, /min or /h" },
		{ "rate > 5/m -> bit", 1, 9, "the unit is missing: /s, /min or /h" },
		{ "rate > 1.5/s -> bit", 1, 9,
		  "numbers are whole: take a unit that makes it one" },
		{ "rate > 1000001/s -> bit", 1, 8,
		  "the rate is too large: up to 1000000/s can be told apart" },
		{ "rate > 99999999999999999999/s -> bit", 1, 8,
		  "the rate is too large: up to 1000000/s can be told apart" },
		{ "rate < 0/s -> bit", 1, 8, "no rate is below 0" },
		{ "rate > 5/h bit", 1, 12, "'and' or '->' is missing here" },
		{ "rate > 5/h or sequential -> bit", 1, 12,
		  "'and' or '->' is missing here" },
		{ "rate > 5/h and rate > 6/h -> bit", 1, 16,
		  "the rule has such a condition already" },
		{ "sequential and sequential -> bit", 1, 16,
		  "the rule has such a condition already" },
		{ "rate > 5/h and rate < 6/h -> bit", 1, 16,
		  "never true together with a condition before it" },
		{ "rate <= 5/h and sequential and rate > 5/h -> bit", 1, 32,
		  "never true together with a condition before it" },
		{ "rate > 5/h and rate < 9/h and page-rate > 5/h and page-rate < 9/h and sequential -> bit",
		  1, 71, "more than 4 conditions: make two rules of it" },
		{ "-> bit\n-> sub", 2, 1,
		  "never reached: the rule before it always hits" },
		{ "-> bit;;range 0-1K: -> sub", 1, 9,
		  "never reached: the rule before it always hits" },
		{ "range 0: -> bit", 1, 8,
		  "a range is FROM-TO: the '-' is missing" },
		{ "range 1K-: -> bit", 1, 10, "a number is missing here" },
		{ "range 1K-1K: -> bit", 1, 10, "the range ends before it begins" },
		{ "range 0-100: -> bit", 1, 9,
		  "no multiple of 512 bytes; sectors end with s, others with K, M, G or T" },
		{ "range 0-16777216T: -> bit", 1, 9,
		  "no disk is as large as that" },
		{ "range 0-36028797018963968s: -> bit", 1, 9,
		  "no disk is as large as that" },
		{ "range 0-18446744073709551616: -> bit", 1, 9,
		  "no disk is as large as that" },
		{ "range 0-1K -> bit", 1, 12,
		  "a ':' is missing between this and the rule" },
		{ "range 0-1X: -> bit", 1, 9,
		  "no multiple of 512 bytes; sectors end with s, others with K, M, G or T" },
		{ "client x: -> bit", 1, 8,
		  "a client is a cgroup: its number, or its path from / on" },
		{ "client 0: -> bit", 1, 8, "no cgroup has the number 0" },
		{ "client 18446744073709551616: -> bit", 1, 8,
		  "no cgroup has such a number" },
		{ "client /a b: -> bit", 1, 11,
		  "a ':' is missing between this and the rule" },
		{ "client /1:->bit;client /2:->bit;client /3:->bit;client /4:->bit;\n"
		  "client /5:->bit;client /6:->bit;client /7:->bit;client /8:->bit;\n"
		  "client /8:->sub;client /9:->bit", 3, 24,
		  "more than 8 paths: give numbers of cgroups" },
		{ "\xff -> bit", 1, 1,
		  "a line is window, hysteresis, max-chain or [range|client ...:] [condition and ...] -> level" },
	};
	struct dl_policy_error e;
	struct dl_policy p;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		e = (struct dl_policy_error) { 0 };
		if (dl_policy_parse(&p, bad[i].text, strlen(bad[i].text), &e) !=
		    DL_BAD_RECORD)
			fail_msg("'%s' is not refused", bad[i].text);
		if (e.line != bad[i].line || e.column != bad[i].column ||
		    strcmp(e.reason, bad[i].reason))
			fail_msg("'%s': %u:%u: %s", bad[i].text, e.line, e.column,
				 e.reason);
	}
}

static enum dl_status refused(const char *text, size_t n, u32 line, u32 column,
			      const char *reason)
{
	struct dl_policy_error e = { 0 };
	struct dl_policy p;
	enum dl_status st = dl_policy_parse(&p, text, n, &e);

	assert_int_equal(e.line, line);
	assert_int_equal(e.column, column);
	assert_string_equal(e.reason, reason);
	return st;
}

static void test_bounds(void **state)
{
	char text[2 * DL_POLICY_TEXT], small[10], *at = text;
	struct dl_policy p;
	u32 i;

	(void)state;
	/* As many rules as there may be, and the default; not one more. */
	for (i = 0; i < DL_POLICY_RULES; i++)
		at += sprintf(at, "client %u: rate > %u/h -> sub\n", i + 1, i);
	accept(&p, text);
	assert_int_equal(p.nr_rules, DL_POLICY_RULES + 1);
	strcpy(at, "-> bit\n");
	accept(&p, text);
	assert_int_equal(p.nr_rules, DL_POLICY_RULES + 1);
	strcpy(at, "sequential -> bit\n");
	assert_status(refused(text, strlen(text), 33, 1, "more than 32 rules"),
		      DL_BAD_RECORD);
	/* Room for 4000 bytes, here and when written out. */
	memset(text, ' ', sizeof(text));
	assert_status(dl_policy_parse(&p, text, DL_POLICY_TEXT,
				      &(struct dl_policy_error) { 0 }), DL_OK);
	assert_status(refused(text, DL_POLICY_TEXT + 1, 1, DL_POLICY_TEXT + 1,
			      "longer than 4000 bytes"), DL_BAD_SIZE);
	at = text;
	for (i = 0; i < DL_POLICY_RULES; i++)
		at += sprintf(at, "client /%095u:page-rate>1/h->64K\n", 7);
	assert_in_range(at - text, 3000, DL_POLICY_TEXT);
	assert_status(refused(text, (size_t)(at - text), 33, 1,
			      "longer than 4000 bytes when written out"),
		      DL_BAD_SIZE);
	/* Paths: 127 bytes, not one more. */
	i = (u32)sprintf(text, "client /%0126u: -> bit", 1);
	accept(&p, text);
	sprintf(text, "client /%0127u: -> bit", 1);
	assert_status(refused(text, i + 1, 1, 8,
			      "the path is longer than 127 bytes: give the cgroup's number"),
		      DL_BAD_RECORD);
	/* A NUL is not the end. */
	assert_status(refused("-> bit\0", 7, 1, 7,
			      "the line should end here, with a newline or ';'"),
		      DL_BAD_RECORD);
	/* Text that does not fit is cut, and said to be how long. */
	accept(&p, dl_policy_default);
	memset(small, 'x', sizeof(small));
	assert_int_equal(dl_policy_format(&p, small, 7),
			 strlen(dl_policy_default));
	assert_memory_equal(small, "window\0xxx", 10);
	assert_int_equal(dl_policy_format(&p, NULL, 0),
			 strlen(dl_policy_default));
}

static int decide(const struct dl_policy *p, u64 sector, u64 client, u32 rate,
		  u32 page_rate, bool sequential, u8 now, u8 want)
{
	const struct dl_policy_subject s = {
		.sector = sector, .client = client, .rate = rate,
		.page_rate = page_rate, .sequential = sequential,
	};
	u8 level = 99;
	int rule = dl_policy_decide(p, &s, now, &level);

	assert_string_equal(dl_level_name(level), dl_level_name(want));
	assert_in_range(rule, 0, p->nr_rules - 1);
	return rule;
}

static void test_decide(void **state)
{
	struct dl_policy p;
	char text[100];

	(void)state;
	/* The first that hits; a range without its end; both kinds of clients. */
	accept(&p, "range 4K-8K: client 5: -> bit\n"
		   "range 4K-8K: rate >= 10/h -> sub\n"
		   "client /x: page-rate <= 3/h -> coarse\n"
		   "client 9: sequential -> bit\n"
		   "client /y: -> coarse\n"
		   "client /x: -> sub\n");
	assert_int_equal(decide(&p, 8, 5, 0, 0, 0, 0, DL_LEVEL_BIT), 0);
	assert_int_equal(decide(&p, 15, 5, 0, 0, 0, 0, DL_LEVEL_BIT), 0);
	assert_int_equal(decide(&p, 7, 5, 0, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	assert_int_equal(decide(&p, 16, 5, 0, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	assert_int_equal(decide(&p, 8, 6, 10, 0, 0, 0, DL_LEVEL_SUB), 1);
	assert_int_equal(decide(&p, 8, 6, 9, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	assert_int_equal(decide(&p, 0, 9, 0, 0, 1, 0, DL_LEVEL_BIT), 3);
	assert_int_equal(decide(&p, 0, 9, 0, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	/* A path that is not resolved is nobody's, nor that of an unknown. */
	assert_int_equal(decide(&p, 0, 0, 0, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	assert_string_equal(p.path[0], "/x");
	assert_string_equal(p.path[1], "/y");
	dl_policy_resolve(&p, 0, 77);
	assert_int_equal(decide(&p, 0, 77, 0, 3, 0, 0, DL_LEVEL_COARSE), 2);
	assert_int_equal(decide(&p, 0, 77, 0, 4, 0, 0, DL_LEVEL_SUB), 5);
	assert_int_equal(decide(&p, 0, 0, 0, 0, 0, 0, DL_LEVEL_BLOCK), 6);
	dl_policy_resolve(&p, 0, 0);
	assert_int_equal(decide(&p, 0, 77, 0, 3, 0, 0, DL_LEVEL_BLOCK), 6);
	assert_int_equal(dl_policy_format_rule(&p, 2, text, sizeof(text)), 37);
	assert_string_equal(text, "client /x: page-rate <= 3/h -> coarse");
}

/* Who is in a cgroup is its rules' as well. */
static void test_above(void **state)
{
	const u64 above[] = { 30, 20, 0 };
	struct dl_policy_subject s = { .client = 40, .nr_above = 3,
				       .above = above };
	struct dl_policy p;
	u8 level;

	(void)state;
	accept(&p, "client 10: -> coarse\nclient /x: -> coarse\n"
		   "client 20: sequential -> sub\nclient 30: -> bit\n");
	assert_true(dl_policy_has_clients(&p));
	assert_int_equal(dl_policy_decide(&p, &s, 0, &level), 3);
	assert_int_equal(level, DL_LEVEL_BIT);
	s.sequential = true;
	assert_int_equal(dl_policy_decide(&p, &s, 0, &level), 2);
	dl_policy_resolve(&p, 0, 20);
	assert_int_equal(dl_policy_decide(&p, &s, 0, &level), 1);
	s.nr_above = 1;
	assert_int_equal(dl_policy_decide(&p, &s, 0, &level), 3);
	s.nr_above = 0;
	assert_int_equal(dl_policy_decide(&p, &s, 0, &level), 4);
	accept(&p, dl_policy_default);
	assert_false(dl_policy_has_clients(&p));
	accept(&p, "client /x: -> bit\n");
	assert_true(dl_policy_has_clients(&p));
}

static void test_hysteresis(void **state)
{
	struct dl_policy p;

	(void)state;
	accept(&p, "hysteresis 25%; rate > 100/h -> bit; rate >= 40/h -> sub;"
		   "rate < 8/h -> coarse; rate <= 12/h and sequential -> coarse");
	/* To enter: the limit. */
	decide(&p, 0, 0, 101, 0, 0, DL_LEVEL_SUB, DL_LEVEL_BIT);
	decide(&p, 0, 0, 100, 0, 0, DL_LEVEL_SUB, DL_LEVEL_SUB);
	decide(&p, 0, 0, 40, 0, 0, DL_LEVEL_BLOCK, DL_LEVEL_SUB);
	decide(&p, 0, 0, 39, 0, 0, DL_LEVEL_BLOCK, DL_LEVEL_BLOCK);
	decide(&p, 0, 0, 7, 0, 0, DL_LEVEL_BLOCK, DL_LEVEL_COARSE);
	decide(&p, 0, 0, 8, 0, 0, DL_LEVEL_BLOCK, DL_LEVEL_BLOCK);
	/* To stay: a quarter less, or more. */
	decide(&p, 0, 0, 76, 0, 0, DL_LEVEL_BIT, DL_LEVEL_BIT);
	decide(&p, 0, 0, 75, 0, 0, DL_LEVEL_BIT, DL_LEVEL_SUB);
	decide(&p, 0, 0, 30, 0, 0, DL_LEVEL_SUB, DL_LEVEL_SUB);
	decide(&p, 0, 0, 29, 0, 0, DL_LEVEL_SUB, DL_LEVEL_BLOCK);
	decide(&p, 0, 0, 9, 0, 0, DL_LEVEL_COARSE, DL_LEVEL_COARSE);
	decide(&p, 0, 0, 10, 0, 0, DL_LEVEL_COARSE, DL_LEVEL_BLOCK);
	decide(&p, 0, 0, 15, 0, 1, DL_LEVEL_COARSE, DL_LEVEL_COARSE);
	decide(&p, 0, 0, 16, 0, 1, DL_LEVEL_COARSE, DL_LEVEL_BLOCK);
	/* A hotter rule is not held up by the level in force. */
	decide(&p, 0, 0, 500, 0, 0, DL_LEVEL_COARSE, DL_LEVEL_BIT);
	accept(&p, "hysteresis 0%; rate > 100/h -> bit");
	decide(&p, 0, 0, 100, 0, 0, DL_LEVEL_BIT, DL_LEVEL_BLOCK);
	accept(&p, "hysteresis 90%; rate < 1000000/s -> bit; rate > 0/h -> sub");
	decide(&p, 0, 0, U32_MAX, 0, 0, DL_LEVEL_BIT, DL_LEVEL_BIT);
	decide(&p, 0, 0, U32_MAX, 0, 0, DL_LEVEL_BLOCK, DL_LEVEL_SUB);
}

/* A page, written in simulated time; its level is decided upon at each write. */
struct sim {
	struct dl_heat_set set;
	struct dl_heat_scale scale;
	struct dl_policy p;
	double t;		/* s */
	u8 level;
	u32 changes;
	u64 page, rng;
};

static void sim_init(struct sim *s, const char *text)
{
	memset(s, 0, sizeof(*s));
	accept(&s->p, text);
	dl_heat_scale_set(&s->scale, s->p.window);
	s->page = 37;
	s->rng = 88172645463325252ULL;
}

static double sim_random(struct sim *s)
{
	s->rng ^= s->rng >> 12;
	s->rng ^= s->rng << 25;
	s->rng ^= s->rng >> 27;
	return (double)((s->rng * 0x2545f4914f6cdd1dULL) >> 11) / (1ULL << 53);
}

static void sim_write(struct sim *s)
{
	u32 now = (u32)(s->t * DL_HEAT_TICKS);
	struct dl_heat *h = dl_heat_touch(&s->set, &s->scale, s->page, 1, now);
	const struct dl_policy_subject what = {
		.rate = dl_heat_rate(h, &s->scale, now),
		.page_rate = dl_heat_page_rate(h, &s->scale, s->page % 16, now),
		.sequential = dl_heat_sequential(h),
	};
	u8 level;

	dl_policy_decide(&s->p, &what, h->level, &level);
	if (h->level && level != h->level)
		s->changes++;
	dl_heat_level_set(h, level, now);
	s->level = level;
}

/* @a_minute writes a minute for @windows windows; wander: up to 20 % off. */
static void sim_run(struct sim *s, double a_minute, double windows, bool wander)
{
	double until = s->t + windows * s->p.window, off = 0;

	while (s->t < until) {
		sim_write(s);
		if (wander && sim_random(s) < 0.02)
			off = 0.4 * sim_random(s) - 0.2;
		s->t += 60 / (a_minute * (1 + off));
	}
}

/* The level of the write that comes now. */
static void sim_level(struct sim *s, const char *want)
{
	sim_write(s);
	assert_string_equal(dl_level_name(s->level), want);
}

static void test_adapts(void **state)
{
	static const char * const windows[] = { "1s", "10s", "1m", "10m", "1h" };
	char text[200];
	struct sim s;
	u32 i;

	(void)state;
	/* Cold, hot, cold; then warm to hot and back: two windows each. */
	sim_init(&s, dl_policy_default);
	sim_run(&s, 0.4, 5, false);
	sim_level(&s, "block");
	sim_run(&s, 35, 2, false);
	sim_level(&s, "bit");
	sim_run(&s, 2000, 5, false);
	sim_run(&s, 0.9, 2, false);
	sim_level(&s, "block");
	sim_run(&s, 10, 2, false);
	sim_level(&s, "sub");
	sim_run(&s, 35, 2, false);
	sim_level(&s, "bit");
	sim_run(&s, 20, 2, false);
	sim_level(&s, "sub");
	/* Each way once; to bit at first with a stop at sub. */
	assert_int_equal(s.changes, 6);
	/* Two windows of silence leave nothing of a thousand writes a second. */
	sim_run(&s, 60000, 3, false);
	s.t += 2 * s.p.window;
	sim_level(&s, "block");
	/* With any window; cold is one write a window then. */
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		double cold;

		sprintf(text, "window %s; page-rate > 3600/h -> bit",
			windows[i]);
		sim_init(&s, text);
		cold = s.p.window > 3 ? 60.0 / s.p.window : 20;
		sim_run(&s, cold, 5, false);
		sim_level(&s, "block");
		sim_run(&s, 300, 2, false);
		sim_level(&s, "bit");
		sim_run(&s, cold, 2, false);
		sim_level(&s, "block");
		assert_int_equal(s.changes, 2);
	}
}

static void test_steady(void **state)
{
	static const double thresholds[] = { 6, 30 };
	struct sim s;
	u32 i, seed;

	(void)state;
	/* A rate that wanders 20 % about a threshold: it is crossed once. */
	for (i = 0; i < ARRAY_SIZE(thresholds); i++)
		for (seed = 1; seed <= 20; seed++) {
			sim_init(&s, dl_policy_default);
			s.rng += seed;
			sim_run(&s, thresholds[i] * 0.8, 3, false);
			s.changes = 0;
			sim_run(&s, thresholds[i], 500, true);
			assert_in_range(s.changes, 0, 1);
			assert_string_equal(dl_level_name(s.level),
					    i ? "bit" : "sub");
		}
	/* The same without hysteresis does flap: the test can tell. */
	sim_init(&s, "window 2m; hysteresis 0%; page-rate > 6/min -> sub");
	sim_run(&s, 6, 500, true);
	assert_in_range(s.changes, 20, U32_MAX);
	/* A rule for what is below. */
	sim_init(&s, "window 2m; rate < 20/min -> coarse");
	sim_run(&s, 30, 3, false);
	s.changes = 0;
	sim_run(&s, 20, 500, true);
	assert_int_equal(s.changes, 1);
	assert_string_equal(dl_level_name(s.level), "coarse");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_decide),
		cmocka_unit_test(test_above),
		cmocka_unit_test(test_hysteresis),
		cmocka_unit_test(test_adapts),
		cmocka_unit_test(test_steady),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
