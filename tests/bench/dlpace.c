// SPDX-License-Identifier: GPL-2.0
/*
 * Overwrites pages of a device at random, at a pace, the same ones each time it runs.
 *
 *	dlpace DEV MIB DIST RATE SECONDS
 *
 * Writes 4 KiB of new random data past the caches, one at a time, to the first MIB of
 * DEV, RATE times a second; 0: as fast as it can. DIST says which pages:
 *
 *	zipf      by a Zipf distribution with exponent 1.1, over pages in random order
 *	hot       nine in ten writes to the first tenth of the pages
 *	uniform   all of them alike
 *
 * It is there because fio's pauses (rate_iops, thinktime) are not all sleep. When it
 * begins, fio takes the longest of ten short sleeps for how late a sleep may end; of each
 * pause it sleeps so much less, and reads the clock in a loop until the rest is over.
 * Where time is simulated and computing takes none, a reading moves it by 256 ns, and
 * takes tens of microseconds of the host's: one short sleep that was late by 100 us makes
 * every write take 400 readings, and if it was late by a whole pause, fio never sleeps.
 * Here a pause is one call, whose end does not depend on when it began.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ranks.h"

#define PAGE	4096u
#define SECOND	1000000000ull

enum dist { ZIPF, HOT, UNIFORM };
static const char *const dists[] = { "zipf", "hot", "uniform" };

static uint32_t pages;
static struct ranks ranks;
static struct rng draw;

static void *array(size_t size)
{
	void *p = calloc(pages, size);

	if (!p)
		errx(1, "no memory");
	return p;
}

static void make_ranks(void)
{
	struct rng r;

	ranks.nr = pages;
	ranks.order = array(sizeof(*ranks.order));
	ranks.until = array(sizeof(*ranks.until));
	rng_seed(&r, 1, 0);
	for (uint32_t i = 0; i < pages; i++)
		ranks_add(&ranks, &r, i, (uint64_t)(pow(i + 1, -1.1) * (1ull << 40)));
}

static uint32_t next_page(enum dist dist)
{
	uint32_t tenth = pages / 10;

	switch (dist) {
	case ZIPF:
		return ranks_draw(&ranks, &draw);
	case HOT:
		if (rng_chance(&draw, 90))
			return rng_below(&draw, tenth);
		return tenth + rng_below(&draw, pages - tenth);
	default:
		return rng_below(&draw, pages);
	}
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

static void sleep_until(uint64_t when)
{
	struct timespec t = { .tv_sec = when / SECOND, .tv_nsec = when % SECOND };
	int rc;

	do
		rc = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
	while (rc == EINTR);
	if (rc)
		errx(1, "clock_nanosleep: %s", strerror(rc));
}

static void overwrite(int fd, enum dist dist, uint32_t rate, uint32_t seconds)
{
	uint64_t begin = now();
	struct rng content;
	uint64_t *buf;

	if (posix_memalign((void **)&buf, PAGE, PAGE))
		errx(1, "no memory");
	rng_seed(&draw, 1, 1);
	rng_seed(&content, 1, 2);
	for (uint64_t n = 1; now() < begin + seconds * SECOND; n++) {
		uint32_t page = next_page(dist);

		for (uint32_t i = 0; i < PAGE / sizeof(*buf); i++)
			buf[i] = rng_next(&content);
		if (pwrite(fd, buf, PAGE, (int64_t)page * PAGE) != PAGE)
			err(1, "page %u cannot be written", page);
		if (!rate)
			continue;
		/* Who was held back makes up for it. */
		sleep_until(begin + n * SECOND / rate);
	}
	free(buf);
}

static uint32_t number(const char *s, uint32_t least)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (end == s || *end || n < least || n > 1u << 20)
		errx(1, "'%s' is no number from %u on", s, least);
	return n;
}

static enum dist dist_of(const char *s)
{
	for (unsigned int i = 0; i < sizeof(dists) / sizeof(*dists); i++)
		if (!strcmp(s, dists[i]))
			return i;
	errx(1, "no distribution '%s'", s);
}

int main(int argc, char **argv)
{
	enum dist dist;
	int fd;

	if (argc != 6)
		errx(1, "usage: dlpace DEV MIB DIST RATE SECONDS");
	pages = number(argv[2], 1) * (1024 * 1024 / PAGE);
	dist = dist_of(argv[3]);
	if (dist == ZIPF)
		make_ranks();
	fd = open(argv[1], O_WRONLY | O_DIRECT);
	if (fd < 0)
		err(1, "%s", argv[1]);
	overwrite(fd, dist, number(argv[4], 0), number(argv[5], 1));
	return 0;
}
