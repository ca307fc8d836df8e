/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device-mapper devices with one deltalog target, or one that shows a snapshot
 * of such a device. What talks to libdevmapper is here, and in freeze.c; with
 * DM_DISABLE_UDEV=1 it makes the nodes itself.
 */
#ifndef DL_TOOL_DM_H
#define DL_TOOL_DM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DL_DM_NAME	128
/* With a policy, of up to 4000 bytes. */
#define DL_DM_PARAMS	5120
#define DL_DM_STATUS	4096

/* Names of the targets. */
#define DL_DM_VOLUME	"deltalog"
#define DL_DM_VIEW	"deltalog-view"

struct dl_dm_volume {
	char name[DL_DM_NAME];
	char uuid[160];
	unsigned int major, minor;
	int open_count;
	bool suspended, read_only;
	char type[16];			/* its target, "" if it has several */
	bool ours;			/* which is deltalog */
	uint64_t sectors;
	char params[DL_DM_PARAMS];	/* table line after the target's name */
	char origin[32], log[32];	/* "major:minor" out of it */
};

/* Quieten libdevmapper: its messages go in dl_dm_last(). */
void dl_dm_init(void);

/* The last thing libdevmapper complained of, or "". */
const char *dl_dm_last(void);

/**
 * dl_dm_ready() - is there a kernel that can do it
 *
 * Loads the module if the kernel can find it.
 * Return: 0, or DL_EXIT_KERNEL with the reason said.
 */
int dl_dm_ready(void);

/**
 * dl_dm_name() - what a device is called that may be given by a path
 * @buf: DL_DM_NAME bytes
 * @name: its name, /dev/mapper/NAME, or a path of its node as /dev/dm-0 is
 *
 * Return: its name, in @buf or in @name; @name if it is no path of a device-mapper
 * device.
 */
const char *dl_dm_name(char *buf, const char *name);

/**
 * dl_dm_find() - look a device up
 * @name: as of dl_dm_name(); what @v has is its name
 * @v: out; v->ours is false for a device of another target
 *
 * Return: 0; -ENOENT when there is none (nothing is said); other negative
 * errno from the kernel.
 */
int dl_dm_find(const char *name, struct dl_dm_volume *v);

/**
 * dl_dm_get() - dl_dm_find() for a volume that must be there
 * @name: as of dl_dm_name(); from here on @v->name is what it is called
 * @v: out
 *
 * Return: 0, or DL_EXIT_NAME or another exit code with the reason said.
 */
int dl_dm_get(const char *name, struct dl_dm_volume *v);

/**
 * dl_dm_each() - call @fn for every deltalog volume, in order of names
 * @fn: non-zero stops and is returned
 * @ctx: for @fn
 */
int dl_dm_each(int (*fn)(const struct dl_dm_volume *v, void *ctx), void *ctx);

/* The same for devices whose one target is @type. */
int dl_dm_each_of(const char *type,
		  int (*fn)(const struct dl_dm_volume *v, void *ctx),
		  void *ctx);

/* Make and resume a device. Return: 0 or a negative errno; then there is none. */
int dl_dm_create(const char *name, const char *uuid, uint64_t sectors,
		 const char *params);

/* Make and resume a read-only view. Return: as dl_dm_create(). */
int dl_dm_create_view(const char *name, uint64_t sectors, const char *params);

/* The info status line. Return: 0 or a negative errno. */
int dl_dm_status(const char *name, char *buf, size_t size);

/* The same of a device with target @type. */
int dl_dm_status_of(const char *type, const char *name, char *buf, size_t size);

/* Send a message; blocks as long as the target does. 0 or a negative errno. */
int dl_dm_message(const char *name, const char *message);

/**
 * dl_dm_ask() - dl_dm_message() for a message that is answered with text
 * @name: volume
 * @message: message
 * @answer: out, after 0: the text, "" if there is none, to be freed; may be
 * NULL
 *
 * Return: 0 or a negative errno; -EBADMSG if all was well but for the text.
 */
int dl_dm_ask(const char *name, const char *message, char **answer);

/* Remove a device. Return: 0 or a negative errno, -EBUSY when it is open. */
int dl_dm_remove(const char *name);

/**
 * dl_dm_remove_later() - have the kernel remove a device at its last close
 * @name: a device that is open, so that it goes however its user ends
 *
 * dl_dm_remove() is still right, once the message "@cancel_deferred_remove" was
 * sent and the device closed.
 * Return: 0 or a negative errno.
 */
int dl_dm_remove_later(const char *name);

#endif
