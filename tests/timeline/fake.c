// SPDX-License-Identifier: GPL-2.0
/*
 * A volume in memory, see fake.h.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/util.h"
#include "fake_int.h"

#define IMAGE_BYTES	((size_t)ORIGIN_MAX * SECTOR_BYTES)
#define LONG_US		10000u

static struct fake *of(struct volume *v)
{
	return (struct fake *)v;
}

static struct fake *locked(struct volume *v)
{
	pthread_mutex_lock(&of(v)->lock);
	return of(v);
}

static int unlock(struct fake *f, int err)
{
	pthread_mutex_unlock(&f->lock);
	return err;
}

/* ---- content ------------------------------------------------------------ */

static struct fake_piece piece(const char *image, uint32_t first, uint32_t n)
{
	struct fake_piece p = { .first = first, .n = n,
				.data = xcalloc(n, SECTOR_BYTES),
				.writer = pthread_self() };

	memcpy(p.data, image + fake_bytes(first), fake_bytes(n));
	return p;
}

static void piece_drop(struct fake_piece *p)
{
	free(p->data);
	memset(p, 0, sizeof(*p));
}

void fake_put(char *image, const struct fake_piece *p)
{
	if (p->n)
		memcpy(image + fake_bytes(p->first), p->data,
		       fake_bytes(p->n));
}

void fake_leak(struct fake *f, char *image)
{
	uint32_t first = f->undo[0].first / PAGE_SECTORS * PAGE_SECTORS;
	uint32_t n = f->sectors - first;

	if (n > PAGE_SECTORS)
		n = PAGE_SECTORS;
	memcpy(image + fake_bytes(first), f->cur + fake_bytes(first),
	       fake_bytes(n));
}

void fake_durable(struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_pending; i++) {
		fake_put(f->durable, &f->pending[i]);
		piece_drop(&f->pending[i]);
	}
	f->nr_pending = 0;
	f->durable_seq = f->seq;
}

void fake_forget(struct fake *f)
{
	while (f->nr_pending)
		piece_drop(&f->pending[--f->nr_pending]);
}

static void change(struct fake *f, uint32_t first, uint32_t n, const void *buf)
{
	struct fake_piece p;

	if (f->nr_pending == FAKE_PENDING)
		fake_durable(f);
	piece_drop(&f->undo[1]);
	f->undo[1] = f->undo[0];
	f->undo[0] = piece(f->cur, first, n);
	if (buf)
		memcpy(f->cur + fake_bytes(first), buf, fake_bytes(n));
	else
		memset(f->cur + fake_bytes(first), 0, fake_bytes(n));
	p = piece(f->cur, first, n);
	f->pending[f->nr_pending++] = p;
	f->seq++;
	fake_window_changed(f, first, n);
	fake_snaps_written(f, &p, !buf);
}

static bool has_room(struct fake *f, uint32_t pages)
{
	uint64_t limit = (uint64_t)f->log / PAGE_SECTORS * 3 / 4;

	if (f->fault == FAULT_WINDOW_FULL && f->window.on)
		limit /= 8;
	return f->past + pages <= limit || (!f->nr_snaps && !f->window.on);
}

/* Until there is room, or it is suspended. */
static bool waits(struct fake *f, uint32_t pages)
{
	bool waited = false;

	f->waiting++;
	while (!strncmp(f->rules, "throttle ", 9) && !has_room(f, pages) &&
	       !f->cut && !f->suspended && f->fault != FAULT_WAIT_FAILS) {
		pthread_cond_wait(&f->resumed, &f->lock);
		waited = true;
		while (f->fault == FAULT_WAIT_EVER && !f->suspended)
			pthread_cond_wait(&f->resumed, &f->lock);
	}
	f->waiting--;
	pthread_cond_broadcast(&f->resumed);
	return waited && !f->suspended;
}

/* Returns 0, or ENOSPC after a part of it, or none. */
static int accept(struct fake *f, uint32_t first, uint32_t n, const void *buf)
{
	uint32_t pages = buf ? n / PAGE_SECTORS + 1 : 1;

	if (waits(f, pages) && f->fault == FAULT_WAIT_LOST)
		return 0;
	if (f->cut) {
		/* In flight: may be there, and in part. */
		if (!f->doubted && rng_chance(&f->r, 50))
			change(f, first, 1 + rng_below(&f->r, n), buf);
		f->doubted = true;
		return -EIO;
	}
	if (f->ro)
		return -EROFS;
	if (f->nr_snaps || f->window.on ?
	    !has_room(f, pages) &&
	    !(fake_window_room(f) && !f->nr_snaps) :
	    fake_fault(f, FAULT_NO_SPACE, 40)) {
		if (rng_chance(&f->r, 50))
			change(f, first, 1 + rng_below(&f->r, n), buf);
		f->ro = f->fault == FAULT_READ_ONLY;
		return -ENOSPC;
	}
	if (f->nr_snaps || f->window.on)
		f->past += pages;
	change(f, first, n, buf);
	return 0;
}

static int do_flush(struct fake *f)
{
	if (f->cut)
		return -EIO;
	if (!fake_fault(f, FAULT_LOST_FLUSH, 90))
		fake_durable(f);
	return 0;
}

static int fake_write(struct volume *v, uint32_t first, uint32_t n,
		      const void *buf, bool dsync)
{
	struct fake *f = locked(v);
	int err;

	while (f->suspended)
		pthread_cond_wait(&f->resumed, &f->lock);
	err = accept(f, first, n, buf);
	if (!err && dsync)
		err = do_flush(f);
	return unlock(f, err);
}

static int fake_zero(struct volume *v, uint32_t first, uint32_t n, bool how)
{
	(void)how;
	return fake_write(v, first, n, NULL, false);
}

static int fake_flush(struct volume *v)
{
	struct fake *f = locked(v);

	return unlock(f, do_flush(f));
}

static int fake_read(struct volume *v, uint32_t first, uint32_t n, void *buf)
{
	struct fake *f = locked(v);

	memcpy(buf, f->cur + fake_bytes(first), fake_bytes(n));
	return unlock(f, f->cut ? -EIO : 0);
}

static int drain(struct fake *f)
{
	char *old = NULL;

	if (f->cut)
		return -EIO;
	fake_durable(f);
	if (fake_fault(f, FAULT_DRAIN_MISS, 50)) {
		old = xcalloc(f->undo[0].n + 1, SECTOR_BYTES);
		memcpy(old, f->origin + fake_bytes(f->undo[0].first),
		       fake_bytes(f->undo[0].n));
	}
	memcpy(f->origin, f->cur, fake_bytes(f->sectors));
	if (old)
		memcpy(f->origin + fake_bytes(f->undo[0].first), old,
		       fake_bytes(f->undo[0].n));
	free(old);
	if (fake_fault(f, FAULT_PRESENT, 40))
		fake_put(f->cur, &f->undo[0]);
	fake_snaps_drained(f);
	fake_rules_tend(f);
	if (f->fault != FAULT_REWIND_PENDING)
		f->pending_rewind = false;
	return 0;
}

static int fake_message(struct volume *v, const char *text, char *reply)
{
	struct fake *f = locked(v);
	int err;

	*reply = 0;
	if (!strcmp(text, "flush")) {
		err = do_flush(f);
		fake_window_flushed(f);
	} else if (!strcmp(text, "reconcile"))
		err = f->cut ? -EIO : 0;
	else if (!strcmp(text, "drain"))
		err = drain(f);
	else if (!strncmp(text, "policy ", 7))
		err = 0;
	else if (!strcmp(text, "detach"))
		err = f->nr_snaps && f->fault != FAULT_DETACH ? -EBUSY : 0;
	else
		err = fake_snaps_message(f, text, reply);
	/* There may be room now. */
	pthread_cond_broadcast(&f->resumed);
	return unlock(f, err);
}

static int fake_status(struct volume *v, char *out)
{
	struct fake *f = locked(v);

	if (!f->nr_snaps && !f->window.on)
		f->past = f->fault == FAULT_KEPT_PAST && f->past ? 3 :
								   f->past / 2;
	snprintf(out, MESSAGE_MAX,
		 "%s seq %llu crc_errors %d log_errors 0 origin_errors 0 lost 0 snapshots %u snapshots_max 99 past %llu past_max 9999 log_used 0 log_size 9999 rewind_pending %d",
		 f->ro ? "ro" : "rw", (unsigned long long)f->seq,
		 fake_fault(f, FAULT_CRC, 5), f->nr_snaps,
		 (unsigned long long)f->past, f->pending_rewind);
	return unlock(f, 0);
}

/* ---- life --------------------------------------------------------------- */

static void begin(struct volume *v, uint32_t origin, uint32_t log,
		  const char *content)
{
	struct fake *f = locked(v);

	fake_durable(f);
	fake_snaps_drop(f);
	fake_window_reset(f);
	piece_drop(&f->undo[0]);
	piece_drop(&f->undo[1]);
	f->sectors = origin;
	f->log = log;
	memcpy(f->origin, content, fake_bytes(origin));
	memcpy(f->cur, content, fake_bytes(origin));
	memcpy(f->durable, content, fake_bytes(origin));
	f->next_id = 1;
	f->seq = f->durable_seq = f->past = f->ns = f->tended = 0;
	f->nr_rules = 0;
	f->ro = f->cut = f->crashed = f->pending_rewind = false;
	unlock(f, 0);
}

static int activate(struct volume *v, const char *options)
{
	struct fake *f = locked(v);

	(void)options;
	fake_snaps_again(f, f->crashed);
	fake_window_again(f);
	f->crashed = f->suspended = false;
	return unlock(f, 0);
}

/* As much as some prefix of what was not durable survives. */
static void lose(struct fake *f)
{
	unsigned int keep = rng_below(&f->r, f->nr_pending + 1), i;
	unsigned int hole = keep > 1 && f->fault == FAULT_HOLE ?
		rng_below(&f->r, keep - 1) : keep;

	for (i = 0; i < keep; i++)
		if (i != hole)
			fake_put(f->durable, &f->pending[i]);
	if (keep < f->nr_pending && f->fault != FAULT_HOLE) {
		struct fake_piece *p = &f->pending[keep];

		p->n = rng_below(&f->r, p->n + 1);
		fake_put(f->durable, p);
	}
	fake_forget(f);
	memcpy(f->cur, f->durable, fake_bytes(f->sectors));
	fake_window_crashed(f);
}

static int deactivate(struct volume *v)
{
	struct fake *f = locked(v);
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].views)
			return unlock(f, -EBUSY);
	if (f->moment_views)
		return unlock(f, -EBUSY);
	f->crashed = f->cut;
	if (f->cut)
		lose(f);
	else
		fake_durable(f);
	return unlock(f, 0);
}

static int fake_suspend(struct volume *v)
{
	struct fake *f = locked(v);

	fake_durable(f);
	f->suspended = true;
	pthread_cond_broadcast(&f->resumed);
	/* Those that wait fail, and it waits for that. */
	while (f->waiting)
		pthread_cond_wait(&f->resumed, &f->lock);
	return unlock(f, 0);
}

static int fake_resume(struct volume *v)
{
	struct fake *f = locked(v);

	f->suspended = false;
	pthread_cond_broadcast(&f->resumed);
	return unlock(f, 0);
}

static int fake_reload(struct volume *v, const char *options, bool take)
{
	struct fake *f = locked(v);

	(void)options;
	if (take)
		fake_durable(f);
	return unlock(f, 0);
}

static void fake_cut(struct volume *v, enum part which)
{
	struct fake *f = locked(v);

	(void)which;
	f->doubted = f->cut && f->doubted;
	f->cut = true;
	unlock(f, 0);
}

static void fake_mend(struct volume *v)
{
	struct fake *f = locked(v);

	f->cut = false;
	unlock(f, 0);
}

static const char *fake_origin(struct volume *v)
{
	return of(v)->origin;
}

static void fake_rest(struct volume *v, uint32_t us)
{
	struct fake *f = locked(v);

	fake_rules_rest(f, us * 1000ULL);
	unlock(f, 0);
	/* Who rests that long expects others to get on. */
	if (us >= LONG_US)
		usleep(1);
	else
		sched_yield();
}

static const char *fake_says(struct volume *v)
{
	(void)v;
	return "";
}

static const struct volume_ops fake_ops = {
	.begin = begin, .activate = activate, .deactivate = deactivate,
	.suspend = fake_suspend, .resume = fake_resume, .reload = fake_reload,
	.write = fake_write, .zero = fake_zero, .flush = fake_flush,
	.read = fake_read, .message = fake_message, .status = fake_status,
	.view_open = fake_view_open, .view_read = fake_view_read,
	.view_close = fake_view_close, .diff = fake_diff, .cut = fake_cut, .mend = fake_mend,
	.origin = fake_origin, .rest = fake_rest, .says = fake_says,
};

struct volume *fake_new(enum fault which, uint64_t seed)
{
	struct fake *f = xcalloc(1, sizeof(*f));

	f->v.ops = &fake_ops;
	f->fault = which;
	f->owner = pthread_self();
	rng_seed(&f->r, seed, which);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->resumed, NULL);
	f->origin = xcalloc(IMAGE_BYTES, 1);
	f->cur = xcalloc(IMAGE_BYTES, 1);
	f->durable = xcalloc(IMAGE_BYTES, 1);
	f->window.base = xcalloc(IMAGE_BYTES, 1);
	return &f->v;
}

void fake_free(struct volume *v)
{
	struct fake *f = of(v);

	fake_durable(f);
	fake_snaps_drop(f);
	fake_window_reset(f);
	piece_drop(&f->undo[0]);
	piece_drop(&f->undo[1]);
	free(f->window.base);
	free(f->origin);
	free(f->cur);
	free(f->durable);
	free(f);
}
