// SPDX-License-Identifier: GPL-2.0
/*
 * The fake's window: the image where it begins, and every change since.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "fake_int.h"

#define SHORTEN_AT	24u	/* changes */

static bool shortens(const struct fake *f)
{
	return !strncmp(f->rules, "shorten ", 8);
}

static void drop_first(struct fake_window *w, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		free(w->at[i].is.data);
	w->nr -= n;
	memmove(w->at, w->at + n, w->nr * sizeof(*w->at));
}

void fake_window_reset(struct fake *f)
{
	drop_first(&f->window, f->window.nr);
	f->window.on = false;
	f->window.held = NULL;
	strcpy(f->rules, "shorten 0");
}

static void begin(struct fake *f)
{
	f->window.on = true;
	f->window.from = f->seq;
	memcpy(f->window.base, f->cur, fake_bytes(f->sectors));
}

/* The first @n changes are forgotten. */
static void shorten(struct fake *f, unsigned int n)
{
	struct fake_window *w = &f->window;
	unsigned int i;

	for (i = 0; i < n; i++)
		fake_put(w->base, &w->at[i].is);
	if (!n)
		return;
	w->from = w->at[n - 1].seq;
	drop_first(w, n);
	if (w->held && f->fault == FAULT_MOMENT_HELD)
		fake_leak(f, w->held);
}

void fake_window_changed(struct fake *f, uint32_t first, uint32_t n)
{
	struct fake_window *w = &f->window;
	struct fake_change *c;

	if (!w->on)
		return;
	/* A real one would have no space before. */
	if (w->nr == FAKE_CHANGES || (w->nr > SHORTEN_AT && shortens(f) &&
				      rng_chance(&f->r, 20)))
		shorten(f, w->nr / 2);
	c = &w->at[w->nr++];
	memset(c, 0, sizeof(*c));
	c->seq = f->seq;
	c->is.first = first;
	c->is.n = n;
	c->is.data = xcalloc(n + 1, SECTOR_BYTES);
	memcpy(c->is.data, f->cur + fake_bytes(first), fake_bytes(n));
}

void fake_window_flushed(struct fake *f)
{
	struct fake_window *w = &f->window;

	if (w->nr)
		w->at[w->nr - 1].noted = true;
}

bool fake_window_room(struct fake *f)
{
	struct fake_window *w = &f->window;

	if (!w->on || !shortens(f) || f->fault == FAULT_WINDOW_FULL)
		return !w->on;
	shorten(f, w->nr - w->nr / 8);
	f->past /= 2;
	return true;
}

void fake_window_crashed(struct fake *f)
{
	struct fake_window *w = &f->window;

	if (!w->on)
		return;
	while (w->nr && w->at[w->nr - 1].seq > f->durable_seq)
		free(w->at[--w->nr].is.data);
	f->seq++;
	f->durable_seq = f->seq;
	fake_window_changed(f, 0, f->sectors);
	if (fake_fault(f, FAULT_MOMENT_CRASH, 50)) {
		memcpy(w->base, f->cur, fake_bytes(f->sectors));
		drop_first(w, w->nr);
	}
	if (fake_fault(f, FAULT_MOMENT_LOST, 50)) {
		drop_first(w, w->nr);
		begin(f);
	}
}

void fake_window_again(struct fake *f)
{
	if (f->window.on && fake_fault(f, FAULT_WINDOW_RULES, 40))
		strcpy(f->rules, "shorten 60");
	if (f->window.on && f->window.from &&
	    fake_fault(f, FAULT_WINDOW_BACK, 40))
		f->window.from--;
}

/* ---- moments ------------------------------------------------------------ */

/* What fault there may be in showing the changes before number @n. */
static void wrong_image(struct fake *f, unsigned int n, char *image)
{
	struct fake_window *w = &f->window;
	unsigned int i;

	if (n < w->nr && fake_fault(f, FAULT_MOMENT_LATER, 30))
		fake_put(image, &w->at[n].is);
	if (!n || n == w->nr || w->at[n - 1].noted ||
	    f->fault != FAULT_MOMENT_HOLE)
		return;
	memcpy(image, w->base, fake_bytes(f->sectors));
	for (i = 0; i <= n; i++)
		if (i != n - 1)
			fake_put(image, &w->at[i].is);
}

int fake_window_image(struct fake *f, const char *name, uint64_t *seq,
		      char *image)
{
	struct fake_window *w = &f->window;
	unsigned int i;
	char *end;

	*seq = strtoull(name + 1, &end, 10);
	if (*name != '@' || end == name + 1 || *end)
		return -EINVAL;
	if (*seq > f->seq)
		return -ENOENT;
	if (!w->on || *seq < w->from ||
	    fake_fault(f, FAULT_MOMENT_REFUSED, 20)) {
		memcpy(image, f->cur, fake_bytes(f->sectors));
		return f->fault == FAULT_MOMENT_OLD ? 0 : -ENOENT;
	}
	memcpy(image, w->base, fake_bytes(f->sectors));
	for (i = 0; i < w->nr && w->at[i].seq <= *seq; i++)
		fake_put(image, &w->at[i].is);
	wrong_image(f, i, image);
	return 0;
}

/* ---- messages ----------------------------------------------------------- */

int fake_window_history(struct fake *f, char *reply)
{
	struct fake_window *w = &f->window;
	unsigned long long last = f->durable_seq;
	size_t n = 0;
	unsigned int i;

	if (w->on)
		n = (size_t)snprintf(reply, MESSAGE_MAX, "%llu",
				     (unsigned long long)w->from);
	else
		n = (size_t)snprintf(reply, MESSAGE_MAX, "-");
	n += (size_t)snprintf(reply + n, MESSAGE_MAX - n, " %llu %llu\n", last,
			      (unsigned long long)fake_now(f));
	for (i = 0; w->on && i < w->nr && w->at[i].seq <= last; i += 7)
		n += (size_t)snprintf(reply + n, MESSAGE_MAX - n,
				      "%llu %llu\n",
				      (unsigned long long)w->at[i].seq,
				      FAKE_TIME + w->at[i].seq);
	return 0;
}

static bool valid(const char *text)
{
	unsigned int seconds, every, keep;
	char how[16];
	int at = 0, more = 0;

	if (sscanf(text, "%15s %u%n", how, &seconds, &at) != 2 ||
	    (strcmp(how, "shorten") && strcmp(how, "fail") &&
	     strcmp(how, "throttle")) ||
	    seconds > 100u * 366 * 86400)
		return false;
	for (text += at; *text; text += more)
		if (sscanf(text, " %u:%u%n", &every, &keep, &more) != 2 ||
		    !seconds || every < 60 || keep < every)
			return false;
	return true;
}

int fake_window_set(struct fake *f, const char *text)
{
	if (!valid(text))
		return -EINVAL;
	snprintf(f->rules, sizeof(f->rules), "%s", text);
	if (strtoul(strchr(text, ' ') + 1, NULL, 10)) {
		if (!f->window.on)
			begin(f);
	} else {
		drop_first(&f->window, f->window.nr);
		f->window.on = false;
	}
	fake_rules_set(f, text);
	return 0;
}
