// SPDX-License-Identifier: GPL-2.0
/*
 * The workload that leaves a log with every structure in it, and the two
 * states of that log. See rot.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../model/util.h"
#include "format.h"
#include "rot.h"

#define SECTOR		512u
#define WRITTEN		640u	/* sectors; the others stay the origin's */
#define BIG_RUN		65u	/* sectors from which zeros are one record */

struct work {
	struct rot *rot;
	int fd;
	char *buf;
};

static void fill(struct rng *r, char *buf, uint32_t sectors)
{
	uint64_t *p = (uint64_t *)buf, *end = p + sectors * (SECTOR / 8);

	while (p < end)
		*p++ = rng_next(r);
}

static void do_write(struct work *w, uint32_t at, uint32_t n)
{
	const size_t bytes = (size_t)n * SECTOR, pos = (size_t)at * SECTOR;

	fill(&w->rot->r, w->buf, n);
	if (pwrite(w->fd, w->buf, bytes, (off_t)pos) != (ssize_t)bytes)
		die("write of sectors %u+%u: %s", at, n, strerror(errno));
	memcpy(w->rot->model + pos, w->buf, bytes);
}

static void do_zero(struct work *w, unsigned long how, uint32_t at, uint32_t n)
{
	uint64_t range[2] = { (uint64_t)at * SECTOR, (uint64_t)n * SECTOR };

	if (ioctl(w->fd, how, range))
		die("zeroing sectors %u+%u: %s", at, n, strerror(errno));
	memset(w->rot->model + range[0], 0, range[1]);
}

static void do_flush(struct work *w)
{
	if (fdatasync(w->fd))
		die("flush: %s", strerror(errno));
}

static void step(struct work *w)
{
	struct rng *r = &w->rot->r;
	uint32_t page = rng_below(r, WRITTEN / 8), first = rng_below(r, 7);
	uint32_t kind = rng_below(r, 100), at, n;
	unsigned long how = rng_chance(r, 50) ? BLKDISCARD : BLKZEROOUT;

	if (kind < 50) {
		do_write(w, page * 8 + first, 1 + rng_below(r, 8 - first - 1));
	} else if (kind < 68) {
		do_write(w, page * 8, 8);
	} else if (kind < 74) {
		n = 9 + rng_below(r, 16);
		do_write(w, rng_below(r, WRITTEN - n), n);
	} else if (kind < 84) {
		n = 1 + rng_below(r, 12);
		do_zero(w, how, rng_below(r, WRITTEN - n), n);
	} else if (kind < 87) {
		n = BIG_RUN + rng_below(r, 40);
		at = rng_below(r, WRITTEN - n);
		do_zero(w, how, at, n);
	} else {
		do_flush(w);
	}
}

static void begin(struct work *w)
{
	if (!rot_activate(w->rot))
		die("activation: %s", klog_all());
	w->fd = rot_open();
}

static void end(struct work *w)
{
	close(w->fd);
	if (!rot_deactivate(w->rot))
		die("%s", w->rot->why);
}

static void keep(struct rot *rot, unsigned int i, const char *name)
{
	struct state *s = &rot->state[i];
	const char *log = rot->st.mem + (size_t)rot->st.l.start[DEV_LOG] * SECTOR;

	s->name = name;
	s->log = xalloc_pages(LOG_BYTES);
	s->an = xcalloc(1, sizeof(*s->an));
	s->owner = xcalloc(VOL_SECTORS, sizeof(*s->owner));
	memcpy(s->log, log, LOG_BYTES);
}

/* Is everything there that can rot? */
static void take_stock(struct rot *rot, struct state *s)
{
	struct anatomy *an = s->an;
	uint32_t i, whole = 0, partial = 0, zero = 0, runs = 0, open = 0;

	anatomy_make(an, s->log);
	anatomy_replay(an, s->log, rot->base, an->nr_frames, rot->want,
		       s->owner);
	if (memcmp(rot->want, rot->model, VOL_BYTES))
		die("%s: the log does not hold what was written", s->name);
	for (i = 0; i < an->nr_recs; i++) {
		const struct part_rec *r = &an->recs[i];

		whole += r->loc && r->sectors == 8;
		partial += r->loc && r->sectors < 8;
		zero += r->type == DL_REC_ZERO;
		runs += r->type == DL_REC_ZERO_RUN;
	}
	for (i = 0; i < an->nr_frames; i++)
		open += !anatomy_proven(an, i);
	printf("# %s: %u segments, %u summaries, %u frames (%u not provably durable),\n"
	       "#   records: %u pages, %u parts of pages, %u zeros, %u runs of zeros\n#   bytes:",
	       s->name, an->nr_segments, an->nr_summaries, an->nr_frames, open,
	       whole, partial, zero, runs);
	for (i = PART_SUPER; i < NR_PARTS; i++) {
		printf(" %s %u%s", part_text[i], an->bytes[i],
		       i < NR_PARTS - 1 ? "," : "\n");
		if (!an->bytes[i])
			die("%s: the log has no %s", s->name, part_text[i]);
	}
	if (an->nr_segments < 4 || an->nr_summaries < 2 || !whole ||
	    !partial || !zero || !runs || !open != (s == &rot->state[0]))
		die("%s: the log does not hold all it was meant to", s->name);
}

void workload_run(struct rot *rot)
{
	struct work w = { .rot = rot, .buf = xalloc_pages(64 * SECTOR) };
	uint32_t i;

	fill(&rot->r, rot->base, VOL_SECTORS);
	memcpy(rot->model, rot->base, VOL_BYTES);
	memcpy(rot->st.mem + (size_t)rot->st.l.start[DEV_ORIGIN] * SECTOR,
	       rot->base, VOL_BYTES);

	/* Two segments that fill up and get summaries, one that does not. */
	begin(&w);
	while (rot_status("segments") < 3)
		step(&w);
	do_zero(&w, BLKZEROOUT, 400, BIG_RUN);
	for (i = 0; i < 4; i++)
		step(&w);
	end(&w);

	/* And one that is open. */
	begin(&w);
	for (i = 0; i < 25; i++)
		step(&w);
	do_flush(&w);
	/*
	 * More records than a frame takes: it goes out on its own, and the one
	 * behind it with the flush; nothing says later that they were durable.
	 */
	for (i = 0; i < 40; i++)
		do_write(&w, i * 16 + rng_below(&rot->r, 8), 1);
	do_flush(&w);
	keep(rot, 1, "crash");
	end(&w);
	keep(rot, 0, "clean");
	free(w.buf);
	take_stock(rot, &rot->state[0]);
	take_stock(rot, &rot->state[1]);
}
