/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for an array in pieces (core/pieces.h), which may become 16 times as
 * large.
 */
#ifndef DL_PIECES_H
#define DL_PIECES_H

#include "core/pieces.h"

/**
 * dl_pieces_init() - have @nr elements, all zero
 * @p: pieces, empty
 * @nr: elements, not 0
 * @size: bytes of one
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; dl_pieces_exit() either way.
 */
int dl_pieces_init(struct dl_pieces *p, u32 nr, size_t size);

/**
 * dl_pieces_reserve() - have memory for @more elements more
 * @p: pieces; one caller at a time
 * @more: how many
 * @size: bytes of one
 *
 * Context: process, may sleep.
 * Return: 0; -ENOMEM; -E2BIG when there would be too many pieces. What could be
 * had stays for the next time.
 */
int dl_pieces_reserve(struct dl_pieces *p, u32 more, size_t size);

/* There are @more elements more, all zero, for which there is memory. */
void dl_pieces_grow(struct dl_pieces *p, u32 more);

void dl_pieces_exit(struct dl_pieces *p, size_t size);

/* Memory of the elements, in bytes. */
u64 dl_pieces_bytes(const struct dl_pieces *p, size_t size);

#endif
