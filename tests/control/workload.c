// SPDX-License-Identifier: GPL-2.0
/*
 * The write history under writers that never pause: whatever is told must be a write
 * that there was, no write is told twice, and what was told and what was missed must be
 * as many as were written.
 *
 * No two writes begin at the same sector, and the length follows from it: so a sample
 * that is part of one write and part of another shows.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/util.h"
#include "ctl.h"

#define WRITERS		3u
#define LANE		49152u		/* sectors of a writer */
#define LONGEST		16u
#define PIECE		64u

/* Sectors of the write that begins at @sector of a lane: 1 to 16. */
static uint32_t length(uint32_t sector)
{
	return (sector * 2654435761u >> 16) % LONGEST + 1;
}

/* By first sector: 1, there is one; 2, it was told. */
static unsigned char seen[WRITERS * LANE];

static atomic_uint running = WRITERS;

struct writer {
	pthread_t thread;
	const char *path;
	uint32_t lane, writes;
};

static void *write_lane(void *arg)
{
	struct writer *w = arg;
	int fd = open(w->path, O_WRONLY | O_DIRECT | O_CLOEXEC);
	char *data = xalloc_pages(LONGEST * 512);
	uint32_t at;
	ssize_t bytes;

	if (fd < 0)
		die("%s: %s", w->path, strerror(errno));
	memset(data, 'w', LONGEST * 512);
	for (at = 0; at + LONGEST <= LANE; at += length(at)) {
		bytes = length(at) * 512;
		seen[w->lane * LANE + at] = 1;
		if (pwrite(fd, data, (size_t)bytes,
			   (off_t)(w->lane * LANE + at) * 512) != bytes)
			die("%s: %s", w->path, strerror(errno));
		w->writes++;
	}
	close(fd);
	free(data);
	running--;
	return NULL;
}

static unsigned int look(const struct dl_ctl_sample *s)
{
	const char *what = NULL;

	if (s->op || s->sector >= WRITERS * LANE || !seen[s->sector])
		what = "no such write";
	else if (s->sectors != length((uint32_t)(s->sector % LANE)))
		what = "of two writes";
	else if (seen[s->sector] == 2)
		what = "told twice";
	else
		seen[s->sector] = 2;
	if (what)
		printf("not ok - sample of sector %" PRIu64 ", %u sectors, op %u: %s\n",
		       (uint64_t)s->sector, s->sectors, s->op, what);
	return !!what;
}

int workload_race(struct devno dev, const char *path)
{
	struct dl_ctl_sample piece[PIECE];
	struct dl_ctl_workload a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)piece,
	};
	uint64_t told = 0, missed = 0, writes = 0;
	struct writer w[WRITERS] = { };
	unsigned int wrong = 0;
	int fd = ctl_open(), err;
	bool last = false;
	uint32_t i;

	/* What was written before is not of interest. */
	do {
		a.count = PIECE;
		err = ctl(fd, DL_CTL_WORKLOAD, &a);
	} while (!err && a.count);
	for (i = 0; i < WRITERS && !err; i++) {
		w[i].path = path;
		w[i].lane = i;
		if (pthread_create(&w[i].thread, NULL, write_lane, &w[i]))
			die("no thread");
	}
	while (!err && !wrong) {
		a.count = PIECE;
		err = ctl(fd, DL_CTL_WORKLOAD, &a);
		if (err)
			break;
		missed += a.missed;
		told += a.count;
		for (i = 0; i < a.count; i++)
			wrong += look(&piece[i]);
		if (last && !a.count)
			break;
		/* What they had written by then is there with the next call. */
		last = !running;
	}
	for (i = 0; i < WRITERS; i++) {
		if (!w[i].path)
			continue;
		pthread_join(w[i].thread, NULL);
		writes += w[i].writes;
	}
	close(fd);
	if (err) {
		printf("not ok - %s\n", strerror(-err));
		return -err;
	}
	if (!wrong && told + missed != writes) {
		printf("not ok - %" PRIu64 " told and %" PRIu64 " missed of %" PRIu64 "\n",
		       told, missed, writes);
		wrong++;
	}
	printf("%" PRIu64 " told %" PRIu64 " missed\n", told, missed);
	return !!wrong;
}
