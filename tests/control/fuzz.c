// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests: structures that are nearly right, or not at all, with any
 * size and at any address. The volume may come and go meanwhile. Whatever comes
 * back is fine as long as it is an errno that the header knows; that nothing
 * else happened the kernel's log tells.
 */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../model/rng.h"
#include "../model/util.h"
#include "ctl.h"

#define MOST	8192u

static volatile sig_atomic_t stop;

static const int known[] = {
	0, EPERM, ENOTTY, EINVAL, E2BIG, EFAULT, ENODEV, ENOMEM, EEXIST,
	ENOENT, EBUSY, ENOSPC, EROFS, EIO, EUCLEAN, ESTALE, EINTR, ENODATA,
};

static int is_known(int err)
{
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == err)
			return 1;
	return 0;
}

static void draw_name(struct rng *r, char *name)
{
	uint32_t i, n;

	memset(name, 0, DL_CTL_SNAPSHOT_NAME);
	if (rng_chance(r, 85)) {
		/* Few, so that they meet. */
		snprintf(name, DL_CTL_SNAPSHOT_NAME, "f%u", rng_below(r, 6));
		return;
	}
	n = rng_below(r, DL_CTL_SNAPSHOT_NAME + 1);
	for (i = 0; i < n; i++)
		name[i] = (char)(1 + rng_below(r, 255));
}

/* Where a list may be wanted: good, bad, or across the end of what is there. */
static uint64_t draw_buffer(struct rng *r, char *room, size_t size)
{
	switch (rng_below(r, 8)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL - rng_below(r, 1 << 20);
	case 2:
		return (uintptr_t)room + size - rng_below(r, 256);
	case 3:
		return rng_next(r);
	default:
		return (uintptr_t)room + rng_below(r, 64);
	}
}

static uint32_t draw_count(struct rng *r)
{
	return rng_chance(r, 70) ? rng_below(r, 40) :
		rng_chance(r, 50) ? rng_below(r, 20000) : (uint32_t)rng_next(r);
}

/* Rules in any order, some of them wrong, or whatever is there. */
static void draw_policy(struct rng *r, char *room, size_t size,
			struct dl_ctl_policy *a)
{
	static const char *const line[] = {
		"-> block", "page-rate > 2/s -> bit", "rate > 1/h -> sub",
		"sequential -> coarse", "window 1s", "window 1d", "max-chain 2",
		"client /none: -> sub", "range 0-1M: -> bit", "hysteresis 5%",
		"-> 64", "rate >", "\377", "# nothing", "",
	};
	uint32_t n = 0, lines = rng_below(r, 5);

	a->text = draw_buffer(r, room, size);
	a->bytes = draw_count(r);
	if (rng_chance(r, 30))
		return;
	while (lines--)
		n += (uint32_t)sprintf(room + n, "%s\n",
				       line[rng_below(r, sizeof(line) /
						      sizeof(line[0]))]);
	a->text = (uintptr_t)room;
	a->bytes = n;
}

/* A structure that is right but for what chance has it. */
static void draw_arg(struct rng *r, const struct request *q, struct devno dev,
		     char *room, size_t size, void *arg)
{
	union {
		struct dl_ctl_volumes volumes;
		struct dl_ctl_status status;
		struct dl_ctl_snapshot_arg one;
		struct dl_ctl_snapshot_pair two;
		struct dl_ctl_snapshots list;
		struct dl_ctl_diff diff;
		struct dl_ctl_wait wait;
		struct dl_ctl_policy policy;
		struct dl_ctl_regions regions;
		struct dl_ctl_workload workload;
		struct dl_ctl_forecast forecast;
	} *a = arg;

	memset(arg, 0, MOST);
	if (q->number != DL_CTL_VERSION && q->number != DL_CTL_VOLUME_LIST) {
		a->status.major = dev.major;
		a->status.minor = dev.minor;
	}
	switch (q->number) {
	case DL_CTL_VOLUME_LIST:
		a->volumes.count = draw_count(r);
		a->volumes.buffer = draw_buffer(r, room, size);
		a->volumes.cursor = rng_chance(r, 50) ? 0 : rng_next(r);
		break;
	case DL_CTL_SNAPSHOT_CREATE:
	case DL_CTL_SNAPSHOT_DELETE:
		draw_name(r, a->one.name);
		break;
	case DL_CTL_SNAPSHOT_RENAME:
	case DL_CTL_REWIND:
		draw_name(r, a->two.name);
		draw_name(r, a->two.other);
		break;
	case DL_CTL_SNAPSHOT_LIST:
		a->list.count = draw_count(r);
		a->list.buffer = draw_buffer(r, room, size);
		a->list.cursor = rng_chance(r, 50) ? 0 : rng_below(r, 100000);
		break;
	case DL_CTL_DIFF:
		a->diff.count = draw_count(r);
		a->diff.buffer = draw_buffer(r, room, size);
		a->diff.cursor = rng_chance(r, 60) ? 0 : rng_below(r, 40000);
		if (rng_chance(r, 10))
			a->diff.from_id = rng_below(r, 10);
		draw_name(r, a->diff.from);
		if (rng_chance(r, 60))
			draw_name(r, a->diff.to);
		break;
	case DL_CTL_WAIT_EVENT:
		a->wait.timeout_ms = rng_below(r, 3);
		a->wait.event_nr = rng_chance(r, 70) ? rng_below(r, 20) :
						       rng_next(r);
		break;
	case DL_CTL_POLICY_GET:
		a->policy.bytes = draw_count(r);
		a->policy.text = draw_buffer(r, room, size);
		break;
	case DL_CTL_POLICY_SET:
		draw_policy(r, room, size, &a->policy);
		break;
	case DL_CTL_GRANULARITY:
		a->regions.count = draw_count(r);
		a->regions.buffer = draw_buffer(r, room, size);
		a->regions.cursor = rng_chance(r, 50) ? 0 :
			rng_below(r, 100000);
		a->regions.snapshot = rng_chance(r, 50) ? 0 :
			rng_below(r, 16);
		break;
	case DL_CTL_FORECAST:
		a->forecast.count = draw_count(r);
		a->forecast.buffer = draw_buffer(r, room, size);
		a->forecast.cursor = rng_chance(r, 50) ? 0 : rng_below(r, 80);
		break;
	case DL_CTL_WORKLOAD:
		a->workload.count = draw_count(r);
		a->workload.buffer = draw_buffer(r, room, size);
		a->workload.cursor = rng_chance(r, 90) ? rng_below(r, 200) :
			rng_next(r);
		break;
	}
}

static int once(int fd, struct rng *r, struct devno dev, char *room, size_t size)
{
	const struct request *q = &requests[rng_below(r, nr_requests)];
	unsigned long number = q->number;
	char memory[MOST];
	void *arg = memory;
	uint32_t i, n, a_while;

	draw_arg(r, q, dev, room, size, memory);
	if (rng_chance(r, 15))
		for (i = 0, n = 1 + rng_below(r, 4); i < n; i++)
			memory[rng_below(r, (uint32_t)q->size)] ^=
				(char)(1u << rng_below(r, 8));
	if (rng_chance(r, 15))
		number = _IOC(rng_below(r, 4), DL_CTL_MAGIC, rng_below(r, 256),
			      rng_below(r, 1 << _IOC_SIZEBITS));
	else if (rng_chance(r, 10))
		number = _IOC(_IOC_READ | _IOC_WRITE, DL_CTL_MAGIC,
			      _IOC_NR(number),
			      rng_below(r, MOST));
	/* But not to wait for hours. */
	if (_IOC_NR(number) == _IOC_NR(DL_CTL_WAIT_EVENT)) {
		a_while = rng_below(r, 3);
		memcpy(memory + offsetof(struct dl_ctl_wait, timeout_ms),
		       &a_while, sizeof(a_while));
	}
	if (rng_chance(r, 10))
		arg = (void *)(uintptr_t)draw_buffer(r, room, size);
	return -ctl(fd, number, arg);
}

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

int fuzz(struct devno dev, uint64_t seed)
{
	struct sigaction sa = { .sa_handler = on_signal };
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 64 * page;
	char *room = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t done[256] = { 0 }, i;
	int fd = ctl_open(), err;
	unsigned int e, bad = 0;
	struct rng r;

	if (room == MAP_FAILED || mprotect(room + size, page, PROT_NONE))
		die("no memory");
	rng_seed(&r, seed, 0);
	sigaction(SIGTERM, &sa, NULL);
	for (i = 0; !stop; i++) {
		err = once(fd, &r, dev, room, size);
		done[err & 255]++;
		if (is_known(err))
			continue;
		printf("not ok - seed %llu, request %llu: %s\n",
		       (unsigned long long)seed, (unsigned long long)i,
		       strerror(err));
		bad++;
	}
	close(fd);
	printf("# %llu requests:", (unsigned long long)i);
	for (e = 0; e < 256; e++)
		if (done[e])
			printf(" %llu %s,", (unsigned long long)done[e],
			       e ? strerror((int)e) : "done");
	putchar('\n');
	return !!bad;
}
