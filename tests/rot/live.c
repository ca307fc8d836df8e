// SPDX-License-Identifier: GPL-2.0
/*
 * Rot while the volume is in use: under its reads, and under reconcile. See
 * rot.h.
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
/* Flips under one activation: reconcile must not become due meanwhile. */
#define PER_LIFE	500u

/* A byte of a payload that can be seen, of a frame that recovery keeps. */
static struct flip pick(struct rot *rot, const struct state *s, uint32_t *rec)
{
	const struct anatomy *an = s->an;
	struct flip f = { 0 };
	uint32_t at, i;

	do {
		at = rng_below(&rot->r, VOL_SECTORS);
		i = s->owner[at];
	} while (!i || !an->recs[i - 1].loc ||
		 !(an->frames[an->recs[i - 1].frame].vouched ||
		   anatomy_proven(an, an->recs[i - 1].frame)));
	*rec = i - 1;
	f.at = (uint32_t)an->recs[i - 1].loc * SECTOR +
		rng_below(&rot->r, an->recs[i - 1].sectors * SECTOR);
	f.mask = rng_chance(&rot->r, 50) ? 0xff :
		(uint8_t)(1u << rng_below(&rot->r, 8));
	return f;
}

static void only_gone(struct rot *rot, const struct state *s, uint32_t rec)
{
	uint32_t i;

	for (i = 0; i < VOL_SECTORS; i++)
		rot->gone[i] = s->owner[i] == rec + 1;
}

static void none_gone(struct rot *rot)
{
	memset(rot->gone, 0, VOL_SECTORS * sizeof(*rot->gone));
}

static void tell(struct rot *rot, const struct state *s, const char *what,
		 const struct flip *f, bool ok, const char *repeat)
{
	rot->flips++;
	rot->count[ok ? LOCATED : WRONG]++;
	if (ok)
		return;
	if (rot->wrong++ >= 5)
		return;
	printf("not ok - %s, %s: byte %u ^ %#x: %s\n#   again: %s\n%s", what,
	       s->name, f->at, f->mask, rot->why, repeat, klog_all());
}

/* ---- under reads ------------------------------------------------------ */

static bool run_one(struct rot *rot, const struct state *s,
		    const struct flip *f, uint32_t rec)
{
	uint64_t before = rot_status("crc_errors");
	uint32_t failed;
	bool ok;

	rot_pause();
	klog_empty();
	only_gone(rot, s, rec);
	rot_flip(rot, f);
	ok = rot_read(rot, true, &failed) &&
		rot_located(rot, &s->an->recs[rec]);
	if (ok && rot_status("crc_errors") < before + failed)
		ok = rot_wrong(rot, "crc_errors does not count %u failed reads",
			       failed);
	rot_flip(rot, f);
	none_gone(rot);
	/* It was the device's fault, and the device does it no more. */
	return ok && rot_read(rot, false, NULL);
}

void live_running(struct rot *rot, const struct state *s, uint32_t n,
		  const char *repeat)
{
	struct flip f;
	uint32_t i, rec;
	bool ok;

	memcpy(rot->want, rot->model, VOL_BYTES);
	for (i = 0; i < n; i++) {
		if (i % PER_LIFE == 0) {
			rot_place(rot, s);
			if (!rot_activate(rot))
				die("%s: activation: %s", s->name, klog_all());
		}
		f = pick(rot, s, &rec);
		ok = run_one(rot, s, &f, rec);
		tell(rot, s, "under an active volume", &f, ok, repeat);
		if (i % PER_LIFE == PER_LIFE - 1 || i == n - 1) {
			if (!rot_deactivate(rot))
				die("%s: %s", s->name, rot->why);
		}
	}
}

/* ---- under reconcile -------------------------------------------------- */

static bool lost_is(struct rot *rot, bool some)
{
	uint64_t lost = rot_status("lost");

	if (!lost == !some)
		return true;
	return rot_wrong(rot, "'lost' in the status is %llu",
			 (unsigned long long)lost);
}

static bool drain(struct rot *rot)
{
	int err = dm_message(VOLUME, "drain");

	if (err)
		return rot_wrong(rot, "drain: %s", strerror(err));
	return true;
}

static bool again(struct rot *rot)
{
	if (!rot_deactivate(rot))
		return false;
	rot_pause();
	if (rot_activate(rot))
		return true;
	return rot_wrong(rot, "the second activation is refused");
}

/* Damaged, drained: its sectors are lost, here and in the next life. */
static bool become_lost(struct rot *rot, const struct state *s,
			const struct flip *f, uint32_t rec)
{
	rot_place(rot, s);
	rot_flip(rot, f);
	memcpy(rot->want, rot->model, VOL_BYTES);
	rot_pause();
	klog_empty();
	if (!rot_activate(rot))
		return rot_wrong(rot, "activation is refused");
	only_gone(rot, s, rec);
	if (!drain(rot) || !lost_is(rot, true) || !rot_read(rot, true, NULL) ||
	    !rot_origin_is(rot, rot->model))
		return false;
	if (!rot_located(rot, &s->an->recs[rec]))
		return false;
	if (!again(rot) || !lost_is(rot, true) || !rot_read(rot, true, NULL))
		return false;
	if (!dm_message(VOLUME, "detach"))
		return rot_wrong(rot, "a volume with lost sectors is detached");
	/* Another cycle must not take what is lost for what is done. */
	return drain(rot) && lost_is(rot, true) && rot_read(rot, true, NULL) &&
		rot_origin_is(rot, rot->model);
}

/* Written again, they are as good as new, for ever. */
static bool get_well(struct rot *rot)
{
	char *buf = xalloc_pages(SECTOR);
	int fd = rot_open();
	bool ok = true;
	uint32_t i, k;

	for (i = 0; i < VOL_SECTORS && ok; i++) {
		if (!rot->gone[i])
			continue;
		for (k = 0; k < SECTOR; k++)
			buf[k] = (char)rng_next(&rot->r);
		if (pwrite(fd, buf, SECTOR, (off_t)i * SECTOR) != SECTOR)
			ok = rot_wrong(rot, "sector %u cannot be written: %s",
				       i, strerror(errno));
		memcpy(rot->want + (size_t)i * SECTOR, buf, SECTOR);
		rot->gone[i] = false;
		/* One by one: what is not yet written stays unreadable. */
		ok = ok && rot_read(rot, false, NULL);
	}
	close(fd);
	free(buf);
	return ok && again(rot) && rot_read(rot, false, NULL) &&
		lost_is(rot, false) && drain(rot) && lost_is(rot, false) &&
		rot_read(rot, false, NULL) && rot_origin_is(rot, rot->want);
}

void live_drained(struct rot *rot, const struct state *s, uint32_t n,
		  const char *repeat)
{
	struct flip f;
	uint32_t i, rec;
	bool ok;

	for (i = 0; i < n; i++) {
		f = pick(rot, s, &rec);
		ok = become_lost(rot, s, &f, rec) && get_well(rot);
		if (rot->st.active)
			ok = rot_deactivate(rot) && ok;
		tell(rot, s, "reconciled", &f, ok, repeat);
	}
}
