// SPDX-License-Identifier: GPL-2.0
/*
 * Messages:
 *   flush                    make everything accepted durable
 *   reconcile                bring the origin up to the present, do not wait
 *   drain                    the same and wait; a signal ends the waiting
 *   detach                   take no more writes, drain, mark the log detached
 *   set <tunable> <value>    change an option that may change at run time
 *   grow                     use all of the log device, which has become larger; the
 *                            answer: sectors of the log before and now
 *   snapshot_create <name> [@<sequence>]
 *                            a snapshot of now, or of a moment of the window; its
 *                            line is the answer
 *   snapshot_delete <name>
 *   snapshot_rename <name> <new>
 *   snapshot_list            a line each: id, sequence, time, views, name
 *   snapshot_space           "total" and the bytes of the log that snapshots and the
 *                            window hold; then a line each for snapshots, in the
 *                            list's order: id, bytes that it alone holds
 *   rewind <name>|@<sequence> <new>
 *                            everything as in that snapshot, or at that moment;
 *                            what was before becomes a snapshot called <new>;
 *                            suspended only
 *   retention [shorten|throttle|fail <window> [<every>:<keep>]...]
 *                            what to do when the log is full of the past; a window
 *                            in which every sequence is kept; snapshots by rule; all
 *                            in seconds. Alone: the answer says what is in force,
 *                            then an id a line of snapshots made by rule
 *   retention_apply          move the window, make and drop snapshots by rule as is
 *                            due now, not when that is looked at next
 *   policy [<text>...]       put a policy in force: the words of its text, with ';'
 *                            for the ends of its lines, or "default". Alone: the
 *                            answer is the one that is
 *   granularity [<cursor>]   the granularity map, in no order: a line each for
 *                            regions: number, level, writes an hour, mean bytes of a
 *                            delta, 1 if written in order, number of the rule that
 *                            its next write would hit; "more <cursor>" as last
 *                            line: there was no room for what is left
 *   scrub begin|<sectors>|status
 *                            search the log for decay: begin anew, look at so many
 *                            sectors more, or only say. The answer: 1 while there is
 *                            more, sectors still to be looked at, looked at, records,
 *                            damaged, of these mended, and spare, when it began and
 *                            when one ended last (s since 1970, 0: never); then a line
 *                            each for what was found: sector of the log, page or -,
 *                            present, past, spare, mended or structure, what
 *   key <key>                from now on the log opens with another key:
 *                            :32:<logon|user>:<description>, in a keyring of the caller
 *   history                  the window's first sequence (or -), the last durable one,
 *                            the time; then a line each for moments: sequence, time
 */
#include <linux/blkdev.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "grow.h"
#include "held.h"
#include "msg.h"
#include "policy.h"
#include "rekey.h"
#include "retain.h"
#include "scrub.h"
#include "snapshot.h"
#include "target.h"
#include "tunable.h"
#include "volume.h"

/* The log takes no record: the origin is brought up to the very last one. */
static int settle_all(struct dl_volume *v)
{
	int ret = dl_reconcile_all(&v->rc, true);

	if (!ret && atomic_read(&v->nr_lost)) {
		dl_err("%s: cannot be detached: up to %d pages are lost to damage of the log; overwrite or discard them first",
		       v->name, atomic_read(&v->nr_lost));
		ret = -EUCLEAN;
	}
	if (ret)
		return ret;
	dl_reconcile_stop(&v->rc);
	flush_work(&v->house_work);
	dl_fingerprint_refresh(&v->fp, &v->origin, dl_volume_has_record, v);
	ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
				   DL_SUPER_CLEAN | DL_SUPER_DETACHED);
	if (!ret)
		return 0;
	/* One slot may say detached: no write may come before both do not. */
	if (dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon, 0))
		dl_volume_log_failed(v);
	else
		dl_reconcile_start(&v->rc);
	return ret;
}

/* One that was made while the volume drained? None can be made any more. */
static bool late_snapshot(struct dl_volume *v)
{
	bool any;

	mutex_lock(&v->snapshot_lock);
	any = dl_pins_named(&v->pins) || dl_pins_viewed(&v->pins);
	mutex_unlock(&v->snapshot_lock);
	if (any)
		dl_err("%s: cannot be detached: a snapshot or a view was made meanwhile",
		       v->name);
	return any;
}

static int detach(struct dl_volume *v)
{
	int ret;

	mutex_lock(&v->detach_lock);
	ret = dl_volume_mode(v) != DL_MODE_RW ? -EROFS :
	      !v->resumed ? -EBUSY : 0;
	if (!ret && dl_pins_named(&v->pins)) {
		dl_err("%s: cannot be detached: it has snapshots, which a detached log does not hold: delete them first",
		       v->name);
		ret = -EBUSY;
	}
	if (!ret && dl_pins_viewed(&v->pins)) {
		dl_err("%s: cannot be detached: a moment of it is being viewed: remove its views first",
		       v->name);
		ret = -EBUSY;
	}
	/* Most of it while writes still go in. */
	if (!ret)
		ret = dl_reconcile_all(&v->rc, true);
	if (!ret) {
		/* From here on housekeeping neither begins nor commits. */
		WRITE_ONCE(v->detaching, true);
		flush_work(&v->house_work);
		dl_log_stop(&v->log);
		ret = late_snapshot(v) ? -EBUSY : settle_all(v);
		if (!ret)
			dl_volume_fail(v, DL_MODE_DETACHED,
				       "origin %pg is current",
				       v->origin.bdev);
		/* Not before: a checkpoint would take the mark away. */
		WRITE_ONCE(v->detaching, false);
		if (ret)
			dl_log_begin(&v->log);
	}
	mutex_unlock(&v->detach_lock);
	return ret;
}

static unsigned int emit_pin(const struct dl_pin *pin, char *result,
			     unsigned int maxlen, unsigned int sz)
{
	DMEMIT("%llu %llu %llu %u %s\n", pin->id, pin->seq, pin->time_ns,
	       pin->views, pin->name);
	return sz;
}

static int list_snapshots(struct dl_volume *v, char *result,
			  unsigned int maxlen)
{
	unsigned int sz = 0;
	u32 i;

	read_lock(&v->pins.lock);
	for (i = 0; i < v->pins.nr; i++)
		if (v->pins.pin[i].name[0])
			sz = emit_pin(&v->pins.pin[i], result, maxlen, sz);
	read_unlock(&v->pins.lock);
	return 1;
}

static int show_space(struct dl_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	struct dl_held h;
	int ret = dl_held_count(v, &h);
	u32 i;

	if (ret)
		return ret;
	DMEMIT("total %llu\n", h.total);
	for (i = 0; i < h.nr; i++)
		if (h.pin[i].named)
			DMEMIT("%llu %llu\n", h.pin[i].id, h.pin[i].bytes);
	dl_held_free(&h);
	return 1;
}

/* 1: there is an answer in @result. */
static int snapshot(struct dl_volume *v, unsigned int argc, char **argv,
		    char *result, unsigned int maxlen)
{
	struct dl_pin pin;
	int ret;

	if (argc == 1 && !strcasecmp(argv[0], "snapshot_list"))
		return list_snapshots(v, result, maxlen);
	if (argc == 1 && !strcasecmp(argv[0], "snapshot_space"))
		return show_space(v, result, maxlen);
	if (argc == 2 && !strcasecmp(argv[0], "snapshot_delete"))
		return dl_snapshot_delete(v, argv[1]);
	if (argc == 3 && !strcasecmp(argv[0], "snapshot_rename"))
		return dl_snapshot_rename(v, argv[1], argv[2]);
	if (argc == 3 && !strcasecmp(argv[0], "rewind"))
		ret = dl_snapshot_rewind(v, argv[1], argv[2], &pin);
	else if (argc == 2 && !strcasecmp(argv[0], "snapshot_create"))
		ret = dl_snapshot_create(v, argv[1], &pin);
	else if (argc == 3 && !strcasecmp(argv[0], "snapshot_create"))
		ret = dl_snapshot_create_at(v, argv[1], argv[2], &pin);
	else
		return -ENOMSG;
	if (ret)
		return ret;
	emit_pin(&pin, result, maxlen, 0);
	return 1;
}

static int grow(struct dl_volume *v, char *result, unsigned int maxlen)
{
	unsigned int sz = 0;
	u64 old, new;
	int ret = dl_grow(v, &old, &new);

	if (ret)
		return ret;
	DMEMIT("%llu %llu\n", old, new);
	return 1;
}

/* ---- the window ---- */

static const char * const on_full_names[DL_ON_FULL_COUNT] = {
	"shorten", "throttle", "fail",
};

static int show_retention(struct dl_volume *v, char *result,
			  unsigned int maxlen)
{
	struct dl_retention r = dl_window_rules(&v->window);
	unsigned int sz = 0;
	u32 i;

	DMEMIT("%s %u", on_full_names[r.on_full], r.window);
	for (i = 0; i < r.nr_rules; i++)
		DMEMIT(" %u:%u", r.rule[i].every, r.rule[i].keep);
	DMEMIT("\n");
	/* And which snapshots were made by rule. */
	read_lock(&v->pins.lock);
	for (i = 0; i < v->pins.nr; i++)
		if (v->pins.pin[i].flags & DL_PIN_RULE)
			DMEMIT("%llu\n", v->pins.pin[i].id);
	read_unlock(&v->pins.lock);
	return 1;
}

static bool parse_rule(const char *text, struct dl_rule *rule)
{
	char c;

	return sscanf(text, "%u:%u%c", &rule->every, &rule->keep, &c) == 2;
}

static int set_retention(struct dl_volume *v, unsigned int argc, char **argv)
{
	struct dl_retention r = { };
	int on_full = match_string(on_full_names, DL_ON_FULL_COUNT, argv[0]);
	unsigned int i;

	if (on_full < 0 || kstrtouint(argv[1], 10, &r.window) ||
	    argc - 2 > DL_RULES)
		goto bad;
	r.on_full = on_full;
	for (i = 2; i < argc; i++)
		if (!parse_rule(argv[i], &r.rule[r.nr_rules++]))
			goto bad;
	return dl_retain_set(v, &r);
bad:
	dl_err("%s: retention: shorten, throttle or fail, seconds of the window, and up to %u rules <every>:<keep> in seconds",
	       v->name, DL_RULES);
	return -EINVAL;
}

static int show_history(struct dl_volume *v, char *result, unsigned int maxlen)
{
	u64 from = READ_ONCE(v->pins.window), last = v->log.durable_seq;
	struct dl_moment m;
	unsigned int sz = 0;
	u32 i;

	if (from == DL_WINDOW_OFF)
		DMEMIT("-");
	else
		DMEMIT("%llu", from);
	DMEMIT(" %llu %llu\n", last, ktime_get_real_ns());
	for (i = 0; from != DL_WINDOW_OFF && dl_window_nth(&v->window, i, &m);
	     i++)
		if (m.seq <= last)
			DMEMIT("%llu %llu\n", max(m.seq, from), m.time_ns);
	return 1;
}

static int window(struct dl_volume *v, unsigned int argc, char **argv,
		  char *result, unsigned int maxlen)
{
	if (argc == 1 && !strcasecmp(argv[0], "history"))
		return show_history(v, result, maxlen);
	if (argc == 1 && !strcasecmp(argv[0], "retention"))
		return show_retention(v, result, maxlen);
	if (argc == 1 && !strcasecmp(argv[0], "retention_apply"))
		return dl_retain_apply(v);
	if (argc >= 3 && !strcasecmp(argv[0], "retention"))
		return set_retention(v, argc - 1, argv + 1);
	return -ENOMSG;
}

/* ---- granularity ---- */

static int set_policy(struct dl_volume *v, unsigned int argc, char **argv)
{
	char *text = kvmalloc(DL_POLICY_TEXT + 1, GFP_KERNEL);
	struct dl_policy_error e;
	unsigned int n = 0, i;
	int ret;

	if (!text)
		return -ENOMEM;
	for (i = 0; i < argc && n < DL_POLICY_TEXT; i++)
		n += scnprintf(text + n, DL_POLICY_TEXT + 1 - n, "%s%s",
			       i ? " " : "", argv[i]);
	if (i < argc || n == DL_POLICY_TEXT) {
		dl_err("%s: policy: more than %u bytes", v->name, DL_POLICY_TEXT);
		ret = -E2BIG;
	} else {
		ret = dl_policy_set(v, text, n, &e);
	}
	kvfree(text);
	return ret;
}

static int show_policy(struct dl_volume *v, char *result, unsigned int maxlen)
{
	/* One that is cut is asked for again with more room. */
	if (dl_grain_text(&v->grain, result, maxlen) < 0)
		memset(result, ' ', maxlen - 1);
	return 1;
}

static int show_granularity(struct dl_volume *v, u32 cursor, char *result,
			    unsigned int maxlen)
{
	struct dl_grain_region r;
	unsigned int sz = 0;
	u32 next = cursor;

	while (dl_grain_next(&v->grain, &v->map, &next, &r)) {
		/* A line, and the one that says that there is more. */
		if (maxlen - sz < 160) {
			DMEMIT("more %u\n", cursor);
			break;
		}
		DMEMIT("%llu %s %u %u %d %d\n", r.region,
		       dl_level_name(r.level), r.rate, r.delta, r.sequential,
		       r.rule);
		cursor = next;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 1;
}

static int granularity(struct dl_volume *v, unsigned int argc, char **argv,
		       char *result, unsigned int maxlen)
{
	u32 cursor = 0;

	if (!strcasecmp(argv[0], "policy"))
		return argc > 1 ? set_policy(v, argc - 1, argv + 1) :
			show_policy(v, result, maxlen);
	if (strcasecmp(argv[0], "granularity") || argc > 2)
		return -ENOMSG;
	if (argc == 2 && kstrtou32(argv[1], 10, &cursor)) {
		dl_err("%s: granularity: '%s' is no cursor: give what an answer ended with",
		       v->name, argv[1]);
		return -EINVAL;
	}
	return show_granularity(v, cursor, result, maxlen);
}

static void scrub_answer(struct dl_volume *v, const struct dl_scrub_step *st,
			 char *result, unsigned int maxlen)
{
	const struct dl_scrub *s = &v->scrub;
	unsigned int sz = 0;
	u32 i;

	DMEMIT("%d %llu %llu %llu %llu %llu %llu %llu %llu\n",
	       READ_ONCE(s->running), dl_scrub_left(v), s->sectors, s->records,
	       s->damaged, s->mended, s->spare,
	       div_u64(s->began_ns, NSEC_PER_SEC),
	       div_u64(s->ended_ns, NSEC_PER_SEC));
	/* What there is no room for is in the kernel's log, and counted. */
	for (i = 0; i < st->nr && maxlen - sz > 160; i++) {
		const struct dl_scrub_item *it = &st->item[i];

		if (it->page == U64_MAX)
			DMEMIT("%llu - ", it->sector);
		else
			DMEMIT("%llu %llu ", it->sector, it->page);
		DMEMIT("%s %s: %s\n", dl_scrub_fate_name(it->fate), it->what,
		       dl_status_text(it->why));
	}
}

static int scrub(struct dl_volume *v, const char *what, char *result,
		 unsigned int maxlen)
{
	struct dl_scrub_step *st = kvzalloc(sizeof(*st), GFP_NOIO);
	u32 sectors;
	int ret = 0;

	if (!st)
		return -ENOMEM;
	if (!strcasecmp(what, "begin")) {
		ret = dl_scrub_begin(v, st);
	} else if (!strcasecmp(what, "status")) {
		;
	} else if (kstrtou32(what, 10, &sectors) || !sectors) {
		dl_err("%s: scrub: '%s' is neither begin nor status nor a number of sectors",
		       v->name, what);
		ret = -EINVAL;
	} else {
		ret = dl_scrub_step(v, sectors, st);
		if (ret == -ENODATA)
			dl_err("%s: scrub: there is nothing to go on with: begin one",
			       v->name);
	}
	if (ret == -EBUSY)
		dl_err("%s: scrub: the volume is suspended or being detached: resume it first",
		       v->name);
	else if (ret == -EROFS)
		dl_err("%s: scrub: the volume is not read-write: deactivate it and run 'deltalog check' on the log",
		       v->name);
	if (!ret)
		scrub_answer(v, st, result, maxlen);
	kvfree(st);
	return ret ?: 1;
}

int dl_message(struct dm_target *ti, unsigned int argc, char **argv,
	       char *result, unsigned int maxlen)
{
	struct dl_target *t = ti->private;
	struct dl_volume *v = t->volume;
	int ret;

	if (dl_volume_mode(v) == DL_MODE_DETACHED) {
		dl_err("%s: is detached and takes no message: remove it",
		       v->name);
		return -EROFS;
	}
	if (argc == 1 && !strcasecmp(argv[0], "flush"))
		return dl_log_sync(&v->log);
	if (argc == 1 && !strcasecmp(argv[0], "reconcile"))
		return dl_reconcile_all(&v->rc, false);
	if (argc == 1 && !strcasecmp(argv[0], "drain"))
		return dl_reconcile_all(&v->rc, true);
	if (argc == 1 && !strcasecmp(argv[0], "detach"))
		return detach(v);
	if (argc == 3 && !strcasecmp(argv[0], "set"))
		return dl_tunable_set(v, argv[1], argv[2]);
	if (argc == 2 && !strcasecmp(argv[0], "key"))
		return dl_rekey(v, argv[1]);
	if (argc == 1 && !strcasecmp(argv[0], "grow"))
		return grow(v, result, maxlen);
	ret = snapshot(v, argc, argv, result, maxlen);
	if (ret == -ENOMSG)
		ret = window(v, argc, argv, result, maxlen);
	if (ret == -ENOMSG)
		ret = granularity(v, argc, argv, result, maxlen);
	if (ret == -ENOMSG && argc == 2 && !strcasecmp(argv[0], "scrub"))
		ret = scrub(v, argv[1], result, maxlen);
	if (ret != -ENOMSG)
		return ret;
	dl_err("%s: unknown message '%s' or wrong number of arguments (%u): flush, reconcile, drain, detach, set <tunable> <value>, grow, snapshot_create <name> [@<sequence>], snapshot_delete <name>, snapshot_rename <name> <new>, snapshot_list, snapshot_space, rewind <name>|@<sequence> <new>, retention [...], retention_apply, history, policy [...], granularity [<cursor>], scrub begin|<sectors>|status, key <key>",
	       v->name, argv[0], argc - 1);
	return -EINVAL;
}
