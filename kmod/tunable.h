/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of a running volume.
 */
#ifndef DL_TUNABLE_H
#define DL_TUNABLE_H

struct dl_volume;

/**
 * dl_tunable_set() - change an option that may change at run time
 * @v: volume; the table that is live says the same from here on
 * @name: option
 * @value: decimal number, or a word
 *
 * Context: process, may sleep. Return: 0, -EINVAL. The reason is logged.
 */
int dl_tunable_set(struct dl_volume *v, const char *name, const char *value);

#endif
