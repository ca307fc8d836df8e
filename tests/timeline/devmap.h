/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Device mapper by its ioctls, for what libdevmapper makes slow or hides: the
 * texts that messages return, errors, suspending without flush. May be called
 * from several threads. Functions return 0 or a negative errno.
 */
#ifndef DLT_DEVMAP_H
#define DLT_DEVMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct devmap {
	const char *name;	/* of the device, must stay */
	char path[32];		/* its node */
	unsigned int major, minor;
};

#define DEVMAP_NOFLUSH	1u	/* neither flush nor freeze */

/* Open the control device; ends the program if there is none. */
void devmap_setup(void);

/* Create, load and resume; nothing is left if any of these fails. */
int devmap_make(struct devmap *d, const char *name, uint64_t sectors,
		const char *target, const char *params, bool read_only);
int devmap_remove(const char *name);

int devmap_load(const char *name, uint64_t sectors, const char *target,
		const char *params, bool read_only);
int devmap_clear(const char *name);
int devmap_suspend(const char *name, unsigned int flags);
int devmap_resume(const char *name);

/* What a message returns is put into @reply, "" if nothing. */
int devmap_message(const char *name, const char *text, char *reply,
		   size_t size);
/* The status line of the first target, without its length and name. */
int devmap_status(const char *name, char *out, size_t size);

#endif
