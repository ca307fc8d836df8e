/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between log.c (frames fill), refill.c (where from) and commit.c (they fly); nobody
 * else's.
 */
#ifndef DL_COMMIT_H
#define DL_COMMIT_H

#include "log.h"

/* Close the open frame. Context: dl_log.lock held, there is one. */
void dl_log_close(struct dl_log *l, struct dl_batch *b);

/* The last copy into closed frame @f is in. Context: dl_log.lock held. */
void dl_commit_ready(struct dl_log *l, struct dl_frame *f, struct dl_batch *b);

void dl_commit_work(struct work_struct *work);
void dl_commit_age(struct work_struct *work);
void dl_refill_work(struct work_struct *work);

#endif
