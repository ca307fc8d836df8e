// SPDX-License-Identifier: GPL-2.0
/* What a check found. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "exits.h"
#include "finding.h"
#include "json.h"

static const char *const kinds[DL_NOTE_KINDS] = {
	[DL_NOTE_INFO] = "info",
	[DL_NOTE_REPAIRED] = "repaired",
	[DL_NOTE_DAMAGE] = "damage",
	[DL_NOTE_FATAL] = "fatal",
};

void dl_findings_note(struct dl_findings *f, const struct dl_note *note)
{
	struct dl_finding *more;
	size_t room;

	f->count[note->kind]++;
	if (f->nr == f->room) {
		room = f->room ? 2 * f->room : 64;
		more = realloc(f->f, room * sizeof(*more));
		if (!more) {
			f->lost++;
			return;
		}
		f->f = more;
		f->room = room;
	}
	more = &f->f[f->nr++];
	more->note = *note;
	snprintf(more->what, sizeof(more->what), "%s", note->what);
}

void dl_findings_add(struct dl_findings *f, enum dl_note_kind kind,
		     enum dl_status why, const char *what, u64 sector)
{
	struct dl_note n = {
		.kind = kind,
		.why = why,
		.what = what,
		.sector = sector,
		.page = U64_MAX,
	};

	dl_findings_note(f, &n);
}

void dl_findings_print(const struct dl_findings *f)
{
	const struct dl_note *n;
	size_t i;

	for (i = 0; i < f->nr; i++) {
		n = &f->f[i].note;
		printf("%-8s  %s: %s; sector %" PRIu64, kinds[n->kind],
		       f->f[i].what, dl_status_text(n->why), n->sector);
		if (n->segment_id)
			printf(", segment %" PRIu64, n->segment_id);
		if (n->commit)
			printf(", commit %" PRIu64, n->commit);
		if (n->page != U64_MAX)
			printf(", page %" PRIu64, n->page);
		putchar('\n');
	}
	if (f->lost)
		printf("and %zu more that there was no memory for\n", f->lost);
}

u64 dl_findings_problems(const struct dl_findings *f)
{
	return f->count[DL_NOTE_REPAIRED] + f->count[DL_NOTE_DAMAGE] +
		f->count[DL_NOTE_FATAL];
}

void dl_findings_sum(const struct dl_findings *f)
{
	u64 nr = dl_findings_problems(f);

	if (!nr) {
		puts("clean");
		return;
	}
	printf("%" PRIu64 " problem%s: %" PRIu64 " fatal, %" PRIu64
	       " damaged, %" PRIu64 " made good by a spare copy\n",
	       nr, nr == 1 ? "" : "s", f->count[DL_NOTE_FATAL],
	       f->count[DL_NOTE_DAMAGE], f->count[DL_NOTE_REPAIRED]);
}

struct json_object *dl_findings_json(const struct dl_findings *f)
{
	struct json_object *list = json_object_new_array(), *o;
	const struct dl_note *n;
	size_t i;

	for (i = 0; i < f->nr; i++) {
		n = &f->f[i].note;
		o = json_object_new_object();
		dl_json_str(o, "kind", kinds[n->kind]);
		dl_json_str(o, "what", f->f[i].what);
		dl_json_str(o, "why", dl_status_text(n->why));
		dl_json_u64(o, "sector", n->sector);
		if (n->segment_id)
			dl_json_u64(o, "segment", n->segment_id);
		if (n->commit)
			dl_json_u64(o, "commit", n->commit);
		if (n->page != U64_MAX)
			dl_json_u64(o, "page", n->page);
		json_object_array_add(list, o);
	}
	return list;
}

int dl_findings_exit(const struct dl_findings *f)
{
	if (f->count[DL_NOTE_DAMAGE] || f->count[DL_NOTE_FATAL])
		return DL_EXIT_CORRUPT;
	return f->count[DL_NOTE_REPAIRED] ? DL_EXIT_DEGRADED : DL_EXIT_OK;
}

void dl_findings_free(struct dl_findings *f)
{
	free(f->f);
	f->f = NULL;
	f->nr = 0;
	f->room = 0;
}
