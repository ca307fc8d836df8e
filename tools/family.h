/* SPDX-License-Identifier: GPL-2.0 */
/* Verbs of two words, which share the first. */
#ifndef DL_TOOL_FAMILY_H
#define DL_TOOL_FAMILY_H

#include "opt.h"

/**
 * dl_family_run() - run the one that the second word names, or help
 * @family: the verb that is the first word; its @about says what they are for
 * @verbs: them, NULL at the end; their names have both words
 * @argc: words after the first
 * @argv: the words
 *
 * Return: exit code.
 */
int dl_family_run(const struct dl_verb *family,
		  const struct dl_verb *const *verbs, int argc, char **argv);

#endif
