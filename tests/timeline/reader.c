// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that reads a view while other things go on.
 */
#include <string.h>

#include "../model/util.h"
#include "schedule.h"

#define REST_US		40u

static void draw_range(struct reader *rd)
{
	uint64_t all = (uint64_t)rd->on.sectors * SECTOR_BYTES;
	uint64_t unit = rd->on.direct ? SECTOR_BYTES : 1;
	uint64_t most = rng_chance(&rd->r, 20) ? BUF_BYTES : 32768;

	rd->at = rng_below(&rd->r, (uint32_t)(all / unit)) * unit;
	if (most > all - rd->at)
		most = all - rd->at;
	rd->size = (1 + rng_below(&rd->r, (uint32_t)(most / unit))) * unit;
}

static void *read_on(void *arg)
{
	struct reader *rd = arg;

	while (!atomic_load(&rd->stop)) {
		draw_range(rd);
		rd->err = rd->v->ops->view_read(rd->on.h, rd->at, rd->size,
						rd->buf);
		if (rd->err && atomic_load(&rd->may_fail))
			break;
		if (rd->err || memcmp(rd->copy + rd->at, rd->buf, rd->size)) {
			atomic_store(&rd->found, true);
			break;
		}
		rd->reads++;
		rd->bytes += rd->size;
		/* In simulated time the clock stands still while it reads. */
		rd->v->ops->rest(rd->v, REST_US);
	}
	return NULL;
}

void reader_start(struct schedule *s, const struct open_view *ov)
{
	struct reader *rd = &s->reader;

	rd->v = s->v;
	rd->on = *ov;
	rd->copy = ov->copy;
	rng_seed(&rd->r, rng_next(&s->r), 0);
	atomic_store(&rd->stop, false);
	atomic_store(&rd->may_fail, false);
	atomic_store(&rd->found, false);
	rd->reads = 0;
	rd->bytes = 0;
	rd->active = true;
	if (pthread_create(&rd->thread, NULL, read_on, rd))
		die("cannot start a thread");
}

bool reader_check(struct schedule *s)
{
	struct reader *rd = &s->reader;
	char what[VIEW_NAME + 16];

	if (!rd->active || !atomic_load(&rd->found))
		return true;
	view_name(s, &rd->on, what);
	strcat(what, ", read beside");
	if (rd->err)
		wrong_at(s, (uint32_t)(rd->at / SECTOR_BYTES),
			 "%s: %zu bytes at %llu: %s", what, rd->size,
			 (unsigned long long)rd->at, strerror(-rd->err));
	else
		same(s, rd->copy, rd->buf, rd->at, rd->size, what);
	return false;
}

bool reader_stop(struct schedule *s)
{
	struct reader *rd = &s->reader;
	bool ok;

	if (!rd->active)
		return true;
	atomic_store(&rd->stop, true);
	pthread_join(rd->thread, NULL);
	s->t->reads_beside += rd->reads;
	s->t->bytes += rd->bytes;
	ok = reader_check(s);
	rd->active = false;
	return ok;
}
