// SPDX-License-Identifier: GPL-2.0
/* Terminals. See terminal.h. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

bool dl_terminal_draws(int fd)
{
	const char *term = getenv("TERM");

	return term && *term && strcmp(term, "dumb") && isatty(fd);
}
