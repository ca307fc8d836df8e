/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Granularity: how often which region is written, and what the policy makes of
 * it. The table of regions (core/heat.h) is the granularity map as well, and what
 * checkpoints keep of it.
 *
 * Locks: a set is guarded by the shard of the map's that has its regions, which
 * is why sets are numbered like buckets. The policy is exchanged as a whole; who
 * looks at it is in an RCU read section. @lock: one change at a time.
 *
 * Memory: 256 bytes a set, a set for four regions of 64 KiB; at most
 * DL_GRAIN_SETS, fewer where the map has few buckets.
 */
#ifndef DL_GRAIN_H
#define DL_GRAIN_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "core/checkpoint.h"
#include "core/heat.h"
#include "core/imprint.h"
#include "core/policy.h"
#include "map.h"

struct bio;

#define DL_GRAIN_SETS	16384u

/* A policy in force. */
struct dl_grain_rules {
	struct rcu_head rcu;
	struct dl_policy p;
	struct dl_heat_scale scale;
	bool deltas;		/* it has a level finer than a block */
	bool dflt;		/* it is the default one */
	bool clients;		/* it has a rule for some */
	u32 bytes;
	char text[DL_POLICY_TEXT + 1];	/* canonical */
};

struct dl_grain {
	struct dl_grain_rules __rcu *rules;
	struct dl_heat_set *sets;
	u32 set_mask;
	u32 room;		/* regions that a checkpoint has room for */
	u32 text_max;		/* bytes of a policy, the same */
	struct mutex lock;
};

/* What there is to say of a write. */
struct dl_grained {
	u8 level;		/* enum dl_level */
	u8 temperature;		/* 0 to 32: 1 + log2 of the region's writes an hour */
	u16 client;		/* lowest bits of the cgroup's number */
};

/**
 * dl_grain_init() - have a table, and the default policy
 * @g: out
 * @m: map
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; dl_grain_exit() either way.
 */
int dl_grain_init(struct dl_grain *g, const struct dl_map *m);
void dl_grain_exit(struct dl_grain *g);
u64 dl_grain_bytes(const struct dl_grain *g);

/**
 * dl_grain_write() - a write comes: how is it to be recorded?
 * @g: grain
 * @bucket: of @page, in the map
 * @page: first page
 * @pages: how many follow it in this write, with it
 * @bio: the write, for whose it is
 *
 * To be asked for the first page of each region that a write has.
 * Context: the shard locked.
 */
struct dl_grained dl_grain_write(struct dl_grain *g, u32 bucket, u64 page,
				 u32 pages, struct bio *bio);

/* A delta of @bytes was made of a write to @page. Context: the shard locked. */
void dl_grain_delta(struct dl_grain *g, u32 bucket, u64 page, u32 bytes);

/* Writes of @page an hour; 0: not known. Context: the shard locked. */
u32 dl_grain_page_rate(struct dl_grain *g, u32 bucket, u64 page);

/* How many deltas a page may have before it is written whole. Any context. */
u32 dl_grain_max_chain(struct dl_grain *g);

/* Take @r over, which is ready. Context: process, may sleep, @g->lock held. */
void dl_grain_exchange(struct dl_grain *g, struct dl_map *m,
		       struct dl_grain_rules *r);

/* Make what is in @r->p ready to be exchanged. */
void dl_grain_prepare(struct dl_grain_rules *r);

/* The policy as text: its length, or -E2BIG if it was cut. Context: any. */
ssize_t dl_grain_text(struct dl_grain *g, char *buf, size_t room);

/* A region of the map, as told to people. */
struct dl_grain_region {
	u64 region;
	u32 rate;		/* writes an hour, now */
	u32 page_rate;		/* the highest of its pages */
	u32 delta;		/* mean bytes of a delta; 0: none yet */
	u8  level;
	bool sequential;
	int rule;		/* that its next write would hit */
};

/**
 * dl_grain_next() - the next region that the table has
 * @g: grain
 * @m: map
 * @cursor: in and out: 0 at first
 * @out: out
 *
 * In no order. Context: process, no shard locked. Return: false: no more.
 */
bool dl_grain_next(struct dl_grain *g, struct dl_map *m, u32 *cursor,
		   struct dl_grain_region *out);

/* How many regions the table may have. */
u32 dl_grain_slots(const struct dl_grain *g);

/**
 * dl_grain_gather() - all regions of the table, as an imprint has them
 * @g: grain
 * @m: map
 * @out: room for dl_grain_slots()
 *
 * In no order; rates are as of now. Context: process, no shard locked, may sleep.
 * Return: how many.
 */
u32 dl_grain_gather(struct dl_grain *g, struct dl_map *m, __le64 *out);

/* The policy and the map. Does not sleep. */
void dl_grain_save(struct dl_grain *g, struct dl_cp_writer *w);
/* Take over the map: what is not sound of it is passed over. */
void dl_grain_load(struct dl_grain *g, const struct dl_map *m, const void *body,
		   size_t bytes);

#endif
