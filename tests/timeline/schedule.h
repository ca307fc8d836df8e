/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A schedule: a new volume, and a random sequence of operations on it and its
 * snapshots, all of which follows from a seed and a number; everything that
 * can be seen is compared with the model.
 *
 * What a function finds wrong it reports once (report.c); functions that
 * return bool return false when the schedule has come to its end by that.
 */
#ifndef DLT_SCHEDULE_H
#define DLT_SCHEDULE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mix.h"
#include "model.h"

/* Which of the disruptions are drawn. */
enum only { ONLY_ANY, ONLY_CRASH, ONLY_RESTART, ONLY_NONE };

struct config {
	uint64_t seed;
	uint32_t schedules, first;
	uint32_t ops;			/* at most, of a schedule */
	const struct mix *mix;		/* NULL: drawn */
	enum only only;
	bool real_time;			/* minutes take minutes */
	bool plain;			/* the target has no snapshots */
	bool no_rewind;
	bool no_window;
	uint32_t max_wrong;		/* stop after so many */
	const char *command;		/* how to call this, for reports */
	bool verbose;
	FILE *out;
};

struct totals {
	uint32_t schedules, wrong;
	uint32_t snapshots, views, crashes, restarts, no_space, races;
	uint32_t lost;			/* crashes that something was lost in */
	uint32_t doubts;		/* in flight when the power failed */
	uint32_t doubts_done;		/* and of snapshots: had happened */
	uint32_t rewinds;
	uint32_t rewinds_back;		/* to what another one had kept */
	uint32_t rewinds_no_room;
	uint32_t rewinds_doubts, rewinds_doubts_done;
	uint32_t reads_beside;		/* by the reader */
	uint32_t looks;			/* at instants of the window */
	uint32_t looks_held;		/* and the view stayed */
	uint32_t looks_between;		/* at sequences between two of them */
	uint32_t looks_refused;
	uint32_t picks, rewinds_moment;
	uint32_t shortened;		/* times that it was seen to */
	uint32_t ruled;			/* snapshots made by rule that were seen */
	uint32_t ruled_gone, ruled_kept;	/* dropped; renamed, so kept */
	uint32_t ages;			/* times that minutes went by */
	uint32_t waits;			/* times that writes waited for room */
	uint32_t waits_held;		/* and the volume was suspended */
	uint64_t bytes;			/* compared */
	uint32_t diffs;
	uint64_t diff_differ, diff_said;	/* sectors */
	uint64_t ops[NR_ACTS];
};

#define MAX_VIEWS	5u
#define VIEW_NAME	(SNAP_NAME + 80)

struct open_view {
	struct view *h;
	uint64_t id;			/* of the snapshot; 0: of @seq */
	uint64_t seq;
	uint32_t made_by;
	const char *copy;		/* what it must show */
	char *own;			/* the same, if nobody else keeps it */
	uint32_t sectors;
	bool direct;
};

/* A thread that reads a view over and over; what it finds, the main thread
 * reports.
 */
struct reader {
	pthread_t thread;
	struct volume *v;
	const char *copy;
	struct open_view on;
	struct rng r;
	atomic_bool stop, may_fail, found;
	bool active;
	uint32_t reads;
	uint64_t bytes, at;		/* where it is wrong */
	size_t size;
	int err;
	char *buf;
};

/* A thread that carries out operations until one fails. */
struct storm {
	pthread_t thread;
	struct volume *v;
	struct op *ops;
	unsigned int nr;
	atomic_uint begun, done, ended;
	struct rng r;
	uint64_t seed;
	char *buf, *reply;
	char created[256];		/* what the last create returned */
	char rewound[256];		/* the last rewind */
	char picked[256];		/* and the last pick */
};

#define MAX_RULES	3u

struct rules {
	uint32_t every[MAX_RULES], keep[MAX_RULES];	/* s */
	unsigned int nr;
};

struct window {
	char rules[SNAP_NAME];		/* as it is to say them */
	uint32_t seconds;		/* 0: off */
	uint64_t from;			/* at least, if it was asked */
	bool asked;
	/* Snapshots by rule: what holds, and what may have held until now. */
	struct rules is, was;
	uint64_t made;			/* s, when the last was, gone or not */
	bool crashed;			/* since they were looked at */
	uint64_t looked_ns;		/* when was that? */
	uint64_t looked_seq, before_seq;	/* durable then, and the time before */
};

/* What it says: how far back it goes, to what, and what time it is. */
struct history {
	uint64_t from, last, time_ns;	/* from: UINT64_MAX if it is off */
};

struct schedule {
	const struct config *c;
	struct totals *t;
	struct volume *v;
	uint32_t number;
	struct rng r;
	const struct mix *mix;
	uint32_t weight[NR_ACTS];
	uint32_t log_sectors;
	uint32_t nr_ops;
	const char *key;	/* option, or "" */
	char options[368];
	const char *policy;	/* message that set it */
	struct aim aim;
	struct model m;
	struct window window;
	struct trail trail;
	struct open_view views[MAX_VIEWS];
	unsigned int nr_views;
	struct reader reader;
	struct storm storm;
	uint32_t nr_names;
	char *buf;			/* for one request */
	char *image;			/* for a whole volume */
	char reply[MESSAGE_MAX];
	char list[MESSAGE_MAX], ids[MESSAGE_MAX];	/* rules.c */
	bool active;
	bool held;			/* suspended */
	bool ruled;			/* is to have rules */
	bool wrong;
};

#define BUF_BYTES	((size_t)WRITE_MAX * SECTOR_BYTES)

/* schedule.c */
struct schedule *schedule_new(const struct config *c, struct totals *t,
			      struct volume *v);
void schedule_free(struct schedule *s);
/* Carry one out. */
void schedule_run(struct schedule *s, uint32_t number);
void schedule_options(struct schedule *s);

/* acts.c: one step */
bool act_do(struct schedule *s, enum act act);

/* request.c: single requests, and what they mean for the model */
struct op *op_new(struct schedule *s, enum act act);
/* Carry out and apply, with room made if there was none. */
bool request(struct schedule *s, struct op *op);
/* Apply what was carried out with success; @reply is that of a create. */
bool request_apply(struct schedule *s, const struct op *op, const char *reply);
/* Of a write that failed for want of space: see what came of it. */
bool request_resolve(struct schedule *s, const struct op *op);
bool request_flush(struct schedule *s);
bool request_drain(struct schedule *s);
/* There was no space for @op: delete a snapshot. */
bool request_room(struct schedule *s, const struct op *op);
/* Have a place for one more snapshot. */
bool request_place(struct schedule *s);
bool snaps_full(const struct schedule *s);
/* Delete one, its views first. */
bool request_delete(struct schedule *s, struct snap *snap);
/* A snapshot without views; NULL: there is none. */
struct snap *draw_unviewed(struct schedule *s);
void draw_name(struct schedule *s, char *name);
/* May the schedule have this disruption? */
bool may(const struct schedule *s, enum act act);

/* look.c: what the volume says of itself, and its content */
bool look_number(struct schedule *s, const char *key, uint64_t *n);
bool look_health(struct schedule *s);
bool look_list(struct schedule *s);
bool look_present(struct schedule *s);
bool look_origin(struct schedule *s);
/* Wait until no log space is held for snapshots any more. */
bool look_past(struct schedule *s);
/* The volume's whole content, into s->image. */
bool look_read(struct schedule *s);

/* views.c */
/* Leaves @out->h NULL if rules have dropped it, and rightly so. */
bool view_make(struct schedule *s, const struct snap *snap, uint32_t sectors,
	       struct open_view *out);
/* The same by any name, without saying that it failed. */
int view_try(struct schedule *s, const char *name, struct open_view *out);
bool view_end(struct schedule *s, struct open_view *ov);
/* Of what: a name, of SNAP_NAME bytes. */
void view_label(struct schedule *s, const struct open_view *ov, char *out);
/* What it shows, in words; at most VIEW_NAME bytes. */
void view_name(struct schedule *s, const struct open_view *ov, char *out);
bool view_add(struct schedule *s);
bool view_some(struct schedule *s, const struct open_view *ov);
bool view_whole(struct schedule *s, const struct open_view *ov);
/* Read all of it into s->image, and compare with nothing. */
bool view_image(struct schedule *s, const struct open_view *ov);
bool view_drop(struct schedule *s, unsigned int i);
bool views_drop(struct schedule *s);
bool views_drop_of(struct schedule *s, uint64_t id);
uint32_t views_of(const struct schedule *s, uint64_t id);
/* All of every snapshot. */
bool views_compare(struct schedule *s);

/* diffs.c */
/* Any two of the snapshots and the present; that, some of all. */
bool diff_compare(struct schedule *s);
bool diffs_compare(struct schedule *s);

/* reader.c */
void reader_start(struct schedule *s, const struct open_view *ov);
bool reader_stop(struct schedule *s);
bool reader_check(struct schedule *s);

/* storm.c */
void storm_start(struct storm *st, struct op *ops, unsigned int nr);
/* Wait until @nr have begun, or it ended. */
void storm_wait(struct storm *st, unsigned int nr);
void storm_end(struct storm *st);

/* life.c: suspend, reload, restart */
bool life_activate(struct schedule *s);
/* The volume is suspended, and all in it durable. */
bool life_hold(struct schedule *s);
bool life_release(struct schedule *s);
/* What may be done with snapshots meanwhile. */
bool life_while_held(struct schedule *s);
bool life_suspend(struct schedule *s);
bool life_reload(struct schedule *s);
bool life_restart(struct schedule *s);

/* misuse.c */
bool misuse(struct schedule *s);
/* A message that must be refused with @err. */
bool refused(struct schedule *s, const char *text, int err);
/* One that no snapshot may have. */
const char *draw_bad_name(struct schedule *s);

/* rewind.c */
bool rewind_act(struct schedule *s);
/* Hold the volume, with no rewind left that has not settled. */
bool rewind_hold(struct schedule *s);
/* What to rewind to, into @name of a held volume; false: there is nothing. */
bool rewind_target(struct schedule *s, char *name);
/* Rewinds that must be refused. */
bool rewind_misuse(struct schedule *s);

/* window.c */
/* Is there to be one at all? */
bool windows(const struct schedule *s);
bool window_ask(struct schedule *s, struct history *h);
/* What it says of its rules. */
bool window_rules(struct schedule *s);
void window_draw(struct schedule *s, char *rules);
bool window_set(struct schedule *s, const char *rules);
void window_apply(struct schedule *s, const char *rules);
bool window_off(struct schedule *s);
bool window_act(struct schedule *s);
/* Remember the present. */
bool window_note(struct schedule *s);
/* One that is remembered, or NULL; and one that the window has. */
struct instant *window_draw_instant(struct schedule *s);
struct instant *window_inside(struct schedule *s);
bool window_look_back(struct schedule *s);
/* Look back to some of what is remembered. */
bool window_compare(struct schedule *s);
bool window_pick(struct schedule *s);
/* May it come to reach back less far? */
bool window_may_move(const struct schedule *s);
/* These may have become its rules in a crash: did they? */
bool window_settle(struct schedule *s, const char *rules);
/* A pick returned @reply. */
bool window_picked(struct schedule *s, const struct op *op, const char *reply);
/* What views of moments show, wherever the window begins now. */
bool window_views_compare(struct schedule *s);
/* And close them. */
bool window_views_drop(struct schedule *s);
/* Does nothing but a window that may be made shorter keep the past? */
bool window_alone(const struct schedule *s);
/* There is no snapshot, and yet no room. */
bool window_room(struct schedule *s);
bool window_misuse(struct schedule *s);

/* rules.c: snapshots made by rule */
/* The words for it behind those of a window, or "". */
void rules_draw(struct schedule *s, char *out, size_t size);
void rules_parse(const char *text, struct rules *r);
/* The list, of which some come and go. */
bool rules_look(struct schedule *s);
/* The rules are others: what they do not keep goes at once. */
bool rules_settle(struct schedule *s);
/* One of them is about to be the rules' no more, so others may be kept. */
void rules_loses(struct schedule *s, const struct snap *snap);
/* Was it, or the other, made by rule, and has gone, so that @err is right? */
bool rules_gone(struct schedule *s, const char *name, const char *other,
		int err);
/* Minutes go by. */
bool rules_age(struct schedule *s);
/* No rules any more: all that were made by them have to go. */
bool rules_end(struct schedule *s);

/* crash.c, race.c, wait.c */
bool crash(struct schedule *s);
bool race(struct schedule *s);
bool wait_act(struct schedule *s);

/* report.c */
void wrong(struct schedule *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void wrong_at(struct schedule *s, uint32_t sector, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Compare @bytes at @at of two images; @got has only these. */
bool same(struct schedule *s, const char *want, const char *got, uint64_t at,
	  size_t bytes, const char *what);

/* watch.c: ends the program when a beat is missing for long */
void watch_start(void (*hung)(void *ctx), void *ctx);
void watch_beat(void);

#endif
