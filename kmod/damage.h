/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whom damage of the log concerns: the present, a snapshot, nobody any more; or what
 * is in memory and can be logged anew.
 */
#ifndef DL_DAMAGE_H
#define DL_DAMAGE_H

#include "scrub.h"

struct dl_volume;

/**
 * dl_damage_fate() - what is a damaged payload to anybody?
 * @v: volume
 * @page: whose content it was
 * @sector: of the log, where it is
 *
 * A page that deltas have made is logged whole.
 *
 * Context: process, may sleep; takes snapshot_lock. Return: DL_SCRUB_PRESENT, PAST,
 * SPARE or MENDED.
 */
enum dl_scrub_fate dl_damage_fate(struct dl_volume *v, u64 page, u64 sector);

#endif
