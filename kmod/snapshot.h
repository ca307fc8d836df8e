/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Snapshots: made, dropped and renamed by marks in the log.
 *
 * A mark is a record like any other. A snapshot is a pin on the sequence before
 * its mark, so making one costs one frame. What marks say is repeated by every
 * checkpoint; recovery applies those that the checkpoint does not know yet.
 */
#ifndef DL_SNAPSHOT_H
#define DL_SNAPSHOT_H

#include "core/walk.h"
#include "history.h"

/**
 * dl_snapshot_create() - a snapshot of now
 * @v: volume, running or suspended
 * @name: 1 to 63 of A-Z a-z 0-9 _ . : + -, neither - nor . first
 * @out: out: a copy of it
 *
 * When this returns it is durable, and so is everything accepted before.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL the name; -EEXIST; -ENOSPC too many, or no room in the
 * log; -EROFS; -ENOMEM; -EIO. The reason is logged.
 */
int dl_snapshot_create(struct dl_volume *v, const char *name,
		       struct dl_pin *out);

/**
 * dl_snapshot_create_at() - a snapshot of a moment of the window
 * @v: volume, running or suspended
 * @name: as above
 * @moment: "@" and a sequence
 * @out: out: a copy of it
 *
 * Return: as above; -ENOENT when the window does not reach back to it.
 */
int dl_snapshot_create_at(struct dl_volume *v, const char *name,
			  const char *moment, struct dl_pin *out);

/* Drop it: 0; -ENOENT; -EBUSY while it is viewed; as above. */
int dl_snapshot_delete(struct dl_volume *v, const char *name);

/* Give it another name: 0; -ENOENT; -EEXIST; as above. */
int dl_snapshot_rename(struct dl_volume *v, const char *name, const char *new);

/**
 * dl_snapshot_rewind() - the volume becomes what a snapshot holds
 * @v: volume, suspended
 * @name: the snapshot, or "@" and a sequence of the window
 * @keep: what a snapshot of the present is to be called
 * @out: out: a copy of that
 *
 * No data is moved. When this returns it is durable.
 *
 * Context: process, may sleep.
 * Return: as dl_snapshot_create(); -ENOENT; -EBUSY when it is not suspended, or
 * the last rewind is not settled; -EUCLEAN. The reason is logged.
 */
int dl_snapshot_rewind(struct dl_volume *v, const char *name, const char *keep,
		       struct dl_pin *out);

/**
 * dl_snapshot_open() - keep a snapshot from being deleted
 * @v: volume
 * @name: its name; or "@" and a sequence of the window, which is pinned until
 *	dl_snapshot_close()
 * @out: out: a copy of it
 *
 * Return: 0; -ENOENT; -EUCLEAN when its past is damaged. Logged.
 */
int dl_snapshot_open(struct dl_volume *v, const char *name,
		     struct dl_pin *out);
void dl_snapshot_close(struct dl_volume *v, u64 id);

/*
 * Hold what the volume is now, in memory alone, until dl_snapshot_close(), unless
 * @out->id is 0: then it cannot change. 0 or an errno. Logged.
 */
int dl_snapshot_open_now(struct dl_volume *v, struct dl_pin *out);

/* What snapshot @pin->id is called by now, into @pin->name. Process context. */
void dl_snapshot_name(struct dl_volume *v, struct dl_pin *pin);

/*
 * Everybody who replaces a record from here on keeps it: somebody is about to
 * pin. dl_pins_settle() ends it, if no mark does. Process context.
 */
void dl_snapshot_announce(struct dl_volume *v);

/* Have the memory that snapshots need: 0 or -ENOMEM. */
int dl_snapshot_memory(struct dl_volume *v);

/* Have what snapshots need: memory, and a log that says so. 0 or an errno. */
int dl_snapshot_prepare(struct dl_volume *v);

/*
 * Have the granularity map as it is now kept with snapshot @id, called @name. Where
 * that cannot be it is logged, and the snapshot is one all the same. Process context.
 */
void dl_snapshot_take_map(struct dl_volume *v, u64 id, const char *name);

/*
 * Of how many regions was the map when snapshot @id was made? 0, -ENOENT or
 * -ENODATA: none is kept with it.
 */
int dl_snapshot_map(struct dl_volume *v, u64 id, u32 *known);

/* Have what is not in any mark in a checkpoint. @v->snapshot_lock held. */
int dl_snapshot_save(struct dl_volume *v);

/* Recovery (snapload.c): the checkpoint's sections, a mark, an index record. 0 or an errno. */
int dl_snapshot_load(struct dl_volume *v, const void *body, size_t bytes);
int dl_snapshot_load_window(struct dl_volume *v, const void *body,
			    size_t bytes);
void dl_snapshot_load_maps(struct dl_volume *v, const void *body, size_t bytes);
int dl_snapshot_replay(struct dl_volume *v, const struct dl_rec *r);
int dl_snapshot_index(struct dl_volume *v, const struct dl_rec *r);

#endif
