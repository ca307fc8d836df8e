/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Superblock slots and checkpoints on the log device.
 *
 * A commit writes both slots, one after the other, each with its own copy of
 * the checkpoint; nothing relies on the new state before both are durable.
 * So a slot lost to rot costs a message, never data.
 *
 * Locks: @lock (sleeping) serialises commits; dl_log.lock is taken inside for
 * the moment in which the state is copied.
 */
#ifndef DL_CHECKPOINT_H
#define DL_CHECKPOINT_H

#include <linux/mutex.h>

#include "blkio.h"
#include "core/checkpoint.h"
#include "crypt.h"
#include "fingerprint.h"
#include "log.h"

struct dl_checkpoint {
	struct mutex lock;	/* one commit at a time */
	struct dl_blkio *io;
	struct dl_crypt *crypt;	/* from the owner: which key a log needs, or is to have */
	struct dl_super sb;	/* as last written; of the geometry only log_sectors changes */
	struct dl_cp_head head;	/* as loaded */
	void *buf;		/* a checkpoint */
	size_t bytes;		/* of it */
	void *block;		/* a superblock */
	int first;		/* slot to write first: not the one relied on */
	u64 loaded_epoch;	/* of the life before this one */
	u64 horizon;		/* as last committed; never falls */
	u64 nr_commits;
	/* appends sections of the owner; may be NULL */
	void (*more)(void *ctx, struct dl_cp_writer *w);
	void *ctx;
};

/**
 * dl_checkpoint_load() - find the newest valid superblock and its checkpoint
 * @ck: .crypt is set, all else zero; out; on success @ck->sb and @ck->head are set
 *	and @ck->buf holds the checkpoint for a dl_cp_reader
 * @io: log device
 * @r: out: reader at the first section
 * @volume_sectors: size of the volume to be activated; a blank log is
 *	formatted for it
 *
 * Every reason to refuse is logged in one line.
 *
 * Context: process, may sleep.
 * Return: 0; -EIO unreadable; -EINVAL not a deltalog log, or too small;
 * -EUCLEAN damaged; -EOPNOTSUPP a newer format; -ENOMEM; of an encrypted log as
 * dl_crypt_unlock().
 */
int dl_checkpoint_load(struct dl_checkpoint *ck, struct dl_blkio *io,
		       struct dl_cp_reader *r, u64 volume_sectors);
void dl_checkpoint_exit(struct dl_checkpoint *ck);

/* Segments that an area has room for, beside so much of the rest. */
u32 dl_checkpoint_room(const struct dl_checkpoint *ck, u32 lost, u32 pins,
		       u32 moments, u32 grain);

/* What the next commit says of the log's size: it only grows. */
void dl_checkpoint_resize(struct dl_checkpoint *ck, u64 log_sectors);

/**
 * dl_checkpoint_fit() - have a buffer for what commits will write
 * @ck: loaded; what the buffer held is gone
 * @segments: entries of the segment table at most
 * @lost: entries of the list of lost pages at most
 * @pins: snapshots at most
 * @moments: of the window, at most
 * @grain: bytes of policy and granularity maps, at most
 *
 * Context: process, may sleep. Return: 0; -ENOMEM, then nothing has changed.
 */
int dl_checkpoint_fit(struct dl_checkpoint *ck, u32 segments, u32 lost,
		      u32 pins, u32 moments, u32 grain);

/**
 * dl_checkpoint_commit() - write the present state, twice, durably
 * @ck: loaded
 * @l: log
 * @fp: fingerprint of the origin at @horizon
 * @horizon: sequence up to which the origin is current, durably; a lower one
 *	than was committed before changes nothing
 * @flags: DL_SUPER_CLEAN, DL_SUPER_DETACHED or 0
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC when the area is too small; -EIO.
 */
int dl_checkpoint_commit(struct dl_checkpoint *ck, struct dl_log *l,
			 struct dl_fingerprint *fp, u64 horizon, u32 flags);

/*
 * What the next commit says of the volume's key: made by dl_crypt_wrap() of a copy of
 * @ck->sb. Until then the log still opens with the one before. Context: process.
 */
void dl_checkpoint_rekey(struct dl_checkpoint *ck,
			 const struct dl_super_crypt *crypt);

/**
 * dl_checkpoint_verify() - read both slots and what they point to
 * @ck: loaded, and committed at least once
 * @st: out: what is wrong with each, or DL_OK
 * @sector: out: where; or NULL
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM.
 */
int dl_checkpoint_verify(struct dl_checkpoint *ck, enum dl_status *st,
			 u64 *sector);

#endif
