// SPDX-License-Identifier: GPL-2.0
/* Ciphers of a log. */
#include <string.h>

#include "cipher.h"

static const char *const names[DL_CIPHERS] = {
	[DL_CIPHER_AES_GCM] = "aes-gcm",
	[DL_CIPHER_CHACHA] = "chacha20-poly1305",
};

const char *dl_cipher_name(u32 cipher)
{
	return cipher && cipher < DL_CIPHERS ? names[cipher] : "none";
}

u32 dl_cipher_of(const char *name)
{
	u32 i;

	for (i = 1; i < DL_CIPHERS; i++)
		if (!strcmp(name, names[i]))
			return i;
	return 0;
}

struct json_object *dl_cipher_json(const struct dl_super *sb)
{
	struct json_object *o;

	if (!(sb->incompat & DL_FEATURE_CRYPT))
		return NULL;
	o = json_object_new_object();
	dl_json_str(o, "cipher", dl_cipher_name(sb->crypt.cipher));
	dl_json_bool(o, "keyed", dl_super_sealed(sb));
	return o;
}
