// SPDX-License-Identifier: GPL-2.0
/*
 * Device mapper for tests, see dm.h.
 */
#include <errno.h>
#include <libdevmapper.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../model/util.h"
#include "dm.h"

/* libdevmapper keeps lists of its own and is not made for threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last_message[512];

static void keep_message(int level, const char *file, int line, int err,
			 const char *fmt, ...)
{
	va_list ap;

	(void)file;
	(void)line;
	(void)err;
	if ((level & 7) > 4)
		return;
	va_start(ap, fmt);
	vsnprintf(last_message, sizeof(last_message), fmt, ap);
	va_end(ap);
}

void dm_setup(void)
{
	dm_log_with_errno_init(keep_message);
}

const char *dm_last_message(void)
{
	return last_message;
}

struct table {
	uint64_t sectors;
	const char *target, *params;
};

static int run_task(int type, const char *name, const struct table *t,
		      const char *message, char *status, size_t size)
{
	struct dm_task *task = dm_task_create(type);
	int err = 0;

	if (!task || !dm_task_set_name(task, name))
		die("libdevmapper: %s", last_message);
	if (t && !dm_task_add_target(task, 0, t->sectors, t->target, t->params))
		die("libdevmapper: %s", last_message);
	if (message && (!dm_task_set_message(task, message) ||
			!dm_task_set_sector(task, 0)))
		die("libdevmapper: %s", last_message);
	if (type == DM_DEVICE_CREATE || type == DM_DEVICE_RESUME)
		dm_task_set_read_ahead(task, DM_READ_AHEAD_NONE, 0);
	dm_task_no_open_count(task);
	if (!dm_task_run(task)) {
		err = dm_task_get_errno(task);
		if (!err)
			err = EINVAL;
	}
	dm_task_update_nodes();
	if (!err && status) {
		char *target, *params;
		uint64_t start, sectors;

		dm_get_next_target(task, NULL, &start, &sectors, &target,
				   &params);
		snprintf(status, size, "%s", params ? params : "");
	}
	dm_task_destroy(task);
	return err;
}

static int run(int type, const char *name, const struct table *t,
	       const char *message, char *status, size_t size)
{
	int err;

	pthread_mutex_lock(&lock);
	err = run_task(type, name, t, message, status, size);
	pthread_mutex_unlock(&lock);
	return err;
}

int dm_create(const char *name, uint64_t sectors, const char *target,
	      const char *params)
{
	const struct table t = { sectors, target, params };

	return run(DM_DEVICE_CREATE, name, &t, NULL, NULL, 0);
}

void dm_create_or_die(const char *name, uint64_t sectors, const char *target,
		      const char *params)
{
	if (dm_create(name, sectors, target, params))
		die("cannot create %s (%s %s): %s", name, target, params,
		    last_message);
}

int dm_remove(const char *name)
{
	return run(DM_DEVICE_REMOVE, name, NULL, NULL, NULL, 0);
}

void dm_remove_or_die(const char *name)
{
	if (dm_remove(name))
		die("cannot remove %s: %s", name, last_message);
}

void dm_remove_if_there(const char *name)
{
	struct dm_info info = { 0 };
	struct dm_task *task;

	pthread_mutex_lock(&lock);
	task = dm_task_create(DM_DEVICE_INFO);
	if (task && dm_task_set_name(task, name) && dm_task_run(task))
		dm_task_get_info(task, &info);
	if (task)
		dm_task_destroy(task);
	pthread_mutex_unlock(&lock);
	if (info.exists)
		dm_remove_or_die(name);
}

int dm_replace(const char *name, uint64_t sectors, const char *target,
	       const char *params)
{
	const struct table t = { sectors, target, params };
	int err = run(DM_DEVICE_RELOAD, name, &t, NULL, NULL, 0);

	if (!err)
		err = dm_suspend(name);
	if (!err)
		err = dm_resume(name);
	return err;
}

int dm_suspend(const char *name)
{
	return run(DM_DEVICE_SUSPEND, name, NULL, NULL, NULL, 0);
}

int dm_resume(const char *name)
{
	return run(DM_DEVICE_RESUME, name, NULL, NULL, NULL, 0);
}

int dm_message(const char *name, const char *message)
{
	return run(DM_DEVICE_TARGET_MSG, name, NULL, message, NULL, 0);
}

int dm_status(const char *name, char *out, size_t size)
{
	return run(DM_DEVICE_STATUS, name, NULL, NULL, out, size);
}

const char *dm_path(const char *name, char *out, size_t size)
{
	snprintf(out, size, "/dev/mapper/%s", name);
	return out;
}
