// SPDX-License-Identifier: GPL-2.0
/*
 * Self-test, see selftest.h.
 */
#include <string.h>

#include "../model/util.h"
#include "fake.h"
#include "selftest.h"

/* Within so many schedules a fault has to be found. */
#define FIND_SCHEDULES	300u

static const char *const fault_texts[NR_FAULTS] = {
#define X(name, text) [FAULT_##name] = text,
	FAKE_FAULTS(X)
#undef X
};

static void run(const struct config *c, enum fault which, struct totals *t)
{
	struct volume *v = fake_new(which, c->seed);
	struct schedule *s = schedule_new(c, t, v);
	uint32_t i;

	for (i = 0; i < c->schedules && !t->wrong; i++)
		schedule_run(s, c->first + i);
	schedule_free(s);
	fake_free(v);
}

static bool right(const struct config *c)
{
	struct totals t = { 0 };
	bool ok;

	run(c, FAULT_NONE, &t);
	/* What was never tried proves nothing. */
	ok = !t.wrong && t.diff_said == t.diff_differ;
	if (c->schedules >= 30)
		ok = ok && t.snapshots && t.views && t.crashes && t.restarts &&
			t.races && t.reads_beside && t.diffs;
	if (c->schedules >= 30 && !c->no_rewind)
		ok = ok && t.rewinds && t.rewinds_back;
	if (c->schedules >= 30 && !c->no_window)
		ok = ok && t.looks && t.looks_held && t.looks_between &&
			t.looks_refused && t.picks && t.shortened &&
			(c->no_rewind || t.rewinds_moment);
	if (c->schedules >= 300 && !c->no_window)
		ok = ok && t.ages && t.ruled && t.ruled_gone && t.ruled_kept;
	if (c->schedules >= 300)
		ok = ok && t.no_space && t.lost && t.doubts && t.doubts_done;
	if (c->schedules >= 300 && !c->no_rewind)
		ok = ok && t.rewinds_no_room && t.rewinds_doubts &&
			t.rewinds_doubts_done &&
			t.rewinds_doubts_done < t.rewinds_doubts;
	printf("# %u moments looked at, %u held, %u sequences between, %u refused, %u picked, %u rewound to, %u moves seen\n",
	       t.looks, t.looks_held, t.looks_between, t.looks_refused,
	       t.picks, t.rewinds_moment, t.shortened);
	if (c->schedules >= 300 && !c->no_window)
		ok = ok && t.waits;
	printf("# writes waited %u times, held %u times\n", t.waits,
	       t.waits_held);
	printf("# %u made by rule, %u of them dropped, %u renamed, %u times minutes went by\n",
	       t.ruled, t.ruled_gone, t.ruled_kept, t.ages);
	printf("%s - a right volume: %u schedules, %u snapshots, %u views, %u crashes, %u in doubt (%u of snapshots had happened), %u rewinds (%u back, %u without room, %u in doubt, of which %u had happened), %u restarts, %u ENOSPC, %u reads beside, %llu MiB compared\n",
	       ok ? "ok" : "not ok", t.schedules, t.snapshots, t.views,
	       t.crashes, t.doubts, t.doubts_done, t.rewinds,
	       t.rewinds_back, t.rewinds_no_room, t.rewinds_doubts,
	       t.rewinds_doubts_done, t.restarts, t.no_space,
	       t.reads_beside, (unsigned long long)(t.bytes >> 20));
	return ok;
}

static bool found(const struct config *given, enum fault fault)
{
	struct config c = *given;
	struct totals t = { 0 };

	c.schedules = FIND_SCHEDULES;
	if (fault >= FAULT_MOMENT_LATER && !c.mix)
		c.mix = mix_find(fault >= FAULT_WAIT_FAILS ? "full" :
				 fault >= FAULT_RULE_STALE ? "rules" : "window");
	c.out = given->verbose ? stdout : fopen("/dev/null", "w");
	if (!c.out)
		die("/dev/null cannot be opened");
	c.verbose = false;
	run(&c, fault, &t);
	if (c.out != stdout)
		fclose(c.out);
	printf("%s - %s: %s after %u schedules\n", t.wrong ? "ok" : "not ok",
	       fault_texts[fault], t.wrong ? "found" : "not found",
	       t.schedules);
	return t.wrong;
}

int self_test(const struct config *c)
{
	bool ok = right(c);
	unsigned int fault;

	for (fault = FAULT_NONE + 1; fault < NR_FAULTS; fault++)
		ok = found(c, fault) && ok;
	return ok ? 0 : 1;
}
