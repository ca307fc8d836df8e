/* SPDX-License-Identifier: GPL-2.0 */
/* The snapshots of a volume, as the target lists them. */
#ifndef DL_TOOL_SNAPS_H
#define DL_TOOL_SNAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

#define DL_SNAP_NAME	64	/* with the zero at its end */

#define DL_SNAP_UNKNOWN	UINT64_MAX

struct dl_snap {
	uint64_t id, seq, time_ns, views;
	/* Bytes of the log that it alone holds, if dl_snaps_space() was asked. */
	uint64_t exclusive;
	char name[DL_SNAP_NAME];
};

struct dl_snaps {
	struct dl_snap *snap;
	size_t nr;
	uint64_t held;		/* and all of them, and the window, together */
};

/* Whether a snapshot may be called @name; says why not if not. */
bool dl_snaps_name_ok(const char *name);

/**
 * dl_snaps_parse() - take a list apart
 * @s: out; dl_snaps_free() is due in either case
 * @text: what the target answered
 *
 * Return: 0, -EINVAL when it is no list, -ENOMEM.
 */
int dl_snaps_parse(struct dl_snaps *s, const char *text);

/**
 * dl_snaps_read() - ask for a volume's snapshots
 * @s: out; dl_snaps_free() is due in either case
 * @volume: name of the volume
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_snaps_read(struct dl_snaps *s, const char *volume);

/**
 * dl_snaps_space() - ask what snapshots hold of the log
 * @s: as read; @held and each one's @exclusive are filled in
 * @volume: name of the volume
 *
 * What the kernel does not tell, because its module is older or a snapshot has
 * come or gone meanwhile, stays DL_SNAP_UNKNOWN.
 */
void dl_snaps_space(struct dl_snaps *s, const char *volume);
void dl_snaps_free(struct dl_snaps *s);

/* The one called @name, or NULL. */
const struct dl_snap *dl_snaps_find(const struct dl_snaps *s, const char *name);

/**
 * dl_snaps_unused() - a name for a snapshot of what was before
 * @s: the snapshots there are
 * @before: what it is called up to the time: "before-rewind"
 * @name: out: DL_SNAP_NAME bytes: "before-rewind-20261121-140309", with a
 * number behind it if that is taken
 */
void dl_snaps_unused(const struct dl_snaps *s, const char *before, char *name);

/**
 * dl_snaps_need() - look a snapshot up that must be there
 * @volume: name of the volume
 * @snapshot: its name
 * @snap: out
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_snaps_need(const char *volume, const char *snapshot,
		  struct dl_snap *snap);

/* There is none. Says so; return: DL_EXIT_NAME. */
int dl_snaps_missing(const char *volume, const char *snapshot);

/* There is one called @name already. Says so; return: DL_EXIT_NAME. */
int dl_snaps_taken(const char *volume, const char *name);

/**
 * dl_snaps_message() - send a message about a snapshot
 * @volume: name of the volume
 * @what: the message's first word
 * @snapshot: its second
 * @more: its third, or NULL
 * @answer: as for dl_dm_ask()
 *
 * Names have to be good. Nothing is said, nothing touches a file.
 * Return: 0 or a negative errno.
 */
int dl_snaps_message(const char *volume, const char *what, const char *snapshot,
		     const char *more, char **answer);

/**
 * dl_snaps_refused() - say why the kernel refused what it was asked
 * @volume: name of the volume
 * @snapshot: the snapshot's
 * @wanted: name that was wanted for a snapshot, or NULL
 * @doing: what failed: "deleting"
 * @rc: negative errno
 * @kmsg: mark in the kernel's log from before, closed here
 *
 * Return: exit code.
 */
int dl_snaps_refused(const char *volume, const char *snapshot,
		     const char *wanted, const char *doing, int rc, int kmsg);

/* For output in JSON; @volume is left out if it is NULL. */
struct json_object *dl_snaps_json(const char *volume, const struct dl_snap *s);

#endif
