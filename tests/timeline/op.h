/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One operation of a schedule, and the list of all that were done.
 */
#ifndef DLT_OP_H
#define DLT_OP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../model/stamp.h"
#include "volume.h"

enum act {
	/* Change sectors. */
	ACT_WRITE, ACT_DSYNC, ACT_ZERO, ACT_DISCARD,
	/* Are one request. */
	ACT_FLUSH, ACT_CREATE, ACT_DELETE, ACT_RENAME, ACT_REWIND,
	ACT_PICK, ACT_WINDOW,
	ACT_RECONCILE, ACT_DRAIN,
	/* The rest is done step by step, and only noted. */
	ACT_READ, ACT_VIEW, ACT_COMPARE, ACT_UNVIEW, ACT_READER, ACT_PAUSE,
	ACT_MOMENT, ACT_LOOK_BACK, ACT_AGE, ACT_RULED,
	ACT_WAIT,
	ACT_SUSPEND, ACT_RELOAD, ACT_RACE, ACT_MISUSE, ACT_RESTART, ACT_CRASH,
	NR_ACTS
};

extern const char *const act_names[NR_ACTS];

#define SNAP_NAME	64u
#define NOT_DONE	1

struct op {
	uint32_t id;		/* from 1; also the stamp of what it writes */
	enum act act;
	uint32_t first, n;	/* sectors; of a flush, n: by message */
	int err;		/* 0, -errno, NOT_DONE */
	/*
	 * A snapshot, or what it is to be called; of a rewind, or a look at a
	 * moment, also "@" and its sequence; of a window its rules.
	 */
	char name[SNAP_NAME];
	/* The new name; of a rewind, what it keeps; of a pick, the moment. */
	char other[SNAP_NAME];
};

static inline bool op_changes(const struct op *op)
{
	return op->act <= ACT_DISCARD;
}

/* What a sector that it changed shows, see stamp.h. */
static inline uint32_t op_value(const struct op *op)
{
	return op->act == ACT_ZERO || op->act == ACT_DISCARD ? VAL_ZERO :
							       op->id;
}

/* Carry it out, if it is one request; @reply is of MESSAGE_MAX. */
int op_do(const struct op *op, struct volume *v, uint64_t seed, char *buf,
	  char *reply);

/* In words; @out is returned. */
const char *op_text(const struct op *op, char *out, size_t size);

/* Everything done in a schedule. Pointers into it stay good. */
struct trail {
	struct op *ops;
	uint32_t nr;
};

void trail_init(struct trail *t);
void trail_exit(struct trail *t);
struct op *trail_add(struct trail *t, enum act act);
/*
 * Print the last @most operations on the page of @sector, and all that are not
 * on pages between them.
 */
void trail_print(const struct trail *t, uint32_t sector, uint32_t most,
		 FILE *out);

#endif
