// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that carries out operations while other things go on, until one
 * fails. Which are in flight the main thread only knows roughly: those that
 * have begun and are not done.
 */
#include "../model/util.h"
#include "schedule.h"

static void *work(void *arg)
{
	struct storm *st = arg;
	unsigned int i;

	for (i = 0; i < st->nr; i++) {
		struct op *op = &st->ops[i];

		/* Else it would all be done before the other has its turn. */
		if (rng_chance(&st->r, 60))
			st->v->ops->rest(st->v, 1 + rng_below(&st->r, 60));
		atomic_store(&st->begun, i + 1);
		op->err = op_do(op, st->v, st->seed, st->buf, st->reply);
		if (op->err)
			break;
		if (op->act == ACT_CREATE)
			snprintf(st->created, sizeof(st->created), "%.250s",
				 st->reply);
		if (op->act == ACT_REWIND)
			snprintf(st->rewound, sizeof(st->rewound), "%.250s",
				 st->reply);
		if (op->act == ACT_PICK)
			snprintf(st->picked, sizeof(st->picked), "%.250s",
				 st->reply);
		atomic_store(&st->done, i + 1);
	}
	atomic_store(&st->ended, 1);
	return NULL;
}

void storm_start(struct storm *st, struct op *ops, unsigned int nr)
{
	rng_seed(&st->r, st->seed, ops->id);
	st->ops = ops;
	st->nr = nr;
	atomic_store(&st->begun, 0);
	atomic_store(&st->done, 0);
	atomic_store(&st->ended, 0);
	if (pthread_create(&st->thread, NULL, work, st))
		die("cannot start a thread");
}

void storm_wait(struct storm *st, unsigned int nr)
{
	while (atomic_load(&st->begun) < nr && !atomic_load(&st->ended))
		st->v->ops->rest(st->v, 10);
}

void storm_end(struct storm *st)
{
	pthread_join(st->thread, NULL);
	watch_beat();
}
