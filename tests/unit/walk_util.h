/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the walk share.
 */
#ifndef DL_TEST_WALK_UTIL_H
#define DL_TEST_WALK_UTIL_H

#include "logbuild.h"
#include "unit.h"

#define VERIFY	(DL_WALK_FRAMES | DL_WALK_PAYLOADS)

/* The log device as the walk finds it. */
static u8 image[LB_LOG_BYTES];

static inline void check_model(const struct lb_result *r)
{
	if (r->wrong)
		fail_msg("%s (after %u frames)", r->wrong, r->frames);
}

static inline u32 bad_notes(const struct lb_result *r)
{
	return r->notes[DL_NOTE_REPAIRED] + r->notes[DL_NOTE_DAMAGE] +
		r->notes[DL_NOTE_FATAL];
}

/* Accepted: frames[0..n-1] and no sign of damage. */
static inline void expect_end(struct lb *b, u32 flags, size_t summary, u32 n)
{
	struct lb_result r;

	lb_walk(b, image, flags, summary, &r);
	check_model(&r);
	assert_status(r.st, DL_OK);
	assert_int_equal(r.frames, n);
	assert_int_equal(bad_notes(&r), 0);
	assert_int_equal(r.unreadable, 0);
	if (n) {
		assert_int_equal(r.last_commit, b->frames[n - 1].h.commit);
		assert_int_equal(r.last_seq, b->frames[n - 1].h.first_seq +
				 b->frames[n - 1].h.nr_descs - 1);
	}
}

/* In every way a log can be walked. */
static inline void expect_end_anyhow(struct lb *b, u32 n)
{
	expect_end(b, 0, LB_SUMMARY_MAX, n);
	expect_end(b, VERIFY, LB_SUMMARY_MAX, n);
	expect_end(b, 0, 0, n);
	expect_end(b, VERIFY, 0, n);
}

#endif
