/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The judge: is what a volume shows after a crash a prefix of the writes it
 * accepted, and does that prefix hold all that was durable (contract C1)?
 *
 * A write is accepted piece by piece, a piece being its part of one page, in
 * ascending order. The content must be explained by some order of all pieces
 * of which a prefix was applied, such that
 *  - A comes before B if A was done before B started;
 *  - the pieces of one write stay in ascending order;
 *  - the prefix holds every write that was done before a flush started which
 *    was done before the crash, and every FUA write done before the crash;
 *  - nothing is in it that had not started.
 */
#ifndef DLT_JUDGE_H
#define DLT_JUDGE_H

#include "history.h"

enum verdict_kind {
	JUDGE_OK,
	JUDGE_UNREADABLE,	/* a sector could not be read */
	JUDGE_INVENTED,		/* bytes that nobody wrote there */
	JUDGE_FUTURE,		/* a write that had not started */
	JUDGE_LOST,		/* a durable write is gone */
	JUDGE_HOLE,		/* a write is missing that came before one seen */
	JUDGE_ORDER,		/* concurrent writes seen in no possible order */
};

#define VERDICT_WRONG_MAX	8

struct verdict_wrong {
	enum verdict_kind kind;
	uint32_t sector;
	uint32_t got;		/* what it shows */
	uint32_t want;		/* this write, or a later one, must be seen */
	uint32_t because;	/* of this one being seen or durable; 0: none */
};

struct verdict {
	enum verdict_kind kind;	/* the worst of those found */
	uint32_t nr_wrong;
	struct verdict_wrong wrong[VERDICT_WRONG_MAX];	/* the first of them */
	uint32_t seen;		/* the latest write the prefix had to hold */
	uint64_t pieces;	/* judge_serial: length of the prefix */
};

/* Everything done by then must be there: for a volume that did not crash. */
#define JUDGE_ALL	(1u << 0)

struct judge;

/* @h must be indexed and stay as it is; several judges may share it. */
struct judge *judge_new(const struct history *h);
void judge_free(struct judge *j);

/**
 * judge() - decide about one crash state
 * @j: judge
 * @val: what each sector of the volume shows
 * @crash: time of the crash: what started or was done later did not happen
 * @flags: JUDGE_ALL or 0
 * @v: out
 *
 * Return: true if the state is right.
 *
 * Writes of zeros must not have been concurrent with each other: a sector of
 * zeros cannot say which of them it is from.
 */
bool judge(struct judge *j, const uint32_t *val, uint64_t crash,
	   unsigned int flags, struct verdict *v);

/**
 * judge_serial() - the same for writes that came one at a time, by brute force
 *
 * Applies the pieces in program order and looks whether the content is ever
 * the one seen, between what was durable and what had started. An independent
 * twin of judge() for histories that history_is_serial().
 */
bool judge_serial(const struct history *h, const uint32_t *val, uint64_t crash,
		  unsigned int flags, struct verdict *v);

const char *verdict_text(enum verdict_kind kind);

/* Print what is wrong, a line each; @prefix starts the lines. */
void verdict_print(const struct verdict *v, const struct history *h,
		   const char *prefix, FILE *f);

/* Shared by the two judges: note something wrong. */
void verdict_add(struct verdict *v, enum verdict_kind kind, uint32_t sector,
		 uint32_t got, uint32_t want, uint32_t because);

/* The latest start of a flush that was done before @crash; 0 if none. */
uint64_t history_flush_horizon(const struct history *h, uint64_t crash);

#endif
