/* SPDX-License-Identifier: GPL-2.0 */
/* A picture that is drawn as SVG, and kept as that or, by rsvg-convert, as PNG. */
#ifndef DL_TOOL_PICTURE_H
#define DL_TOOL_PICTURE_H

#include <stddef.h>

/**
 * dl_picture_check() - can it be kept there; nothing is left there, or lost
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

#endif
