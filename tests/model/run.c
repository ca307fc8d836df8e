// SPDX-License-Identifier: GPL-2.0
/*
 * Carrying out a plan, see run.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/fs.h>

#include "run.h"
#include "util.h"

struct run {
	struct history *h;
	const struct run_hooks *hooks;
	unsigned int flags;
	atomic_uint_fast64_t clock;
	atomic_bool stop;
	/*
	 * Held over a write of zeros: the judge needs these not to overlap in
	 * time, because zeros do not say which of them they are from.
	 */
	pthread_mutex_t zero_lock;
	pthread_mutex_t result_lock;
	struct run_result *res;
};

struct worker {
	struct run *run;
	pthread_t thread;
	uint8_t number;
	int fd;
};

static uint64_t mark(struct run *r, uint64_t what)
{
	if (r->hooks && r->hooks->mark)
		return r->hooks->mark(r->hooks->ctx, what);
	return atomic_fetch_add(&r->clock, 1) + 1;
}

static int range_ioctl(int fd, unsigned long request, const struct op *op)
{
	uint64_t range[2] = { (uint64_t)op->sector * SECTOR_BYTES,
			      (uint64_t)op->sectors * SECTOR_BYTES };

	return ioctl(fd, request, range);
}

static int write_sectors(struct run *r, int fd, const struct op *op, char *buf)
{
	size_t bytes = (size_t)op->sectors * SECTOR_BYTES;
	struct iovec iov = { .iov_base = buf, .iov_len = bytes };
	ssize_t n;

	stamp_fill(buf, r->h->seed, op->sector, op->sectors, op->id);
	n = pwritev2(fd, &iov, 1, (off_t)op->sector * SECTOR_BYTES,
		     op->type == OP_FUA ? RWF_DSYNC : 0);
	if (n == (ssize_t)bytes)
		return 0;
	if (n >= 0)
		errno = EIO;
	return -1;
}

static int do_op(struct run *r, int fd, struct op *op, char *buf)
{
	switch (op->type) {
	case OP_WRITE:
	case OP_FUA:
		return write_sectors(r, fd, op, buf);
	case OP_DISCARD:
		return range_ioctl(fd, BLKDISCARD, op);
	case OP_ZERO:
		return range_ioctl(fd, BLKZEROOUT, op);
	case OP_FLUSH:
		return fdatasync(fd);
	default:
		return r->hooks && r->hooks->control ?
			r->hooks->control(r->hooks->ctx, op) : 0;
	}
}

/* Leaves errno as it is. */
static void note_failure(struct run *r, const struct op *op, int err)
{
	pthread_mutex_lock(&r->result_lock);
	if (!r->res->nr_failed++) {
		r->res->first_error = err;
		r->res->first_failed = op->id;
	}
	pthread_mutex_unlock(&r->result_lock);
	if (r->flags & RUN_STOP_ON_ERROR)
		atomic_store(&r->stop, true);
	errno = err;
}

static void pause_us(uint32_t us)
{
	struct timespec ts = { .tv_sec = us / 1000000,
			       .tv_nsec = (long)(us % 1000000) * 1000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct run *r = w->run;
	uint32_t i, done = 0;
	char *buf = xalloc_pages(1 << 20);

	for (i = 0; i < r->h->nr_ops && !atomic_load(&r->stop); i++) {
		struct op *op = &r->h->ops[i];
		bool zeroes = op_zeroes(op);

		if (op->thread != w->number)
			continue;
		if (op->pause_us)
			pause_us(op->pause_us);
		if (zeroes)
			pthread_mutex_lock(&r->zero_lock);
		op->start = mark(r, MARK_START(op->id));
		if (do_op(r, w->fd, op, buf)) {
			note_failure(r, op, errno);
			/* Refused as a whole: nothing can have come of it. */
			if (errno == EOPNOTSUPP)
				op->type = OP_CONTROL;
		} else {
			op->end = mark(r, MARK_END(op->id));
			done++;
		}
		if (zeroes)
			pthread_mutex_unlock(&r->zero_lock);
	}
	free(buf);
	pthread_mutex_lock(&r->result_lock);
	r->res->nr_done += done;
	pthread_mutex_unlock(&r->result_lock);
	return NULL;
}

/*
 * A device that has lost its discards, because a table of the error target took
 * the place of the volume's, fails them with EOPNOTSUPP, and of that the kernel
 * makes a success (blkdev_issue_discard()). So where the run ended in errors, a
 * discard is believed only if something its thread wrote later was accepted.
 */
static void doubt_discards(struct history *h, uint32_t thread)
{
	uint32_t i;

	for (i = h->nr_ops; i--; ) {
		struct op *op = &h->ops[i];

		if (op->thread != thread || op->end == NEVER)
			continue;
		if (op->type == OP_DISCARD)
			op->end = NEVER;
		else if (op_writes(op))
			break;
	}
}

int run_plan(struct history *h, const char *dev, const struct run_hooks *hooks,
	     unsigned int flags, struct run_result *res)
{
	struct worker *workers = xcalloc(h->nr_threads, sizeof(*workers));
	struct run r = { .h = h, .hooks = hooks, .flags = flags, .res = res };
	uint32_t i, opened;
	int err = 0;

	memset(res, 0, sizeof(*res));
	pthread_mutex_init(&r.zero_lock, NULL);
	pthread_mutex_init(&r.result_lock, NULL);
	for (opened = 0; opened < h->nr_threads; opened++) {
		workers[opened].run = &r;
		workers[opened].number = (uint8_t)opened;
		workers[opened].fd = open(dev, O_RDWR | O_DIRECT | O_CLOEXEC);
		if (workers[opened].fd < 0) {
			err = errno;
			break;
		}
	}
	for (i = 0; !err && i < h->nr_threads; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("cannot start a thread");
	for (i = 0; !err && i < h->nr_threads; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; res->nr_failed && (flags & RUN_STOP_ON_ERROR) &&
	     i < h->nr_threads; i++)
		doubt_discards(h, i);
	for (i = 0; i < opened; i++)
		close(workers[i].fd);
	pthread_mutex_destroy(&r.zero_lock);
	pthread_mutex_destroy(&r.result_lock);
	free(workers);
	errno = err;
	return err ? -1 : 0;
}

int device_fill(const char *dev, uint64_t seed, uint32_t sectors)
{
	int fd = open(dev, O_WRONLY | O_DIRECT | O_CLOEXEC), err = 0;
	char *buf = xalloc_pages(READ_BYTES);
	uint32_t at, n;

	if (fd < 0)
		err = errno;
	for (at = 0; !err && at < sectors; at += n) {
		n = READ_BYTES / SECTOR_BYTES;
		if (n > sectors - at)
			n = sectors - at;
		stamp_fill(buf, seed, at, n, 0);
		errno = EIO;
		if (pwrite(fd, buf, (size_t)n * SECTOR_BYTES,
			   (off_t)at * SECTOR_BYTES) !=
		    (ssize_t)n * (ssize_t)SECTOR_BYTES)
			err = errno;
	}
	free(buf);
	if (fd >= 0 && !err && fdatasync(fd))
		err = errno;
	if (fd >= 0)
		close(fd);
	errno = err;
	return err ? -1 : 0;
}

static bool read_stamps(int fd, char *buf, uint64_t seed, uint32_t at,
			uint32_t n, uint32_t *val)
{
	ssize_t bytes = (ssize_t)n * (ssize_t)SECTOR_BYTES;
	uint32_t i;

	if (pread(fd, buf, (size_t)bytes, (off_t)at * SECTOR_BYTES) != bytes)
		return false;
	for (i = 0; i < n; i++)
		val[at + i] = stamp_read(buf + (size_t)i * SECTOR_BYTES, seed,
					 at + i);
	return true;
}

void device_read(int fd, void *buf, uint64_t seed, uint32_t sectors,
		 uint32_t align, uint32_t *val)
{
	const uint32_t full = READ_BYTES / SECTOR_BYTES;
	uint32_t at, n, i, left;

	for (at = 0; at < sectors; at += n) {
		n = full < sectors - at ? full : sectors - at;
		if (read_stamps(fd, buf, seed, at, n, val))
			continue;
		/* Find out which sectors it is that cannot be read. */
		for (i = 0; i < n; i += align) {
			left = align < n - i ? align : n - i;
			if (!read_stamps(fd, buf, seed, at + i, left, val))
				while (left--)
					val[at + i + left] = VAL_ERROR;
		}
	}
}

uint64_t device_sectors(int fd)
{
	uint64_t bytes;

	if (ioctl(fd, BLKGETSIZE64, &bytes))
		return 0;
	return bytes / SECTOR_BYTES;
}
