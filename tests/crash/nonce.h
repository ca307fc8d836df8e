/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Was anything encrypted twice with the same key and nonce? These follow from the
 * epoch, the segment and the place of a block, so frames of a recording must not
 * overlap unless one of the three differs.
 */
#ifndef DLT_NONCE_H
#define DLT_NONCE_H

#include "stream.h"

/* Frames that overlap another one; @frames: out: how many were looked at. */
uint32_t nonces_reused(const struct stream *s, const struct layout *l,
		       uint32_t *frames);

#endif
