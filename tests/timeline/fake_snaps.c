// SPDX-License-Identifier: GPL-2.0
/*
 * The fake's snapshots and views.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "fake_int.h"

struct view {
	struct fake *f;
	uint64_t id;
	char *copy;		/* of a moment, else NULL */
};

void fake_snaps_drop(struct fake *f)
{
	while (f->nr_snaps)
		free(f->snaps[--f->nr_snaps].copy);
	free(f->deleted.copy);
	memset(&f->deleted, 0, sizeof(f->deleted));
	*f->old_name = 0;
}

struct fake_snap *fake_snaps_find(struct fake *f, const char *name)
{
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (!strcmp(f->snaps[i].name, name))
			return &f->snaps[i];
	return NULL;
}

static struct fake_snap *find_id(struct fake *f, uint64_t id)
{
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].id == id)
			return &f->snaps[i];
	return NULL;
}

bool fake_snaps_name(const char *name)
{
	size_t n = strlen(name), i;

	if (!n || n >= FAKE_NAME || *name == '-' || *name == '.')
		return false;
	for (i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    !strchr("_.:+-", name[i]))
			return false;
	return true;
}

static size_t print_line(struct fake *f, const struct fake_snap *s, char *out,
			 size_t size)
{
	return (size_t)snprintf(out, size, "%llu %llu %llu %u %s\n",
		(unsigned long long)s->id, (unsigned long long)s->seq,
		(unsigned long long)s->time_ns,
		f->fault == FAULT_VIEW_COUNT ? 0 : s->views, s->name);
}

/* ---- messages ----------------------------------------------------------- */

static void wrong_copy(struct fake *f, struct fake_snap *s)
{
	const struct fake_piece *u = f->undo;
	uint32_t i;

	if (fake_fault(f, FAULT_STALE_VIEW, 40))
		fake_put(s->copy, &u[0]);
	if (u[0].n && fake_fault(f, FAULT_STALE_SECTOR, 50)) {
		i = rng_below(&f->r, u[0].n);
		memcpy(s->copy + fake_bytes(u[0].first + i),
		       u[0].data + fake_bytes(i), SECTOR_BYTES);
	}
	/* Both from a thread that is not the one that makes the snapshot. */
	if (f->fault == FAULT_RACE_TORN && u[0].n && u[1].n &&
	    !pthread_equal(u[0].writer, pthread_self()) &&
	    !pthread_equal(u[1].writer, pthread_self()) &&
	    (u[0].first >= u[1].first + u[1].n ||
	     u[1].first >= u[0].first + u[0].n))
		fake_put(s->copy, &u[1]);
}

int fake_snaps_create(struct fake *f, const char *name, char *reply)
{
	struct fake_snap *s = &f->snaps[f->nr_snaps];

	if (!fake_snaps_name(name))
		return -EINVAL;
	if (fake_snaps_find(f, name))
		return -EEXIST;
	if (f->nr_snaps == FAKE_SNAPS)
		return -ENOSPC;
	fake_durable(f);
	memset(s, 0, sizeof(*s));
	s->id = f->next_id++;
	if (f->deleted.id && fake_fault(f, FAULT_SAME_ID, 30))
		s->id = f->deleted.id;
	s->seq = f->seq;
	s->time_ns = fake_now(f);
	strcpy(s->name, name);
	s->copy = xcalloc(f->sectors, SECTOR_BYTES);
	memcpy(s->copy, f->cur, fake_bytes(f->sectors));
	wrong_copy(f, s);
	f->nr_snaps++;
	print_line(f, s, reply, MESSAGE_MAX);
	return 0;
}

/* A snapshot of a moment: as one of now, with another content and place. */
static int pick(struct fake *f, const char *name, const char *moment,
		char *reply)
{
	char *image = xcalloc(f->sectors, SECTOR_BYTES);
	uint64_t seq;
	struct fake_snap s, *at;
	int err = fake_snaps_name(name) ? 0 : -EINVAL;

	if (!err && *moment != '@')
		err = -EINVAL;
	if (!err)
		err = fake_snaps_find(f, name) ? -EEXIST :
			fake_window_image(f, moment, &seq, image);
	if (!err && f->nr_snaps == FAKE_SNAPS)
		err = -ENOSPC;
	if (err) {
		free(image);
		return err;
	}
	memset(&s, 0, sizeof(s));
	s.id = f->next_id++;
	s.seq = seq;
	s.time_ns = f->fault == FAULT_PICK_TIME ? fake_now(f) : FAKE_TIME + seq;
	s.picked = true;
	strcpy(s.name, name);
	s.copy = image;
	if (f->fault == FAULT_PICK_PRESENT)
		memcpy(image, f->cur, fake_bytes(f->sectors));
	for (at = f->snaps + f->nr_snaps++; at > f->snaps &&
	     at[-1].seq > seq && f->fault != FAULT_PICK_LAST; at--)
		*at = at[-1];
	*at = s;
	print_line(f, at, reply, MESSAGE_MAX);
	return 0;
}

static int delete(struct fake *f, const char *name)
{
	struct fake_snap *s = fake_snaps_find(f, name);

	if (!s)
		return -ENOENT;
	if (s->views && f->fault != FAULT_BUSY_DELETE)
		return -EBUSY;
	fake_rewind_deleted(f, s);
	if (s > f->snaps && fake_fault(f, FAULT_DELETE_LEAK, 50))
		fake_leak(f, s[-1].copy);
	free(f->deleted.copy);
	f->deleted = *s;
	f->past = f->past / 2;
	f->nr_snaps--;
	memmove(s, s + 1, (size_t)(f->snaps + f->nr_snaps - s) * sizeof(*s));
	return 0;
}

static int rename_one(struct fake *f, const char *name, const char *new)
{
	struct fake_snap *s = fake_snaps_find(f, name);

	if (!fake_snaps_name(new))
		return -EINVAL;
	if (!s)
		return -ENOENT;
	if (fake_snaps_find(f, new))
		return -EEXIST;
	strcpy(f->old_name, name);
	strcpy(f->new_name, new);
	strcpy(s->name, new);
	s->was_ruled |= s->ruled;
	s->ruled = false;
	return 0;
}

static int list(struct fake *f, char *reply)
{
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		n += print_line(f, &f->snaps[i], reply + n, MESSAGE_MAX - n);
	return 0;
}

int fake_snaps_message(struct fake *f, const char *text, char *reply)
{
	char word[4][128] = { "" };
	int n = sscanf(text, "%127s %127s %127s %127s", word[0], word[1],
		       word[2], word[3]), err;

	if (n == 1 && !strcmp(word[0], "snapshot_list"))
		return list(f, reply);
	if (n == 1 && !strcmp(word[0], "history"))
		return fake_window_history(f, reply);
	if (n == 1 && !strcmp(word[0], "retention")) {
		fake_rules_list(f, reply);
		return 0;
	}
	/* In flight: it may happen, but not be told. */
	if (f->cut && (f->doubted || rng_chance(&f->r, 50)))
		return -EIO;
	if (n == 2 && !strcmp(word[0], "snapshot_create"))
		err = fake_snaps_create(f, word[1], reply);
	else if (n == 3 && !strcmp(word[0], "snapshot_create"))
		err = pick(f, word[1], word[2], reply);
	else if (n >= 2 && !strcmp(word[0], "retention"))
		err = fake_window_set(f, strchr(text, ' ') + 1);
	else if (n == 2 && !strcmp(word[0], "snapshot_delete"))
		err = delete(f, word[1]);
	else if (n == 3 && !strcmp(word[0], "snapshot_rename"))
		err = rename_one(f, word[1], word[2]);
	else if (n == 3 && !strcmp(word[0], "rewind"))
		err = fake_rewind(f, word[1], word[2], reply);
	else
		err = -EINVAL;
	f->doubted = f->cut;
	return f->cut ? -EIO : err;
}

/* ---- what faults make of them ------------------------------------------- */

static char *some_copy(struct fake *f)
{
	return f->snaps[rng_below(&f->r, f->nr_snaps)].copy;
}

void fake_snaps_written(struct fake *f, const struct fake_piece *p, bool zero)
{
	struct fake_piece one = *p;

	unsigned int i;

	if (!f->nr_snaps)
		return;
	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].ruled && fake_fault(f, FAULT_RULE_LATER, 10))
			fake_put(f->snaps[i].copy, p);
	if (fake_fault(f, FAULT_LATER_WRITE, 10) ||
	    (zero && fake_fault(f, FAULT_LATER_ZERO, 20)))
		fake_put(some_copy(f), p);
	one.n = 1;
	if (fake_fault(f, FAULT_LATER_SECTOR, 15))
		fake_put(some_copy(f), &one);
}

void fake_snaps_drained(struct fake *f)
{
	if (!f->nr_snaps)
		return;
	if (fake_fault(f, FAULT_DRAIN_LEAK, 50))
		fake_leak(f, some_copy(f));
	if (fake_fault(f, FAULT_VIEW_ERROR, 50))
		f->snaps[0].bad = f->undo[0].first + 1;
}

static void undelete(struct fake *f)
{
	unsigned int i = f->nr_snaps++;

	for (; i > 0 && f->snaps[i - 1].id > f->deleted.id; i--)
		f->snaps[i] = f->snaps[i - 1];
	f->snaps[i] = f->deleted;
	f->snaps[i].views = 0;
	memset(&f->deleted, 0, sizeof(f->deleted));
}

void fake_snaps_again(struct fake *f, bool crashed)
{
	struct fake_snap *s = fake_snaps_find(f, f->new_name);
	unsigned int i;

	f->restarted = true;
	if (crashed)
		fake_rules_crashed(f);
	for (i = 0; crashed && i < f->nr_snaps && f->fault == FAULT_PICK_LOST;
	     i++) {
		if (!f->snaps[i].picked)
			continue;
		free(f->snaps[i].copy);
		f->nr_snaps--;
		memmove(&f->snaps[i], &f->snaps[i + 1],
			(f->nr_snaps - i) * sizeof(*f->snaps));
		break;
	}
	if (crashed && f->nr_snaps && fake_fault(f, FAULT_LOST_SNAPSHOT, 50))
		free(f->snaps[--f->nr_snaps].copy);
	if (crashed && f->deleted.copy && !fake_snaps_find(f, f->deleted.name) &&
	    fake_fault(f, FAULT_LOST_DELETE, 50))
		undelete(f);
	if (!crashed && s && !fake_snaps_find(f, f->old_name) &&
	    fake_fault(f, FAULT_LOST_RENAME, 60))
		strcpy(s->name, f->old_name);
	if (!f->nr_snaps)
		return;
	if (!crashed && fake_fault(f, FAULT_NEW_SEQ, 50))
		f->snaps[0].seq++;
	if (!crashed && fake_fault(f, FAULT_RESTART_LEAK, 60))
		fake_leak(f, some_copy(f));
	if (crashed && fake_fault(f, FAULT_CRASH_LEAK, 60))
		fake_leak(f, some_copy(f));
}

/* ---- diffs -------------------------------------------------------------- */

int fake_diff(struct volume *v, const char *from, const char *to,
	      uint32_t piece, char *changed)
{
	struct fake *f = (struct fake *)v;
	const struct fake_snap *a, *b;
	const char *image = f->cur;
	uint32_t i, last = 0;
	int err = -ENOENT;

	(void)piece;
	pthread_mutex_lock(&f->lock);
	a = fake_snaps_find(f, from);
	b = fake_snaps_find(f, to);
	if (b)
		image = b->copy;
	if (!a || (*to && !b))
		goto out;
	err = 0;
	for (i = 0; i < f->sectors; i++) {
		changed[i] = memcmp(a->copy + fake_bytes(i),
				    image + fake_bytes(i), SECTOR_BYTES) != 0;
		if (changed[i])
			last = i;
	}
	if (fake_fault(f, FAULT_DIFF_MISS, 30))
		changed[last] = 0;
	if (f->restarted && fake_fault(f, FAULT_DIFF_RESTART, 30))
		for (i = last & ~7u; i < f->sectors && i <= (last | 7); i++)
			changed[i] = 0;
	if (a == b && fake_fault(f, FAULT_DIFF_SELF, 80))
		changed[last] = 1;
out:
	pthread_mutex_unlock(&f->lock);
	return err;
}

/* ---- views -------------------------------------------------------------- */

static int open_snap(struct fake *f, struct view *view, const char *name)
{
	struct fake_snap *s = fake_snaps_find(f, name);

	if (!s)
		return -ENOENT;
	view->id = s->id;
	s->views++;
	return 0;
}

static int open_moment(struct fake *f, struct view *view, const char *name)
{
	uint64_t seq;
	int err;

	view->copy = xcalloc(f->sectors, SECTOR_BYTES);
	err = fake_window_image(f, name, &seq, view->copy);
	if (err) {
		free(view->copy);
		return err;
	}
	f->moment_views++;
	if (!f->window.held)
		f->window.held = view->copy;
	return 0;
}

int fake_view_open(struct volume *v, const struct view_spec *spec,
		   struct view **out)
{
	struct view *view = xcalloc(1, sizeof(*view));
	struct fake *f = (struct fake *)v;
	int err;

	pthread_mutex_lock(&f->lock);
	view->f = f;
	if (spec->writable && f->fault != FAULT_WRITABLE)
		err = -EROFS;
	else if (spec->sectors > f->sectors)
		err = -EINVAL;
	else if (*spec->snapshot == '@')
		err = open_moment(f, view, spec->snapshot);
	else
		err = open_snap(f, view, spec->snapshot);
	pthread_mutex_unlock(&f->lock);
	if (err)
		free(view);
	else
		*out = view;
	return err;
}

static int read_snap(struct fake *f, const struct fake_snap *s, uint64_t at,
		     size_t bytes, void *buf)
{
	uint64_t bad = (uint64_t)(s->bad ? s->bad - 1 : 0) * SECTOR_BYTES;

	if (s->bad && bad >= at && bad < at + bytes)
		return -EIO;
	if ((at + bytes) % 4096 && fake_fault(f, FAULT_VIEW_SHIFT, 20) &&
	    at + bytes < fake_bytes(f->sectors))
		memcpy(buf, s->copy + at + 1, bytes);
	else if (!pthread_equal(f->owner, pthread_self()) &&
		 fake_fault(f, FAULT_READ_BESIDE, 10))
		memcpy(buf, f->cur + at, bytes);
	else
		memcpy(buf, s->copy + at, bytes);
	return 0;
}

int fake_view_read(struct view *view, uint64_t at, size_t bytes, void *buf)
{
	struct fake *f = view->f;
	struct fake_snap *s;
	int err = 0;

	pthread_mutex_lock(&f->lock);
	s = find_id(f, view->id);
	if (view->copy)
		memcpy(buf, view->copy + at, bytes);
	else
		err = s ? read_snap(f, s, at, bytes, buf) : -EIO;
	pthread_mutex_unlock(&f->lock);
	return err;
}

int fake_view_close(struct view *view)
{
	struct fake *f = view->f;
	struct fake_snap *s;

	pthread_mutex_lock(&f->lock);
	s = find_id(f, view->id);
	if (view->copy)
		f->moment_views--;
	else if (s)
		s->views--;
	if (f->window.held == view->copy)
		f->window.held = NULL;
	pthread_mutex_unlock(&f->lock);
	free(view->copy);
	free(view);
	return 0;
}
