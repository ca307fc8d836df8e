// SPDX-License-Identifier: GPL-2.0
/* deltalog wait-event: wait until something happens to a volume. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "interrupt.h"
#include "json.h"
#include "verbs.h"

#define NONE	UINT64_MAX

static uint64_t timeout = NONE, after = NONE;

static const struct dl_opt opts[] = {
	DL_NUMBER("after", DL_OPT_NUMBER, &after, "NUMBER", 0, NONE - 1,
		  "for one after this, the number that came with the last"),
	DL_NUMBER("timeout", DL_OPT_NUMBER, &timeout, "SECONDS", 0, 4000000,
		  "for so long at most; 0 only looks"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static const struct {
	uint64_t bit;
	const char *name, *text;
} kinds[] = {
	{ DL_CTL_EVENT_MODE, "mode", "its mode got worse" },
	{ DL_CTL_EVENT_PRESSURE, "pressure", "high_watermark was reached" },
	{ DL_CTL_EVENT_FULL, "full",
	  "its log is full of what snapshots hold: writes fail or wait" },
	{ DL_CTL_EVENT_ROOM, "room", "its log has room again" },
	{ DL_CTL_EVENT_FORECAST, "forecast",
	  "its log is likely to be full soon, see the kernel's log and 'deltalog status'" },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(kinds[0]))

static void print_json(const char *volume, const struct dl_ctl_wait *w)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (w->happened & kinds[i].bit)
			json_object_array_add(list,
				json_object_new_string(kinds[i].name));
	dl_json_str(o, "volume", volume);
	dl_json_u64(o, "event_nr", w->event_nr);
	json_object_object_add(o, "happened", list);
	dl_json_print(o);
}

static void print_text(const char *volume, const struct dl_ctl_wait *w)
{
	size_t i;

	for (i = 0; i < NR_KINDS; i++)
		if (w->happened & kinds[i].bit)
			printf("%s: %s: %s (event %" PRIu64 ")\n", volume,
			       kinds[i].name, kinds[i].text,
			       (uint64_t)w->event_nr);
}

static int wait_for(int fd, const struct dl_dm_volume *v)
{
	struct dl_ctl_status st = { .major = v->major, .minor = v->minor };
	struct dl_ctl_wait w = { .major = v->major, .minor = v->minor };
	int rc = 0;

	w.event_nr = after;
	if (after == NONE) {
		rc = dl_control_call(fd, DL_CTL_STATUS, &st);
		w.event_nr = st.events;
	}
	w.timeout_ms = timeout == NONE ? DL_CTL_FOREVER :
					 (uint32_t)(timeout * 1000);
	if (!rc)
		rc = dl_control_call(fd, DL_CTL_WAIT_EVENT, &w);
	if (rc)
		return dl_control_failed(v, "waiting for an event", rc);
	if (dl_json_wanted())
		print_json(v->name, &w);
	else
		print_text(v->name, &w);
	if (w.happened)
		return 0;
	return dl_err(DL_EXIT_TIMEOUT, "%s: no event in time", v->name);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args), fd;

	rc = rc ?: dl_dm_get(args[0], &v);
	rc = rc ?: dl_control_open(&fd);
	if (rc)
		return rc;
	dl_interrupt_catch();
	rc = wait_for(fd, &v);
	close(fd);
	return rc;
}

const struct dl_verb dl_verb_wait_event = {
	.name = "wait-event",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "wait until something happens to a volume",
	.about =
"Events are a mode that got worse, a log that fills up, one that is full of what\n"
"snapshots hold, one that is no longer, and one that is likely to be full within the\n"
"option full_within_secs.",
	.run = run,
};
