/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crash tests with a file system on the volume: what was fsynced must be there,
 * and e2fsck must find nothing after the journal was replayed.
 */
#ifndef DLT_FS_H
#define DLT_FS_H

#include "round.h"

/* Exit status for the program. */
int fs_test(const struct config *c, struct stack *st);

#endif
