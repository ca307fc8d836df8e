// SPDX-License-Identifier: GPL-2.0
/*
 * The policy of a volume. See policy.h.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat/client.h"
#include "msg.h"
#include "policy.h"
#include "snapshot.h"
#include "space.h"
#include "subpage.h"

/* Parsed, and the cgroups it names looked up. */
static int read_text(struct dl_volume *v, const char *text, size_t bytes,
		     struct dl_policy_error *e, struct dl_grain_rules **out)
{
	struct dl_grain_rules *r = kvzalloc(sizeof(*r), GFP_KERNEL);
	u64 id;
	u32 i;

	if (!r)
		return -ENOMEM;
	if (dl_policy_parse(&r->p, text, bytes, e) != DL_OK) {
		kvfree(r);
		return -EINVAL;
	}
	for (i = 0; i < r->p.nr_paths; i++) {
		id = dl_client_find(r->p.path[i]);
		if (!id)
			dl_warn("%s: policy: there is no cgroup %s: its rules hit nobody until the policy is set again",
				v->name, r->p.path[i]);
		dl_policy_resolve(&r->p, i, id);
	}
	dl_grain_prepare(r);
	*out = r;
	return 0;
}

/* Deltas are on for good once they are: a log that may hold some says so. */
static int enable(struct dl_volume *v, const struct dl_grain_rules *r)
{
	int ret = r->deltas ? dl_subpage_on(v) : 0;

	if (r->deltas && !ret)
		v->ck.sb.incompat |= DL_FEATURE_DELTA;
	return ret;
}

int dl_policy_begin(struct dl_volume *v)
{
	int ret;

	mutex_lock(&v->grain.lock);
	ret = enable(v, rcu_dereference_protected(v->grain.rules,
						  lockdep_is_held(&v->grain.lock)));
	dl_volume_keep_room(v);
	mutex_unlock(&v->grain.lock);
	return ret;
}

static int fits(struct dl_volume *v, const struct dl_grain_rules *r)
{
	if (r->dflt || r->bytes <= v->grain.text_max)
		return 0;
	dl_err("%s: policy of %u bytes: the checkpoints of a log of this size have room for %u: make it shorter",
	       v->name, r->bytes, v->grain.text_max);
	return -E2BIG;
}

static int set(struct dl_volume *v, struct dl_grain_rules *r)
{
	bool known = v->ck.sb.incompat & DL_FEATURE_DELTA;
	int ret;

	if (dl_volume_mode(v) != DL_MODE_RW)
		ret = -EROFS;
	else if (!v->started)
		ret = -EBUSY;
	else
		ret = fits(v, r) ?: enable(v, r);
	/* Older releases must refuse the log before it holds what they do not know. */
	if (!ret && !known && v->ck.sb.incompat & DL_FEATURE_DELTA)
		ret = dl_snapshot_save(v);
	if (ret) {
		/* It may not be on the device: the next one is to save it, too. */
		if (!known)
			v->ck.sb.incompat &= ~DL_FEATURE_DELTA;
		kvfree(r);
		return ret;
	}
	dl_volume_keep_room(v);
	mutex_lock(&v->grain.lock);
	dl_grain_exchange(&v->grain, &v->map, r);
	mutex_unlock(&v->grain.lock);
	return dl_snapshot_save(v);
}

/* As it is said by who administers the volume; why it is refused is logged. */
static int take(struct dl_volume *v, const char *text, size_t bytes,
		struct dl_policy_error *e, struct dl_grain_rules **r)
{
	int ret;

	e->reason = NULL;
	if (sysfs_streq(text, "default")) {
		text = dl_policy_default;
		bytes = strlen(text);
	}
	ret = read_text(v, text, bytes, e, r);
	if (ret == -EINVAL)
		dl_err("%s: policy, line %u, column %u: %s", v->name, e->line,
		       e->column, e->reason);
	return ret;
}

int dl_policy_check(struct dl_volume *v, const char *text, size_t bytes)
{
	struct dl_policy_error e;
	struct dl_grain_rules *r;
	int ret = take(v, text, bytes, &e, &r);

	if (ret)
		return ret;
	ret = fits(v, r);
	kvfree(r);
	return ret;
}

int dl_policy_set(struct dl_volume *v, const char *text, size_t bytes,
		  struct dl_policy_error *e)
{
	struct dl_grain_rules *r;
	unsigned int noio;
	int ret;

	/* The volume may be suspended: nothing may wait for it to be written to. */
	noio = memalloc_noio_save();
	ret = take(v, text, bytes, e, &r);
	if (!ret) {
		mutex_lock(&v->snapshot_lock);
		ret = set(v, r);
		mutex_unlock(&v->snapshot_lock);
	}
	memalloc_noio_restore(noio);
	return ret;
}

int dl_policy_load(struct dl_volume *v, const void *body, size_t bytes)
{
	struct dl_policy_error e = { };
	struct dl_grain_rules *r;
	int ret = read_text(v, body, bytes, &e, &r);

	/* A newer release may know words that this one does not. */
	if (ret == -EINVAL) {
		dl_warn("%s: log %pg: checkpoint: its policy is not understood, line %u, column %u: %s: the default is in force",
			v->name, v->logio.bdev, e.line, e.column, e.reason);
		return 0;
	}
	if (ret)
		return ret;
	mutex_lock(&v->grain.lock);
	dl_grain_exchange(&v->grain, &v->map, r);
	mutex_unlock(&v->grain.lock);
	return 0;
}
