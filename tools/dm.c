// SPDX-License-Identifier: GPL-2.0
/* Device-mapper devices with a deltalog target, through libdevmapper. */
#include <errno.h>
#include <libdevmapper.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dm.h"
#include "dmtask.h"
#include "err.h"
#include "sysfs.h"

static const char target[] = DL_DM_VOLUME;
static char last[512];

static void __attribute__((format(printf, 5, 6)))
keep(int level, const char *file, int line, int code, const char *fmt, ...)
{
	va_list ap;

	(void)file;
	(void)line;
	(void)code;
	/* The low bits are the level; warnings and worse are of interest. */
	if ((level & 7) > 4)
		return;
	va_start(ap, fmt);
	vsnprintf(last, sizeof(last), fmt, ap);
	va_end(ap);
}

void dl_dm_init(void)
{
	dm_log_with_errno_init(keep);
}

const char *dl_dm_last(void)
{
	return last;
}

int dl_dmtask_errno(struct dm_task *t)
{
	int err = dm_task_get_errno(t);

	return err ? -err : -EIO;
}

struct dm_task *dl_dmtask(int type, const char *name)
{
	struct dm_task *t = dm_task_create(type);

	if (t && name && !dm_task_set_name(t, name)) {
		dm_task_destroy(t);
		t = NULL;
	}
	return t;
}

static bool target_listed(void)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_LIST_VERSIONS, NULL);
	struct dm_versions *v;
	bool found = false;

	if (t && dm_task_run(t)) {
		v = dm_task_get_versions(t);
		for (;;) {
			found |= !strcmp(v->name, target);
			if (!v->next)
				break;
			v = (struct dm_versions *)((char *)v + v->next);
		}
	}
	if (t)
		dm_task_destroy(t);
	return found;
}

int dl_dm_ready(void)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_VERSION, NULL);
	bool ok = t && dm_task_run(t);

	if (t)
		dm_task_destroy(t);
	if (!ok)
		return dl_err(DL_EXIT_KERNEL,
			      "no device-mapper: %s; be root, and have the kernel's dm-mod loaded (modprobe dm-mod)",
			      last[0] ? last : "the kernel does not answer");
	if (target_listed())
		return 0;
	/* Asking for one target's version makes the kernel load its module. */
	t = dl_dmtask(DM_DEVICE_GET_TARGET_VERSION, target);
	if (t) {
		dm_task_run(t);
		dm_task_destroy(t);
	}
	if (target_listed())
		return 0;
	return dl_err(DL_EXIT_KERNEL,
		      "this kernel has no target 'deltalog'; install and load the module (modprobe dm-deltalog)");
}

static void take_table(struct dm_task *t, struct dl_dm_volume *v)
{
	char *type = NULL, *params = NULL;
	uint64_t start, len;
	void *next;

	next = dm_get_next_target(t, NULL, &start, &len, &type, &params);
	snprintf(v->type, sizeof(v->type), "%s", !next && type ? type : "");
	v->ours = !strcmp(v->type, target);
	v->sectors = start + len;
	snprintf(v->params, sizeof(v->params), "%s", params ? params : "");
	if (v->ours && sscanf(v->params, "%31s %31s", v->origin, v->log) != 2) {
		v->ours = false;
		v->type[0] = '\0';
	}
}

const char *dl_dm_name(char *buf, const char *name)
{
	static const char dir[] = "/dev/mapper/";
	struct stat st;

	if (!strchr(name, '/'))
		return name;
	/* The node need not be there: what udev makes may be a symbolic link, or late. */
	if (!strncmp(name, dir, strlen(dir)) && !strchr(name + strlen(dir), '/'))
		return name + strlen(dir);
	if (!stat(name, &st) && S_ISBLK(st.st_mode) &&
	    dl_sysfs_read(st.st_rdev, "dm/name", buf, DL_DM_NAME))
		return buf;
	return name;
}

int dl_dm_find(const char *name, struct dl_dm_volume *v)
{
	char buf[DL_DM_NAME];
	struct dm_info info;
	struct dm_task *t;
	int rc = 0;

	name = dl_dm_name(buf, name);
	memset(v, 0, sizeof(*v));
	/* A path, of something else. */
	if (strchr(name, '/'))
		return -ENOENT;
	t = dl_dmtask(DM_DEVICE_TABLE, name);
	if (!t)
		return -ENOMEM;
	/* Looking must not make the target write. */
	dm_task_no_flush(t);
	if (!dm_task_run(t)) {
		rc = dl_dmtask_errno(t);
		if (rc == -ENXIO)
			rc = -ENOENT;
	} else if (!dm_task_get_info(t, &info)) {
		rc = -EIO;
	} else if (!info.exists) {
		rc = -ENOENT;
	} else {
		snprintf(v->name, sizeof(v->name), "%s", name);
		snprintf(v->uuid, sizeof(v->uuid), "%s",
			 dm_task_get_uuid(t) ?: "");
		v->major = info.major;
		v->minor = info.minor;
		v->open_count = info.open_count;
		v->suspended = info.suspended;
		v->read_only = info.read_only;
		take_table(t, v);
	}
	dm_task_destroy(t);
	return rc;
}

int dl_dm_get(const char *name, struct dl_dm_volume *v)
{
	int rc = dl_dm_ready();

	if (rc)
		return rc;
	rc = dl_dm_find(name, v);
	if (rc == -ENOENT)
		return dl_err(DL_EXIT_NAME,
			      "no active volume '%s'; 'deltalog list' shows those there are",
			      name);
	if (rc)
		return dl_err(DL_EXIT_KERNEL, "%s: cannot be looked up: %s",
			      name, strerror(-rc));
	if (!v->ours)
		return dl_err(DL_EXIT_NAME,
			      "%s is a device-mapper device but no deltalog volume; 'deltalog list' shows those there are",
			      name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of all devices, sorted. Return: their number or -errno. */
static int all_names(char ***out)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_LIST, NULL);
	struct dm_names *n;
	char **names = NULL, **more;
	int nr = 0, rc = 0;

	if (!t)
		return -ENOMEM;
	if (!dm_task_run(t)) {
		rc = dl_dmtask_errno(t);
		goto out;
	}
	n = dm_task_get_names(t);
	while (n && n->dev) {
		more = realloc(names, sizeof(*names) * (size_t)(nr + 1));
		if (!more) {
			rc = -ENOMEM;
			break;
		}
		names = more;
		names[nr] = strdup(n->name);
		if (!names[nr++]) {
			rc = -ENOMEM;
			break;
		}
		if (!n->next)
			break;
		n = (struct dm_names *)((char *)n + n->next);
	}
	if (!rc && nr)
		qsort(names, (size_t)nr, sizeof(*names), by_name);
out:
	dm_task_destroy(t);
	if (rc) {
		while (nr > 0)
			free(names[--nr]);
		free(names);
		return rc;
	}
	*out = names;
	return nr;
}

int dl_dm_each_of(const char *type,
		  int (*fn)(const struct dl_dm_volume *v, void *ctx), void *ctx)
{
	struct dl_dm_volume v;
	char **names = NULL;
	int nr, i, rc = 0;

	nr = all_names(&names);
	if (nr < 0)
		return dl_err(DL_EXIT_KERNEL,
			      "cannot list device-mapper devices: %s",
			      last[0] ? last : strerror(-nr));
	for (i = 0; i < nr && !rc; i++)
		/* One that went away meanwhile is no error. */
		if (!dl_dm_find(names[i], &v) && !strcmp(v.type, type))
			rc = fn(&v, ctx);
	for (i = 0; i < nr; i++)
		free(names[i]);
	free(names);
	return rc;
}

int dl_dm_each(int (*fn)(const struct dl_dm_volume *v, void *ctx), void *ctx)
{
	return dl_dm_each_of(target, fn, ctx);
}

/* Run a task that makes or removes a node, and wait for udev to follow. */
static int run_and_wait(struct dm_task *t, uint16_t udev_flags)
{
	uint32_t cookie = 0;
	int rc = 0;

	if (!dm_task_set_cookie(t, &cookie, udev_flags))
		return -EIO;
	if (!dm_task_run(t))
		rc = dl_dmtask_errno(t);
	dm_udev_wait(cookie);
	dm_task_update_nodes();
	return rc;
}

int dl_dm_create(const char *name, const char *uuid, uint64_t sectors,
		 const char *params)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_CREATE, name);
	int rc = -ENOMEM;

	if (t && dm_task_set_uuid(t, uuid) &&
	    dm_task_add_target(t, 0, sectors, target, params))
		rc = run_and_wait(t, 0);
	if (t)
		dm_task_destroy(t);
	return rc;
}

/*
 * A view has the volume's signatures, UUIDs and all. Rules of udev that look
 * for some would let /dev/disk/by-uuid lead to it, or register it with btrfs in
 * the volume's stead: they are told to leave it alone.
 */
int dl_dm_create_view(const char *name, uint64_t sectors, const char *params)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_CREATE, name);
	int rc = -ENOMEM;

	if (t && dm_task_set_ro(t) &&
	    dm_task_add_target(t, 0, sectors, DL_DM_VIEW, params))
		rc = run_and_wait(t, DM_UDEV_DISABLE_DISK_RULES_FLAG |
				  DM_UDEV_DISABLE_OTHER_RULES_FLAG);
	if (t)
		dm_task_destroy(t);
	return rc;
}

int dl_dm_status(const char *name, char *buf, size_t size)
{
	return dl_dm_status_of(target, name, buf, size);
}

int dl_dm_status_of(const char *type, const char *name, char *buf, size_t size)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_STATUS, name);
	char *found = NULL, *params = NULL;
	uint64_t start, len;
	int rc = 0;

	if (!t)
		return -ENOMEM;
	dm_task_no_flush(t);
	if (!dm_task_run(t)) {
		rc = dl_dmtask_errno(t);
	} else {
		dm_get_next_target(t, NULL, &start, &len, &found, &params);
		if (!found || strcmp(found, type) || !params)
			rc = -ENOENT;
		else
			snprintf(buf, size, "%s", params);
	}
	dm_task_destroy(t);
	return rc;
}

int dl_dm_message(const char *name, const char *message)
{
	return dl_dm_ask(name, message, NULL);
}

/* libdevmapper repeats a message whose answer did not fit, with more room. */
static int take_answer(struct dm_task *t, char **answer)
{
	const char *text = dm_task_get_message_response(t);

	/* Either there is none, or it is not what the header says it is. */
	if (!text && last[0])
		return -EBADMSG;
	*answer = strdup(text ? text : "");
	return *answer ? 0 : -ENOMEM;
}

int dl_dm_ask(const char *name, const char *message, char **answer)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_TARGET_MSG, name);
	int rc = -ENOMEM;

	last[0] = '\0';
	if (t && dm_task_set_sector(t, 0) && dm_task_set_message(t, message)) {
		rc = dm_task_run(t) ? 0 : dl_dmtask_errno(t);
		if (!rc && answer)
			rc = take_answer(t, answer);
	}
	if (t)
		dm_task_destroy(t);
	return rc;
}

int dl_dm_remove_later(const char *name)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_REMOVE, name);
	int rc = -ENOMEM;

	if (t && dm_task_deferred_remove(t))
		rc = run_and_wait(t, 0);
	if (t)
		dm_task_destroy(t);
	return rc;
}

int dl_dm_remove(const char *name)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_REMOVE, name);
	int rc = -ENOMEM;

	if (t) {
		/* udev may be looking at it just now. */
		dm_task_retry_remove(t);
		rc = run_and_wait(t, 0);
		dm_task_destroy(t);
	}
	return rc;
}
