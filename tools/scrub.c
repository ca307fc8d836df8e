// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog scrub: have a running volume read all of its log, a step at a time, at
 * a pace of ours. Where it got to the kernel keeps.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "interrupt.h"
#include "json.h"
#include "kmsg.h"
#include "progress.h"
#include "verbs.h"

#define STEP_SECTORS	16384u		/* 8 MiB: the longest that anybody waits for us */
#define NS		1000000000ull

static bool again, only_status;
static uint64_t rate = 64 << 20;

static const struct dl_opt opts[] = {
	DL_NUMBER("rate", DL_OPT_BYTES, &rate, "BYTES", 0, 1ull << 50,
		  "read so much in a second at most (default 64M; 0: as fast as it goes)"),
	DL_FLAG("again", &again,
		"begin anew, not where the last one was interrupted"),
	DL_FLAG("status", &only_status, "only say how far it is, and what it has found"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct item {
	uint64_t sector, page;		/* UINT64_MAX: of none */
	char fate[16], what[128];
};

struct scrub {
	const char *name;
	uint64_t running, left, sectors, records, damaged, mended, spare, began, ended;
	struct item *item;
	size_t nr, room;
};

static const struct {
	const char *fate, *text;
} fates[] = {
	{ "present", "the volume cannot read it: overwrite it, or restore it" },
	{ "past", "a snapshot cannot read it" },
	{ "spare", "nothing needs it" },
	{ "mended", "mended" },
	{ "structure", "of the log itself: drain the volume, then 'deltalog check'" },
};

static const char *fate_text(const char *fate)
{
	size_t i;

	for (i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
		if (!strcmp(fates[i].fate, fate))
			return fates[i].text;
	return fate;
}

/* "SECTOR PAGE|- FATE WHAT" */
static bool parse_item(struct scrub *s, const char *line)
{
	struct item it = { .page = UINT64_MAX }, *more;
	char page[24];

	if (sscanf(line, "%" SCNu64 " %23s %15s %127[^\n]", &it.sector, page,
		   it.fate, it.what) != 4)
		return false;
	if (strcmp(page, "-") && !dl_human_number(page, false, &it.page))
		return false;
	if (s->nr == s->room) {
		more = realloc(s->item, (s->room * 2 + 16) * sizeof(*more));
		/* It is counted, and in the kernel's log. */
		if (!more)
			return true;
		s->item = more;
		s->room = s->room * 2 + 16;
	}
	s->item[s->nr++] = it;
	return true;
}

static bool parse(struct scrub *s, char *text)
{
	char *line, *rest = text;

	line = strsep(&rest, "\n");
	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &s->running,
		   &s->left, &s->sectors, &s->records, &s->damaged, &s->mended,
		   &s->spare, &s->began, &s->ended) != 9)
		return false;
	while ((line = strsep(&rest, "\n")) && *line)
		if (!parse_item(s, line))
			return false;
	return true;
}

static int ask(struct scrub *s, const char *what)
{
	int kmsg = dl_kmsg_mark(), rc;
	char *text = NULL, message[48], why[512];

	snprintf(message, sizeof(message), "scrub %s", what);
	rc = dl_dm_ask(s->name, message, &text);
	if (!rc) {
		dl_kmsg_drop(kmsg);
		if (!parse(s, text))
			rc = dl_err(DL_EXIT_KERNEL,
				    "%s: its module's answer cannot be understood; is it of another release?",
				    s->name);
		free(text);
		return rc;
	}
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EINTR)
		return DL_EXIT_INTERRUPTED;
	return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
		      "%s: cannot be scrubbed: %s", s->name,
		      why[0] ? why : strerror(-rc));
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* Sleep until @sectors since @began are no more than the rate allows. */
static void pace(uint64_t began, uint64_t sectors)
{
	double due = rate ? (double)(sectors << 9) / (double)rate : 0;
	uint64_t at = began + (uint64_t)(due * (double)NS), now;
	/* A signal that comes just before it must not wait for long. */
	const uint64_t most = NS / 4;
	struct timespec t = { };

	while (!dl_interrupt_seen() && (now = now_ns()) < at) {
		t.tv_nsec = (long)(at - now < most ? at - now : most);
		nanosleep(&t, NULL);
	}
}

static int go_through(struct scrub *s)
{
	uint64_t began = now_ns(), had;
	char step[16];
	int rc = 0;

	snprintf(step, sizeof(step), "%u", STEP_SECTORS);
	had = s->sectors;
	dl_progress_begin("scrubbing", "B");
	while (!rc && s->running) {
		if (dl_interrupt_seen()) {
			rc = DL_EXIT_INTERRUPTED;
			break;
		}
		rc = ask(s, step);
		if (rc)
			break;
		dl_progress_update(s->sectors << 9, (s->sectors + s->left) << 9);
		if (s->running)
			pace(began, s->sectors - had);
	}
	dl_progress_end();
	return rc;
}

static void print_text(const struct scrub *s)
{
	char size[32], left[32], when[64];
	size_t i;

	for (i = 0; i < s->nr; i++) {
		const struct item *it = &s->item[i];

		if (it->page == UINT64_MAX)
			printf("log sector %" PRIu64 ": %s: %s\n", it->sector,
			       it->what, fate_text(it->fate));
		else
			printf("log sector %" PRIu64 ", page %" PRIu64 ": %s: %s\n",
			       it->sector, it->page, it->what,
			       fate_text(it->fate));
	}
	if (!s->began) {
		printf("%s: its log has never been scrubbed\n", s->name);
		return;
	}
	dl_human_bytes(size, sizeof(size), s->sectors << 9);
	printf("%s: %s of log, %" PRIu64 " records: %" PRIu64 " damaged, of these %" PRIu64 " mended, %" PRIu64 " not needed\n",
	       s->name, size, s->records, s->damaged, s->mended, s->spare);
	dl_human_bytes(left, sizeof(left), s->left << 9);
	if (s->running)
		printf("%s: %s are left; 'deltalog scrub %s' goes on\n", s->name,
		       left, s->name);
	if (s->ended)
		printf("%s: last gone through at %s\n", s->name,
		       dl_human_time(when, sizeof(when), s->ended * NS));
}

static void print_json(const struct scrub *s, int rc)
{
	struct json_object *o = json_object_new_object(), *a, *e;
	size_t i;

	dl_json_bool(o, "ok", !rc);
	if (rc)
		dl_json_u64(o, "exit", (uint64_t)rc);
	dl_json_str(o, "volume", s->name);
	dl_json_bool(o, "running", s->running);
	dl_json_u64(o, "bytes", s->sectors << 9);
	dl_json_u64(o, "bytes_left", s->left << 9);
	dl_json_u64(o, "records", s->records);
	dl_json_u64(o, "damaged", s->damaged);
	dl_json_u64(o, "mended", s->mended);
	dl_json_u64(o, "spare", s->spare);
	dl_json_u64(o, "began", s->began);
	dl_json_u64(o, "ended", s->ended);
	a = json_object_new_array();
	for (i = 0; i < s->nr; i++) {
		e = json_object_new_object();
		dl_json_u64(e, "log_sector", s->item[i].sector);
		if (s->item[i].page != UINT64_MAX)
			dl_json_u64(e, "page", s->item[i].page);
		dl_json_str(e, "concerns", s->item[i].fate);
		dl_json_str(e, "what", s->item[i].what);
		json_object_array_add(a, e);
	}
	json_object_object_add(o, "found", a);
	dl_json_print(o);
}

/* What is mended, or spare, is no loss. */
static int verdict(const struct scrub *s)
{
	return !s->damaged ? DL_EXIT_OK :
		s->mended + s->spare == s->damaged ? DL_EXIT_DEGRADED :
		DL_EXIT_CORRUPT;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	struct scrub s = { };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	s.name = v.name;
	dl_interrupt_catch();
	rc = ask(&s, "status");
	if (!rc && !only_status && (again || !s.running))
		rc = ask(&s, "begin");
	if (!rc && !only_status)
		rc = go_through(&s);
	if (!rc || rc == DL_EXIT_INTERRUPTED) {
		rc = rc ?: verdict(&s);
		if (dl_json_wanted())
			print_json(&s, rc);
		else
			print_text(&s);
	}
	free(s.item);
	return rc;
}

const struct dl_verb dl_verb_scrub = {
	.name = "scrub",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "read all of a volume's log in search of damage, while it is in use",
	.about =
"Every frame, record and summary of the log and both superblocks and checkpoints\n"
"are read and verified. What is damaged is named, with whom it concerns, and is\n"
"mended where what it held is known. An interrupted one goes on where it was,\n"
"also after the volume was deactivated. The origin has no checksums.",
	.run = run,
};
