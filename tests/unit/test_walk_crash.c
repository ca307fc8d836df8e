// SPDX-License-Identifier: GPL-2.0
/*
 * The walk after a crash: after every write, with any of the writes in flight
 * done, with the last one torn anywhere.
 */
#include "walk_util.h"

/* Index of the first write that the checkpoint did not know. */
static u32 checkpoint_write(const struct lb *b)
{
	u32 i;

	for (i = 0; i < b->nr_writes; i++)
		if (b->writes[i].frame >= 0 &&
		    b->frames[b->writes[i].frame].h.commit >= b->cp.next_commit)
			break;
	return i;
}

static void reset_image(const struct lb *b, u32 nr_writes)
{
	u32 i;

	memcpy(image, b->base, LB_LOG_BYTES);
	for (i = 0; i < nr_writes; i++)
		lb_apply(b, image, &b->writes[i], 0, b->writes[i].sectors);
}

/* Number of frames among the first @n writes. */
static u32 frames_in(const struct lb *b, u32 n)
{
	u32 i, nr = 0;

	for (i = 0; i < n; i++)
		nr += b->writes[i].frame >= 0;
	return nr;
}

/* Crash after every write: all that was written before is found. */
static void test_prefix(void **state)
{
	u64 seed;
	u32 n;

	(void)state;
	for (seed = 1; seed <= 12; seed++) {
		struct lb *b = lb_long(seed & 1 ? 512 : 4096, seed, seed % 5,
					seed & 2);

		for (n = checkpoint_write(b); n <= b->nr_writes; n++) {
			reset_image(b, n);
			expect_end_anyhow(b, frames_in(b, n));
		}
		lb_free(b);
	}
}

/*
 * Some of the writes in flight arrive and some do not: what is found ends at
 * the first that did not, and nothing is called damage.
 */
static void test_holes(void **state)
{
	const u32 window = 5;
	u32 tried = 0;
	u64 seed;

	(void)state;
	for (seed = 1; seed <= 6; seed++) {
		struct lb *b = lb_long(seed & 1 ? 512 : 4096, seed + 100, 4,
					seed & 2);
		u32 n, mask;

		for (n = checkpoint_write(b); n <= b->nr_writes; n++) {
			u32 low = max_t(u32, checkpoint_write(b), n < window ?
					0 : n - window);

			for (mask = 0; mask < 1u << (n - low); mask++) {
				u64 durable = b->cp.durable_commit;
				u32 i, want = frames_in(b, low);
				bool possible = true, gap = false;

				reset_image(b, low);
				for (i = low; i < n; i++) {
					const struct lb_write *wr = &b->writes[i];

					if (!(mask >> (i - low) & 1)) {
						gap |= wr->frame >= 0;
						continue;
					}
					lb_apply(b, image, wr, 0, wr->sectors);
					if (wr->frame < 0)
						/* all before it were durable */
						durable = max_t(u64, durable,
							b->segs[wr->seg].last_commit);
					else
						durable = max_t(u64, durable,
							b->frames[wr->frame].h.durable_commit);
					want += !gap && wr->frame >= 0;
				}
				for (i = low; i < n; i++)
					if (!(mask >> (i - low) & 1) &&
					    b->writes[i].frame >= 0 &&
					    b->frames[b->writes[i].frame].h.commit <= durable)
						possible = false;
				if (!possible)
					continue;
				tried++;
				expect_end(b, 0, LB_SUMMARY_MAX, want);
				expect_end(b, VERIFY, 0, want);
			}
		}
		lb_free(b);
	}
	assert_true(tried > 500);
}

/*
 * A life that ended in a crash used numbers that the next one uses again. What
 * it left, durable as it was, proves nothing about the frames of this one.
 */
static void test_same_numbers(void **state)
{
	u64 seed;
	u32 i, n;

	(void)state;
	for (seed = 1; seed <= 6; seed++) {
		struct lb *b = lb_new(seed & 1 ? 512 : 4096, seed + 900);
		u32 keep = seed % 3 + 1;

		for (i = 0; i < 5; i++) {
			lb_open(b, DL_CHUNK_SECTORS_MIN);
			while (lb_frames(b, 1, 0, 3))
				;
			lb_seal(b, true);
		}
		lb_recycle(b, true);
		b->commit = keep;
		b->seq = 7;
		b->segment_id = 1;
		b->durable = keep - 1;
		lb_recycle(b, true);

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_checkpoint(b);
		lb_frames(b, 2 + seed, 2, 2);
		lb_seal(b, false);
		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_frames(b, 3, 2, 2);
		for (n = 0; n <= b->nr_writes; n++) {
			reset_image(b, n);
			expect_end_anyhow(b, frames_in(b, n));
			/* A gap, not covered by anything of this life. */
			if (n < 2)
				continue;
			reset_image(b, n - 2);
			lb_apply(b, image, &b->writes[n - 1], 0,
				 b->writes[n - 1].sectors);
			expect_end_anyhow(b, frames_in(b, n - 2));
		}
		lb_free(b);
	}
}

/* What the last write is missing does not matter when it is padding. */
static bool same_without(const struct lb *b, const struct lb_write *wr, u32 from,
			 u32 sectors)
{
	size_t i, at = (wr->sector + from) * DL_SECTOR_BYTES;

	for (i = at; i < at + (size_t)sectors * DL_SECTOR_BYTES; i++)
		if (b->kind[i] != LB_UNUSED && image[i] != b->log[i])
			return false;
	return true;
}

/* The last write is torn at every sector, from either end or in its middle. */
static void test_torn(void **state)
{
	u64 seed;
	u32 n, cut;

	(void)state;
	for (seed = 1; seed <= 8; seed++) {
		struct lb *b = lb_long(seed & 1 ? 512 : 4096, seed + 200,
					seed % 4, seed & 2);

		for (n = checkpoint_write(b); n < b->nr_writes; n++) {
			const struct lb_write *wr = &b->writes[n];
			u32 all = frames_in(b, n + 1);

			for (cut = 0; cut < wr->sectors; cut++) {
				u32 rest = wr->sectors - cut, want;

				/* the first @cut sectors only */
				reset_image(b, n);
				lb_apply(b, image, wr, 0, cut);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, cut, rest);
				expect_end(b, 0, LB_SUMMARY_MAX, want);
				expect_end(b, VERIFY, 0, want);

				/* the last ones only */
				reset_image(b, n);
				lb_apply(b, image, wr, cut, rest);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, 0, cut);
				expect_end(b, 0, LB_SUMMARY_MAX, want);

				/* all but one */
				reset_image(b, n + 1);
				memcpy(image + (wr->sector + cut) * DL_SECTOR_BYTES,
				       b->base + (wr->sector + cut) *
				       DL_SECTOR_BYTES, DL_SECTOR_BYTES);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, cut, 1);
				expect_end(b, 0, LB_SUMMARY_MAX, want);
			}
		}
		lb_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_same_numbers),
		cmocka_unit_test(test_torn),
	};

	return cmocka_run_group_tests_name("walk, crashes", tests, NULL, NULL);
}
