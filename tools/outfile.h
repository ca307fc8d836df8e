/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A file that is named on the command line for what comes out, or standard output. Never a
 * block device: somebody has mistaken it.
 */
#ifndef DL_TOOL_OUTFILE_H
#define DL_TOOL_OUTFILE_H

#include <stdio.h>

/**
 * dl_outfile_try() - find out whether it can be written, before there is anything to write
 * @path: file; what it has stays, and one that was not there is not there afterwards. "-"
 *	is standard output, which always can
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_outfile_try(const char *path);

/**
 * dl_outfile_open() - begin to write
 * @path: file, whose content is lost; "-" is standard output
 *
 * Return: for dl_outfile_close(); NULL with the reason said.
 */
FILE *dl_outfile_open(const char *path);

/**
 * dl_outfile_close() - it has been written
 * @f: of dl_outfile_open()
 * @path: the same
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_outfile_close(FILE *f, const char *path);

#endif
