/* SPDX-License-Identifier: GPL-2.0 */
/* How logs are encrypted, in words and as JSON. */
#ifndef DL_TOOL_CIPHER_H
#define DL_TOOL_CIPHER_H

#include "json.h"
#include "super.h"

/* What --cipher and the kernel call it; "none" for what is no cipher. */
const char *dl_cipher_name(u32 cipher);

/* And back: 0 for what is none. */
u32 dl_cipher_of(const char *name);

/*
 * {"cipher", "keyed"}, NULL if the log is in the clear. What the volume's key is
 * wrapped in stays in the superblock: nobody has use for a copy but for guessing.
 */
struct json_object *dl_cipher_json(const struct dl_super *sb);

#endif
