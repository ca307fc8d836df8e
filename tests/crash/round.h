/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One round of a crash test: devices and a workload drawn from a seed, carried
 * out and recorded; then crash states of the recording, each activated, read
 * and judged (explore.c).
 */
#ifndef DLT_ROUND_H
#define DLT_ROUND_H

#include <stdbool.h>

#include "../model/judge.h"
#include "../model/plan.h"
#include "image.h"
#include "stack.h"

struct config {
	uint64_t seed;
	uint32_t states;		/* wanted in all */
	uint32_t per_round;
	enum via via;
	const char *target;
	const char *options;		/* NULL: drawn */
	const struct mix *mix;		/* NULL: drawn */
	uint32_t threads;		/* 0: drawn */
	uint32_t ops;			/* 0: drawn */
	enum fate fate;			/* NR_FATES: drawn for each state */
	bool tear;
	uint32_t deep_pct;		/* states that are crashed again */
	uint32_t drain_pct;		/* states drained and compared */
	uint32_t again_pct;		/* states deactivated and activated */
	uint32_t max_wrong;		/* stop after so many */
	const char *save_dir;		/* NULL: wrong states are not kept */
	const char *command;		/* how to call this again */
	uint32_t first_round;
	bool verbose;
	bool trace;			/* print what was recorded */
};

struct totals {
	uint32_t rounds, states, deep, refused, drained, again, detached;
	uint32_t wrong, by_kind[JUDGE_ORDER + 1], other_wrong;
	uint64_t ops, changes, flushes, bytes;
	uint32_t torn, cut;
	uint32_t sealed;		/* frames that were encrypted */
	double record_s, explore_s;
};

#define DEPTH_MAX	3

/* Marks that are no op's. */
#define MARK_READY	(1ULL << 62)	/* the volume was activated */
#define MARK_DETACHED	(1ULL << 63)	/* it was detached */

/* A recorded life of a volume, and how to judge a crash in it. */
struct life {
	const struct config *c;
	struct totals *t;
	struct stack *st;
	struct history h;
	struct judge *j;
	struct stream s;
	uint64_t ready;			/* time; before it nothing is promised */
	uint64_t detached;		/* but what the life before promised */
	const struct life *before;
	uint64_t crashed_at;		/* time in the life before */
	unsigned int depth;
	uint32_t round;			/* for reports */
	uint32_t next_id;
	uint32_t *val;			/* what the volume shows */
	void *buf;			/* for reading it */
	struct choice choice;
};

/* The parameters of a round, drawn from config.seed and its number. */
struct setup {
	struct layout l;
	uint32_t block;
	uint32_t hold_us[NR_DEVS];
	const struct mix *mix;
	uint32_t threads, ops;
	bool zero_base;			/* the origin holds zeros, not stamps */
	bool stale_log;			/* as the round before left it, but for
					 * its superblocks
					 */
	bool record_format;		/* the first activation is recorded */
	enum { END_CUT, END_CLEAN, END_DETACH } end;
	char options[368];
};

void round_setup(struct setup *u, const struct config *c, struct rng *r);

/* A round; returns false when it is time to stop. */
bool round_run(const struct config *c, struct stack *st, struct totals *t,
	       uint32_t number);

/* Carry out a plan of @ops on the active volume while it is recorded. */
void life_work(struct life *life, const struct mix *mix, uint32_t threads,
	       uint32_t ops, uint64_t seed);

/* explore.c: crash @life at @states times; false: stop. */
bool life_explore(struct life *life, const char *base, uint32_t states,
		  struct rng *r);

/* case.c: keep one crash state in a file, and judge it again later. */
void case_save(const struct life *life, const char *image, uint64_t time,
	       uint32_t round, uint32_t state);
int case_run(const char *file, struct stack *st);

#endif
