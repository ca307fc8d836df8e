// SPDX-License-Identifier: GPL-2.0
/*
 * One crash state in a file: both devices as the crash left them, and the
 * history to judge what is recovered. See round.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/run.h"
#include "../model/util.h"
#include "dm.h"
#include "round.h"

#define CASE_MAGIC	0x3145534143544c44ULL	/* "DLTCASE1" */

struct case_head {
	uint64_t magic;
	uint64_t time;
	uint64_t bytes;
	uint32_t start[NR_DEVS];
	uint32_t sectors[NR_DEVS];
	uint32_t block;
	char target[28];
	char options[368];
};

void case_save(const struct life *life, const char *image, uint64_t time,
	       uint32_t round, uint32_t state)
{
	const struct stack *st = life->st;
	struct case_head head = { .magic = CASE_MAGIC, .bytes = st->bytes,
				  .block = st->block };
	char path[512];
	bool done;
	FILE *f;

	while (time <= life->ready && life->before) {
		time = life->crashed_at;
		life = life->before;
	}
	head.time = time;
	memcpy(head.start, st->l.start, sizeof(head.start));
	memcpy(head.sectors, st->l.sectors, sizeof(head.sectors));
	snprintf(head.target, sizeof(head.target), "%s", st->target);
	memcpy(head.options, st->options, sizeof(head.options));
	snprintf(path, sizeof(path), "%s/case-%llu-%u-%u", life->c->save_dir,
		 (unsigned long long)life->c->seed, round, state);
	f = fopen(path, "wb");
	done = f && fwrite(&head, sizeof(head), 1, f) == 1 &&
		fwrite(image, 1, st->bytes, f) == st->bytes &&
		!history_save(&life->h, f);
	if (f && fclose(f))
		done = false;
	if (!done)
		warn("%s: %s", path, strerror(errno));
	else
		printf("#   the state itself again: %s --case case-%llu-%u-%u\n",
		       life->c->command, (unsigned long long)life->c->seed,
		       round, state);
}

static void copy_device(const struct stack *st, unsigned int dev,
			const char *path)
{
	size_t bytes = (size_t)st->l.sectors[dev] * SECTOR_BYTES;
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(st->mem + (size_t)st->l.start[dev] * SECTOR_BYTES, 1,
			 bytes, f) != bytes || fclose(f))
		die("%s: %s", path, strerror(errno));
}

/* Leave the devices as files beside the case, for the tool to look at. */
static void unpack(const struct stack *st, const char *file)
{
	char path[512];

	snprintf(path, sizeof(path), "%s.origin", file);
	copy_device(st, DEV_ORIGIN, path);
	snprintf(path, sizeof(path), "%s.log", file);
	copy_device(st, DEV_LOG, path);
	printf("# the devices: %s.origin, %s.log\n", file, file);
}

/* Does the bare origin hold the same after a drain? */
static bool drained_is_same(struct stack *st, const struct history *h,
			    const uint32_t *val)
{
	const char *origin = st->mem +
		(size_t)st->l.start[DEV_ORIGIN] * SECTOR_BYTES;
	uint32_t s, got, bad = 0;
	char text[64], other[64];
	int err = dm_message(VOLUME, "drain");

	if (err) {
		printf("not ok - drain: %s\n", strerror(err));
		return false;
	}
	for (s = 0; s < h->sectors; s++) {
		got = stamp_read(origin + (size_t)s * SECTOR_BYTES, h->seed, s);
		if (got == val[s])
			continue;
		if (bad++ < 8)
			printf("# sector %u: the origin shows %s, the volume showed %s\n",
			       s, stamp_value_text(got, text, sizeof(text)),
			       stamp_value_text(val[s], other, sizeof(other)));
	}
	printf("%s - after a drain the bare origin differs in %u sectors\n",
	       bad ? "not ok" : "ok", bad);
	return !bad;
}

int case_run(const char *file, struct stack *st)
{
	static const uint32_t no_hold[NR_DEVS];
	struct case_head head;
	struct layout l;
	struct history h;
	struct verdict v;
	struct judge *j;
	uint32_t *val;
	char path[64];
	bool right;
	void *buf;
	FILE *f;
	int fd, err;

	f = fopen(file, "rb");
	if (!f)
		die("%s: %s", file, strerror(errno));
	if (fread(&head, sizeof(head), 1, f) != 1 || head.magic != CASE_MAGIC)
		die("%s: not a kept crash state", file);
	memcpy(l.start, head.start, sizeof(l.start));
	memcpy(l.sectors, head.sectors, sizeof(l.sectors));
	st->target = strdup(head.target);
	stack_build(st, &l, head.block, no_hold, VIA_RECORDER, 0);
	memcpy(st->options, head.options, sizeof(st->options));
	if (fread(st->mem, 1, st->bytes, f) != st->bytes ||
	    history_load(&h, f))
		die("%s: cut short", file);
	fclose(f);
	unpack(st, file);

	err = stack_activate(st);
	printf("%s", kernel_says());
	if (err) {
		printf("not ok - activation: %s\n", strerror(err));
		history_exit(&h);
		return 1;
	}
	fd = open(dm_path(VOLUME, path, sizeof(path)),
		  O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	val = xcalloc(h.sectors, sizeof(*val));
	buf = xalloc_pages(READ_BYTES);
	device_read(fd, buf, h.seed, h.sectors, head.block, val);
	close(fd);
	history_index(&h);
	j = judge_new(&h);
	right = judge(j, val, head.time, 0, &v);
	if (!right)
		verdict_print(&v, &h, "# ", stdout);
	printf("%s - %s\n", right ? "ok" : "not ok", verdict_text(v.kind));
	if (!strcmp(st->target, "deltalog") && !drained_is_same(st, &h, val))
		right = false;
	judge_free(j);
	free(buf);
	free(val);
	history_exit(&h);
	return right ? 0 : 1;
}
