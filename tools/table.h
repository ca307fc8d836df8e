/* SPDX-License-Identifier: GPL-2.0 */
/* The target's table line: its options on our command line, and the text. */
#ifndef DL_TOOL_TABLE_H
#define DL_TOOL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "opt.h"

/* The options of the target, for a verb's groups. */
extern const struct dl_opt dl_table_opts[];

/* Those that only make sense for a log that has a past. */
extern const struct dl_opt dl_table_activate_opts[];

/* What the options must obey, some of them together. Return: NULL or what is wrong. */
const char *dl_table_wrong(void);

/**
 * dl_table_load() - read what an option names the file of
 *
 * Return: 0 or an exit code with the reason said. Before dl_table_build().
 */
int dl_table_load(void);

/* Whether the option was given that says where the key is. */
bool dl_table_keyed(void);

/* The log was just made: if it is to be encrypted, it has no key yet. */
void dl_table_new_key(void);

/* The target's parameters for what was given on the command line. */
void dl_table_build(char *buf, size_t size, dev_t origin, dev_t log);

/**
 * dl_table_hint() - how an option that the kernel names is called here
 * @text: what the kernel said
 *
 * Return: the option with its dashes, when @text names one that would help and
 * was not given; else NULL.
 */
const char *dl_table_hint(const char *text);

#endif
