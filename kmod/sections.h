/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a checkpoint keeps of a volume beside its segments and the origin's
 * fingerprint: each section is somebody's, this knows whose.
 *
 * Locks: a checkpoint is written under the checkpoint's; each owner takes its own.
 */
#ifndef DL_SECTIONS_H
#define DL_SECTIONS_H

#include "core/checkpoint.h"

struct dl_volume;

/**
 * dl_sections_save() - write them into a checkpoint
 * @volume: struct dl_volume
 * @w: writer, behind the segments and the samples
 *
 * Context: process, may sleep.
 */
void dl_sections_save(void *volume, struct dl_cp_writer *w);

/**
 * dl_sections_load() - take over what a checkpoint has of a volume
 * @v: volume being set up
 * @r: reader, at the first section
 * @pages: size the volume is to have
 * @segments: out: body of the section of segments; as it was if there is none
 * @segment_bytes: out: its length
 *
 * Context: process, may sleep.
 * Return: 0; -EUCLEAN, -EOPNOTSUPP, -ENOMEM. The reason is logged.
 */
int dl_sections_load(struct dl_volume *v, struct dl_cp_reader *r, u64 pages,
		     const void **segments, size_t *segment_bytes);

#endif
