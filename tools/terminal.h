/* SPDX-License-Identifier: GPL-2.0 */
/* What output can be drawn on. */
#ifndef DL_TOOL_TERMINAL_H
#define DL_TOOL_TERMINAL_H

#include <stdbool.h>

/* Is @fd a terminal that moves its cursor when told to: not if TERM is dumb, or unset. */
bool dl_terminal_draws(int fd);

#endif
