/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Housekeeping: what the log needs done beside the writing, and writers do not
 * wait for. Fills the pool of segments, chooses the first one when there was no
 * room before, writes summaries of sealed segments, commits a checkpoint now and
 * then, sets the pace of writers, and calls reconcile when space gets short.
 *
 * Ownership: one work item, dl_volume.house_work; dl_volume_housekeep() queues
 * it. Locks: dl_volume.house_lock, so that no summary is on its way into a
 * segment that reconcile gives away.
 */
#ifndef DL_HOUSEKEEP_H
#define DL_HOUSEKEEP_H

#include "volume.h"

void dl_housekeep_work(struct work_struct *work);

#endif
