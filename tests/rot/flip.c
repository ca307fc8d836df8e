// SPDX-License-Identifier: GPL-2.0
/*
 * One damaged log: activated, read, judged. See rot.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../crash/dm.h"
#include "../model/util.h"
#include "rot.h"

#define SECTOR		512u
#define RUN_SECTORS	128u

/* More than the interval of the kernel's rate limits, 5 s. */
void rot_pause(void)
{
	struct timespec ts = { .tv_sec = 6 };

	nanosleep(&ts, NULL);
}

bool rot_wrong(struct rot *rot, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(rot->why, sizeof(rot->why), fmt, ap);
	va_end(ap);
	return false;
}

static char *log_of(struct rot *rot)
{
	return rot->st.mem + (size_t)rot->st.l.start[DEV_LOG] * SECTOR;
}

static char *origin_of(struct rot *rot)
{
	return rot->st.mem + (size_t)rot->st.l.start[DEV_ORIGIN] * SECTOR;
}

void rot_place(struct rot *rot, const struct state *s)
{
	memcpy(log_of(rot), s->log, LOG_BYTES);
	memcpy(origin_of(rot), rot->base, VOL_BYTES);
}

void rot_flip(struct rot *rot, const struct flip *f)
{
	log_of(rot)[f->at] ^= (char)f->mask;
}

bool rot_activate(struct rot *rot)
{
	return !stack_activate(&rot->st);
}

bool rot_deactivate(struct rot *rot)
{
	int err = stack_deactivate(&rot->st);

	if (err)
		return rot_wrong(rot, "deactivation fails: %s", strerror(err));
	return true;
}

int rot_open(void)
{
	char path[64];
	int fd = open(dm_path(VOLUME, path, sizeof(path)),
		      O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

uint64_t rot_status(const char *key)
{
	char line[1024], *p, *save, *name;

	if (dm_status(VOLUME, line, sizeof(line)))
		die("status of the volume: %s", dm_last_message());
	/* The mode comes first, then names and numbers take turns. */
	strtok_r(line, " ", &save);
	while ((name = strtok_r(NULL, " ", &save)) &&
	       (p = strtok_r(NULL, " ", &save)))
		if (!strcmp(name, key))
			return strtoull(p, NULL, 10);
	die("the status line has no '%s'", key);
}

/* ---- reading --------------------------------------------------------- */

static bool read_good(struct rot *rot, int fd, uint32_t at, uint32_t n)
{
	const size_t bytes = (size_t)n * SECTOR, pos = (size_t)at * SECTOR;
	ssize_t ret = pread(fd, rot->got + pos, bytes, (off_t)pos);
	uint32_t i;

	if (ret != (ssize_t)bytes)
		return rot_wrong(rot, "reading sectors %u to %u: %s", at,
				 at + n - 1, ret < 0 ? strerror(errno) :
				 "a part of them only");
	for (i = at; i < at + n; i++)
		if (memcmp(rot->got + (size_t)i * SECTOR,
			   rot->want + (size_t)i * SECTOR, SECTOR))
			return rot_wrong(rot, "WRONG DATA in sector %u", i);
	return true;
}

static bool read_gone(struct rot *rot, int fd, uint32_t at, uint32_t n)
{
	const size_t bytes = (size_t)n * SECTOR, pos = (size_t)at * SECTOR;
	ssize_t ret = pread(fd, rot->got + pos, bytes, (off_t)pos);

	if (ret >= 0)
		return rot_wrong(rot, "sectors %u to %u can be read, should be unreadable",
				 at, at + n - 1);
	if (errno != EIO)
		return rot_wrong(rot, "sectors %u to %u: %s, an I/O error was expected",
				 at, at + n - 1, strerror(errno));
	return true;
}

enum how { EACH_SECTOR, EACH_PAGE };

/*
 * Large reads across what can be read and what cannot: they fail, or end before
 * the first sector that is gone; what they return is right.
 */
static bool read_across(struct rot *rot, int fd)
{
	uint32_t at, i;

	for (at = 0; at < VOL_SECTORS; at += RUN_SECTORS) {
		const size_t bytes = RUN_SECTORS * SECTOR;
		const size_t pos = (size_t)at * SECTOR;
		ssize_t ret = pread(fd, rot->got + pos, bytes, (off_t)pos);
		uint32_t n = ret < 0 ? 0 : (uint32_t)ret / SECTOR;

		for (i = at; i < at + n; i++) {
			if (rot->gone[i])
				return rot_wrong(rot, "sector %u is read with others, should be unreadable",
						 i);
			if (memcmp(rot->got + (size_t)i * SECTOR,
				   rot->want + (size_t)i * SECTOR, SECTOR))
				return rot_wrong(rot, "WRONG DATA in sector %u, read with others",
						 i);
		}
		/* Only what is gone may have stopped it, whole or half way. */
		for (i = at; i < at + RUN_SECTORS && !rot->gone[i]; i++)
			;
		if (n < RUN_SECTORS && i == at + RUN_SECTORS)
			return rot_wrong(rot, "reading sectors %u to %u: %s",
					 at, i - 1, ret < 0 ? strerror(errno) :
					 "a part of them only");
	}
	return true;
}

static bool read_all(struct rot *rot, int fd, enum how how, uint32_t *nr)
{
	uint32_t at, n;
	bool ok = true;

	for (at = 0; ok && at < VOL_SECTORS; at += n) {
		bool gone = rot->gone[at];
		uint32_t max = !gone ? RUN_SECTORS :
			how == EACH_SECTOR ? 1 : 8 - at % 8;

		for (n = 1; n < max && at + n < VOL_SECTORS &&
		     rot->gone[at + n] == gone; n++)
			;
		if (gone)
			ok = read_gone(rot, fd, at, n);
		else
			ok = read_good(rot, fd, at, n);
		*nr += gone;
		/* The kernel logs ten lines of a kind at a time and no more. */
		if (gone && *nr % 8 == 0)
			rot_pause();
	}
	return ok;
}

bool rot_read(struct rot *rot, bool each, uint32_t *failed)
{
	uint32_t nr = 0;
	int fd = rot_open();
	bool ok = read_all(rot, fd, EACH_PAGE, &nr);

	if (ok && each)
		ok = read_all(rot, fd, EACH_SECTOR, &nr);
	if (ok && nr)
		ok = read_across(rot, fd);
	close(fd);
	if (failed)
		*failed = nr;
	return ok;
}

/* A line about that sector of the log, and that page unless it is NULL. */
static bool named(uint64_t at, const char *page)
{
	char sector[2][40];

	/* With what follows, for another number may begin the same way. */
	snprintf(sector[0], sizeof(sector[0]), "at sector %llu,",
		 (unsigned long long)at);
	snprintf(sector[1], sizeof(sector[1]), "at sector %llu:",
		 (unsigned long long)at);
	return klog_find("log dm-", sector[0], page, NULL) ||
		klog_find("log dm-", sector[1], page, NULL);
}

bool rot_located(struct rot *rot, const struct part_rec *rec)
{
	char page[32];

	snprintf(page, sizeof(page), "(page %llu)", (unsigned long long)rec->addr);
	if (named(rec->loc, page))
		return true;
	return rot_wrong(rot, "the kernel's log does not name sector %llu, page %llu",
			 (unsigned long long)rec->loc,
			 (unsigned long long)rec->addr);
}

bool rot_origin_is(struct rot *rot, const char *content)
{
	static const char zeros[SECTOR];
	const char *origin = origin_of(rot);
	uint32_t i;

	for (i = 0; i < VOL_SECTORS; i++) {
		const size_t at = (size_t)i * SECTOR;

		/* An older run of zeros may have gone there before. */
		if (rot->gone[i] && !memcmp(origin + at, zeros, SECTOR))
			continue;
		if (memcmp(origin + at, (rot->gone[i] ? rot->base : content) + at,
			   SECTOR))
			return rot_wrong(rot, "WRONG DATA in the origin's sector %u",
					 i);
	}
	return true;
}

/* ---- what is right --------------------------------------------------- */

struct expected {
	enum outcome outcome;
	uint32_t frame;			/* REFUSED, CUT: its place is named */
	const struct part_rec *recs[BATCH];	/* LOCATED */
	uint32_t nr_recs, nr_gone;
	char say[3][40];		/* SURVIVED: a line with all of these */
};

static void expect_gone(struct rot *rot, const struct state *s, uint32_t rec,
			struct expected *e)
{
	uint32_t i, n = 0;

	for (i = 0; i < VOL_SECTORS; i++) {
		if (s->owner[i] != rec + 1)
			continue;
		n += !rot->gone[i];
		rot->gone[i] = true;
	}
	/* A record that newer ones hide may be as rotten as it likes. */
	if (!n)
		return;
	e->nr_gone += n;
	e->recs[e->nr_recs++] = &s->an->recs[rec];
	e->outcome = LOCATED;
}

static void expect(struct rot *rot, const struct state *s,
		   const struct flip *f, struct expected *e)
{
	const struct anatomy *an = s->an;
	uint32_t own = an->owner[f->at / SECTOR];
	enum part part = an->part[f->at];

	switch (part) {
	case PART_SUPER:
		snprintf(e->say[0], sizeof(e->say[0]), "superblock %u", own);
		snprintf(e->say[1], sizeof(e->say[1]), "at sector %u", own * 8);
		break;
	case PART_CHECKPOINT:
		/* Of the other one nobody has a need. */
		if ((int)own == an->slot) {
			snprintf(e->say[0], sizeof(e->say[0]), "checkpoint %u",
				 own);
			snprintf(e->say[1], sizeof(e->say[1]), "at sector ");
		}
		break;
	case PART_SUMMARY:
	case PART_END:
		if (own)
			snprintf(e->say[0], sizeof(e->say[0]), "summary at sector ");
		break;
	case PART_HEAD:
	case PART_DESCS:
		e->frame = own;
		if (!an->frames[own].vouched)
			e->outcome = anatomy_proven(an, own) ? REFUSED : CUT;
		break;
	case PART_PAYLOAD:
		e->frame = an->recs[own].frame;
		if (!an->frames[e->frame].vouched && !anatomy_proven(an, e->frame))
			e->outcome = CUT;
		else
			expect_gone(rot, s, own, e);
		break;
	default:
		break;
	}
}

/* ---- judging --------------------------------------------------------- */

/*
 * A line that names the log and the sector where frame @e->frame is; or, when
 * there is nothing of it left that could be recognised, where the frame before
 * it ends, which may be in the segment before.
 */
static bool says_where(struct rot *rot, const struct state *s,
		       const struct expected *e)
{
	uint64_t at = s->an->frames[e->frame].sector;

	if (named(at, NULL) ||
	    (e->outcome == CUT && e->frame &&
	     named(s->an->frames[e->frame - 1].end, NULL)))
		return true;
	return rot_wrong(rot, "the kernel's log does not say that the log is %s at sector %llu",
			 e->outcome == CUT ? "cut" : "damaged",
			 (unsigned long long)at);
}

static bool judge_refused(struct rot *rot, const struct state *s,
			  const struct expected *e)
{
	if (e->outcome != REFUSED)
		return rot_wrong(rot, "activation is refused");
	return says_where(rot, s, e);
}

static bool judge_counts(struct rot *rot, const struct expected *e,
			 uint32_t failed)
{
	uint64_t errors = rot_status("crc_errors");

	if (e->outcome == LOCATED ? errors < failed || !errors : errors != 0)
		return rot_wrong(rot, "crc_errors is %llu after %u failed reads",
				 (unsigned long long)errors, failed);
	return true;
}

static bool judge_active(struct rot *rot, const struct state *s,
			 const struct expected *e)
{
	uint32_t failed, i;

	if (e->outcome == REFUSED)
		return rot_wrong(rot, "activation is not refused");
	if (!rot_read(rot, e->nr_recs == 1, &failed))
		return false;
	if (!judge_counts(rot, e, failed))
		return false;
	for (i = 0; i < e->nr_recs; i++)
		if (!rot_located(rot, e->recs[i]))
			return false;
	if (e->outcome == CUT)
		return says_where(rot, s, e);
	if (e->say[0][0] && !klog_find("log dm-", e->say[0], e->say[1], NULL))
		return rot_wrong(rot, "no warning in the kernel's log with '%s'",
				 e->say[0]);
	return true;
}

enum outcome flip_judge(struct rot *rot, const struct state *s,
			const struct flip *f, uint32_t n)
{
	struct expected e = { .outcome = SURVIVED };
	bool ok, active;
	uint32_t i;

	rot_place(rot, s);
	memset(rot->gone, 0, VOL_SECTORS * sizeof(*rot->gone));
	for (i = 0; i < n; i++) {
		rot_flip(rot, &f[i]);
		expect(rot, s, &f[i], &e);
	}
	if (e.outcome == CUT)
		anatomy_replay(s->an, s->log, rot->base, e.frame, rot->want, NULL);
	else
		memcpy(rot->want, rot->model, VOL_BYTES);
	rot_pause();
	klog_empty();
	active = rot_activate(rot);
	if (active) {
		ok = judge_active(rot, s, &e);
		ok = rot_deactivate(rot) && ok;
	} else {
		ok = judge_refused(rot, s, &e);
	}
	/* Nothing was to be reconciled. */
	memset(rot->gone, 0, VOL_SECTORS * sizeof(*rot->gone));
	if (ok)
		ok = rot_origin_is(rot, rot->base);
	return ok ? e.outcome : WRONG;
}
