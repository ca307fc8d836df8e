/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The user's key, and what is made of the volume's own. See crypt.h.
 */
#ifndef DL_CRYPTKEY_H
#define DL_CRYPTKEY_H

#include "crypt.h"

/* An AEAD of @cipher. Context: process, may sleep. Return: it or an ERR_PTR. */
struct crypto_aead *dl_cipher_alloc(u32 cipher);

/* Give @tfm the volume's key for @what, one of these, in @epoch. */
#define DL_KEY_FRAMES		"dm-deltalog frames"
#define DL_KEY_CHECKPOINTS	"dm-deltalog checkpoints"

/* Context: process, may sleep. Return: 0 or -errno. */
int dl_crypt_derive(const struct dl_crypt *c, struct crypto_aead *tfm,
		    const char *what, u64 epoch);

/*
 * Have the key for checkpoints of @epoch, once the volume's is there. Return: 0, -errno.
 * Context: process, may sleep.
 */
int dl_crypt_have_cp(struct dl_crypt *c, u64 epoch);

#endif
