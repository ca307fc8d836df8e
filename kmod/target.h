/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The target: what one table line holds.
 */
#ifndef DL_TARGET_H
#define DL_TARGET_H

#include <linux/device-mapper.h>

#include "options.h"

struct dl_volume;

struct dl_target {
	struct dm_dev *origin;
	struct dm_dev *log;
	struct dl_options opts;
	struct dl_volume *volume;
	char *policy;		/* that the table gives, or NULL */
	bool policy_set;	/* it has been put in force: the volume has it */
};

/* Status line, see Documentation/target.md. */
void dl_status(struct dm_target *ti, status_type_t type,
	       unsigned int status_flags, char *result, unsigned int maxlen);

/* Messages, see Documentation/target.md. */
int dl_message(struct dm_target *ti, unsigned int argc, char **argv,
	       char *result, unsigned int maxlen);

extern struct target_type dl_target_type;

#endif
