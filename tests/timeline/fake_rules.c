// SPDX-License-Identifier: GPL-2.0
/*
 * The fake's rules: snapshots that it makes and drops by itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "fake_int.h"

#define SECOND		((uint64_t)1000000000)
#define TEND		(50 * SECOND)	/* how often it looks after them */

static bool kept(const struct fake *f, uint64_t before, uint64_t time,
		 uint64_t now)
{
	unsigned int i;

	for (i = 0; i < f->nr_rules; i++)
		if (now <= time + f->rule[i].keep &&
		    (!before ||
		     before / f->rule[i].every != time / f->rule[i].every))
			return true;
	return false;
}

static bool is_due(struct fake *f, uint64_t last, uint64_t now)
{
	unsigned int i;

	if (f->fault == FAULT_RULE_NEVER)
		return false;
	for (i = 0; i < f->nr_rules; i++)
		if (!last || last / f->rule[i].every != now / f->rule[i].every ||
		    f->fault == FAULT_RULE_OFTEN)
			return true;
	return false;
}

static void make_one(struct fake *f, uint64_t now)
{
	struct fake_snap *s = &f->snaps[f->nr_snaps], *last = NULL;
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].ruled)
			last = &f->snaps[i];
	if (f->nr_snaps == FAKE_SNAPS || !f->window.on ||
	    (last && f->durable_seq <= last->seq) ||
	    !is_due(f, last ? last->time_ns / SECOND : 0, now))
		return;
	memset(s, 0, sizeof(*s));
	s->id = f->next_id++;
	s->seq = f->durable_seq;
	s->time_ns = now * SECOND;
	s->ruled = true;
	snprintf(s->name, sizeof(s->name), "auto-%llu.%llu",
		 (unsigned long long)now, (unsigned long long)s->id);
	s->copy = xcalloc(f->sectors, SECTOR_BYTES);
	memcpy(s->copy, f->durable, fake_bytes(f->sectors));
	if (fake_fault(f, FAULT_RULE_STALE, 40))
		fake_put(s->copy, &f->undo[0]);
	f->nr_snaps++;
}

static void drop(struct fake *f, unsigned int i)
{
	free(f->snaps[i].copy);
	f->nr_snaps--;
	memmove(&f->snaps[i], &f->snaps[i + 1],
		(f->nr_snaps - i) * sizeof(*f->snaps));
}

static bool expires(struct fake *f, const struct fake_snap *s, uint64_t before,
		    uint64_t now)
{
	bool ruled = s->ruled ||
		(s->was_ruled && f->fault == FAULT_RULE_RENAMED);

	if (s->views || !ruled || f->fault == FAULT_RULE_LATE ||
	    (f->fault == FAULT_RULE_OFTEN && now < s->time_ns / SECOND + 60))
		return false;
	return !kept(f, before, s->time_ns / SECOND, now) ||
		fake_fault(f, FAULT_RULE_EARLY, 10);
}

void fake_rules_tend(struct fake *f)
{
	uint64_t now = fake_now(f) / SECOND, before = 0;
	unsigned int i;

	f->tended = f->ns;
	if (f->suspended || f->cut)
		return;
	if (f->nr_rules)
		make_one(f, now);
	for (i = 0; i < f->nr_snaps; i++) {
		if (expires(f, &f->snaps[i], before, now))
			drop(f, i--);
		else if (f->snaps[i].ruled)
			before = f->snaps[i].time_ns / SECOND;
	}
}

void fake_rules_rest(struct fake *f, uint64_t ns)
{
	f->ns += ns;
	if (f->ns - f->tended >= TEND)
		fake_rules_tend(f);
}

void fake_rules_crashed(struct fake *f)
{
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].ruled && fake_fault(f, FAULT_RULE_CRASH, 50))
			drop(f, i--);
}

void fake_rules_set(struct fake *f, const char *text)
{
	const char *p = strchr(text, ' ');
	unsigned int n = 0;

	for (p = p ? strchr(p + 1, ' ') : NULL; p && n < FAKE_RULES;
	     p = strchr(p + 1, ' '))
		if (sscanf(p, " %u:%u", &f->rule[n].every,
			   &f->rule[n].keep) == 2)
			n++;
	f->nr_rules = n;
	fake_rules_tend(f);
}

void fake_rules_list(const struct fake *f, char *reply)
{
	size_t n = (size_t)snprintf(reply, MESSAGE_MAX, "%s\n", f->rules);
	unsigned int i;

	for (i = 0; i < f->nr_snaps; i++)
		if (f->snaps[i].ruled || (f->snaps[i].was_ruled &&
					  f->fault == FAULT_RULE_NAME))
			n += (size_t)snprintf(reply + n, MESSAGE_MAX - n,
					      "%llu\n", (unsigned long long)
					      f->snaps[i].id);
}
