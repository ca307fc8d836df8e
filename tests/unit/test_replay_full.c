// SPDX-License-Identifier: GPL-2.0
/*
 * "Full within T" on recorded growth: six volumes, a row for every half hour with the
 * bytes of distinct pages that were written in it, which is what a snapshot of each
 * half hour would hold. A log of several sizes fills; it must be announced at least
 * T/2 before it is full in nine of ten runs.
 *
 * A row comes evenly within its half hour. T is what it is in rows, a row 50 ms:
 * the judgement counts blocks of T, not hours.
 */
#include "fullness.h"
#include "unit.h"

#define ROWS	400u
#define STEPS	30u	/* looks in a row */
#define STEP_MS	1000u

static const char * const names[] = { "w05", "w102", "w17", "w36", "w48", "w73" };
static const u32 percent[] = { 25, 40, 55, 70, 90 };

struct series {
	u64 row[ROWS];
	u32 nr;
	u64 sum;
};

static void load(struct series *s, const char *name)
{
	char path[80], line[200];
	FILE *f;

	memset(s, 0, sizeof(*s));
	snprintf(path, sizeof(path), "tests/data/volume-%s.csv", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s is missing: tests are run from the top of the tree", path);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long wss;

		if (sscanf(line, "%*u,%*u,%*u,%*u,%llu", &wss) != 1)
			continue;
		assert_true(s->nr < ROWS);
		s->row[s->nr++] = wss;
		s->sum += wss;
	}
	fclose(f);
}

struct result {
	bool full, said;
	u32 lead;		/* steps */
	u32 withdrawn;
};

static struct result run(const struct series *s, u64 size, u32 rows)
{
	static struct dl_flow held;
	struct dl_fullness_in in = {
		.room = size, .within_ms = rows * STEPS * STEP_MS, .held = &held,
	};
	struct dl_fullness out;
	struct result r = { false, false, 0, 0 };
	u64 now = 0, part, since = 0;
	u32 i, k;
	bool is;

	dl_flow_init(&held, in.within_ms);
	for (i = 0; i < s->nr; i++) {
		for (k = 0; k < STEPS; k++, now++) {
			part = s->row[i] / STEPS;
			if (part >= in.room) {
				r.full = true;
				r.lead = r.said ? (u32)(now - since) : 0;
				return r;
			}
			in.room -= part;
			dl_flow_add(&held, now * STEP_MS, (s64)part);
			dl_fullness_look(&in, &out);
			is = dl_fullness_announced(r.said, out.chance);
			r.withdrawn += r.said && !is;
			if (is && !r.said)
				since = now;
			r.said = is;
		}
	}
	return r;
}

static void replay(u32 rows)
{
	u32 runs = 0, good = 0, unsaid = 0, early = 0, withdrawn = 0, i, k;
	struct series s;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		load(&s, names[i]);
		printf("T %u h, %s: lead in T:", rows / 2, names[i]);
		for (k = 0; k < ARRAY_SIZE(percent); k++) {
			struct result r = run(&s, s.sum / 100 * percent[k], rows);

			assert_true(r.full);
			runs++;
			good += r.lead >= rows * STEPS / 2;
			unsaid += !r.said;
			early += r.lead > 2 * rows * STEPS;
			withdrawn += r.withdrawn;
			printf(" %.2f", (double)r.lead / (rows * STEPS));
		}
		putchar('\n');
	}
	printf("T %u h: %u runs, %u at least T/2 ahead, %u not at all, %u more than 2 T ahead, %u taken back\n",
	       rows / 2, runs, good, unsaid, early, withdrawn);
	assert_true(runs >= 10);
	if (10 * good < 9 * runs)
		fail_msg("T %u h: %u of %u were announced in time", rows / 2, good, runs);
}

static void test_12h(void **state)
{
	(void)state;
	replay(24);
}

static void test_24h(void **state)
{
	(void)state;
	replay(48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_12h),
		cmocka_unit_test(test_24h),
	};

	return cmocka_run_group_tests_name("replay_full", tests, NULL, NULL);
}
