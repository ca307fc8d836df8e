/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window: how far back every sequence can be gone to, by which rules, and
 * which sequence it was when. retain.h moves it.
 *
 * Where it begins is one of the pins' (dl_pins.window): who replaces a record
 * asks them. Moments are taken whenever a frame goes to the log, while there is a
 * window; recovery takes those of the frames it finds.
 *
 * Memory: 16 bytes a moment, as many as a checkpoint has room for, at most
 * DL_MOMENTS. Locks: @lock (sleeping) is held by who changes the rules or where
 * the window begins, inside dl_volume.snapshot_lock and outside of
 * dl_checkpoint.lock; @inner, innermost and with interrupts off, guards the rest.
 */
#ifndef DL_WINDOW_H
#define DL_WINDOW_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "pins.h"

#define DL_MOMENTS	512u

struct dl_window {
	struct mutex lock;	/* who changes what is kept */
	u64 made;		/* @lock: s, the last snapshot by rule, dropped or not */
	bool easing;		/* less is about to be kept: what is full may not be */
	spinlock_t inner;	/* all below */
	struct dl_retention rules;
	struct dl_moments moments;
};

/* 0 or -ENOMEM; then, too, dl_window_exit() may be called. */
int dl_window_init(struct dl_window *w, u32 moments);
void dl_window_exit(struct dl_window *w);

struct dl_retention dl_window_rules(struct dl_window *w);
void dl_window_set_rules(struct dl_window *w, const struct dl_retention *r);

/* The log has come to @seq. Context: any. */
void dl_window_moment(struct dl_window *w, u64 seq, u64 time_ns);

/* When was that? 0: not known. Context: any, and so below. */
u64 dl_window_time(struct dl_window *w, u64 seq);

/*
 * Where a window that reaches back to @than is to begin: the sequence of the last
 * moment that is older, or 0.
 */
u64 dl_window_expired(struct dl_window *w, u64 than, u64 now);

/* The highest sequence that a moment or the window itself knows of, or 0. */
u64 dl_window_last(struct dl_window *w, struct dl_pins *p);

/* Moment @i, counted from the oldest: false when there are not so many. */
bool dl_window_nth(struct dl_window *w, u32 i, struct dl_moment *m);

/* Forget what was before sequence @below; U64_MAX: all. */
void dl_window_forget(struct dl_window *w, u64 below);

/* A checkpoint's section, if there is anything to say. */
void dl_window_save(struct dl_window *w, struct dl_pins *p,
		    struct dl_cp_writer *cw);

/* Take one over: 0 or -EUCLEAN. */
int dl_window_load(struct dl_window *w, struct dl_pins *p, const void *body,
		   size_t bytes);

#endif
