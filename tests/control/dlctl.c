// SPDX-License-Identifier: GPL-2.0
/*
 * Tries /dev/deltalog-control, in a test guest.
 *
 *   dlctl list PIECE               volumes: "MAJOR:MINOR NAME SECTORS"
 *   dlctl status DEV               as dmsetup status shows it
 *   dlctl snapshots DEV PIECE      as the message snapshot_list shows them
 *   dlctl create|delete DEV NAME   create prints its line
 *   dlctl rename|rewind DEV NAME NEW
 *   dlctl diff DEV PIECE FROM [TO]
 *   dlctl differ FILE FILE2        sectors in which two differ, one a line
 *   dlctl errors DEV               every error that can be told beforehand
 *   dlctl refused DEV              that all is, to who has no capability
 *   dlctl fuzz DEV SEED            random requests, until it is told to end by
 *                                  SIGTERM; DEV may come and go
 *   dlctl uevents N                the next N of a volume
 *   dlctl policy DEV [TEXT]        the one in force, or put one in force; of one
 *                                  that is refused "LINE COLUMN REASON"
 *   dlctl map DEV PIECE            the granularity map, as the message granularity
 *                                  shows it
 *
 *   dlctl forecast DEV PIECE       what is foreseen: "SERIES HORIZON_MS CLIENT VALUE LOW
 *                                  HIGH LAST FORESEEN|- SEEN CONFIDENCE"
 *   dlctl workload DEV PIECE [CURSOR]
 *                                  the write history: "OP SECTOR SECTORS CLIENT TIME" a
 *                                  sample, then "cursor N missed N"
 *   dlctl workload-race DEV FILE   read it while several write to FILE, DEV's node
 *
 * DEV is MAJOR:MINOR, PIECE the number of elements asked for at once. Ends with
 * 0; 1 when something is wrong, 2 when it could not be tried; of single requests
 * with the errno that they got.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../model/util.h"
#include "ctl.h"

#define REQUEST(number, type) \
	{ #number, number, sizeof(struct type), sizeof(struct type) }

const struct request requests[] = {
	REQUEST(DL_CTL_VERSION, dl_ctl_version),
	REQUEST(DL_CTL_VOLUME_LIST, dl_ctl_volumes),
	{ "DL_CTL_STATUS", DL_CTL_STATUS, sizeof(struct dl_ctl_status), 328 },
	REQUEST(DL_CTL_SNAPSHOT_CREATE, dl_ctl_snapshot_arg),
	REQUEST(DL_CTL_SNAPSHOT_DELETE, dl_ctl_snapshot_arg),
	REQUEST(DL_CTL_SNAPSHOT_RENAME, dl_ctl_snapshot_pair),
	REQUEST(DL_CTL_SNAPSHOT_LIST, dl_ctl_snapshots),
	REQUEST(DL_CTL_REWIND, dl_ctl_snapshot_pair),
	REQUEST(DL_CTL_DIFF, dl_ctl_diff),
	REQUEST(DL_CTL_WAIT_EVENT, dl_ctl_wait),
	REQUEST(DL_CTL_POLICY_GET, dl_ctl_policy),
	REQUEST(DL_CTL_POLICY_SET, dl_ctl_policy),
	{ "DL_CTL_GRANULARITY", DL_CTL_GRANULARITY,
	  sizeof(struct dl_ctl_regions), 32 },
	REQUEST(DL_CTL_FORECAST, dl_ctl_forecast),
	REQUEST(DL_CTL_WORKLOAD, dl_ctl_workload),
};

const unsigned int nr_requests = sizeof(requests) / sizeof(requests[0]);

int ctl_open(void)
{
	int fd = open(NODE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", NODE, strerror(errno));
	return fd;
}

int ctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static int list(int fd, uint32_t piece)
{
	struct dl_ctl_volume *v = xcalloc(piece, sizeof(*v));
	struct dl_ctl_volumes a = { .buffer = (uintptr_t)v };
	uint32_t i;
	int err;

	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_VOLUME_LIST, &a);
		for (i = 0; !err && i < a.count; i++)
			printf("%u:%u %s %" PRIu64 "\n", v[i].major,
			       v[i].minor, v[i].name, (uint64_t)v[i].sectors);
	} while (!err && a.cursor);
	free(v);
	return err;
}

/* Told apart from the kernel's table on purpose: by the header. */
static int status(int fd, struct devno dev)
{
	static const char *const modes[] = { "rw", "ro", "detached" };
	struct dl_ctl_status s = { .major = dev.major, .minor = dev.minor };
	int err = ctl(fd, DL_CTL_STATUS, &s);

	if (err)
		return err;
	printf("%s", modes[s.mode]);
#define KEY(key) printf(" " #key " %" PRIu64, (uint64_t)s.key)
	KEY(log_used);
	KEY(log_size);
	KEY(segments);
	KEY(records);
	KEY(records_max);
	KEY(runs);
	KEY(runs_max);
	KEY(lost);
	KEY(seq);
	KEY(durable_seq);
	KEY(horizon_seq);
	KEY(commits);
	KEY(flushes);
	KEY(checkpoints);
	KEY(user_bytes);
	KEY(log_bytes);
	KEY(rewritten);
	KEY(deferred);
	KEY(read_log);
	KEY(read_ram);
	KEY(read_zero);
	KEY(origin_bytes);
	KEY(origin_pages);
	KEY(cycles);
	KEY(crc_errors);
	KEY(log_errors);
	KEY(origin_errors);
	KEY(snapshots);
	KEY(snapshots_max);
	KEY(past);
	KEY(past_max);
	KEY(past_bytes);
	KEY(preserved_bytes);
	KEY(waiting);
	KEY(reconciling);
	KEY(memory_bytes);
	KEY(rewind_pending);
	KEY(events);
	KEY(full);
	KEY(deltas);
	KEY(delta_bytes);
	KEY(unchanged);
	KEY(rebased);
	KEY(chains);
	KEY(chains_max);
	KEY(packed);
	KEY(packed_bytes);
	KEY(placeholders);
	KEY(placeholder_sectors);
	KEY(fused);
	KEY(fused_sectors);
	KEY(full_probability);
	/* The one that may be no number. */
	if (s.full_within == DL_CTL_NEVER)
		printf(" full_within -");
	else
		KEY(full_within);
	KEY(alloc_stalls);
	KEY(frame_stalls);
	KEY(pool_segments);
	KEY(pool_kib);
	KEY(segment_kib);
	KEY(segments_small);
	KEY(segments_large);
	KEY(sealed_full);
	KEY(sealed_age);
	KEY(sealed_asked);
	KEY(frames);
	KEY(waited);
	KEY(waited_hits);
	KEY(waited_misses);
	KEY(lag_max_ms);
	KEY(writes);
	KEY(neighbours_said);
	KEY(neighbours_came);
#undef KEY
	putchar('\n');
	return 0;
}

static void print_snapshot(const struct dl_ctl_snapshot *s)
{
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %s\n", (uint64_t)s->id,
	       (uint64_t)s->seq, (uint64_t)s->time_ns, s->views, s->name);
}

static int snapshots(int fd, struct devno dev, uint32_t piece)
{
	struct dl_ctl_snapshot *s = xcalloc(piece, sizeof(*s));
	struct dl_ctl_snapshots a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)s,
	};
	uint32_t i;
	int err;

	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_SNAPSHOT_LIST, &a);
		for (i = 0; !err && i < a.count; i++)
			print_snapshot(&s[i]);
	} while (!err && a.cursor);
	free(s);
	return err;
}

static int one(int fd, struct devno dev, bool create, const char *name)
{
	struct dl_ctl_snapshot_arg a = {
		.major = dev.major, .minor = dev.minor,
	};
	int err;

	snprintf(a.name, sizeof(a.name), "%s", name);
	err = ctl(fd, create ? DL_CTL_SNAPSHOT_CREATE :
			       DL_CTL_SNAPSHOT_DELETE, &a);
	if (!err && create)
		print_snapshot(&a.snapshot);
	return err;
}

static int two(int fd, struct devno dev, bool rewind, const char *name,
	       const char *other)
{
	struct dl_ctl_snapshot_pair a = {
		.major = dev.major, .minor = dev.minor,
	};
	int err;

	snprintf(a.name, sizeof(a.name), "%s", name);
	snprintf(a.other, sizeof(a.other), "%s", other);
	err = ctl(fd, rewind ? DL_CTL_REWIND : DL_CTL_SNAPSHOT_RENAME, &a);
	if (!err && rewind)
		print_snapshot(&a.snapshot);
	return err;
}

static int diff(int fd, struct devno dev, uint32_t piece, const char *from,
		const char *to)
{
	struct dl_ctl_extent *x = xcalloc(piece, sizeof(*x));
	struct dl_ctl_diff a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)x,
	};
	uint64_t start = 0, end = 0;
	uint32_t i;
	int err;

	snprintf(a.from, sizeof(a.from), "%s", from);
	snprintf(a.to, sizeof(a.to), "%s", to ? to : "");
	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_DIFF, &a);
		for (i = 0; !err && i < a.count; i++) {
			if (x[i].start != end && end)
				printf("%" PRIu64 " %" PRIu64 "\n", start,
				       end - start);
			if (x[i].start != end || !end)
				start = x[i].start;
			end = x[i].start + x[i].sectors;
		}
	} while (!err && a.cursor);
	if (!err && end)
		printf("%" PRIu64 " %" PRIu64 "\n", start, end - start);
	free(x);
	return err;
}

static int policy(int fd, struct devno dev, char *text)
{
	char room[DL_CTL_POLICY_TEXT];
	struct dl_ctl_policy a = {
		.major = dev.major, .minor = dev.minor,
		.text = (uintptr_t)(text ? text : room),
		.bytes = text ? (uint32_t)strlen(text) : sizeof(room),
	};
	int err = ctl(fd, text ? DL_CTL_POLICY_SET : DL_CTL_POLICY_GET, &a);

	if (!err && !text)
		printf("%.*s", (int)a.bytes, room);
	else if (!err && a.line)
		printf("%u %u %s\n", a.line, a.column, a.reason);
	return err;
}

static int map(int fd, struct devno dev, uint32_t piece)
{
	static const char *const level[] = {
		"unsaid", "coarse", "block", "sub", "bit",
	};
	struct dl_ctl_region *r = xcalloc(piece, sizeof(*r));
	struct dl_ctl_regions a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)r,
	};
	uint32_t i;
	int err;

	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_GRANULARITY, &a);
		for (i = 0; !err && i < a.count; i++)
			printf("%" PRIu64 " %s %u %u %d %u\n",
			       (uint64_t)r[i].start / DL_CTL_REGION_SECTORS,
			       level[r[i].level], r[i].rate, r[i].delta,
			       r[i].flags & DL_CTL_REGION_SEQUENTIAL,
			       r[i].rule);
	} while (!err && a.cursor);
	free(r);
	return err;
}

static int forecast(int fd, struct devno dev, uint32_t piece)
{
	struct dl_ctl_forecast_entry *e = xcalloc(piece, sizeof(*e));
	struct dl_ctl_forecast a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)e,
	};
	char foreseen[24];
	uint32_t i;
	int err;

	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_FORECAST, &a);
		for (i = 0; !err && i < a.count; i++) {
			snprintf(foreseen, sizeof(foreseen), "%" PRIu64,
				 (uint64_t)e[i].foreseen);
			printf("%u %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			       " %" PRIu64 " %s %" PRIu64 " %u\n", e[i].series,
			       e[i].horizon_ms, (uint64_t)e[i].client,
			       (uint64_t)e[i].value, (uint64_t)e[i].low,
			       (uint64_t)e[i].high, (uint64_t)e[i].last,
			       e[i].known ? foreseen : "-",
			       (uint64_t)e[i].seen, e[i].confidence);
		}
	} while (!err && a.cursor);
	free(e);
	return err;
}

static int workload(int fd, struct devno dev, uint32_t piece, uint64_t cursor)
{
	static const char *const op[] = { "write", "discard", "zeroes" };
	struct dl_ctl_sample *s = xcalloc(piece, sizeof(*s));
	struct dl_ctl_workload a = {
		.major = dev.major, .minor = dev.minor,
		.buffer = (uintptr_t)s, .cursor = cursor,
	};
	uint64_t missed = 0;
	uint32_t i;
	int err;

	do {
		a.count = piece;
		err = ctl(fd, DL_CTL_WORKLOAD, &a);
		if (err)
			break;
		missed += a.missed;
		for (i = 0; i < a.count; i++)
			printf("%s %" PRIu64 " %u %" PRIu64 " %" PRIu64 "\n",
			       op[s[i].op], (uint64_t)s[i].sector, s[i].sectors,
			       (uint64_t)s[i].client, (uint64_t)s[i].time_ns);
	} while (a.count);
	if (!err)
		printf("cursor %" PRIu64 " missed %" PRIu64 "\n",
		       (uint64_t)a.cursor, missed);
	free(s);
	return err;
}

/* Past the page cache, which may know of what was there before. */
static int differ(const char *one, const char *two)
{
	const size_t piece = 1 << 20;
	char *a = xalloc_pages(piece), *b = xalloc_pages(piece);
	int fa = open(one, O_RDONLY | O_DIRECT | O_CLOEXEC);
	int fb = open(two, O_RDONLY | O_DIRECT | O_CLOEXEC);
	unsigned long long sector = 0;
	ssize_t n, i;

	if (fa < 0 || fb < 0)
		die("%s, %s: %s", one, two, strerror(errno));
	while ((n = read(fa, a, piece)) > 0) {
		if (read(fb, b, piece) != n)
			die("%s and %s: not the same size", one, two);
		for (i = 0; i < n; i += 512, sector++)
			if (memcmp(a + i, b + i, 512))
				printf("%llu\n", sector);
	}
	if (n < 0)
		die("%s: %s", one, strerror(errno));
	return 0;
}

static int usage(void)
{
	fputs("usage: see the top of tests/control/dlctl.c\n", stderr);
	return 2;
}

static uint32_t piece_of(const char *word)
{
	uint64_t n = parse_number("PIECE", word);

	if (!n || n > 1 << 20)
		die("PIECE: 1 to 1M");
	return (uint32_t)n;
}

static int requested(const char *verb, struct devno dev, int argc, char **argv)
{
	int fd = ctl_open(), err;

	if (!strcmp(verb, "status") && !argc)
		err = status(fd, dev);
	else if (!strcmp(verb, "snapshots") && argc == 1)
		err = snapshots(fd, dev, piece_of(argv[0]));
	else if (!strcmp(verb, "create") && argc == 1)
		err = one(fd, dev, true, argv[0]);
	else if (!strcmp(verb, "delete") && argc == 1)
		err = one(fd, dev, false, argv[0]);
	else if (!strcmp(verb, "rename") && argc == 2)
		err = two(fd, dev, false, argv[0], argv[1]);
	else if (!strcmp(verb, "rewind") && argc == 2)
		err = two(fd, dev, true, argv[0], argv[1]);
	else if (!strcmp(verb, "diff") && (argc == 2 || argc == 3))
		err = diff(fd, dev, piece_of(argv[0]), argv[1],
			   argc == 3 ? argv[2] : NULL);
	else if (!strcmp(verb, "policy") && argc <= 1)
		err = policy(fd, dev, argc ? argv[0] : NULL);
	else if (!strcmp(verb, "map") && argc == 1)
		err = map(fd, dev, piece_of(argv[0]));
	else if (!strcmp(verb, "forecast") && argc == 1)
		err = forecast(fd, dev, piece_of(argv[0]));
	else if (!strcmp(verb, "workload") && (argc == 1 || argc == 2))
		err = workload(fd, dev, piece_of(argv[0]),
			       argc == 2 ? parse_number("CURSOR", argv[1]) : 0);
	else
		return usage();
	if (err)
		fprintf(stderr, "dlctl: %s: %s\n", verb, strerror(-err));
	return -err;
}

int main(int argc, char **argv)
{
	struct devno dev;

	if (argc == 3 && !strcmp(argv[1], "list"))
		return -list(ctl_open(), piece_of(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "uevents"))
		return uevents((unsigned int)parse_number("N", argv[2]));
	if (argc == 4 && !strcmp(argv[1], "differ"))
		return differ(argv[2], argv[3]);
	if (argc < 3 || sscanf(argv[2], "%u:%u", &dev.major, &dev.minor) != 2)
		return usage();
	if (argc == 3 && !strcmp(argv[1], "errors"))
		return errors(dev);
	if (argc == 3 && !strcmp(argv[1], "refused"))
		return refused(dev);
	if (argc == 4 && !strcmp(argv[1], "fuzz"))
		return fuzz(dev, parse_number("SEED", argv[3]));
	if (argc == 4 && !strcmp(argv[1], "workload-race"))
		return workload_race(dev, argv[3]);
	return requested(argv[1], dev, argc - 3, argv + 3);
}
