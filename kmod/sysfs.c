// SPDX-License-Identifier: GPL-2.0
/*
 * Glue to sysfs. See sysfs.h.
 *
 * A folder knows the number of its device and nothing else: who reads or writes
 * a file of it visits the volume that is there at that moment. Taking the
 * folder away waits for those who are in one of its files.
 *
 * Locks: nodes_lock guards the list, and is held while folders come and go. It
 * is not taken by reading or writing a file.
 */
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/kobject.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "foresee.h"
#include "msg.h"
#include "options.h"
#include "policy.h"
#include "status.h"
#include "sysfs.h"
#include "tunable.h"
#include "volume.h"

#define STATS_MAX	96
#define TUNABLES_MAX	16
#define FULL_MAX	2
/* Of each quantity at each pace: what is expected, and how sure that is. */
#define AHEAD_MAX	(DL_QUANTITIES * DL_CASCADE_LEVELS * 2)
#define AHEAD_NAME	32

struct node {
	struct list_head list;
	struct kobject kobj;
	struct completion released;
	struct mapped_device *md;
	struct dm_target *owner;
};

static LIST_HEAD(nodes);
static DEFINE_MUTEX(nodes_lock);

struct dl_attr {
	struct attribute attr;
	ssize_t (*show)(struct dl_volume *v, const struct dl_attr *a,
			char *buf);
	ssize_t (*store)(struct dl_volume *v, const struct dl_attr *a,
			 const char *value);
	unsigned int key;
};

/* ---- the files ---- */

static ssize_t show_mode(struct dl_volume *v, const struct dl_attr *a,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", dl_status_mode(dl_volume_mode(v)));
}

static ssize_t show_stat(struct dl_volume *v, const struct dl_attr *a,
			 char *buf)
{
	char value[DL_STATUS_VALUE];
	struct dl_ctl_status st;

	dl_status_fill(v, &st);
	return sysfs_emit(buf, "%s\n", dl_status_text_of(&st, a->key, value));
}

/* The key: twice the place in the list, and 1 for the confidence. */
static ssize_t show_ahead(struct dl_volume *v, const struct dl_attr *a,
			  char *buf)
{
	struct dl_foresight is;
	u64 at = a->key / 2;

	if (!dl_foresee_next(v, &at, &is))
		return -ENODATA;
	return sysfs_emit(buf, "%llu\n", a->key & 1 ? is.next.confidence :
			  is.next.value);
}

static ssize_t show_tunable(struct dl_volume *v, const struct dl_attr *a,
			    char *buf)
{
	int n = dl_options_show(&v->opts, a->attr.name, buf, PAGE_SIZE - 1);

	buf[n++] = '\n';
	return n;
}

static ssize_t store_tunable(struct dl_volume *v, const struct dl_attr *a,
			     const char *value)
{
	if (dl_volume_mode(v) == DL_MODE_DETACHED)
		return -EROFS;
	return dl_tunable_set(v, a->attr.name, value);
}

static ssize_t show_policy(struct dl_volume *v, const struct dl_attr *a,
			   char *buf)
{
	/* At most DL_POLICY_TEXT, which is less than a page. */
	return dl_grain_text(&v->grain, buf, PAGE_SIZE);
}

static ssize_t store_policy(struct dl_volume *v, const struct dl_attr *a,
			    const char *value)
{
	struct dl_policy_error e;

	return dl_policy_set(v, value, strlen(value), &e);
}

static struct dl_attr policy_attr = {
	.attr = { .name = "policy", .mode = 0644 },
	.show = show_policy,
	.store = store_policy,
};

static struct dl_attr mode_attr = {
	.attr = { .name = "mode", .mode = 0444 },
	.show = show_mode,
};

static struct dl_attr stat_attr[STATS_MAX], tunable_attr[TUNABLES_MAX];
static struct dl_attr full_attr[FULL_MAX], ahead_attr[AHEAD_MAX];
static char ahead_name[AHEAD_MAX][AHEAD_NAME];

static struct attribute *top_attrs[] = {
	&mode_attr.attr, &policy_attr.attr, NULL
};

static struct attribute *stat_attrs[STATS_MAX + 1];
static struct attribute *tunable_attrs[TUNABLES_MAX + 1];
static struct attribute *ahead_attrs[FULL_MAX + AHEAD_MAX + 1];

static const struct attribute_group top_group = { .attrs = top_attrs };

static const struct attribute_group stat_group = {
	.name = "stats", .attrs = stat_attrs,
};

static const struct attribute_group tunable_group = {
	.name = "tunables", .attrs = tunable_attrs,
};

/* What is to come; of the counters those that tell of that are here as well. */
static const struct attribute_group ahead_group = {
	.name = "forecast", .attrs = ahead_attrs,
};

static const struct attribute_group *groups[] = {
	&top_group, &stat_group, &tunable_group, &ahead_group, NULL
};

/* "bytes_500ms", "bytes_500ms_confidence", ...: behind the first @n of ahead_attrs. */
static void name_ahead(unsigned int n)
{
	static const char * const quantity[DL_QUANTITIES] = {
		[DL_QUANTITY_WRITES] = "writes", [DL_QUANTITY_BYTES] = "bytes",
		[DL_QUANTITY_NEW] = "new", [DL_QUANTITY_LOG] = "log",
		[DL_QUANTITY_SIZE] = "size",
	};
	unsigned int i;

	for (i = 0; i < AHEAD_MAX; i++) {
		snprintf(ahead_name[i], AHEAD_NAME, "%s_%ums%s",
			 quantity[i / 2 / DL_CASCADE_LEVELS],
			 dl_cascade_paces[i / 2 % DL_CASCADE_LEVELS].ticks *
			 DL_CASCADE_TICK_MS, i & 1 ? "_confidence" : "");
		ahead_attr[i] = (struct dl_attr) {
			.attr = { .name = ahead_name[i], .mode = 0444 },
			.show = show_ahead, .key = i,
		};
		ahead_attrs[n + i] = &ahead_attr[i].attr;
	}
}

void dl_sysfs_init(void)
{
	const char *name;
	unsigned int i, n = 0;

	for (i = 0; i < dl_status_nr_keys && i < STATS_MAX; i++) {
		stat_attr[i] = (struct dl_attr) {
			.attr = { .name = dl_status_keys[i].name,
				  .mode = 0444 },
			.show = show_stat, .key = i,
		};
		stat_attrs[i] = &stat_attr[i].attr;
		if (n < FULL_MAX && strstarts(dl_status_keys[i].name, "full_")) {
			full_attr[n] = stat_attr[i];
			ahead_attrs[n] = &full_attr[n].attr;
			n++;
		}
	}
	name_ahead(n);
	for (i = 0; i < TUNABLES_MAX && (name = dl_options_online(i)); i++) {
		tunable_attr[i] = (struct dl_attr) {
			.attr = { .name = name, .mode = 0644 },
			.show = show_tunable, .store = store_tunable,
		};
		tunable_attrs[i] = &tunable_attr[i].attr;
	}
}

/* ---- the folder ---- */

static struct dl_volume *enter(struct kobject *kobj)
{
	struct node *n = container_of(kobj, struct node, kobj);

	return dl_volume_enter(disk_devt(dm_disk(n->md)), false);
}

static ssize_t node_show(struct kobject *kobj, struct attribute *attr,
			 char *buf)
{
	const struct dl_attr *a = container_of(attr, struct dl_attr, attr);
	struct dl_volume *v = enter(kobj);
	ssize_t ret;

	if (!v)
		return -ENODEV;
	ret = a->show(v, a, buf);
	dl_volume_leave(v);
	return ret;
}

static ssize_t node_store(struct kobject *kobj, struct attribute *attr,
			  const char *buf, size_t count)
{
	const struct dl_attr *a = container_of(attr, struct dl_attr, attr);
	struct dl_volume *v;
	ssize_t ret = -ENODEV;
	char *value;

	if (!a->store)
		return -EACCES;
	if (count >= PAGE_SIZE || memchr(buf, 0, count))
		return -EINVAL;
	value = kmemdup_nul(buf, count, GFP_KERNEL);
	if (!value)
		return -ENOMEM;
	v = enter(kobj);
	if (v) {
		ret = a->store(v, a, strim(value));
		dl_volume_leave(v);
	}
	kfree(value);
	return ret ?: (ssize_t)count;
}

static void node_release(struct kobject *kobj)
{
	complete(&container_of(kobj, struct node, kobj)->released);
}

static const struct sysfs_ops node_ops = {
	.show = node_show,
	.store = node_store,
};

static const struct kobj_type node_type = {
	.sysfs_ops = &node_ops,
	.release = node_release,
	.default_groups = groups,
};

static void drop(struct node *n, bool added)
{
	/* It must not be asked of one that is not there. */
	if (added)
		kobject_del(&n->kobj);
	kobject_put(&n->kobj);
	/* Whoever else has it must not come back to a module that is gone. */
	wait_for_completion(&n->released);
	kfree(n);
}

static void make(struct dm_target *ti)
{
	struct mapped_device *md = dm_table_get_md(ti->table);
	struct node *n = kzalloc(sizeof(*n), GFP_NOIO);
	int ret = -ENOMEM;

	if (n) {
		n->md = md;
		n->owner = ti;
		init_completion(&n->released);
		ret = kobject_init_and_add(&n->kobj, &node_type,
					   &disk_to_dev(dm_disk(md))->kobj,
					   "deltalog");
	}
	if (!ret) {
		list_add(&n->list, &nodes);
		return;
	}
	dl_warn("%s: no folder in sysfs: error %d", dm_device_name(md), ret);
	if (n)
		drop(n, false);
}

void dl_sysfs_add(struct dm_target *ti)
{
	struct mapped_device *md = dm_table_get_md(ti->table);
	/* The device is suspended: nothing may wait for it to be written to. */
	unsigned int noio = memalloc_noio_save();
	struct node *n;

	mutex_lock(&nodes_lock);
	list_for_each_entry(n, &nodes, list) {
		if (n->md == md) {
			n->owner = ti;
			goto out;
		}
	}
	make(ti);
out:
	mutex_unlock(&nodes_lock);
	memalloc_noio_restore(noio);
}

void dl_sysfs_remove(struct dm_target *ti)
{
	struct node *n, *next;

	mutex_lock(&nodes_lock);
	list_for_each_entry_safe(n, next, &nodes, list) {
		if (n->owner != ti)
			continue;
		list_del(&n->list);
		drop(n, true);
	}
	mutex_unlock(&nodes_lock);
}
