// SPDX-License-Identifier: GPL-2.0
/*
 * The devices of a crash test, see stack.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/loop.h>

#include "../model/run.h"
#include "../model/util.h"
#include "dm.h"
#include "record/dl_record.h"
#include "stack.h"

#define WRITE_LOG	"dlt-writes"
#define WRITE_LOG_BYTES	(512u << 20)

static const char *const slice_name[NR_DEVS] = { "dlt-origin", "dlt-log" };

static int loop_make(int file, uint32_t block_bytes, char *path, size_t size)
{
	struct loop_config config = { .fd = (uint32_t)file,
				      .block_size = block_bytes };
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd, n;

	if (ctl < 0)
		die("/dev/loop-control: %s", strerror(errno));
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	if (n < 0)
		die("no free loop device: %s", strerror(errno));
	snprintf(path, size, "/dev/loop%d", n);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, LOOP_CONFIGURE, &config))
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void loop_drop(int *fd)
{
	if (*fd < 0)
		return;
	ioctl(*fd, LOOP_CLR_FD);
	close(*fd);
	*fd = -1;
}

void stack_init(struct stack *st, const char *target)
{
	unsigned int i;

	memset(st, 0, sizeof(*st));
	st->target = target;
	st->mem_fd = st->loop_fd = st->log_fd = st->log_loop_fd = -1;
	st->volume_fd = -1;
	st->record_fd = open("/dev/dl-record", O_RDWR | O_CLOEXEC);
	if (st->record_fd < 0)
		die("/dev/dl-record: %s (the recorder's module is not loaded)",
		    strerror(errno));
	dm_remove_if_there(VOLUME);
	for (i = 0; i < NR_DEVS; i++)
		dm_remove_if_there(slice_name[i]);
	dm_remove_if_there(WRITE_LOG);
}

void stack_exit(struct stack *st)
{
	stack_tear_down(st);
	close(st->record_fd);
}

static void recording_slices(struct stack *st, const uint32_t hold_us[NR_DEVS])
{
	char params[96];
	unsigned int i;

	for (i = 0; i < NR_DEVS; i++) {
		snprintf(params, sizeof(params), "%s %u %u %u", st->loop,
			 st->l.start[i], i, hold_us[i]);
		dm_create_or_die(slice_name[i], st->l.sectors[i], "dl-record",
				 params);
	}
}

static void log_writes_slices(struct stack *st)
{
	char params[96], path[64];
	unsigned int i;

	st->log_fd = memfd_create("dlt-writes", MFD_CLOEXEC);
	if (st->log_fd < 0 || ftruncate(st->log_fd, WRITE_LOG_BYTES))
		die("memory for the write log: %s", strerror(errno));
	st->log_loop_fd = loop_make(st->log_fd, st->block * SECTOR_BYTES,
				    st->log_loop, sizeof(st->log_loop));
	snprintf(params, sizeof(params), "%s %s", st->loop, st->log_loop);
	dm_create_or_die(WRITE_LOG, st->bytes / SECTOR_BYTES, "log-writes",
			 params);
	for (i = 0; i < NR_DEVS; i++) {
		snprintf(params, sizeof(params), "%s %u",
			 dm_path(WRITE_LOG, path, sizeof(path)),
			 st->l.start[i]);
		dm_create_or_die(slice_name[i], st->l.sectors[i], "linear",
				 params);
	}
}

void stack_build(struct stack *st, const struct layout *l, uint32_t block,
		 const uint32_t hold_us[NR_DEVS], enum via via, uint64_t seed)
{
	st->l = *l;
	st->block = block;
	st->via = via;
	if (ioctl(st->record_fd, DL_RECORD_SEED, (unsigned long)seed))
		die("recorder: %s", strerror(errno));
	st->bytes = (size_t)layout_sectors(l) * SECTOR_BYTES;
	st->mem_fd = memfd_create("dlt-devices", MFD_CLOEXEC);
	if (st->mem_fd < 0 || ftruncate(st->mem_fd, (off_t)st->bytes))
		die("memory for the devices: %s", strerror(errno));
	st->mem = mmap(NULL, st->bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		       st->mem_fd, 0);
	if (st->mem == MAP_FAILED)
		die("memory for the devices: %s", strerror(errno));
	st->loop_fd = loop_make(st->mem_fd, block * SECTOR_BYTES, st->loop,
				sizeof(st->loop));
	if (via == VIA_LOG_WRITES)
		log_writes_slices(st);
	else
		recording_slices(st, hold_us);
}

static void flush_slices(void)
{
	char path[64];
	int fd = open(dm_path(slice_name[DEV_ORIGIN], path, sizeof(path)),
		      O_RDWR | O_CLOEXEC);

	if (fd < 0 || fdatasync(fd))
		die("%s: %s", path, strerror(errno));
	close(fd);
}

static void drop_slices(struct stack *st)
{
	unsigned int i;

	for (i = 0; i < NR_DEVS; i++)
		dm_remove_or_die(slice_name[i]);
	if (st->via == VIA_LOG_WRITES)
		dm_remove_or_die(WRITE_LOG);
}

void stack_tear_down(struct stack *st)
{
	if (st->mem_fd < 0)
		return;
	if (st->active && stack_deactivate(st))
		die("cannot remove the volume: %s", dm_last_message());
	drop_slices(st);
	loop_drop(&st->loop_fd);
	loop_drop(&st->log_loop_fd);
	munmap(st->mem, st->bytes);
	st->mem = NULL;
	close(st->mem_fd);
	st->mem_fd = -1;
	if (st->log_fd >= 0)
		close(st->log_fd);
	st->log_fd = -1;
}

void stack_record(struct stack *st, bool on)
{
	if (ioctl(st->record_fd, on ? DL_RECORD_START : DL_RECORD_STOP))
		die("recorder: %s", strerror(errno));
}

void stack_stream(struct stack *st, struct stream *s)
{
	static const uint32_t no_hold[NR_DEVS];

	if (st->via == VIA_RECORDER) {
		stream_from_recorder(s, st->record_fd, &st->l);
		return;
	}
	/*
	 * Its destruction makes it write out what it still holds, but puts the
	 * writes no flush came for before all that is queued. So let one come.
	 */
	flush_slices();
	drop_slices(st);
	stream_from_log_writes(s, st->log_fd, &st->l);
	loop_drop(&st->log_loop_fd);
	close(st->log_fd);
	st->log_fd = -1;
	st->via = VIA_RECORDER;
	recording_slices(st, no_hold);
}

uint64_t stack_mark(void *ctx, uint64_t mark)
{
	struct stack *st = ctx;
	char text[40];
	int err;

	if (st->via == VIA_RECORDER) {
		/* A full recording ends the stream; the run goes on. */
		if (write(st->record_fd, &mark, sizeof(mark)) !=
		    (ssize_t)sizeof(mark) && errno != ENOSPC)
			die("recorder: %s", strerror(errno));
		return 0;
	}
	snprintf(text, sizeof(text), "mark %llu", (unsigned long long)mark);
	err = dm_message(WRITE_LOG, text);
	if (err)
		die("mark: %s", strerror(err));
	return 0;
}

static void volume_params(const struct stack *st, char *out, size_t size)
{
	char a[64], b[64];

	if (!strcmp(st->target, "linear"))
		snprintf(out, size, "%s 0",
			 dm_path(slice_name[DEV_ORIGIN], a, sizeof(a)));
	else
		snprintf(out, size, "%s %s%s%s",
			 dm_path(slice_name[DEV_ORIGIN], a, sizeof(a)),
			 dm_path(slice_name[DEV_LOG], b, sizeof(b)),
			 st->options[0] ? " " : "", st->options);
}

int stack_activate(struct stack *st)
{
	char params[512];
	int err;

	volume_params(st, params, sizeof(params));
	err = dm_create(VOLUME, st->l.sectors[DEV_ORIGIN], st->target, params);
	st->active = !err;
	return err;
}

int stack_deactivate(struct stack *st)
{
	int err = dm_remove(VOLUME);

	if (!err)
		st->active = false;
	return err;
}

int stack_reload(struct stack *st)
{
	char params[512];

	volume_params(st, params, sizeof(params));
	return dm_replace(VOLUME, st->l.sectors[DEV_ORIGIN], st->target,
			  params);
}

const char *kernel_says(void)
{
	static char text[1 << 20];
	char *p;
	int n = klogctl(3, text, sizeof(text) - 1), lines = 0;

	if (n < 0)
		n = 0;
	text[n] = 0;
	for (p = text + n; p > text && lines < 9; p--)
		lines += p[-1] == '\n';
	return p == text ? p : p + 1;
}

void kernel_note(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		warn("/dev/kmsg: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}
