// SPDX-License-Identifier: GPL-2.0
/*
 * Overwrites pages of a device in small places, the same ones each time it runs.
 *
 *	dlgrain fill  DEV PAGES              write every page, whole, with random data
 *	dlgrain write DEV PAGES KIND FROM N SYNC
 *	                                     N overwrites, after FROM of them
 *	dlgrain check DEV PAGES KIND N       read all, and compare with what N
 *	                                     overwrites make of it
 *
 * An overwrite changes a page in memory and writes all 4 KiB of it. Pages are drawn
 * by a Zipf distribution with exponent 1, over pages in random order. KIND is what
 * is changed:
 *
 *	bytes64   64 single bytes, each at a random place
 *	run64     64 bytes in a run, at a random place
 *	bits20    20 bits flipped, each at a random place
 *	random    all of it
 *	text      all of it, by lines of words: what can be compressed to a third or so
 *
 * Up to 32 writes are in flight, all to different pages: a page that is drawn again is
 * waited for, so that what it holds in the end is known. SYNC > 0: after every
 * SYNC writes all are waited for, and there is an fdatasync.
 *
 * Nothing is kept between runs: what FROM overwrites made of the pages is made again,
 * in memory. `write` prints how many nanoseconds went by while it was in calls of the
 * kernel; making content is not in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ranks.h"

#define PAGE	4096u
#define DEPTH	32

enum kind { BYTES64, RUN64, BITS20, RANDOM, TEXT };
static const char *const kinds[] = { "bytes64", "run64", "bits20", "random", "text" };

static uint8_t *content;
static uint32_t pages;
static struct ranks ranks;
static struct rng draw, change;	/* what page, and what in it */

static aio_context_t aio;
static struct iocb cb[DEPTH];
static int free_cb[DEPTH], nr_free;
static bool *flying;		/* by page */
static uint64_t in_calls;

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("dlgrain: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(1);
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		die("no memory");
	return p;
}

/* ---- content ---- */

static void randomize(struct rng *r, uint8_t *to, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 8) {
		uint64_t x = rng_next(r);

		memcpy(to + i, &x, 8);
	}
}

static void make_pages(void)
{
	struct rng r;

	if (posix_memalign((void **)&content, PAGE, (size_t)pages * PAGE))
		die("no memory");
	ranks.nr = pages;
	ranks.order = zeroed(pages, sizeof(*ranks.order));
	ranks.until = zeroed(pages, sizeof(*ranks.until));
	flying = zeroed(pages, sizeof(*flying));
	rng_seed(&r, 1, 0);
	randomize(&r, content, pages * PAGE);
	for (uint32_t i = 0; i < pages; i++)
		ranks_add(&ranks, &r, i, (1ull << 32) / (i + 1));
	rng_seed(&draw, 1, 1);
	rng_seed(&change, 1, 2);
}

/* Each line a record of a table: some of it is as in every other. */
static void write_text(struct rng *r, uint8_t *p)
{
	static const char *const word[] = {
		"order", "paid", "shipped", "returned", "pending", "north", "south",
		"invoice", "customer", "account", "balance", "warehouse",
	};
	const uint32_t words = sizeof(word) / sizeof(*word);
	char line[160];
	uint32_t at = 0;

	while (at < PAGE) {
		uint32_t n = (uint32_t)snprintf(line, sizeof(line),
						"%08u;%s;%s;2026-%02u-%02u;%u.%02u\n",
						rng_below(r, 100000000),
						word[rng_below(r, words)],
						word[rng_below(r, words)],
						1 + rng_below(r, 12),
						1 + rng_below(r, 28),
						rng_below(r, 10000),
						rng_below(r, 100));

		if (n > PAGE - at)
			n = PAGE - at;
		memcpy(p + at, line, n);
		at += n;
	}
}

static void alter(uint8_t *p, enum kind kind)
{
	uint32_t i;

	switch (kind) {
	case BYTES64:
		for (i = 0; i < 64; i++)
			p[rng_below(&change, PAGE)] ^= 1 + rng_below(&change, 255);
		break;
	case RUN64:
		randomize(&change, p + rng_below(&change, PAGE - 64 + 1), 64);
		break;
	case BITS20:
		for (i = 0; i < 20; i++) {
			uint32_t bit = rng_below(&change, PAGE * 8);

			p[bit / 8] ^= 1u << bit % 8;
		}
		break;
	case RANDOM:
		randomize(&change, p, PAGE);
		break;
	case TEXT:
		write_text(&change, p);
		break;
	}
}

static void make_past(enum kind kind, uint32_t n)
{
	while (n--)
		alter(content + (size_t)ranks_draw(&ranks, &draw) * PAGE, kind);
}

/* ---- writing ---- */

static void reap(int least)
{
	struct io_event ev[DEPTH];
	uint64_t t0 = now();
	int n;

	do
		n = syscall(SYS_io_getevents, aio, least, DEPTH, ev, NULL);
	while (n < 0 && errno == EINTR);
	in_calls += now() - t0;
	if (n < 0)
		die("io_getevents: %m");
	while (n--) {
		if (ev[n].res != PAGE)
			die("write of page %llu: %s",
			    (unsigned long long)ev[n].data,
			    ev[n].res < 0 ? strerror(-ev[n].res) : "too short");
		flying[ev[n].data] = false;
		free_cb[nr_free++] = (struct iocb *)ev[n].obj - cb;
	}
}

static void submit(int fd, uint32_t page)
{
	struct iocb *c = &cb[free_cb[--nr_free]];
	uint64_t t0;
	int n;

	*c = (struct iocb) {
		.aio_data = page,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = fd,
		.aio_buf = (uintptr_t)(content + (size_t)page * PAGE),
		.aio_nbytes = PAGE,
		.aio_offset = (int64_t)page * PAGE,
	};
	flying[page] = true;
	t0 = now();
	n = syscall(SYS_io_submit, aio, 1, &c);
	in_calls += now() - t0;
	if (n != 1)
		die("io_submit: %m");
}

static void wait_all(void)
{
	while (nr_free < DEPTH)
		reap(DEPTH - nr_free);
}

static void make_durable(int fd)
{
	uint64_t t0 = now();

	if (fdatasync(fd))
		die("fdatasync: %m");
	in_calls += now() - t0;
}

static void overwrite(int fd, enum kind kind, uint32_t n, uint32_t sync)
{
	for (uint32_t i = 1; i <= n; i++) {
		uint32_t page = ranks_draw(&ranks, &draw);

		while (flying[page] || !nr_free)
			reap(1);
		alter(content + (size_t)page * PAGE, kind);
		submit(fd, page);
		if (sync && i % sync == 0) {
			wait_all();
			make_durable(fd);
		}
	}
	wait_all();
	make_durable(fd);
}

static void fill(int fd)
{
	for (uint32_t page = 0; page < pages; page++) {
		while (!nr_free)
			reap(1);
		submit(fd, page);
	}
	wait_all();
	make_durable(fd);
}

static void check(int fd)
{
	uint8_t *buf;

	if (posix_memalign((void **)&buf, PAGE, PAGE))
		die("no memory");
	for (uint32_t page = 0; page < pages; page++) {
		if (pread(fd, buf, PAGE, (int64_t)page * PAGE) != PAGE)
			die("page %u cannot be read: %m", page);
		if (memcmp(buf, content + (size_t)page * PAGE, PAGE))
			die("page %u is not what was written", page);
	}
}

/* ---- command line ---- */

static uint32_t number(const char *s, uint32_t least)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (end == s || *end || n < least || n > 1u << 30)
		die("'%s' is no number from %u on", s, least);
	return n;
}

static enum kind kind_of(const char *s)
{
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(s, kinds[i]))
			return i;
	die("no kind '%s'", s);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int fd, i;

	if (!(!strcmp(verb, "fill") && argc == 4) &&
	    !(!strcmp(verb, "write") && argc == 8) &&
	    !(!strcmp(verb, "check") && argc == 6))
		die("usage: dlgrain fill DEV PAGES | write DEV PAGES KIND FROM N SYNC | check DEV PAGES KIND N");
	fd = open(argv[2], O_RDWR | O_DIRECT);
	if (fd < 0)
		die("%s: %m", argv[2]);
	pages = number(argv[3], 1);
	make_pages();
	if (syscall(SYS_io_setup, DEPTH, &aio))
		die("io_setup: %m");
	for (i = 0; i < DEPTH; i++)
		free_cb[nr_free++] = i;
	switch (*verb) {
	case 'f':
		fill(fd);
		break;
	case 'w':
		make_past(kind_of(argv[4]), number(argv[5], 0));
		overwrite(fd, kind_of(argv[4]), number(argv[6], 1), number(argv[7], 0));
		printf("%llu\n", (unsigned long long)in_calls);
		break;
	case 'c':
		make_past(kind_of(argv[4]), number(argv[5], 0));
		check(fd);
		break;
	}
	return 0;
}
