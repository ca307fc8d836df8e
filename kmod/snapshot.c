// SPDX-License-Identifier: GPL-2.0
/*
 * Making, dropping and recovering snapshots. See snapshot.h.
 */
#include <linux/ctype.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/string.h>

#include "io.h"
#include "msg.h"
#include "preserve.h"
#include "rewind.h"
#include "snapshot.h"
#include "space.h"
#include "subpage.h"
#include "trace.h"

int dl_snapshot_memory(struct dl_volume *v)
{
	/* The volume may be suspended: nothing may wait for it to be written to. */
	unsigned int noio = memalloc_noio_save();
	int ret = -ENOMEM;

	if (!v->mover)
		v->mover = kvzalloc(sizeof(*v->mover), GFP_KERNEL);
	if (v->mover)
		ret = dl_history_alloc(&v->past, v->map.max,
				       v->map.pm.bucket_mask + 1);
	memalloc_noio_restore(noio);
	return ret;
}

static int refuse(struct dl_volume *v, const char *name, int err,
		  const char *why)
{
	dl_err("%s: snapshot %.63s: %s", v->name, name, why);
	return err;
}

static int check_name(struct dl_volume *v, const char *name)
{
	const char *p;

	if (!*name || *name == '-' || *name == '.' ||
	    strnlen(name, DL_PIN_NAME_BYTES) == DL_PIN_NAME_BYTES)
		return refuse(v, name, -EINVAL, "a name has 1 to 63 characters and begins with neither - nor .");
	for (p = name; *p; p++)
		if (!isascii(*p) || (!isalnum(*p) && !strchr("_.:+-", *p)))
			return refuse(v, name, -EINVAL, "a name has letters, digits and _ . : + - only");
	return 0;
}

/* "@" and a sequence: a moment of the window. */
static bool parse_moment(const char *name, u64 *seq)
{
	return *name == '@' && !kstrtou64(name + 1, 10, seq);
}

/* A copy of the pin called @name: 0 or -ENOENT. */
static int find(struct dl_volume *v, const char *name, struct dl_pin *out)
{
	struct dl_pin *pin;

	read_lock(&v->pins.lock);
	pin = dl_pins_find(&v->pins, name, 0);
	if (pin)
		*out = *pin;
	read_unlock(&v->pins.lock);
	return pin ? 0 : -ENOENT;
}

/*
 * The same, and until dl_snapshot_close() no rule drops it: those do not wait for
 * snapshot_lock, so what was found without that may be gone.
 */
static int hold(struct dl_volume *v, const char *name, struct dl_pin *out)
{
	struct dl_pin *pin;

	write_lock(&v->pins.lock);
	pin = dl_pins_find(&v->pins, name, 0);
	if (pin) {
		pin->views++;
		*out = *pin;
	}
	write_unlock(&v->pins.lock);
	return pin ? 0 : -ENOENT;
}

void dl_snapshot_announce(struct dl_volume *v)
{
	dl_pins_announce(&v->pins);
	/* Who asked before that has his sequence, a lower one, when we go on. */
	dl_history_barrier(v);
}

void dl_snapshot_take_map(struct dl_volume *v, u64 id, const char *name)
{
	int ret = dl_grainpast_take(&v->grainpast, &v->grain, &v->map, id);

	if (ret)
		dl_warn("%s: snapshot %.63s: %s: no granularity map is kept with it",
			v->name, name, ret == -ENOMEM ? "out of memory" :
			"the checkpoint has no room");
}

int dl_snapshot_map(struct dl_volume *v, u64 id, u32 *known)
{
	const struct dl_pin *pin;
	bool named;

	read_lock(&v->pins.lock);
	pin = dl_pins_find(&v->pins, NULL, id);
	named = pin && *pin->name && !pin->going;
	read_unlock(&v->pins.lock);
	return named ? dl_grainpast_known(&v->grainpast, id, known) : -ENOENT;
}

/* Log a mark and do what it says. */
static int mark(struct dl_volume *v, u32 kind, u64 id, const char *name,
		u64 target, u64 *seq)
{
	struct page *page = mempool_alloc(v->pages, GFP_NOIO);
	struct dl_disk_mark *d = page_address(page);
	struct dl_mark m = {
		.kind = kind,
		.id = id,
		.time_ns = ktime_get_real_ns(),
		.sectors = v->sectors,
		.target = target,
	};
	int ret;

	strscpy(m.name, name, sizeof(m.name));
	memset(d, 0, DL_PAGE_BYTES);
	dl_mark_pack(&m, d);
	if (kind != DL_MARK_RENAME)
		dl_grainpast_mark(&v->grainpast, id, d + 1,
				  DL_PAGE_BYTES - sizeof(*d));
	ret = dl_preserve_mark(v, &m, d, seq);
	if (ret && kind != DL_MARK_RENAME)
		dl_grainpast_drop(&v->grainpast, id);
	mempool_free(page, v->pages);
	if (!ret)
		ret = dl_log_sync(&v->log);
	/* Suspended, the log was marked clean: it is no more. */
	if (!ret && !v->resumed) {
		ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
					   DL_SUPER_CLEAN);
		/* It is in the log, whoever is told that it failed. */
		if (ret)
			dl_volume_log_failed(v);
	}
	return ret;
}

static int may_change(struct dl_volume *v, const char *name)
{
	if (dl_volume_mode(v) != DL_MODE_RW)
		return refuse(v, name, -EROFS, "the volume is not read-write");
	if (READ_ONCE(v->detaching))
		return refuse(v, name, -EBUSY, "the volume is being detached");
	if (!v->started)
		return refuse(v, name, -EBUSY, "the volume has not been resumed yet");
	return 0;
}

int dl_snapshot_save(struct dl_volume *v)
{
	int ret = dl_checkpoint_commit(&v->ck, &v->log, &v->fp, v->horizon,
				       v->resumed ? 0 : DL_SUPER_CLEAN);

	if (ret)
		dl_volume_log_failed(v);
	return ret;
}

int dl_snapshot_prepare(struct dl_volume *v)
{
	int ret = dl_snapshot_memory(v);

	if (ret || v->ck.sb.incompat & DL_FEATURE_HISTORY)
		return ret;
	/* Older releases must refuse the log before it holds what they do not know. */
	v->ck.sb.incompat |= DL_FEATURE_HISTORY;
	return dl_snapshot_save(v);
}

static int create(struct dl_volume *v, const char *name, struct dl_pin *out)
{
	int ret = may_change(v, name);
	u64 seq, id;

	if (ret)
		return ret;
	if (!find(v, name, out))
		return refuse(v, name, -EEXIST, "there is one of that name");
	if (v->pins.nr == v->pins.max)
		return refuse(v, name, -ENOSPC, "the checkpoint has no room for more: delete some");
	if (READ_ONCE(v->full))
		return refuse(v, name, -ENOSPC, "the log is full of what snapshots need: delete some");
	ret = dl_snapshot_prepare(v);
	if (ret)
		return refuse(v, name, ret, ret == -ENOMEM ? "out of memory" :
			      "the log cannot be written");
	/* A checkpoint that has the pin has the map. */
	id = dl_pins_new_id(&v->pins, 1);
	dl_snapshot_take_map(v, id, name);
	dl_snapshot_announce(v);
	dl_volume_keep_room(v);
	ret = mark(v, DL_MARK_PIN, id, name, 0, &seq);
	if (ret) {
		dl_pins_settle(&v->pins);
		dl_volume_keep_room(v);
		dl_reconcile_sweep(&v->rc);
		dl_volume_housekeep(v);
		return refuse(v, name, ret, "its mark cannot be logged");
	}
	ret = find(v, name, out);
	trace_deltalog_snapshot_create(v->md, out->id, out->seq, out->name);
	return ret;
}

int dl_snapshot_create(struct dl_volume *v, const char *name,
		       struct dl_pin *out)
{
	int ret = check_name(v, name);

	if (ret)
		return ret;
	mutex_lock(&v->snapshot_lock);
	ret = create(v, name, out);
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

/* A passing pin on a moment of the window. */
static int open_moment(struct dl_volume *v, const char *name, u64 seq,
		       struct dl_pin *out)
{
	int ret;

	*out = (struct dl_pin) {
		.seq = seq, .time_ns = dl_window_time(&v->window, seq),
		.sectors = v->sectors, .views = 1, .passing = true,
	};
	if (READ_ONCE(v->detaching))
		return refuse(v, name, -EBUSY, "the volume is being detached");
	/* What has not become durable yet may still be on its way into the map. */
	ret = seq > READ_ONCE(v->log.durable_seq) ? dl_log_sync(&v->log) : 0;
	if (!ret && seq > READ_ONCE(v->log.durable_seq))
		ret = -ENOENT;
	if (!ret)
		ret = dl_pins_add(&v->pins, out);
	if (ret == -ENOSPC)
		return refuse(v, name, ret, "there are too many snapshots and views: delete some");
	if (ret == -ENOENT)
		return refuse(v, name, ret, "that sequence is not within the window that is kept");
	return ret ? refuse(v, name, ret, "the log cannot be written") : 0;
}

static int create_at(struct dl_volume *v, const char *name, const char *moment,
		     struct dl_pin *out)
{
	u64 seq, passing;
	int ret = may_change(v, name);

	if (ret)
		return ret;
	if (!parse_moment(moment, &seq))
		return refuse(v, moment, -EINVAL, "a moment is @ and a sequence");
	if (!find(v, name, out))
		return refuse(v, name, -EEXIST, "there is one of that name");
	ret = open_moment(v, moment, seq, out);
	if (ret)
		return ret;
	passing = out->id;
	out->passing = false;
	out->views = 0;
	strscpy(out->name, name, sizeof(out->name));
	ret = dl_pins_add(&v->pins, out);
	if (!ret)
		ret = dl_snapshot_save(v);
	dl_snapshot_close(v, passing);
	return ret ? refuse(v, name, ret, ret == -ENOSPC ?
			    "the checkpoint has no room for more: delete some" :
			    "the log cannot be written") : 0;
}

int dl_snapshot_create_at(struct dl_volume *v, const char *name,
			  const char *moment, struct dl_pin *out)
{
	int ret = check_name(v, name);

	if (ret)
		return ret;
	mutex_lock(&v->snapshot_lock);
	ret = create_at(v, name, moment, out);
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

int dl_snapshot_delete(struct dl_volume *v, const char *name)
{
	struct dl_pin pin;
	int ret;

	mutex_lock(&v->snapshot_lock);
	ret = may_change(v, name);
	if (!ret && find(v, name, &pin))
		ret = refuse(v, name, -ENOENT, "there is none of that name");
	if (!ret && pin.views)
		ret = refuse(v, name, -EBUSY, "it is being viewed: remove its views first");
	if (!ret) {
		/*
		 * It is a pin until it is gone for good; and a full log has no
		 * room for a mark. So a checkpoint tells: our own, not one that
		 * was begun before.
		 */
		mutex_lock(&v->window.lock);
		dl_pins_going(&v->pins, pin.id);
		dl_grainpast_drop(&v->grainpast, pin.id);
		ret = dl_snapshot_save(v);
		if (!ret)
			dl_pins_drop(&v->pins, pin.id);
		mutex_unlock(&v->window.lock);
	}
	if (!ret) {
		trace_deltalog_snapshot_delete(v->md, pin.id, pin.seq, pin.name);
		dl_volume_keep_room(v);
		dl_reconcile_sweep(&v->rc);
		/* Writes wait for what comes of it. */
		dl_volume_set_full(v, false);
	}
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

int dl_snapshot_rename(struct dl_volume *v, const char *name, const char *new)
{
	struct dl_pin pin, other;
	u64 seq;
	int ret = check_name(v, new);

	if (ret)
		return ret;
	mutex_lock(&v->snapshot_lock);
	ret = may_change(v, name);
	if (!ret && hold(v, name, &pin))
		ret = refuse(v, name, -ENOENT, "there is none of that name");
	if (!ret) {
		if (!find(v, new, &other))
			ret = refuse(v, new, -EEXIST, "there is one of that name");
		else
			ret = mark(v, DL_MARK_RENAME, pin.id, new, 0, &seq);
		dl_snapshot_close(v, pin.id);
	}
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

static int may_rewind(struct dl_volume *v, const char *name, const char *keep,
		      struct dl_pin *pin)
{
	struct dl_pin other;
	int ret = may_change(v, name);

	if (ret)
		return ret;
	if (v->resumed)
		return refuse(v, name, -EBUSY, "a volume is rewound while it is suspended");
	if (dl_rewind_pending(v))
		return refuse(v, name, -EBUSY, "the last rewind is not settled yet: drain first");
	if (parse_moment(name, &pin->seq)) {
		*pin = (struct dl_pin) { .seq = pin->seq };
		if (pin->seq > v->log.durable_seq ||
		    !dl_pins_in_window(&v->pins, pin->seq))
			return refuse(v, name, -ENOENT, "that sequence is not within the window that is kept");
	} else if (find(v, name, pin)) {
		return refuse(v, name, -ENOENT, "there is none of that name");
	}
	if (pin->flags & DL_PIN_DAMAGED)
		return refuse(v, name, -EUCLEAN, "part of its index in the log is damaged: what it holds cannot be told any more");
	if (!find(v, keep, &other))
		return refuse(v, keep, -EEXIST, "there is one of that name");
	if (v->pins.max - v->pins.nr < 2)
		return refuse(v, keep, -ENOSPC, "the checkpoint has no room for more: delete some");
	if (READ_ONCE(v->full))
		return refuse(v, keep, -ENOSPC, "the log is full of what snapshots need: delete some");
	return 0;
}

static int rewind(struct dl_volume *v, const char *name, const char *keep,
		  struct dl_pin *out)
{
	struct dl_pin pin;
	u64 seq, id;
	int ret = may_rewind(v, name, keep, &pin);

	if (ret)
		return ret;
	/* From here on all that is replaced is kept, and counted as such. */
	dl_snapshot_announce(v);
	ret = dl_rewind_fits(v, pin.seq);
	if (!ret)
		ret = dl_subpage_settle(v, U64_MAX, 0);
	if (!ret) {
		id = dl_pins_new_id(&v->pins, 2);
		dl_snapshot_take_map(v, id, keep);
		ret = mark(v, DL_MARK_REWIND, id, keep, pin.seq, &seq);
	}
	if (ret) {
		dl_pins_settle(&v->pins);
		return refuse(v, name, ret, "cannot be rewound to");
	}
	ret = dl_rewind(v, pin.seq, seq);
	if (ret) {
		dl_volume_fail(v, DL_MODE_RO, "rewind to sequence %llu was cut short: activate it anew",
			       pin.seq);
		return ret;
	}
	trace_deltalog_rewind(v->md, pin.id, pin.seq, seq);
	/* What was read before would hide what is there now. */
	invalidate_bdev(dm_disk(v->md)->part0);
	dl_info("%s: rewound to '%s', sequence %llu; what was before is '%s'",
		v->name, name, pin.seq, keep);
	return find(v, keep, out);
}

int dl_snapshot_rewind(struct dl_volume *v, const char *name, const char *keep,
		       struct dl_pin *out)
{
	int ret = check_name(v, keep);

	if (ret)
		return ret;
	mutex_lock(&v->snapshot_lock);
	ret = rewind(v, name, keep, out);
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

static int open_snapshot(struct dl_volume *v, const char *name,
			 struct dl_pin *out)
{
	if (hold(v, name, out))
		return refuse(v, name, -ENOENT, "there is none of that name");
	if (!(out->flags & DL_PIN_DAMAGED))
		return 0;
	dl_snapshot_close(v, out->id);
	return refuse(v, name, -EUCLEAN, "part of its index in the log is damaged: what it holds cannot be told any more");
}

int dl_snapshot_open(struct dl_volume *v, const char *name, struct dl_pin *out)
{
	u64 seq;
	int ret;

	mutex_lock(&v->snapshot_lock);
	if (parse_moment(name, &seq))
		ret = open_moment(v, name, seq, out);
	else
		ret = open_snapshot(v, name, out);
	mutex_unlock(&v->snapshot_lock);
	return ret;
}

void dl_snapshot_close(struct dl_volume *v, u64 id)
{
	bool last, gone, ruled;
	struct dl_pin *pin;
	u64 seq = 0;

	write_lock(&v->pins.lock);
	pin = dl_pins_find(&v->pins, NULL, id);
	last = pin && !--pin->views;
	gone = last && pin->passing;
	ruled = last && pin->flags & DL_PIN_RULE;
	if (gone)
		seq = pin->seq;
	write_unlock(&v->pins.lock);
	/* It may have outlived its rule for as long as it was looked at. */
	if (ruled)
		dl_reconcile_kick(&v->rc);
	if (!gone)
		return;
	dl_pins_drop(&v->pins, id);
	dl_volume_keep_room(v);
	/* In the window what it held is held all the same. */
	if (!dl_pins_in_window(&v->pins, seq))
		dl_reconcile_sweep(&v->rc);
}

int dl_snapshot_open_now(struct dl_volume *v, struct dl_pin *out)
{
	unsigned long flags;
	int ret;

	*out = (struct dl_pin) {
		.seq = U64_MAX, .sectors = v->sectors, .views = 1,
		.passing = true,
	};
	/* Nothing changes any more. */
	if (dl_volume_mode(v) != DL_MODE_RW)
		return 0;
	mutex_lock(&v->snapshot_lock);
	ret = READ_ONCE(v->detaching) ? -EBUSY : dl_snapshot_prepare(v);
	if (!ret) {
		dl_snapshot_announce(v);
		spin_lock_irqsave(&v->log.lock, flags);
		out->seq = v->log.next_seq - 1;
		spin_unlock_irqrestore(&v->log.lock, flags);
		ret = dl_pins_add_now(&v->pins, out);
		dl_pins_settle(&v->pins);
		dl_volume_keep_room(v);
	}
	mutex_unlock(&v->snapshot_lock);
	return ret ? refuse(v, "of now", ret, "it cannot be held") : 0;
}

void dl_snapshot_name(struct dl_volume *v, struct dl_pin *pin)
{
	const struct dl_pin *now;

	read_lock(&v->pins.lock);
	now = dl_pins_find(&v->pins, NULL, pin->id);
	if (now)
		memcpy(pin->name, now->name, sizeof(pin->name));
	read_unlock(&v->pins.lock);
	if (pin->passing)
		snprintf(pin->name, sizeof(pin->name), "@%llu", pin->seq);
}
