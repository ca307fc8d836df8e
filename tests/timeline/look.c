// SPDX-License-Identifier: GPL-2.0
/*
 * What the volume says of itself, and what it holds, against the model.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

#define PAST_POLLS	700u

/* The value behind @key in a status line, or false. */
static bool find_number(const char *status, const char *key, uint64_t *n)
{
	size_t len = strlen(key);
	const char *p = strchr(status, ' ');

	while (p) {
		p++;
		if (!strncmp(p, key, len) && p[len] == ' ') {
			*n = strtoull(p + len + 1, NULL, 10);
			return true;
		}
		p = strchr(p, ' ');
		p = p ? strchr(p + 1, ' ') : NULL;
	}
	return false;
}

static bool get_status(struct schedule *s)
{
	int err = s->v->ops->status(s->v, s->reply);

	if (err)
		wrong(s, "status: %s", strerror(-err));
	return !err;
}

static bool get_number(struct schedule *s, const char *key, uint64_t *n)
{
	if (find_number(s->reply, key, n))
		return true;
	wrong(s, "status has no '%s': %s", key, s->reply);
	return false;
}

bool look_number(struct schedule *s, const char *key, uint64_t *n)
{
	return get_status(s) && get_number(s, key, n);
}

bool look_health(struct schedule *s)
{
	static const char *const none[] = { "crc_errors", "log_errors",
					    "origin_errors", "lost" };
	unsigned int i;
	uint64_t n;

	if (!get_status(s))
		return false;
	if (strncmp(s->reply, "rw ", 3)) {
		wrong(s, "the volume is not 'rw': %s", s->reply);
		return false;
	}
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (!get_number(s, none[i], &n))
			return false;
		if (n) {
			wrong(s, "status: %s is %" PRIu64, none[i], n);
			return false;
		}
	}
	if (s->c->plain)
		return true;
	if (!s->c->no_rewind) {
		if (!get_number(s, "rewind_pending", &n))
			return false;
		if (n > s->m.unsettled) {
			wrong(s, "status: rewind_pending is %" PRIu64 " with no rewind that has not settled",
			      n);
			return false;
		}
	}
	/* Those that rules make come and go. */
	if (s->ruled)
		return true;
	if (!get_number(s, "snapshots", &n))
		return false;
	if (n != s->m.nr_snaps)
		wrong(s, "status: snapshots is %" PRIu64 ", there are %u", n,
		      s->m.nr_snaps);
	return !s->wrong;
}

static bool same_line(const struct snap_line *a, const struct snap_line *b)
{
	return a->id == b->id && a->seq == b->seq &&
		a->time_ns == b->time_ns && a->views == b->views &&
		!strcmp(a->name, b->name);
}

bool look_list(struct schedule *s)
{
	const char *p = s->reply;
	struct snap_line line;
	unsigned int i;
	int err;

	if (s->c->plain)
		return true;
	if (s->ruled)
		return rules_look(s);
	err = s->v->ops->message(s->v, "snapshot_list", s->reply);
	if (err) {
		wrong(s, "snapshot_list: %s", strerror(-err));
		return false;
	}
	for (i = 0; i < s->m.nr_snaps; i++) {
		struct snap_line want = s->m.snaps[i].is;

		want.views = views_of(s, want.id);
		p = snap_line_parse(p, &line);
		if (p && same_line(&line, &want))
			continue;
		wrong(s, "snapshot_list: expected '%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %s' (made by operation %u) as number %u of %u in:\n%s",
		      want.id, want.seq, want.time_ns, want.views, want.name,
		      s->m.snaps[i].made_by, i + 1, s->m.nr_snaps, s->reply);
		return false;
	}
	if (*p)
		wrong(s, "snapshot_list: more than the %u snapshots there are: %s",
		      s->m.nr_snaps, p);
	return !s->wrong;
}

bool look_read(struct schedule *s)
{
	uint32_t at, n;
	int err;

	for (at = 0; at < s->m.sectors; at += n) {
		n = WRITE_MAX < s->m.sectors - at ? WRITE_MAX :
						    s->m.sectors - at;
		err = s->v->ops->read(s->v, at, n,
				      s->image + (size_t)at * SECTOR_BYTES);
		if (err) {
			wrong_at(s, at, "reading %u sectors at %u of the volume: %s",
				 n, at, strerror(-err));
			return false;
		}
		watch_beat();
	}
	return true;
}

bool look_present(struct schedule *s)
{
	return look_read(s) &&
		same(s, s->m.cur, s->image, 0,
		     (size_t)s->m.sectors * SECTOR_BYTES, "the volume");
}

bool look_origin(struct schedule *s)
{
	return same(s, s->m.cur, s->v->ops->origin(s->v), 0,
		    (size_t)s->m.sectors * SECTOR_BYTES,
		    "the bare origin after a drain");
}

bool look_past(struct schedule *s)
{
	uint32_t us = 50, i;
	uint64_t n = 0;

	for (i = 0; i < PAST_POLLS; i++) {
		if (!look_number(s, "past", &n))
			return false;
		if (!n)
			return true;
		s->v->ops->rest(s->v, us);
		us = us < 50000 ? us * 2 : 100000;
		watch_beat();
	}
	wrong(s, "status: past is still %" PRIu64 " a minute after the last snapshot was deleted: %s",
	      n, s->reply);
	return false;
}
