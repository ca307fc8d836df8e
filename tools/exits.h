/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the tool ends. Scripts depend on these numbers: none is ever given
 * another meaning.
 */
#ifndef DL_TOOL_EXITS_H
#define DL_TOOL_EXITS_H

/* name, number, text for people */
#define DL_EXIT_LIST(X) \
	X(DL_EXIT_OK,		0, "done; check: clean") \
	X(DL_EXIT_FAILED,	1, "an operation failed: I/O, memory, output") \
	X(DL_EXIT_USAGE,	2, "the command line is wrong") \
	X(DL_EXIT_REFUSED,	3, "a device is not fit for what was asked") \
	X(DL_EXIT_NAME,		4, "no such volume, snapshot or view, or the name is taken") \
	X(DL_EXIT_CORRUPT,	5, "damage found: something cannot be read") \
	X(DL_EXIT_KERNEL,	6, "the kernel refused") \
	X(DL_EXIT_INTERRUPTED,	7, "interrupted; may be repeated") \
	X(DL_EXIT_BUSY,		8, "a volume or a device is in use") \
	X(DL_EXIT_DEGRADED,	9, "check: a spare copy is damaged, nothing is lost") \
	X(DL_EXIT_TIMEOUT,	10, "wait-event: nothing happened in time")

enum dl_exit {
#define X(name, number, text) name = number,
	DL_EXIT_LIST(X)
#undef X
};

#endif
