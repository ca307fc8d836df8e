/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pins: the sequences that snapshots hold on to.
 *
 * A pin on S keeps what the volume held after record S and before the next
 * one. Pins are sorted by sequence. A window is like a pin on each sequence from
 * @window on.
 *
 * Memory: an array taken at activation; its size is what a checkpoint has room
 * for. Locks: @lock, innermost; process context. @newest is read on the write
 * path without it. While there is a window, or a snapshot is made, it is U64_MAX,
 * since before the first such sequence is given out, so that whoever gets a
 * younger one knows of it.
 *
 * What goes is a pin until a checkpoint without it is durable: memory never
 * knows of less than the log does.
 */
#ifndef DL_PINS_H
#define DL_PINS_H

#include <linux/rwlock.h>

#include "core/checkpoint.h"
#include "core/pin.h"
#include "core/window.h"

struct dl_pins {
	rwlock_t lock;
	struct dl_pin *pin;	/* ascending @seq */
	u32 nr, max;
	u64 next_id;
	u64 marks_seq;		/* marks up to this one are in it */
	u64 newest;		/* one above the highest pin, 0: none */
	bool announced;		/* a pin is about to be made */
	u64 window;		/* DL_WINDOW_OFF: none */
	u64 window_next;	/* what the next checkpoint will say of it */
	u64 damaged_below;	/* what was below may not be complete */
};

int dl_pins_init(struct dl_pins *p, u32 max);
void dl_pins_exit(struct dl_pins *p);

/*
 * Is any sequence in [@from, @until) pinned? Yes, whatever the range, while one
 * is about to be. Process context.
 */
bool dl_pins_any(struct dl_pins *p, u64 from, u64 until);

/* The same, but for what only a rewind needs until it is settled. */
bool dl_pins_any_named(struct dl_pins *p, u64 from, u64 until);

/*
 * dl_pins_find() - the pin called @name, or with number @id if @name is NULL
 *
 * One that is going is found by its number only.
 * Context: @p->lock held. Return: it, or NULL.
 */
struct dl_pin *dl_pins_find(struct dl_pins *p, const char *name, u64 id);

/**
 * dl_pins_mark() - what a mark says, done to the list
 * @p: pins
 * @seq: sequence of the mark
 * @m: the mark
 *
 * A mark that was applied before, or says what does not apply, does nothing.
 *
 * Return: 0; -ENOSPC when there is no room for another pin.
 */
int dl_pins_mark(struct dl_pins *p, u64 seq, const struct dl_mark *m);

/* The first of @n numbers that no pin has had or will have. */
u64 dl_pins_new_id(struct dl_pins *p, u32 n);

/**
 * dl_pins_add() - pin a sequence of the window
 * @p: pins
 * @pin: what to add; its id is given to it
 *
 * Checkpoints have it from here on, unless it is a passing one.
 *
 * Return: 0; -ENOSPC when there is no room; -ENOENT when @pin->seq is not in the
 * window, or about to leave it.
 */
int dl_pins_add(struct dl_pins *p, struct dl_pin *pin);

/* The same for what was announced, within a window or not. */
int dl_pins_add_now(struct dl_pins *p, struct dl_pin *pin);

/* Is @seq in the window, and not about to leave it? */
bool dl_pins_in_window(struct dl_pins *p, u64 seq);

/*
 * The window is to begin at @from: from here on checkpoints say so, and nobody
 * gets hold of anything below. Once one is durable, dl_pins_window_moved() is
 * called. DL_WINDOW_OFF ends it.
 */
void dl_pins_window_going(struct dl_pins *p, u64 from);
void dl_pins_window_moved(struct dl_pins *p);

/*
 * Pin @id is to go: from here on checkpoints leave it out. Once one is durable
 * dl_pins_drop() takes it from the list.
 */
void dl_pins_going(struct dl_pins *p, u64 id);
void dl_pins_drop(struct dl_pins *p, u64 id);

/* A pin is about to be made: all that is replaced from here on is kept. */
void dl_pins_announce(struct dl_pins *p);

/*
 * Those that only a rewind needed; and what it kept, if the checkpoint knows of
 * it, but its mark, above @horizon, never became durable.
 */
void dl_pins_drop_hidden(struct dl_pins *p, u64 horizon);

/* Is what a pin on @seq holds known to be incomplete? */
bool dl_pins_damaged(struct dl_pins *p, u64 seq);

/* How many anybody looks at. */
u32 dl_pins_viewed(struct dl_pins *p);

/* How many are snapshots, also those made by rule. */
u32 dl_pins_named(struct dl_pins *p);

/* The lowest sequence that no mark or pin in the list has. */
u64 dl_pins_next_seq(struct dl_pins *p);

/* No pin came of it: @newest as the list has it. */
void dl_pins_settle(struct dl_pins *p);

/*
 * Say of all pins below @seq that their past is not complete; the window begins
 * there. Return: what it concerns: pins, and the window as one.
 */
u32 dl_pins_damage(struct dl_pins *p, u64 seq);

void dl_pins_save(struct dl_pins *p, struct dl_cp_writer *w);

/* Take over a checkpoint's list: 0 or -EUCLEAN, -ENOSPC. */
int dl_pins_load(struct dl_pins *p, const void *body, size_t bytes);

#endif
