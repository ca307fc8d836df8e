/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The granularity map as a picture: a cell for some regions, the volume from left to
 * right and from top to bottom; the colour is for the rate, a strip below it for the
 * level.
 */
#ifndef DL_TOOL_MAPSVG_H
#define DL_TOOL_MAPSVG_H

#include "grains.h"

/**
 * dl_mapsvg_write() - draw it
 * @path: file, "-" for standard output
 * @name: the volume's
 * @g: its map
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_mapsvg_write(const char *path, const char *name,
		    const struct dl_grains *g);

#endif
