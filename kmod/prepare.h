/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what is foreseen to what the log has ready.
 */
#ifndef DL_PREPARE_H
#define DL_PREPARE_H

#include <linux/types.h>

struct dl_volume;

/**
 * dl_prepare() - plan anew, by what is foreseen and the tunables
 * @v: volume
 * @ticks: of DL_CASCADE_TICK_MS that have passed since the last time
 *
 * Context: process, may sleep. Return: whether something is ready, or waits to be
 * sealed, that is to end by and by although nothing is written.
 */
bool dl_prepare(struct dl_volume *v, u32 ticks);

#endif
