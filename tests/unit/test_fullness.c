// SPDX-License-Identifier: GPL-2.0
/*
 * Flows, bursts and the judgement of when a log is full: what they say of simple
 * cases, and that nothing that comes in makes them say more with more room.
 */
#include "fullness.h"
#include "unit.h"

#define MIB	(1ULL << 20)
#define T_MS	600000u

static u64 state_of_rng = 88172645463325252ULL;

static u64 any(void)
{
	state_of_rng ^= state_of_rng << 13;
	state_of_rng ^= state_of_rng >> 7;
	state_of_rng ^= state_of_rng << 17;
	return state_of_rng;
}

/* Of any magnitude. */
static u64 any_size(void)
{
	u64 x = any(), shift = any() % 65;

	return shift > 63 ? 0 : x >> shift;
}

static void fill(struct dl_flow *f, u32 secs, s64 per_sec, u64 *now)
{
	u32 i;

	for (i = 0; i < secs; i++, *now += 1000)
		dl_flow_add(f, *now, per_sec);
}

/* ---- chances ---- */

static void test_chance(void **state)
{
	struct dl_forecast f = { .value = 1000, .low = 500, .high = 4000 };
	u64 room;
	u32 was = DL_CHANCE_ONE, now;

	(void)state;
	assert_int_equal(dl_chance_above(&f, 0), DL_CHANCE_ONE);
	assert_int_equal(dl_chance_above(&f, 1000), DL_CHANCE_ONE / 2);
	/* A twentieth is left on either side. */
	assert_in_range(dl_chance_above(&f, 4000), 3270, 3290);
	assert_in_range(dl_chance_above(&f, 500), 62250, 62270);
	assert_int_equal(dl_chance_above(&f, U64_MAX), 0);
	for (room = 0; room < 20000; room++) {
		now = dl_chance_above(&f, room);
		assert_true(now <= was);
		was = now;
	}
	f.low = 1000;
	f.high = 1000;
	assert_int_equal(dl_chance_above(&f, 999), DL_CHANCE_ONE);
	assert_int_equal(dl_chance_above(&f, 1000), 0);
	memset(&f, 0, sizeof(f));
	assert_int_equal(dl_chance_above(&f, 0), 0);
}

/* ---- flows ---- */

static void test_flow_steady(void **state)
{
	struct dl_flow f;
	u64 now = 5000;

	(void)state;
	dl_flow_init(&f, T_MS);
	assert_int_equal(dl_flow_chance(&f, 0), 0);
	fill(&f, 60, MIB, &now);
	assert_int_equal(dl_flow_expected(&f), 0);
	fill(&f, 60, MIB, &now);
	/* As soon as two blocks are known, to within one second's. */
	assert_in_range(dl_flow_expected(&f), 584 * MIB, 608 * MIB);
	fill(&f, 3600, MIB, &now);
	assert_in_range(dl_flow_expected(&f), 592 * MIB, 608 * MIB);
	assert_true(dl_flow_chance(&f, 1300 * MIB) < DL_FULLNESS_WITHDRAW);
	assert_true(dl_flow_chance(&f, 500 * MIB) > DL_CHANCE_ONE / 2);
	assert_int_equal(dl_flow_chance(&f, 100 * MIB), DL_CHANCE_ONE);
	/* It ends: in a while nothing is expected, and then not thought of either. */
	fill(&f, 640, 0, &now);
	assert_int_equal(dl_flow_expected(&f), 0);
	assert_true(dl_flow_chance(&f, 500 * MIB) > DL_CHANCE_ONE / 2);
	fill(&f, 9 * 600, 0, &now);
	assert_int_equal(dl_flow_chance(&f, 0), 0);
}

static void test_flow_now_and_then(void **state)
{
	struct dl_flow f;
	u64 now = 0;
	int i;

	(void)state;
	dl_flow_init(&f, T_MS);
	/* Much every twenty minutes: half of all stretches have it. */
	for (i = 0; i < 6; i++) {
		fill(&f, 1170, 0, &now);
		fill(&f, 30, 10 * MIB, &now);
	}
	fill(&f, 660, 0, &now);
	assert_int_equal(dl_flow_expected(&f), 0);
	assert_in_range(dl_flow_chance(&f, 200 * MIB), DL_CHANCE_ONE / 3,
			DL_CHANCE_ONE * 2 / 3);
	assert_int_equal(dl_flow_chance(&f, 1000 * MIB), 0);
}

static void test_flow_balance(void **state)
{
	struct dl_flow f;
	u64 now = 0;
	int i;

	(void)state;
	dl_flow_init(&f, T_MS);
	/* What is taken is given back in lumps. */
	for (i = 0; i < 200; i++) {
		fill(&f, 30, MIB, &now);
		dl_flow_add(&f, now, -(s64)(30 * MIB));
	}
	assert_true(dl_flow_expected(&f) <= 60 * MIB);
	assert_int_equal(dl_flow_chance(&f, 200 * MIB), 0);
}

static void test_flow_time(void **state)
{
	struct dl_flow f;
	u64 now = 1000000, was;

	(void)state;
	dl_flow_init(&f, T_MS);
	fill(&f, 1200, MIB, &now);
	/* Back in time: it stands still. */
	was = dl_flow_expected(&f);
	dl_flow_add(&f, 0, 5);
	assert_int_equal(dl_flow_expected(&f), was);
	/* Far ahead: nothing is remembered, and it does not take for ever. */
	dl_flow_add(&f, U64_MAX, 5);
	assert_int_equal(dl_flow_expected(&f), 0);
	assert_int_equal(dl_flow_chance(&f, 0), 0);
	dl_flow_add(&f, U64_MAX, 5);
}

/* ---- bursts ---- */

static void burst(struct dl_bursts *b, u64 *now, u64 bytes, u32 quiet_secs)
{
	u32 i;

	for (i = 0; i < 10; i++, *now += 100)
		dl_bursts_add(b, *now, bytes / 10, MIB, MIB);
	for (i = 0; i < quiet_secs * 10; i++, *now += 100)
		dl_bursts_add(b, *now, 0, MIB, MIB);
}

static void test_bursts(void **state)
{
	struct dl_bursts b;
	u64 now = 0;
	int i;

	(void)state;
	memset(&b, 0, sizeof(b));
	for (i = 0; i < 3; i++)
		burst(&b, &now, 40 * MIB, 60);
	assert_int_equal(dl_bursts_expected(&b), 0);
	burst(&b, &now, 40 * MIB, 60);
	/* In the second that it takes to come a MiB leaks. */
	assert_in_range(dl_bursts_expected(&b), 38 * MIB, 40 * MIB);
	assert_int_equal(dl_bursts_need(&b), dl_bursts_expected(&b));
	assert_int_equal(dl_bursts_chance(&b, 30 * MIB, T_MS), DL_CHANCE_ONE);
	assert_int_equal(dl_bursts_chance(&b, 40 * MIB, T_MS), 0);
	assert_int_equal(dl_bursts_chance(&b, 30 * MIB, 30000), 0);
	/* What is small does not count: it would push out the others. */
	for (i = 0; i < 100; i++)
		burst(&b, &now, MIB + MIB / 2, 2);
	assert_int_equal(b.nr, 4);
	/* Under way: less is to come. */
	dl_bursts_add(&b, now, 30 * MIB, MIB, MIB);
	assert_in_range(dl_bursts_need(&b), 8 * MIB, 10 * MIB);
	/* None for much longer than ever: nothing is expected any more. */
	dl_bursts_add(&b, now + 100000, 0, MIB, MIB);
	dl_bursts_add(&b, now + 300000, 0, MIB, MIB);
	assert_true(dl_bursts_expected(&b) > 0);
	dl_bursts_add(&b, now + 3000000, 0, MIB, MIB);
	assert_int_equal(dl_bursts_expected(&b), 0);
	assert_int_equal(dl_bursts_chance(&b, 0, U32_MAX), 0);
}

static void test_bursts_outlier(void **state)
{
	struct dl_bursts b;
	u64 now = 0;
	int i;

	(void)state;
	memset(&b, 0, sizeof(b));
	for (i = 0; i < 16; i++)
		burst(&b, &now, (i == 7 ? 400 : 40) * MIB, i == 7 ? 500 : 60);
	assert_in_range(dl_bursts_expected(&b), 38 * MIB, 40 * MIB);
}

static void test_bursts_steady(void **state)
{
	struct dl_bursts b;
	u64 now = 0;
	int i;

	(void)state;
	memset(&b, 0, sizeof(b));
	/* What the disk keeps up with needs no room. */
	for (i = 0; i < 10000; i++, now += 100)
		dl_bursts_add(&b, now, MIB / 20, MIB, MIB);
	assert_int_equal(b.nr, 0);
	/* A burst on top of that is over when it is, not when there is silence. */
	burst(&b, &now, 40 * MIB, 0);
	for (i = 0; i < 1000; i++, now += 100)
		dl_bursts_add(&b, now, MIB / 20, MIB, MIB);
	assert_int_equal(b.nr, 1);
	/* Without a pace nothing is learned. */
	memset(&b, 0, sizeof(b));
	dl_bursts_add(&b, now, 100 * MIB, 0, MIB);
	assert_int_equal(b.level, 0);
}

/* ---- all of it ---- */

static struct dl_fullness look(const struct dl_fullness_in *in)
{
	struct dl_fullness out;

	dl_fullness_look(in, &out);
	assert_true(out.behind <= DL_CHANCE_ONE && out.held <= DL_CHANCE_ONE);
	assert_int_equal(out.chance, out.behind > out.held ? out.behind : out.held);
	return out;
}

static void test_held(void **state)
{
	struct dl_flow held;
	struct dl_fullness_in in = {
		.room = 100 * MIB, .settles = 3500 * MIB, .within_ms = T_MS,
		.held = &held,
	};
	u64 now = 0;

	(void)state;
	dl_flow_init(&held, T_MS);
	fill(&held, 3600, MIB, &now);
	/* It takes an hour. */
	assert_int_equal(look(&in).chance, 0);
	assert_in_range(look(&in).within_ms, 3540000, 3660000);
	in.settles = 400 * MIB;
	assert_true(look(&in).held > DL_FULLNESS_ANNOUNCE);
	assert_int_equal(look(&in).behind, 0);
	assert_in_range(look(&in).within_ms, 490000, 510000);
	/* Off. */
	in.within_ms = 0;
	assert_int_equal(look(&in).chance, 0);
	assert_true(look(&in).within_ms == DL_FULLNESS_NEVER);
}

static void test_behind(void **state)
{
	struct dl_flow log;
	struct dl_fullness_in in = {
		.room = 300 * MIB, .settles = 1700 * MIB, .within_ms = T_MS,
		.log = &log,
	};
	u64 now = 0;

	(void)state;
	dl_flow_init(&log, T_MS);
	fill(&log, 3600, 2 * MIB, &now);
	/* Of how fast it can be nothing is known. */
	assert_int_equal(look(&in).chance, 0);
	in.drain = 3 * MIB;
	assert_true(look(&in).chance < DL_FULLNESS_WITHDRAW);
	assert_true(look(&in).within_ms == DL_FULLNESS_NEVER);
	in.drain = MIB;
	assert_true(look(&in).behind > DL_FULLNESS_ANNOUNCE);
	assert_int_equal(look(&in).held, 0);
	/* A MiB a second more than goes. */
	assert_in_range(look(&in).within_ms, 280000, 310000);
}

static void test_announced(void **state)
{
	(void)state;
	assert_false(dl_fullness_announced(false, 0));
	assert_false(dl_fullness_announced(false, DL_FULLNESS_ANNOUNCE - 1));
	assert_true(dl_fullness_announced(false, DL_FULLNESS_ANNOUNCE));
	assert_true(dl_fullness_announced(true, DL_FULLNESS_WITHDRAW));
	assert_false(dl_fullness_announced(true, DL_FULLNESS_WITHDRAW - 1));
}

/* ---- whatever comes in ---- */

static struct dl_forecast any_forecast(void)
{
	struct dl_forecast f = {
		.value = any_size(), .low = any_size(), .high = any_size(),
		.confidence = (u8)any(),
	};

	return f;
}

static void test_any(void **state)
{
	struct dl_flow log, held;
	struct dl_bursts bursts;
	u32 i, k, n;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct dl_fullness_in in = {
			.room = any_size(), .settles = any_size(),
			.drain = any_size(), .within_ms = (u32)any_size(),
			.log = &log, .held = &held, .bursts = &bursts,
			.nr = (u32)(any() % 6),
		};
		struct dl_fullness_in less = in, longer;
		struct dl_fullness a, b, c;
		u64 now = any_size();

		dl_flow_init(&log, in.within_ms);
		dl_flow_init(&held, in.within_ms);
		memset(&bursts, 0, sizeof(bursts));
		n = (u32)(any() % 300);
		for (k = 0; k < n; k++) {
			now = any() % 50 ? now + any() % (in.within_ms / 8 + 2ULL) :
				any_size();
			dl_flow_add(&log, now, (s64)(any_size() >> 1));
			dl_flow_add(&held, now, (s64)(any_size() >> 1) * (any() & 1 ? 1 : -1));
			dl_bursts_add(&bursts, now, any_size(), in.drain, any_size());
		}
		for (k = 0; k < DL_FULLNESS_AHEAD; k++) {
			in.ahead[k].ms = (k ? in.ahead[k - 1].ms : 0) +
				(u32)(any_size() % (U32_MAX / 4));
			in.ahead[k].log = any_forecast();
			in.ahead[k].held = any_forecast();
		}
		a = look(&in);
		less = in;
		less.room = in.room / 2;
		less.settles = in.settles / 3;
		b = look(&less);
		assert_true(b.behind >= a.behind && b.held >= a.held);
		assert_true(b.within_ms <= a.within_ms);
		/* The flows are of one T: for another, forecasts alone. */
		in.log = NULL;
		in.held = NULL;
		in.bursts = NULL;
		in.drain = 0;
		a = look(&in);
		longer = in;
		longer.within_ms = in.within_ms +
			(u32)(any_size() % (U32_MAX - in.within_ms + 1ULL));
		c = look(&longer);
		assert_true(c.held >= a.held);
	}
}

/* ---- on disk ---- */

/* Neither tells that there was an end between, but for the time that passed. */
static void test_packed(void **state)
{
	struct dl_flow f, g, h;
	struct dl_bursts b, c;
	struct dl_disk_flow df;
	struct dl_disk_bursts db;
	u64 now = 5000, gap = 7 * T_MS / 16 + 123, later = 40;
	u32 i, n;

	(void)state;
	for (n = 0; n < 300; n += 7) {
		dl_flow_init(&f, T_MS);
		memset(&b, 0, sizeof(b));
		for (i = 0; i < n; i++) {
			now += T_MS / 16;
			dl_flow_add(&f, now, (s64)(any() % (9 * MIB)) - (s64)MIB);
			dl_bursts_add(&b, now, i % 5 ? 0 : any() % (9 * MIB), MIB, 1);
		}
		dl_flow_pack(&f, now + 10, &df);
		dl_bursts_pack(&b, &db);
		dl_flow_init(&g, T_MS);
		assert_true(dl_flow_unpack(&g, &df, later, gap));
		assert_true(dl_bursts_unpack(&c, &db, later, gap));
		h = f;
		dl_flow_add(&h, now + 10 + gap, 0);
		for (i = 0; i < 40; i++) {
			assert_int_equal(dl_flow_expected(&g), dl_flow_expected(&h));
			assert_int_equal(dl_flow_chance(&g, i * 10 * MIB),
					 dl_flow_chance(&h, i * 10 * MIB));
		}
		dl_bursts_add(&b, now + gap, 0, 1, 1);
		if (!b.level)
			assert_int_equal(dl_bursts_expected(&c), dl_bursts_expected(&b));
	}
}

/* Of anything at all what is taken is within bounds. */
static void test_packed_any(void **state)
{
	struct dl_flow f;
	struct dl_bursts b;
	struct dl_disk_flow df;
	struct dl_disk_bursts db;
	u32 i, k, sound = 0;

	(void)state;
	for (i = 0; i < 5000; i++) {
		for (k = 0; k < sizeof(df) / 8; k++)
			((u64 *)&df)[k] = any_size();
		for (k = 0; k < sizeof(db) / 8; k++)
			((u64 *)&db)[k] = any_size();
		dl_flow_init(&f, (u32)any_size());
		if (any() % 2)
			df.block_ms = cpu_to_le32(f.block_ms);
		if (any() % 2)
			df.nr = cpu_to_le32((u32)(any() % (DL_FLOW_BLOCKS + 1)));
		if (any() % 2)
			db.nr = cpu_to_le32((u32)(any() % (DL_BURSTS + 1)));
		sound += dl_flow_unpack(&f, &df, any_size(), any_size());
		assert_true(f.nr <= DL_FLOW_BLOCKS && f.at < DL_FLOW_BLOCKS);
		dl_flow_add(&f, any_size(), (s64)any());
		assert_true(dl_flow_chance(&f, any_size()) <= DL_CHANCE_ONE);
		sound += dl_bursts_unpack(&b, &db, any_size(), any_size());
		assert_true(b.nr <= DL_BURSTS && b.at < DL_BURSTS);
		dl_bursts_add(&b, any_size(), any_size(), any_size(), any_size());
		assert_true(dl_bursts_chance(&b, any_size(), (u32)any_size()) <= DL_CHANCE_ONE);
	}
	assert_true(sound > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_flow_steady),
		cmocka_unit_test(test_flow_now_and_then),
		cmocka_unit_test(test_flow_balance),
		cmocka_unit_test(test_flow_time),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_bursts_outlier),
		cmocka_unit_test(test_bursts_steady),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_announced),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_packed_any),
	};

	return cmocka_run_group_tests_name("fullness", tests, NULL, NULL);
}
