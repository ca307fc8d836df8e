/* SPDX-License-Identifier: GPL-2.0 */
/* A picture that is drawn as SVG, and kept as that or, by rsvg-convert, as PNG. */
#ifndef DL_TOOL_PICTURE_H
#define DL_TOOL_PICTURE_H

#include <stdio.h>

/**
 * dl_picture_check() - can it be kept there
 * @path: ends with .svg or .png; "-" is standard output, as SVG
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_picture_check(const char *path);

/**
 * dl_picture_write() - keep it
 * @path: as above
 * @svg: it
 * @size: bytes
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_picture_write(const char *path, const char *svg, size_t size);

/**
 * dl_picture_open() - begin to keep one that is drawn as it goes, as SVG
 * @path: any name; "-" is standard output
 *
 * Return: where it is to be drawn to, for dl_picture_close(); NULL with the reason said.
 */
FILE *dl_picture_open(const char *path);

/**
 * dl_picture_close() - it has been drawn
 * @f: of dl_picture_open()
 * @path: the same
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_picture_close(FILE *f, const char *path);

#endif
