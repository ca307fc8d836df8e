/* SPDX-License-Identifier: GPL-2.0 */
/* What a check found: kept, printed, summed up. */
#ifndef DL_TOOL_FINDING_H
#define DL_TOOL_FINDING_H

#include <json-c/json.h>

#include "walk.h"

#define DL_NOTE_KINDS	(DL_NOTE_FATAL + 1)

struct dl_findings {
	struct dl_finding {
		struct dl_note note;	/* note.what points to @what */
		char what[96];
	} *f;
	size_t nr, room, lost;		/* lost: not kept, no memory */
	u64 count[DL_NOTE_KINDS];
};

void dl_findings_note(struct dl_findings *f, const struct dl_note *note);

/* One that has a place and nothing else. */
void dl_findings_add(struct dl_findings *f, enum dl_note_kind kind,
		     enum dl_status why, const char *what, u64 sector);

/* A line for each; then, in the last line, the sum. */
void dl_findings_print(const struct dl_findings *f);
void dl_findings_sum(const struct dl_findings *f);

struct json_object *dl_findings_json(const struct dl_findings *f);

/* All but information. */
u64 dl_findings_problems(const struct dl_findings *f);

/* The exit code that the findings amount to. */
int dl_findings_exit(const struct dl_findings *f);

void dl_findings_free(struct dl_findings *f);

#endif
