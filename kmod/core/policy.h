/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy: ordered rules that say how finely a write is recorded, from how
 * often its place is written, where it is and who writes. It is text, of at most
 * DL_POLICY_TEXT bytes, wherever it is kept or carried; this is the one parser
 * and the one that writes it. The language is told in Documentation/policy.md.
 *
 * Ownership and locking: a policy is a value, without pointers; who changes one
 * that others look at makes a new one and exchanges it. What is parsed here is
 * valid: the last rule has no conditions and no other is like that.
 */
#ifndef DL_CORE_POLICY_H
#define DL_CORE_POLICY_H

#include "level.h"
#include "status.h"

#define DL_POLICY_TEXT		4000u	/* bytes */
#define DL_POLICY_RULES		32u	/* and the default */
#define DL_POLICY_TESTS		4u	/* conditions of a rule */
#define DL_POLICY_CLIENTS	8u	/* paths of cgroups */
#define DL_POLICY_PATH		128u	/* bytes of one, with a NUL */
#define DL_POLICY_ABOVE		16u	/* cgroups that one is in, nearest first */

/* What a condition looks at. */
enum dl_policy_what {
	DL_POLICY_RATE,
	DL_POLICY_PAGE_RATE,
	DL_POLICY_SEQUENTIAL,
	DL_POLICY_WHATS
};

/* dl_policy_test.flags */
#define DL_POLICY_AT_MOST	0x01u	/* < or <=; else > or >= */
#define DL_POLICY_STRICT	0x02u	/* < or > */

struct dl_policy_test {
	u32 limit[2];	/* the last that passes; [1]: with hysteresis */
	u8  what;	/* enum dl_policy_what */
	u8  flags;	/* DL_POLICY_* */
	u8  unit;	/* that the rate was given in; see policy.c */
};

struct dl_policy_rule {
	u64 from, to;	/* sectors, without @to; to == 0: anywhere */
	u64 client;	/* 0: anyone, or a path that is not resolved */
	bool narrow;	/* by range or client */
	u8  path;	/* 1 + index of the client's path; 0: none */
	u8  level;	/* enum dl_level */
	u8  nr_tests;
	struct dl_policy_test test[DL_POLICY_TESTS];
};

struct dl_policy {
	u32 window;	/* s */
	u32 max_chain;	/* deltas on a page before it is written whole */
	u8  hysteresis;	/* % */
	u8  window_unit;
	u8  nr_rules;	/* with the default, which is the last */
	u8  nr_paths;
	char path[DL_POLICY_CLIENTS][DL_POLICY_PATH];
	struct dl_policy_rule rule[DL_POLICY_RULES + 1];
};

static_assert(sizeof(struct dl_policy) <= 4096, "size of a policy");

/* What a write is, to be decided about. */
struct dl_policy_subject {
	u64 sector;
	u64 client;		/* number of the cgroup; 0: not known */
	u32 rate, page_rate;	/* an hour */
	bool sequential;
	u8  nr_above;		/* at most DL_POLICY_ABOVE */
	const u64 *above;	/* numbers of the cgroups that @client is in */
};

/* Where and why a text was refused. */
struct dl_policy_error {
	u32 line, column;	/* from 1; columns in bytes */
	const char *reason;	/* static */
};

/* The policy of a volume that was given none. */
extern const char dl_policy_default[];

/**
 * dl_policy_parse() - take text over, all of it or none
 * @p: out; undefined if refused
 * @text: the text; needs no NUL at its end
 * @bytes: its length
 * @e: out if refused
 *
 * Return: DL_OK, DL_BAD_SIZE if text or policy are too large, or DL_BAD_RECORD.
 */
enum dl_status dl_policy_parse(struct dl_policy *p, const char *text,
			       size_t bytes, struct dl_policy_error *e);

/**
 * dl_policy_format() - the canonical text
 * @p: policy
 * @buf: out: as much as fits, and a NUL
 * @room: size of @buf; may be 0
 *
 * A line for each setting and rule, which ends with a newline; parsed it is the
 * same policy. Return: length of the text, at most DL_POLICY_TEXT.
 */
size_t dl_policy_format(const struct dl_policy *p, char *buf, size_t room);

/**
 * dl_policy_format_rule() - one rule as canonical text, without a newline
 * @p: policy
 * @rule: index, as dl_policy_decide() returns it
 * @buf: out: as much as fits, and a NUL
 * @room: size of @buf; may be 0
 *
 * Return: length of the text.
 */
size_t dl_policy_format_rule(const struct dl_policy *p, unsigned int rule,
			     char *buf, size_t room);

/**
 * dl_policy_resolve() - the cgroup of a path is known
 * @p: policy
 * @path: index in @p->path
 * @client: its number; 0: there is none, its rules hit nobody
 */
void dl_policy_resolve(struct dl_policy *p, unsigned int path, u64 client);

/**
 * dl_policy_client_hit() - does a rule concern who writes
 * @r: rule
 * @s: the write
 *
 * Context: any. Return: true if the rule names nobody, or @s->client, or a cgroup
 * that this is in.
 */
bool dl_policy_client_hit(const struct dl_policy_rule *r,
			  const struct dl_policy_subject *s);

/* Does any rule name a client? Else nobody has to find out what that is in. */
bool dl_policy_has_clients(const struct dl_policy *p);

/**
 * dl_policy_decide() - the level of a write
 * @p: policy
 * @s: the write
 * @level_now: level in force; DL_LEVEL_UNSAID: none
 * @level: out
 *
 * The first rule that hits decides. Rules for @level_now are eased by the
 * hysteresis: their rates pass down to limit * (1 - h), or up to limit * (1 + h).
 *
 * Context: any. Return: index of the rule.
 */
int dl_policy_decide(const struct dl_policy *p,
		     const struct dl_policy_subject *s, u8 level_now,
		     u8 *level);

/* Name of a level in rules; "unsaid" for DL_LEVEL_UNSAID and above the last. */
const char *dl_level_name(u8 level);

#endif
