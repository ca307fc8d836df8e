/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device-mapper devices of the tests, through libdevmapper. May be called from
 * several threads. Functions that can fail return 0 or an errno; those with
 * _or_die end the program, as what they do is not what is tested.
 */
#ifndef DLT_DM_H
#define DLT_DM_H

#include <stddef.h>
#include <stdint.h>

/* Once, before anything else; libdevmapper's own messages are kept back. */
void dm_setup(void);
/* The last of those messages. */
const char *dm_last_message(void);

int dm_create(const char *name, uint64_t sectors, const char *target,
	      const char *params);
void dm_create_or_die(const char *name, uint64_t sectors, const char *target,
		      const char *params);
int dm_remove(const char *name);
void dm_remove_or_die(const char *name);
/* Remove @name if there is one. */
void dm_remove_if_there(const char *name);

/* Put a new table in place of the current one: load, suspend, resume. */
int dm_replace(const char *name, uint64_t sectors, const char *target,
	       const char *params);
int dm_suspend(const char *name);
int dm_resume(const char *name);
int dm_message(const char *name, const char *message);
/* The status line of the first target, without its length and name. */
int dm_status(const char *name, char *out, size_t size);

/* A path in /dev/mapper; @out is returned. */
const char *dm_path(const char *name, char *out, size_t size);

#endif
