/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in force of a volume's retention: the rules, which snapshots were made by
 * them, and which of these will go next, by the code by which the kernel drops.
 */
#ifndef DL_TOOL_RULES_H
#define DL_TOOL_RULES_H

#include "retention.h"
#include "snaps.h"

struct dl_rules {
	struct dl_retention r;
	uint64_t id[8192];	/* snapshots made by rule */
	size_t nr;
};

struct dl_rules_next {
	const struct dl_snap *snap;	/* NULL: none will go */
	uint64_t when;			/* s since 1970 */
	char why[128];
};

/* What enum dl_on_full is called, and which one @word is, or -1. */
extern const char *const dl_rules_policy[DL_ON_FULL_COUNT];
int dl_rules_policy_of(const char *word);

/* Ask for them. Return: 0 or an exit code with the reason said. */
int dl_rules_read(struct dl_rules *st, const char *volume);

/* Was the snapshot with that number made by rule? */
bool dl_rules_made(const struct dl_rules *st, uint64_t id);

/* Why @snap, one of @s, goes when it does. Return: @buf. */
const char *dl_rules_why(char *buf, size_t size, const struct dl_rules *st,
			 const struct dl_snaps *s, const struct dl_snap *snap);

/**
 * dl_rules_next() - which snapshot goes first, when, and why
 * @st: as read
 * @s: the volume's snapshots
 * @now: s since 1970
 * @next: out; @next->snap is one of @s
 */
void dl_rules_next(const struct dl_rules *st, const struct dl_snaps *s,
		   uint64_t now, struct dl_rules_next *next);

/* A line, or nothing; an object, or NULL. */
void dl_rules_print_next(const struct dl_rules_next *next);
struct json_object *dl_rules_json_next(const struct dl_rules_next *next);

#endif
