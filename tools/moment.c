// SPDX-License-Identifier: GPL-2.0
/* Moments of a volume's window. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "kmsg.h"
#include "moment.h"
#include "when.h"

/* "window|- last now", then "sequence time" a line. */
static int parse(struct dl_history *h, const char *text)
{
	struct dl_moment_at *more, m;
	char from[24];
	int n;

	if (sscanf(text, "%23s %" SCNu64 " %" SCNu64 "\n%n", from, &h->last,
		   &h->now_ns, &n) != 3)
		return -EINVAL;
	h->on = strcmp(from, "-");
	if (h->on && !dl_human_number(from, false, &h->from))
		return -EINVAL;
	for (text += n; *text; text += n) {
		if (sscanf(text, "%" SCNu64 " %" SCNu64 "\n%n", &m.seq,
			   &m.time_ns, &n) != 2)
			return -EINVAL;
		more = reallocarray(h->at, h->nr + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		h->at = more;
		more[h->nr++] = m;
	}
	return 0;
}

int dl_history_read(struct dl_history *h, const char *volume)
{
	int kmsg = dl_kmsg_mark(), rc;
	char *text = NULL, why[512];

	memset(h, 0, sizeof(*h));
	rc = dl_dm_ask(volume, "history", &text);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its history cannot be had: %s%s", volume,
			      why[0] ? why : strerror(-rc), rc == -EINVAL ?
			      "; load the module of this release" : "");
	rc = parse(h, text);
	free(text);
	if (rc == -ENOMEM)
		return dl_err_nomem();
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its history cannot be understood; is the module of another release?",
			      volume);
	return 0;
}

void dl_history_free(struct dl_history *h)
{
	free(h->at);
	h->at = NULL;
	h->nr = 0;
}

static bool parse_seq(const char *text, uint64_t *seq)
{
	return text[0] == '@' && text[1] >= '0' && text[1] <= '9' &&
		dl_human_number(text + 1, false, seq);
}

bool dl_moment_is(const char *text)
{
	uint64_t seq;

	return parse_seq(text, &seq);
}

bool dl_moment_or_name_ok(const char *text)
{
	if (text[0] != '@')
		return dl_snaps_name_ok(text);
	if (dl_moment_is(text))
		return true;
	dl_err(DL_EXIT_USAGE,
	       "'%s' is no moment: that is @ and a sequence, as 'deltalog history' shows them",
	       text);
	return false;
}

/* The last moment that is not later. */
static bool find_time(const struct dl_history *h, uint64_t ns,
		      struct dl_moment_at *m)
{
	size_t i;

	/* All that is durable: nothing has been written since. */
	if (h->nr && ns >= h->now_ns) {
		*m = (struct dl_moment_at) { h->last, h->at[h->nr - 1].time_ns };
		return true;
	}
	for (i = h->nr; i; i--)
		if (h->at[i - 1].time_ns <= ns)
			break;
	if (i)
		*m = h->at[i - 1];
	return i;
}

static bool find_seq(const struct dl_history *h, uint64_t seq,
		     struct dl_moment_at *m)
{
	size_t i;

	if (seq < h->from || seq > h->last)
		return false;
	m->seq = seq;
	m->time_ns = 0;
	for (i = 0; i < h->nr && h->at[i].seq <= seq; i++)
		m->time_ns = h->at[i].time_ns;
	return true;
}

static int out_of_reach(const struct dl_history *h, const char *volume,
			const char *when)
{
	char oldest[48];

	return dl_err(DL_EXIT_NAME,
		      "%s cannot go back to '%s': its window reaches from @%" PRIu64 " (%s) to @%" PRIu64 "; 'deltalog history %s' shows more",
		      volume, when, h->from, h->nr ?
		      dl_human_iso(oldest, sizeof(oldest), h->at[0].time_ns) :
		      "time unknown", h->last, volume);
}

int dl_moment_need(const char *volume, const char *when, struct dl_snap *snap)
{
	struct dl_moment_at m;
	struct dl_history h;
	uint64_t seq = 0, ns = 0;
	bool by_seq = parse_seq(when, &seq), found;
	int rc;

	if (!by_seq && !dl_when_parse(when, time(NULL), &ns))
		return dl_err(DL_EXIT_USAGE,
			      "'%s' is no point of time in the past: try '14:03:05', '2026-11-21 14:03', '10 minutes ago' or @SEQUENCE",
			      when);
	rc = dl_history_read(&h, volume);
	if (rc)
		goto out;
	if (!h.on) {
		rc = dl_err(DL_EXIT_NAME,
			    "%s has no window to go back in; 'deltalog retention %s --window 1h' begins one, snapshots are there in any case",
			    volume, volume);
		goto out;
	}
	found = by_seq ? find_seq(&h, seq, &m) : find_time(&h, ns, &m);
	if (!found) {
		rc = out_of_reach(&h, volume, when);
		goto out;
	}
	*snap = (struct dl_snap) { .seq = m.seq, .time_ns = m.time_ns };
	snprintf(snap->name, sizeof(snap->name), "@%" PRIu64, m.seq);
out:
	dl_history_free(&h);
	return rc;
}

int dl_moment_or_snap(const char *volume, const char *name,
		      struct dl_snap *snap)
{
	return dl_moment_is(name) ? dl_moment_need(volume, name, snap) :
				    dl_snaps_need(volume, name, snap);
}
