// SPDX-License-Identifier: GPL-2.0
/*
 * The adjacency predictor: whatever is written, what it says stays in its bounds, and
 * its score can be.
 */
#include "fuzz.h"
#include "adjacency.h"

/* Near what is there already, or anywhere. */
static u64 draw_sector(struct input *in, u64 last, u32 sectors)
{
	switch (take_int(in, 1) & 7) {
	case 0:
		return take_int(in, 8);
	case 1:
		return last;
	case 2:
		return last + take_int(in, 2) - 32768;
	case 3:
		return last - sectors;
	case 4:
		return take_int(in, 1) << DL_ADJ_REGION_SHIFT;
	default:
		return last + sectors;
	}
}

static void ask(const struct dl_adjacency *a, u64 sector, bool runs)
{
	struct dl_adj_next n;

	dl_adjacency_successor(a, sector, runs, &n);
	must(n.step >= -(s32)DL_ADJ_STEP_MAX && n.step <= (s32)DL_ADJ_STEP_MAX);
	must(n.step || !n.stepped);
	must(n.sectors <= 4095);
	saw_int(n.next | (u64)n.stepped << 8 | (u64)n.sectors << 16 |
		(u64)(u32)n.step << 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u32 nr = 1u << (take_int(&in, 1) & 3), sectors = 8;
	struct dl_adj_set *sets = exactly(nr * sizeof(*sets));
	struct dl_adjacency a;
	u64 sector = 0;

	dl_adjacency_init(&a, sets, nr);
	a.writes = (u32)take_int(&in, 4);
	while (in.left) {
		sector = draw_sector(&in, sector, sectors);
		sectors = (u32)take_int(&in, 1);
		if (sectors == 255)
			sectors = (u32)take_int(&in, 4);
		dl_adjacency_learn(&a, sector, sectors, sectors & 3);
		ask(&a, sector, sectors & 1);
		ask(&a, sector + sectors, true);
	}
	must(a.score.came <= a.score.said && a.score.came <= a.score.were);
	must(a.score.steps_came <= a.score.steps_said);
	must(a.score.steps_came <= a.score.steps_were);
	must(a.score.said + a.score.steps_said <= a.score.writes);
	must(a.score.were + a.score.steps_were <= a.score.writes);
	must(a.score.lately <= 65536);
	saw(&a.score, sizeof(a.score));
	free(sets);
	return 0;
}
