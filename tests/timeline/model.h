/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a volume and its snapshots must hold: whole images, byte for byte.
 */
#ifndef DLT_MODEL_H
#define DLT_MODEL_H

#include "op.h"

#define MAX_SNAPS	12u	/* that are made on purpose */
#define MAX_RULED	32u	/* and by rule */
#define MAX_CHANGES	480u	/* since the last durable point */
#define MAX_INSTANTS	8u	/* that are remembered of a window */
#define MAX_SINCE	64u	/* changes between two of them */
#define MAX_TALES	4u

/* One line of snapshot_list. */
struct snap_line {
	uint64_t id, seq, time_ns;
	uint32_t views;
	char name[SNAP_NAME];
};

/* Take a line apart; where the next begins, or NULL if it is none. */
const char *snap_line_parse(const char *text, struct snap_line *line);

struct snap {
	struct snap_line is;
	uint32_t made_by;	/* operation */
	bool ruled;		/* made by rule, and not renamed since */
	bool doomed;		/* made by rule, and may go at any time */
	uint64_t seen_ns;	/* when it was seen first */
	char *copy;		/* what it must hold */
};

/* A change of sectors. Done by one writer, one after the other. */
struct change {
	uint32_t first, n, val;	/* see stamp.h */
};

/**
 * struct instant - what the volume held when nothing was in flight
 * @seq: sequence of the last record then
 * @time_ns: the volume's clock, not before; UINT64_MAX: not known
 * @made_by: operation
 * @copy: image
 * @since: what was done, one after the other, since the instant @before
 * @nr_since: number of @since
 * @before: its sequence; 0: not known
 */
struct instant {
	uint64_t seq, time_ns;
	uint32_t made_by;
	char *copy;
	struct change since[MAX_SINCE];
	unsigned int nr_since;
	uint64_t before;
};

/* What the volume has held since, one after the other. */
struct tale {
	char *base;
	struct change is[MAX_CHANGES];
	unsigned int nr;
};

struct model {
	uint64_t seed;		/* of the stamps */
	uint32_t sectors;
	char *cur;		/* the volume now */
	char *durable;		/* at the last durable point */
	struct change changes[MAX_CHANGES];	/* since */
	unsigned int nr_changes;
	/* Oldest first; the places behind keep their memory. */
	struct snap snaps[MAX_SNAPS + MAX_RULED + 1];
	unsigned int nr_snaps;
	uint64_t last_id, last_seq;
	/* In no order. */
	struct instant instants[MAX_INSTANTS];
	unsigned int nr_instants;
	/* Changes since the last instant; 0: they do not tell it all. */
	uint64_t last_instant;
	struct change since[MAX_SINCE];
	unsigned int nr_since;
	/*
	 * Of all that a snapshot made by rule may hold that has not been seen
	 * yet; the last goes on. 0: nothing is told.
	 */
	struct tale tales[MAX_TALES];
	unsigned int nr_tales;
	bool untold;		/* they lack something */
	uint64_t told_id;	/* @last_id when they began */
	bool rewound;		/* ever */
	bool unsettled;		/* a rewind may be */
};

/* Memory for the largest volume. */
void model_init(struct model *m);
void model_exit(struct model *m);
/* A new volume, its origin holding stamps of write 0 or zeros. */
void model_begin(struct model *m, uint64_t seed, uint32_t sectors, bool zeros);

/* Sectors were changed. */
void model_change(struct model *m, const struct op *op);
/* They may have been; only what survives a crash is to be found out. */
void model_maybe_change(struct model *m, const struct op *op);
/* All that was done until now is durable. */
void model_durable(struct model *m);
/* The volume was read, and it is to hold this, durably. */
void model_settle(struct model *m, const char *seen);
/* It was rewound to @image, durably; what it held before is the last snapshot. */
void model_rewind(struct model *m, const char *image);

struct snap *model_snap(struct model *m, uint64_t id);
struct snap *model_snap_named(struct model *m, const char *name);
/*
 * A snapshot of @image; NULL and what is wrong in @why if @line is not that of
 * a new one.
 */
struct snap *model_add(struct model *m, const struct snap_line *line,
		       uint32_t op, const char *image, const char **why);
/* One made by rule, number @at, which holds @image. */
struct snap *model_adopt(struct model *m, unsigned int at,
			 const struct snap_line *line, uint32_t op,
			 uint64_t now_ns, const char *image, const char **why);
/*
 * The same for one of an instant of the window: its place is by sequence.
 */
struct snap *model_pick(struct model *m, const struct snap_line *line,
			uint32_t op, const struct instant *in,
			const char **why);
void model_remove(struct model *m, struct snap *snap);
/* How many were made on purpose; and number @i of these. */
unsigned int model_named(const struct model *m);
struct snap *model_nth_named(struct model *m, unsigned int i);

/*
 * The volume holds what it does at @seq; takes the place of instant @slot. The
 * one there is, if it has been noted before.
 */
struct instant *model_note(struct model *m, unsigned int slot, uint64_t seq,
			   uint64_t time_ns, uint32_t op);
/* "@" and a sequence: the instant, or NULL. */
struct instant *model_instant(struct model *m, const char *name);
struct instant *model_instant_at(struct model *m, uint64_t seq);
/* What a snapshot or an instant must hold. */
const char *model_image(struct model *m, const char *name);

/* What a sector of an image shows, see stamp.h. */
uint32_t model_value(const struct model *m, const char *image,
		     uint32_t sector);

/* Tell from here on, or no more. */
void model_tell(struct model *m);
void model_hush(struct model *m);
/* Is there hardly room to go on? */
bool model_tale_is_long(const struct model *m);
/*
 * Has the volume held @seen since? See moment_find().
 */
bool model_told(const struct model *m, const char *seen, uint32_t *bad,
		char *why, size_t size);

/**
 * struct moment - a stretch of time in which an image was taken
 * @base: image before it
 * @changes: what was done in it, one after the other
 * @nr: number of @changes
 * @least: that many had been done completely
 */
struct moment {
	const char *base;
	const struct change *changes;
	unsigned int nr, least;
};

/**
 * moment_find() - is an image that of one moment?
 * @m: for seed and size
 * @mo: when
 * @seen: image
 * @bad: out: a sector that shows that it is not
 * @why: out: and in words
 * @size: of @why
 *
 * The change that was going on may be there in part.
 *
 * Return: true if it is.
 */
bool moment_find(const struct model *m, const struct moment *mo,
		 const char *seen, uint32_t *bad, char *why, size_t size);

#endif
