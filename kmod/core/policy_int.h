/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of the policy's language, for who reads and who writes it. Not for
 * others.
 */
#ifndef DL_CORE_POLICY_INT_H
#define DL_CORE_POLICY_INT_H

#include "policy.h"

struct dl_policy_unit {
	const char *name;
	u32 factor;
};

#define DL_POLICY_RATE_UNITS	3u
#define DL_POLICY_TIME_UNITS	4u

/* Times an hour; seconds. */
extern const struct dl_policy_unit dl_policy_rate_unit[DL_POLICY_RATE_UNITS];
extern const struct dl_policy_unit dl_policy_time_unit[DL_POLICY_TIME_UNITS];
extern const char * const dl_policy_word[DL_POLICY_WHATS];

/* Sizes end with one of these, 10 bits each; s is for sectors. */
#define DL_POLICY_SIZES		"KMGT"

#define DL_POLICY_SECTORS_MAX	((1ULL << 55) - 1)

/* A rule that hits whatever it is asked about. */
static inline bool dl_policy_rule_always(const struct dl_policy_rule *r)
{
	return !r->nr_tests && !r->narrow;
}

/* The rate that a condition names, an hour. */
static inline u32 dl_policy_threshold(const struct dl_policy_test *t)
{
	if (!(t->flags & DL_POLICY_STRICT))
		return t->limit[0];
	return t->flags & DL_POLICY_AT_MOST ? t->limit[0] + 1 : t->limit[0] - 1;
}

#endif
