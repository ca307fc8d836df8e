// SPDX-License-Identifier: GPL-2.0
/*
 * Damage to a log that is encrypted. See rot.h.
 *
 * Every record of it was durable, and the checkpoint says so, so there is one content
 * that is right: activation is refused, or each page reads as that or fails.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../crash/dm.h"
#include "../model/util.h"
#include "rot.h"

#define SECTOR		512u
#define PAGE		4096u
#define WRITES		400u

static void write_some(struct rot *rot, int fd, char *buf)
{
	uint32_t i, k;

	for (i = 0; i < WRITES; i++) {
		uint32_t n = 1 + rng_below(&rot->r, rng_below(&rot->r, 2) ? 8 : 1);
		uint32_t at = rng_below(&rot->r, VOL_SECTORS - n);
		bool text = rng_below(&rot->r, 2);

		if (n == 8)
			at -= at % 8;
		for (k = 0; k < n * SECTOR; k++)
			buf[k] = text ? 'a' + (char)(k % 16) : (char)rng_next(&rot->r);
		if (pwrite(fd, buf, n * SECTOR, at * SECTOR) != (ssize_t)(n * SECTOR))
			die("write: %s", strerror(errno));
		memcpy(rot->model + at * SECTOR, buf, n * SECTOR);
		if (!rng_below(&rot->r, 8) && fdatasync(fd))
			die("flush: %s", strerror(errno));
	}
}

/* Both devices, which are one area of memory. */
static char *fill_devices(struct rot *rot)
{
	char *log = rot->st.mem + (size_t)rot->st.l.start[DEV_LOG] * SECTOR;
	char *buf = xalloc_pages(64 * SECTOR), *copy = xalloc_pages(rot->st.bytes);
	int fd;

	memset(log, 0, LOG_BYTES);
	memcpy(rot->model, rot->base, VOL_BYTES);
	memcpy(rot->st.mem + (size_t)rot->st.l.start[DEV_ORIGIN] * SECTOR, rot->base,
	       VOL_BYTES);
	if (!rot_activate(rot))
		die("an encrypted volume cannot be activated: %s", klog_all());
	fd = rot_open();
	write_some(rot, fd, buf);
	close(fd);
	if (!rot_deactivate(rot))
		die("%s", rot->why);
	memcpy(copy, rot->st.mem, rot->st.bytes);
	free(buf);
	return copy;
}

/* Read all pages: what is read is right. Counts those that fail. */
static bool read_right(struct rot *rot, uint32_t *failed)
{
	int fd = rot_open();
	uint32_t at;
	bool ok = true;

	for (at = 0; ok && at < VOL_BYTES; at += PAGE) {
		ssize_t n = pread(fd, rot->got, PAGE, at);

		if (n == (ssize_t)PAGE && !memcmp(rot->got, rot->model + at, PAGE))
			continue;
		if (n < 0 && errno == EIO)
			++*failed;
		else
			ok = rot_wrong(rot, "WRONG DATA at byte %u of the volume", at);
	}
	close(fd);
	return ok;
}

static enum outcome judge(struct rot *rot)
{
	uint32_t failed = 0;
	bool ok;

	if (!rot_activate(rot))
		return REFUSED;
	ok = read_right(rot, &failed);
	if (ok && failed && !rot_status("crc_errors"))
		ok = rot_wrong(rot, "%u pages could not be read, and no damage was counted",
			       failed);
	ok &= rot_deactivate(rot);
	return !ok ? WRONG : failed ? LOCATED : SURVIVED;
}

void sealed_run(struct rot *rot, uint32_t stride, const char *options)
{
	uint32_t at, n = 0, count[NR_OUTCOMES] = { 0 };
	enum outcome o;
	char *devices;

	snprintf(rot->st.options, sizeof(rot->st.options), "%s", options);
	devices = fill_devices(rot);
	for (at = (uint32_t)rot->seed % stride; at < LOG_BYTES; at += stride) {
		struct flip f = { at, (uint8_t)(1u << (n++ & 7)) };

		/* Activations end with a checkpoint: each time anew. */
		memcpy(rot->st.mem, devices, rot->st.bytes);
		rot_flip(rot, &f);
		klog_empty();
		o = judge(rot);
		count[o]++;
		rot->flips++;
		rot->count[o]++;
		if (o != WRONG)
			continue;
		rot->wrong++;
		printf("not ok - encrypted: byte %u ^ %#x: %s\n", f.at, f.mask, rot->why);
	}
	/* Without a flip, so that it is known what they are compared with. */
	memcpy(rot->st.mem, devices, rot->st.bytes);
	o = judge(rot);
	if (o != SURVIVED) {
		rot->wrong++;
		printf("not ok - encrypted, and not damaged: %s\n%s",
		       o == REFUSED ? "refused" : rot->why, klog_all());
	}
	printf("%s - encrypted: damaged at rest: %u refused, %u located, %u survived\n",
	       count[WRONG] ? "not ok" : "ok", count[REFUSED], count[LOCATED],
	       count[SURVIVED]);
	free(devices);
}
