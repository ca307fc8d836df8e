// SPDX-License-Identifier: GPL-2.0
/*
 * Errors that follow from the request alone, of every request: by the header,
 * one thing wrong at a time.
 */
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../model/util.h"
#include "ctl.h"

#define MOST	4096u		/* bytes of a structure here */

static unsigned int passed, wrong;

static void expect(int got, int want, const char *request, const char *what)
{
	passed++;
	if (got == want)
		return;
	wrong++;
	printf("not ok - %s, %s: %s, expected %s\n", request, what,
	       got ? strerror(-got) : "success",
	       want ? strerror(-want) : "success");
}

static struct dl_ctl_extent room[4];
static char list_room[8192];

/*
 * A structure that is right and whose request succeeds, or, of those that would
 * change something, fails with what is returned.
 */
static int fill(void *arg, const struct request *r, struct devno dev)
{
	struct dl_ctl_volumes volumes = {
		.count = 2, .buffer = (uintptr_t)list_room,
	};
	struct dl_ctl_status status = {
		.major = dev.major, .minor = dev.minor,
	};
	struct dl_ctl_snapshot_arg one = {
		.major = dev.major, .minor = dev.minor, .name = "no-such",
	};
	struct dl_ctl_snapshot_pair two = {
		.major = dev.major, .minor = dev.minor,
		.name = "no-such", .other = "other",
	};
	struct dl_ctl_snapshots snapshots = {
		.major = dev.major, .minor = dev.minor,
		.count = 2, .buffer = (uintptr_t)list_room,
	};
	struct dl_ctl_diff diff = {
		.major = dev.major, .minor = dev.minor,
		.count = 4, .buffer = (uintptr_t)room, .from = "base",
	};
	struct dl_ctl_wait wait = {
		.major = dev.major, .minor = dev.minor,
	};
	struct dl_ctl_policy policy = {
		.major = dev.major, .minor = dev.minor,
		.bytes = 64, .text = (uintptr_t)list_room,
	};
	struct dl_ctl_regions regions = {
		.major = dev.major, .minor = dev.minor,
		.count = 2, .buffer = (uintptr_t)list_room,
	};
	struct dl_ctl_forecast forecast = {
		.major = dev.major, .minor = dev.minor,
		.count = 2, .buffer = (uintptr_t)list_room,
	};
	struct dl_ctl_workload workload = {
		.major = dev.major, .minor = dev.minor,
		.count = 2, .buffer = (uintptr_t)list_room,
	};

	memset(arg, 0, MOST);
	switch (r->number) {
	case DL_CTL_VOLUME_LIST:
		memcpy(arg, &volumes, sizeof(volumes));
		return 0;
	case DL_CTL_STATUS:
		memcpy(arg, &status, sizeof(status));
		return 0;
	case DL_CTL_SNAPSHOT_CREATE:
		memcpy(one.name, "base", 5);
		memcpy(arg, &one, sizeof(one));
		return -EEXIST;
	case DL_CTL_SNAPSHOT_DELETE:
		memcpy(arg, &one, sizeof(one));
		return -ENOENT;
	case DL_CTL_SNAPSHOT_RENAME:
		memcpy(arg, &two, sizeof(two));
		return -ENOENT;
	case DL_CTL_REWIND:
		/* It is not suspended. */
		memcpy(arg, &two, sizeof(two));
		return -EBUSY;
	case DL_CTL_SNAPSHOT_LIST:
		memcpy(arg, &snapshots, sizeof(snapshots));
		return 0;
	case DL_CTL_DIFF:
		memcpy(arg, &diff, sizeof(diff));
		return 0;
	case DL_CTL_WAIT_EVENT:
		memcpy(arg, &wait, sizeof(wait));
		return 0;
	case DL_CTL_POLICY_SET:
		policy.text = (uintptr_t)"default";
		policy.bytes = 7;
		memcpy(arg, &policy, sizeof(policy));
		return 0;
	case DL_CTL_POLICY_GET:
		memcpy(arg, &policy, sizeof(policy));
		return 0;
	case DL_CTL_GRANULARITY:
		memcpy(arg, &regions, sizeof(regions));
		return 0;
	case DL_CTL_FORECAST:
		memcpy(arg, &forecast, sizeof(forecast));
		return 0;
	case DL_CTL_WORKLOAD:
		memcpy(arg, &workload, sizeof(workload));
		return 0;
	default:
		return 0;
	}
}

/* The same request for a structure of another size. */
static unsigned long sized(const struct request *r, size_t size)
{
	return _IOC(_IOC_READ | _IOC_WRITE, DL_CTL_MAGIC, _IOC_NR(r->number),
		    size);
}

static void try_sizes(int fd, const struct request *r, struct devno dev)
{
	char arg[MOST], before[MOST];
	int right = fill(arg, r, dev);
	size_t size;

	expect(ctl(fd, r->number, arg), right, r->name, "as it should be");
	for (size = 0; size < r->least; size += size < 8 ? 1 : 4) {
		fill(arg, r, dev);
		expect(ctl(fd, sized(r, size), arg), -EINVAL, r->name,
		       "a structure too short");
	}
	for (; size < r->size; size += 4) {
		fill(arg, r, dev);
		memcpy(before, arg, MOST);
		expect(ctl(fd, sized(r, size), arg), right, r->name,
		       "a structure of an older program");
		expect(memcmp(arg + size, before + size, MOST - size), 0,
		       r->name, "what is behind it is left alone");
	}
	/* From a newer program that asks for nothing new: nothing behind it. */
	fill(arg, r, dev);
	memcpy(before, arg, MOST);
	expect(ctl(fd, sized(r, r->size + 40), arg), right, r->name,
	       "a longer structure");
	expect(memcmp(arg + r->size, before + r->size, MOST - r->size), 0,
	       r->name, "what is behind it is left alone");
	for (size = r->size; size < r->size + 40; size += 13) {
		fill(arg, r, dev);
		arg[size] = 1;
		expect(ctl(fd, sized(r, r->size + 40), arg), -E2BIG, r->name,
		       "a longer structure that asks for more");
	}
}

static void try_pointers(int fd, const struct request *r, struct devno dev)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char arg[MOST];

	if (two == MAP_FAILED || mprotect(two + page, page, PROT_NONE))
		die("no memory");
	expect(ctl(fd, r->number, NULL), -EFAULT, r->name, "no structure");
	expect(ctl(fd, r->number, (void *)-4096L), -EFAULT, r->name,
	       "an address of the kernel's");
	fill(arg, r, dev);
	memcpy(two + page - r->size + 8, arg, r->size - 8);
	expect(ctl(fd, r->number, two + page - r->size + 8), -EFAULT, r->name,
	       "a structure that is readable in part");
	munmap(two, 2 * page);
}

/* What could not be told of is not done. */
static void try_read_only(int fd, struct devno dev)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct dl_ctl_snapshot_arg *one = mmap(NULL, page,
					       PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1,
					       0);
	struct dl_ctl_snapshot_arg gone = {
		.major = dev.major, .minor = dev.minor, .name = "unseen",
	};

	if (one == MAP_FAILED)
		die("no memory");
	*one = gone;
	if (mprotect(one, page, PROT_READ))
		die("mprotect");
	expect(ctl(fd, DL_CTL_SNAPSHOT_CREATE, one), -EFAULT, "create",
	       "a structure that cannot be written");
	expect(ctl(fd, DL_CTL_SNAPSHOT_DELETE, &gone), -ENOENT, "delete",
	       "what was not made");
	munmap(one, page);
}

static void try_flags(int fd, const struct request *r, struct devno dev)
{
	char arg[MOST], before[MOST];
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		fill(arg, r, dev);
		*(uint32_t *)arg = 1u << bit;
		memcpy(before, arg, MOST);
		expect(ctl(fd, r->number, arg), -EINVAL, r->name,
		       "an unknown flag");
		expect(memcmp(arg, before, MOST), 0, r->name,
		       "what was refused is left as it was");
	}
}

static void try_device(int fd, const struct request *r, struct devno dev)
{
	static const struct devno none[] = {
		{ 0, 0 }, { ~0u, ~0u }, { 1u << 12, 0 }, { 7, 0 },
	};
	char arg[MOST];
	size_t i;

	if (r->number == DL_CTL_VERSION || r->number == DL_CTL_VOLUME_LIST)
		return;
	for (i = 0; i <= sizeof(none) / sizeof(none[0]); i++) {
		fill(arg, r, dev);
		if (i)
			memcpy(arg + 4, &none[i - 1], sizeof(none[0]));
		else
			((uint32_t *)arg)[2] = dev.minor + 1000;
		expect(ctl(fd, r->number, arg), -ENODEV, r->name,
		       "a device that is no volume");
	}
}

/* Names that do not end, cannot be printed, or may not be. */
static void try_names(int fd, struct devno dev)
{
	struct dl_ctl_snapshot_arg one = {
		.major = dev.major, .minor = dev.minor,
	};
	struct dl_ctl_snapshot_pair two = {
		.major = dev.major, .minor = dev.minor, .name = "base",
	};
	struct dl_ctl_diff diff = {
		.major = dev.major, .minor = dev.minor,
		.count = 4, .buffer = (uintptr_t)room, .from = "base",
	};
	static const char *const bad[] = {
		"", "-x", ".x", "a b", "a\n", "a/b", "\303\244", "\033[2J",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(one.name, bad[i], strlen(bad[i]) + 1);
		expect(ctl(fd, DL_CTL_SNAPSHOT_CREATE, &one), -EINVAL, "create",
		       "a bad name");
		memcpy(two.other, bad[i], strlen(bad[i]) + 1);
		expect(ctl(fd, DL_CTL_SNAPSHOT_RENAME, &two), -EINVAL, "rename",
		       "a bad name");
	}
	memset(one.name, 'a', sizeof(one.name));
	expect(ctl(fd, DL_CTL_SNAPSHOT_CREATE, &one), -EINVAL, "create",
	       "a name without an end");
	expect(ctl(fd, DL_CTL_SNAPSHOT_DELETE, &one), -EINVAL, "delete",
	       "a name without an end");
	memset(two.other, 'a', sizeof(two.other));
	expect(ctl(fd, DL_CTL_REWIND, &two), -EINVAL, "rewind",
	       "a name without an end");
	memset(diff.to, 'a', sizeof(diff.to));
	expect(ctl(fd, DL_CTL_DIFF, &diff), -EINVAL, "diff",
	       "a name without an end");
	one.pad = 1;
	memcpy(one.name, "x", 2);
	expect(ctl(fd, DL_CTL_SNAPSHOT_CREATE, &one), -EINVAL, "create",
	       "padding that is not zero");
	expect(ctl(fd, DL_CTL_SNAPSHOT_DELETE, &one), -EINVAL, "delete",
	       "padding that is not zero");
	two.pad = 1;
	memcpy(two.other, "x", 2);
	expect(ctl(fd, DL_CTL_SNAPSHOT_RENAME, &two), -EINVAL, "rename",
	       "padding that is not zero");
	expect(ctl(fd, DL_CTL_REWIND, &two), -EINVAL, "rewind",
	       "padding that is not zero");
}

static void try_lists(int fd, struct devno dev)
{
	struct dl_ctl_volumes volumes = { .count = 1 };
	struct dl_ctl_snapshots snapshots = {
		.major = dev.major, .minor = dev.minor, .count = 1,
	};
	struct dl_ctl_diff diff = {
		.major = dev.major, .minor = dev.minor, .count = 4,
		.buffer = (uintptr_t)room, .from = "base",
	};

	expect(ctl(fd, DL_CTL_VOLUME_LIST, &volumes), -EFAULT, "volumes",
	       "no buffer");
	volumes.count = 0;
	expect(ctl(fd, DL_CTL_VOLUME_LIST, &volumes), -EINVAL, "volumes",
	       "a count of 0");
	expect(ctl(fd, DL_CTL_SNAPSHOT_LIST, &snapshots), -EFAULT, "snapshots",
	       "no buffer");
	snapshots.count = 0;
	expect(ctl(fd, DL_CTL_SNAPSHOT_LIST, &snapshots), -EINVAL, "snapshots",
	       "a count of 0");
	diff.cursor = ~0ULL;
	expect(ctl(fd, DL_CTL_DIFF, &diff), -EINVAL, "diff",
	       "a cursor behind the end");
	diff.cursor = 0;
	diff.count = 0;
	expect(ctl(fd, DL_CTL_DIFF, &diff), -EINVAL, "diff", "a count of 0");
	diff.count = 4;
	diff.from_id = 1ULL << 60;
	expect(ctl(fd, DL_CTL_DIFF, &diff), -ESTALE, "diff",
	       "another snapshot's number");
	diff.from_id = 0;
	diff.to_id = 1;
	expect(ctl(fd, DL_CTL_DIFF, &diff), -ESTALE, "diff", "a number of now");
	diff.to_id = 0;
	memcpy(diff.to, "no-such", 8);
	expect(ctl(fd, DL_CTL_DIFF, &diff), -ENOENT, "diff", "no such snapshot");
	memcpy(diff.from, "no-such", 8);
	diff.to[0] = 0;
	expect(ctl(fd, DL_CTL_DIFF, &diff), -ENOENT, "diff", "no such snapshot");
}

/* Texts at the edge of memory, of the language and of the size. */
static void try_policy(int fd, struct devno dev)
{
	char text[2 * DL_CTL_POLICY_TEXT];
	struct dl_ctl_policy a = {
		.major = dev.major, .minor = dev.minor,
		.text = (uintptr_t)text, .bytes = sizeof(text),
	};
	uint32_t whole;

	memset(text, '!', sizeof(text));
	expect(ctl(fd, DL_CTL_POLICY_GET, &a), 0, "policy", "much room");
	whole = a.bytes;
	expect(whole && whole <= DL_CTL_POLICY_TEXT && text[whole] == '!' &&
	       text[whole - 1] == '\n', 1, "policy", "a text of that length");
	memset(text, '!', sizeof(text));
	a.bytes = 5;
	expect(ctl(fd, DL_CTL_POLICY_GET, &a), 0, "policy", "little room");
	expect(a.bytes == whole && text[4] != '!' && text[5] == '!', 1, "policy",
	       "what fits, and the length of all");
	a.bytes = 0;
	a.text = 0;
	expect(ctl(fd, DL_CTL_POLICY_GET, &a), 0, "policy", "no room");
	expect(a.bytes == whole, 1, "policy", "the length of all");
	expect(ctl(fd, DL_CTL_POLICY_GET, &a), -EFAULT, "policy", "no buffer");
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), -EFAULT, "set policy", "no text");

	a.text = (uintptr_t)text;
	a.bytes = (uint32_t)sprintf(text, "window 1m\nrate > x -> bit\n");
	memset(a.reason, '!', sizeof(a.reason));
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), 0, "set policy", "a wrong one");
	expect(a.line == 2 && a.column == 8 && strlen(a.reason) > 5 &&
	       strlen(a.reason) < sizeof(a.reason), 1, "set policy",
	       "where and why");
	memset(text, '\n', sizeof(text));
	a.bytes = sizeof(text);
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), 0, "set policy", "a long one");
	expect(!!a.line, 1, "set policy", "it is refused");
	a.bytes = (uint32_t)sprintf(text, "-> block") + 1;
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), 0, "set policy", "a NUL in it");
	expect(!!a.line, 1, "set policy", "it is refused");
	a.bytes--;
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), 0, "set policy", "a right one");
	expect(!a.line && !a.column && !a.reason[0], 1, "set policy",
	       "nothing is wrong");
	a.bytes = sizeof(text);
	expect(ctl(fd, DL_CTL_POLICY_GET, &a), 0, "policy", "that one");
	expect(!!memmem(text, a.bytes, "\n-> block\n", 10) &&
	       a.bytes < whole, 1, "policy", "which is told");
	a.text = (uintptr_t)"default";
	a.bytes = 7;
	expect(ctl(fd, DL_CTL_POLICY_SET, &a), 0, "set policy", "the default");
}

static void try_map(int fd, struct devno dev)
{
	struct dl_ctl_regions a = {
		.major = dev.major, .minor = dev.minor, .count = 1,
	};

	expect(ctl(fd, DL_CTL_GRANULARITY, &a), -EFAULT, "granularity",
	       "no buffer");
	a.buffer = (uintptr_t)list_room;
	a.cursor = ~0ULL;
	expect(ctl(fd, DL_CTL_GRANULARITY, &a), 0, "granularity",
	       "a cursor behind the end");
	expect(!a.count && !a.cursor, 1, "granularity", "nothing is there");
	expect(ctl(fd, DL_CTL_GRANULARITY, &a), -EINVAL, "granularity",
	       "a count of 0");
	a.count = 1;
	a.pad = 1;
	expect(ctl(fd, DL_CTL_GRANULARITY, &a), -EINVAL, "granularity",
	       "padding");
	a.pad = 0;
	a.snapshot = ~0ULL;
	expect(ctl(fd, DL_CTL_GRANULARITY, &a), -ENOENT, "granularity",
	       "no such snapshot");
}

static void try_forecast(int fd, struct devno dev)
{
	const struct dl_ctl_forecast_entry *e = (const void *)list_room;
	struct dl_ctl_forecast a = {
		.major = dev.major, .minor = dev.minor, .count = 1,
	};
	uint32_t nr = 0;

	expect(ctl(fd, DL_CTL_FORECAST, &a), -EFAULT, "forecast", "no buffer");
	expect(!a.cursor && a.count == 1, 1, "forecast",
	       "what failed is left as it was");
	a.buffer = (uintptr_t)list_room;
	a.count = 0;
	expect(ctl(fd, DL_CTL_FORECAST, &a), -EINVAL, "forecast", "a count of 0");
	a.count = 1;
	a.cursor = ~0ULL;
	expect(ctl(fd, DL_CTL_FORECAST, &a), 0, "forecast",
	       "a cursor behind the end");
	expect(!a.count && !a.cursor, 1, "forecast", "nothing is there");
	do {
		a.count = 1;
		expect(ctl(fd, DL_CTL_FORECAST, &a), 0, "forecast", "one by one");
		expect(a.count == 1 && e->low <= e->value &&
		       e->value <= e->high && !e->pad[0] && !e->pad[1], 1,
		       "forecast", "a value in its interval");
		nr += a.count;
	} while (a.cursor && nr < 1000);
	expect(nr >= 25 && nr <= 65 && nr % 5 == 0, 1, "forecast",
	       "five paces of each");
	a.cursor = 0;
	a.count = ~0u;
	/* More than is there is no more than is there. */
	expect(ctl(fd, DL_CTL_FORECAST, &a), 0, "forecast", "all at once");
	expect(a.count >= 25 && a.count <= 65 && !a.cursor, 1, "forecast",
	       "all of them");
}

static void try_workload(int fd, struct devno dev)
{
	struct dl_ctl_workload a = {
		.major = dev.major, .minor = dev.minor, .count = 1,
	}, before;

	expect(ctl(fd, DL_CTL_WORKLOAD, &a), -EFAULT, "workload", "no buffer");
	expect(!a.cursor && a.count == 1, 1, "workload",
	       "what failed is left as it was");
	a.buffer = (uintptr_t)list_room;
	a.count = 0;
	expect(ctl(fd, DL_CTL_WORKLOAD, &a), -EINVAL, "workload",
	       "a count of 0");
	a.count = 1;
	a.cursor = ~0ULL;
	expect(ctl(fd, DL_CTL_WORKLOAD, &a), -EINVAL, "workload",
	       "a cursor that there cannot be");
	a.cursor = 0;
	a.missed = 7;
	expect(ctl(fd, DL_CTL_WORKLOAD, &a), 0, "workload", "the oldest");
	expect(a.count == 1 && a.cursor && !a.missed, 1, "workload",
	       "one, and where to go on");
	do {
		a.count = sizeof(list_room) / sizeof(struct dl_ctl_sample);
		expect(ctl(fd, DL_CTL_WORKLOAD, &a), 0, "workload", "the rest");
	} while (a.count);
	before = a;
	a.count = 1;
	expect(ctl(fd, DL_CTL_WORKLOAD, &a), 0, "workload", "at the end");
	expect(!a.count && a.cursor == before.cursor, 1, "workload",
	       "nothing, and the same place");
	a.count = 1;
	a.cursor++;
	expect(ctl(fd, DL_CTL_WORKLOAD, &a), -EINVAL, "workload",
	       "a cursor behind the next write");
}

static void try_requests(int fd)
{
	static const unsigned long bad[] = {
		0, ~0u, _IO(DL_CTL_MAGIC, 0),
		_IOW(DL_CTL_MAGIC, 0, struct dl_ctl_version),
		_IOR(DL_CTL_MAGIC, 0, struct dl_ctl_version),
		_IOWR(DL_CTL_MAGIC, 255, struct dl_ctl_version),
		_IOWR(DL_CTL_MAGIC, 15, struct dl_ctl_version),
		_IOWR(0xfd, 0, struct dl_ctl_version),
	};
	char arg[MOST] = "";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect(ctl(fd, bad[i], arg), -ENOTTY, "request", "none there is");
}

static int result(const char *what)
{
	printf("%s - %s: %u tried, %u wrong\n", wrong ? "not ok" : "ok", what,
	       passed, wrong);
	return !!wrong;
}

int errors(struct devno dev)
{
	int fd = ctl_open();
	unsigned int i;

	for (i = 0; i < nr_requests; i++) {
		try_sizes(fd, &requests[i], dev);
		try_pointers(fd, &requests[i], dev);
		try_flags(fd, &requests[i], dev);
		try_device(fd, &requests[i], dev);
	}
	try_read_only(fd, dev);
	try_names(fd, dev);
	try_lists(fd, dev);
	try_policy(fd, dev);
	try_map(fd, dev);
	try_forecast(fd, dev);
	try_workload(fd, dev);
	try_requests(fd);
	close(fd);
	return result("errors of requests");
}

int refused(struct devno dev)
{
	int fd = ctl_open();
	char arg[MOST];
	unsigned int i;

	if (setgroups(0, NULL) || setgid(65534) || setuid(65534))
		die("setuid: %s", strerror(errno));
	for (i = 0; i < nr_requests; i++) {
		fill(arg, &requests[i], dev);
		expect(ctl(fd, requests[i].number, arg), -EPERM,
		       requests[i].name, "without the capability");
		expect(ctl(fd, requests[i].number, NULL), -EPERM,
		       requests[i].name, "without the capability, no structure");
	}
	expect(ctl(fd, ~0u, NULL), -EPERM, "none there is",
	       "without the capability");
	close(fd);
	return result("requests without CAP_SYS_ADMIN");
}
