/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between fake.c, the volume, fake_snaps.c, its snapshots, fake_rewind.c,
 * fake_window.c and fake_rules.c.
 * Everything is done with the lock held.
 */
#ifndef DLT_FAKE_INT_H
#define DLT_FAKE_INT_H

#include <pthread.h>

#include "../model/rng.h"
#include "../model/stamp.h"
#include "fake.h"

#define FAKE_SNAPS	32u
#define FAKE_PENDING	1024u
#define FAKE_NAME	64u
#define FAKE_CHANGES	512u
#define FAKE_RULES	4u
#define FAKE_TIME	1700000000000000000ULL

struct fake_snap {
	uint64_t id, seq, time_ns;
	char name[FAKE_NAME];
	uint32_t views;
	bool picked, ruled, was_ruled;
	uint32_t bad;		/* sector that cannot be read, + 1 */
	char *copy;
};

/* A piece of an image. */
struct fake_piece {
	uint32_t first, n;
	char *data;
	pthread_t writer;
};

struct fake_change {
	struct fake_piece is;
	uint64_t seq;
	bool noted;		/* nothing was in flight after it */
};

struct fake_window {
	bool on;
	uint64_t from;
	char *base;		/* the volume then */
	struct fake_change at[FAKE_CHANGES];	/* and since */
	unsigned int nr;
	char *held;		/* what some view shows, or NULL */
};

struct fake {
	struct volume v;
	pthread_mutex_t lock;
	pthread_cond_t resumed;
	enum fault fault;
	pthread_t owner;	/* who made it */
	struct rng r;
	uint32_t sectors, log;
	char *origin, *cur, *durable;
	struct fake_piece pending[FAKE_PENDING];	/* not durable */
	unsigned int nr_pending;
	/* What was there before the last write, and the one before it. */
	struct fake_piece undo[2];
	struct fake_snap snaps[FAKE_SNAPS];
	unsigned int nr_snaps;
	struct fake_snap deleted;	/* the last that was; no copy: none */
	char old_name[FAKE_NAME], new_name[FAKE_NAME];
	uint64_t next_id, seq, past;
	uint64_t durable_seq;
	struct fake_window window;
	char rules[64];
	struct {
		uint32_t every, keep;	/* s */
	} rule[FAKE_RULES];
	unsigned int nr_rules;
	uint64_t ns, tended;	/* how much time went by, until when */
	uint32_t moment_views, waiting;
	uint64_t rewound;	/* the snapshot it was last rewound to */
	bool suspended, cut, doubted, crashed, ro, pending_rewind, restarted;
};

static inline size_t fake_bytes(uint32_t sectors)
{
	return (size_t)sectors * SECTOR_BYTES;
}

static inline uint64_t fake_now(const struct fake *f)
{
	return FAKE_TIME + f->ns + f->seq;
}

/* Is it this fault's turn? */
static inline bool fake_fault(struct fake *f, enum fault which, uint32_t pct)
{
	return f->fault == which && rng_chance(&f->r, pct);
}

void fake_durable(struct fake *f);
void fake_forget(struct fake *f);
void fake_put(char *image, const struct fake_piece *p);
/* The page of the last write, from the present into @image. */
void fake_leak(struct fake *f, char *image);

int fake_snaps_message(struct fake *f, const char *text, char *reply);
void fake_snaps_drop(struct fake *f);
struct fake_snap *fake_snaps_find(struct fake *f, const char *name);
bool fake_snaps_name(const char *name);
int fake_snaps_create(struct fake *f, const char *name, char *reply);
/* What faults do to snapshots when something happened. */
void fake_snaps_written(struct fake *f, const struct fake_piece *p, bool zero);
void fake_snaps_drained(struct fake *f);
void fake_snaps_again(struct fake *f, bool crashed);

void fake_window_reset(struct fake *f);
/* The present is of sequence f->seq, and differs in these sectors. */
void fake_window_changed(struct fake *f, uint32_t first, uint32_t n);
void fake_window_flushed(struct fake *f);
/* There is no space: may the past be made to make some? */
bool fake_window_room(struct fake *f);
void fake_window_crashed(struct fake *f);
/* The volume was activated. */
void fake_window_again(struct fake *f);
/* What "@" and a sequence shows. */
int fake_window_image(struct fake *f, const char *name, uint64_t *seq,
		      char *image);
int fake_window_history(struct fake *f, char *reply);
int fake_window_set(struct fake *f, const char *text);

void fake_rules_set(struct fake *f, const char *text);
void fake_rules_tend(struct fake *f);
/* Time goes by. */
void fake_rules_rest(struct fake *f, uint64_t ns);
void fake_rules_crashed(struct fake *f);
/* What holds, and which snapshots were made by it. */
void fake_rules_list(const struct fake *f, char *reply);

int fake_rewind(struct fake *f, const char *name, const char *kept,
		char *reply);
/* A snapshot is about to be deleted. */
void fake_rewind_deleted(struct fake *f, const struct fake_snap *s);

int fake_diff(struct volume *v, const char *from, const char *to,
	      uint32_t piece, char *changed);
int fake_view_open(struct volume *v, const struct view_spec *spec,
		   struct view **view);
int fake_view_read(struct view *view, uint64_t at, size_t bytes, void *buf);
int fake_view_close(struct view *view);

#endif
