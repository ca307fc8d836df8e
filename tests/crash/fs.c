// SPDX-License-Identifier: GPL-2.0
/*
 * Crash tests with ext4 on the volume, see fs.h.
 *
 * Files are numbered and written once; after the fsync of number i a mark is
 * left, and another before it is unlinked. After a crash between the two marks
 * the file must be there with its content.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../model/run.h"
#include "../model/util.h"
#include "dm.h"
#include "fs.h"

extern char **environ;

#define FILES_MAX	96
#define FILE_SECTORS	96
#define ORIGIN_SECTORS	(16 * 2048)
#define LOG_SECTORS	(4 * 2048)

struct file {
	uint32_t sectors;
	bool sync;
	uint64_t synced, unlinked;	/* times; NEVER */
};

struct fs {
	const struct config *c;
	struct stack *st;
	char dir[64];
	uint64_t seed;
	struct file file[FILES_MAX];
	uint32_t nr;
	uint32_t states, present, wrong;
};

/* ---- helpers ------------------------------------------------------------ */

/* Run a program; its status, and what it said in @out. */
static int run_program(char *const argv[], char *out, size_t size)
{
	int fd = memfd_create("out", MFD_CLOEXEC), status;
	posix_spawn_file_actions_t actions;
	ssize_t n;
	pid_t pid;

	if (fd < 0)
		die("memory for the output: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_adddup2(&actions, fd, 2);
	errno = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (errno)
		die("%s: %s", argv[0], strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	posix_spawn_file_actions_destroy(&actions);
	n = pread(fd, out, size - 1, 0);
	out[n > 0 ? n : 0] = 0;
	close(fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void make_file_system(const char *dev)
{
	char path[64], out[1024];
	char *const argv[] = { "mkfs.ext4", "-q", "-F", "-b", "1024", "-m", "0",
			       "-E", "lazy_itable_init=0,lazy_journal_init=0",
			       path, NULL };

	snprintf(path, sizeof(path), "%s", dev);
	if (run_program(argv, out, sizeof(out)))
		die("mkfs.ext4: %s", out);
}

/* 0 if e2fsck finds nothing to say about a device that is not mounted. */
static int check_device(const char *dev, char *out, size_t size)
{
	char path[64];
	char *const argv[] = { "e2fsck", "-fn", path, NULL };

	snprintf(path, sizeof(path), "%s", dev);
	return run_program(argv, out, size);
}

static const char *file_path(const struct fs *fs, uint32_t i, char *out,
			     size_t size)
{
	snprintf(out, size, "%s/%02u/file-%04u", fs->dir, i % 7, i);
	return out;
}

/* ---- the workload ------------------------------------------------------- */

static void write_file(struct fs *fs, uint32_t i)
{
	struct file *f = &fs->file[i];
	static char buf[FILE_SECTORS * SECTOR_BYTES];
	size_t bytes = (size_t)f->sectors * SECTOR_BYTES;
	char path[96];
	int fd = open(file_path(fs, i, path, sizeof(path)),
		      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	stamp_fill(buf, fs->seed, 0, f->sectors, i + 1);
	if (fd < 0 || write(fd, buf, bytes) != (ssize_t)bytes)
		die("%s: %s", path, strerror(errno));
	if (f->sync) {
		if (fsync(fd))
			die("%s: fsync: %s", path, strerror(errno));
		stack_mark(fs->st, MARK_END(i + 1));
	}
	close(fd);
}

static void work(struct fs *fs, struct rng *r)
{
	char path[96];
	uint32_t i;

	for (i = 0; i < 7; i++) {
		snprintf(path, sizeof(path), "%s/%02u", fs->dir, i);
		if (mkdir(path, 0755))
			die("%s: %s", path, strerror(errno));
	}
	for (i = 0; i < fs->nr; i++) {
		fs->file[i].sectors = 1 + rng_below(r, FILE_SECTORS);
		fs->file[i].sync = rng_chance(r, 60);
		write_file(fs, i);
		if (i > 4 && rng_chance(r, 40)) {
			uint32_t old = rng_below(r, i);

			file_path(fs, old, path, sizeof(path));
			if (!access(path, F_OK)) {
				stack_mark(fs->st, MARK_START(old + 1));
				if (unlink(path))
					die("%s: %s", path, strerror(errno));
			}
		}
		if (rng_chance(r, 4))
			sync();
		if (rng_chance(r, 10))
			usleep(1000 * rng_below(r, 300));
	}
}

static void find_times(struct fs *fs, const struct stream *s)
{
	uint32_t i;

	for (i = 0; i < fs->nr; i++) {
		fs->file[i].synced = stream_mark(s, MARK_END(i + 1));
		fs->file[i].unlinked = stream_mark(s, MARK_START(i + 1));
	}
}

/* ---- one state ---------------------------------------------------------- */

static bool file_is_right(struct fs *fs, uint32_t i, uint64_t time, char *what,
			  size_t size)
{
	const struct file *f = &fs->file[i];
	static char buf[(FILE_SECTORS + 1) * SECTOR_BYTES];
	char path[96];
	uint32_t s;
	ssize_t n;
	int fd;

	if (f->synced >= time || f->unlinked < time)
		return true;
	fs->present++;
	fd = open(file_path(fs, i, path, sizeof(path)), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(what, size, "file %u, fsynced at %llu, is gone: %s", i,
			 (unsigned long long)f->synced, strerror(errno));
		return false;
	}
	n = read(fd, buf, sizeof(buf));
	close(fd);
	if (n != (ssize_t)f->sectors * (ssize_t)SECTOR_BYTES) {
		snprintf(what, size, "file %u: %zd bytes, expected %u", i, n,
			 f->sectors * SECTOR_BYTES);
		return false;
	}
	for (s = 0; s < f->sectors; s++) {
		if (stamp_read(buf + s * SECTOR_BYTES, fs->seed, s) == i + 1)
			continue;
		snprintf(what, size, "file %u differs from byte %u on", i,
			 s * SECTOR_BYTES);
		return false;
	}
	return true;
}

static bool check_files(struct fs *fs, const char *dev, uint64_t time,
			char *what, size_t size)
{
	bool right = true;
	uint32_t i;

	/* The mount replays the journal. */
	if (mount(dev, fs->dir, "ext4", 0, NULL)) {
		snprintf(what, size, "cannot be mounted: %s", strerror(errno));
		return false;
	}
	for (i = 0; right && i < fs->nr; i++)
		right = file_is_right(fs, i, time, what, size);
	if (umount(fs->dir)) {
		snprintf(what, size, "cannot be unmounted: %s",
			 strerror(errno));
		return false;
	}
	if (right && check_device(dev, what, size))
		right = false;
	return right;
}

static bool one_state(struct fs *fs, uint64_t time, struct rng *r, char *what,
		      size_t size)
{
	bool deltalog = !strcmp(fs->st->target, "deltalog"), right;
	char dev[64], origin[64];
	int err = stack_activate(fs->st);

	fs->states++;
	if (err) {
		snprintf(what, size, "activation refused: %s\n%s",
			 strerror(err), kernel_says());
		return false;
	}
	right = check_files(fs, dm_path(VOLUME, dev, sizeof(dev)), time, what,
			    size);
	if (right && deltalog && rng_chance(r, fs->c->drain_pct)) {
		err = dm_message(VOLUME, "drain");
		if (err) {
			snprintf(what, size, "drain: %s", strerror(err));
			right = false;
		}
	} else {
		deltalog = false;
	}
	err = stack_deactivate(fs->st);
	if (err && right) {
		snprintf(what, size, "cannot be removed: %s", strerror(err));
		right = false;
	}
	/* After a drain the origin is a file system of its own. */
	if (right && deltalog)
		right = check_files(fs, dm_path("dlt-origin", origin,
						sizeof(origin)), time, what,
				    size);
	return right;
}

static bool explore(struct fs *fs, const struct stream *s, const char *base,
		    uint64_t from, struct rng *r)
{
	char what[4096] = "";
	struct choice choice;
	struct image im;
	uint32_t i, n = fs->c->per_round;
	uint64_t *times = xcalloc(n, sizeof(*times)), k;
	bool right = true;

	for (i = 0; i < n; i++) {
		times[i] = from + rng_below(r, (uint32_t)(s->end - from) + 1);
		/* Insertion keeps them in order. */
		for (k = i; k && times[k - 1] > times[k]; k--) {
			uint64_t t = times[k];

			times[k] = times[k - 1];
			times[k - 1] = t;
		}
	}
	image_init(&im, s, &fs->st->l, fs->st->block, base);
	for (i = 0; right && i < n; i++) {
		image_advance(&im, times[i]);
		image_crash(&im, r, fs->c->fate, fs->c->tear, fs->st->mem,
			    &choice);
		right = one_state(fs, times[i], r, what, sizeof(what));
		if (!right) {
			fs->wrong++;
			printf("not ok - crash state %u at %llu of %llu events, %u of %u open changes there, %u torn (%s): %s\n",
			       fs->states, (unsigned long long)times[i],
			       (unsigned long long)s->end, choice.nr_there,
			       choice.nr_open, choice.nr_torn,
			       fate_text(choice.fate), what);
			right = fs->wrong < fs->c->max_wrong;
		}
	}
	image_exit(&im);
	free(times);
	return right;
}

static bool one_round(struct fs *fs, uint32_t number)
{
	struct layout l = { .start = { 0, ORIGIN_SECTORS },
			    .sectors = { ORIGIN_SECTORS, LOG_SECTORS } };
	struct stack *st = fs->st;
	struct setup u;
	struct stream s;
	char dev[64], *base;
	struct rng r;
	bool right;

	rng_seed(&r, fs->c->seed, number);
	round_setup(&u, fs->c, &r);
	fs->seed = rng_next(&r);
	fs->nr = FILES_MAX;
	stack_build(st, &l, 1, u.hold_us, fs->c->via,
		    rng_next(&r));
	snprintf(st->options, sizeof(st->options), "%s", u.options);
	base = xalloc_pages(st->bytes);
	if (fs->c->via == VIA_RECORDER)
		stack_record(st, true);
	if (stack_activate(st))
		die("cannot activate: %s\n%s", dm_last_message(),
		    kernel_says());
	dm_path(VOLUME, dev, sizeof(dev));
	make_file_system(dev);
	if (mount(dev, fs->dir, "ext4", 0, NULL))
		die("%s: mount: %s", dev, strerror(errno));
	stack_mark(st, MARK_READY);
	work(fs, &r);
	if (fs->c->via == VIA_RECORDER)
		stack_record(st, false);
	if (umount(fs->dir))
		die("umount: %s", strerror(errno));
	if (stack_deactivate(st))
		die("cannot remove the volume: %s", dm_last_message());
	stack_stream(st, &s);
	find_times(fs, &s);
	right = explore(fs, &s, base, stream_mark(&s, MARK_READY), &r);
	stream_exit(&s);
	free(base);
	stack_tear_down(st);
	return right;
}

int fs_test(const struct config *c, struct stack *st)
{
	struct fs fs = { .c = c, .st = st };
	const char *tmp = getenv("TMPDIR");
	bool one = c->first_round != UINT32_MAX, right = true;
	uint32_t round;

	snprintf(fs.dir, sizeof(fs.dir), "%s/dlt-mnt", tmp ? tmp : "/tmp");
	mkdir(fs.dir, 0755);
	for (round = one ? c->first_round : 0;
	     right && fs.states < c->states; round++)
		right = one_round(&fs, round) && !one;
	rmdir(fs.dir);
	printf("%s - ext4: %u crash states of %u rounds, seed %llu, %u fsynced files looked at, %u wrong\n",
	       fs.wrong ? "not ok" : "ok", fs.states, round,
	       (unsigned long long)c->seed, fs.present, fs.wrong);
	return fs.wrong ? 1 : 0;
}
