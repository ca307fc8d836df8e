/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recovery: from what is on the log device to the state in memory.
 */
#ifndef DL_RECOVERY_H
#define DL_RECOVERY_H

#include "core/checkpoint.h"

struct dl_rec;
struct dl_volume;

/**
 * dl_recover() - fill map, runs, segments and fingerprint from the log
 * @v: volume being set up, everything initialised and empty
 * @r: reader of its checkpoint, at the first section
 * @sectors: size the volume is to have
 *
 * Writes nothing. Every reason to refuse is logged with its place.
 *
 * Context: process, may sleep.
 * Return: 0; -EUCLEAN damage that must not be passed over; -ESTALE the origin
 * was changed behind the log's back; -ENOSPC max_records is too small; -EIO;
 * -ENOMEM.
 */
int dl_recover(struct dl_volume *v, struct dl_cp_reader *r, u64 sectors);

/**
 * dl_recovery_insert() - have a record of part of a page in the map
 * @v: volume being set up
 * @rec: data, zeros, or lost
 *
 * What it replaces becomes the past's if that is wanted.
 * Return: 0 or -ENOSPC: there are more records than max_records allows.
 */
int dl_recovery_insert(struct dl_volume *v, const struct dl_rec *rec);

#endif
