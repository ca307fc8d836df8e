// SPDX-License-Identifier: GPL-2.0
/* Where a key is. */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "keyplace.h"

#define TEXT_MAX	255u	/* what the kernel takes */
#define HEX_MAX		31u	/* digits in a row: 32 are a key of 16 bytes */

/* A word of a table: what parts words there, or takes that away, is none of it. */
static bool one_word(const char *s)
{
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) || *s == '\\')
			return false;
	return true;
}

static bool looks_like_a_key(const char *s)
{
	size_t n = 0;

	for (; *s; s++) {
		n = isxdigit((unsigned char)*s) ? n + 1 : 0;
		if (n > HEX_MAX)
			return true;
	}
	return false;
}

const char *dl_keyplace_wrong(const char *text)
{
	const char *name = NULL, *colon;

	if (looks_like_a_key(text))
		return "that looks like a key, which a command line shows to everybody: say where it is, ':32:logon:deltalog:NAME', after 'keyctl padd logon deltalog:NAME @u < FILE'";
	if (!strncmp(text, ":32:logon:", 10))
		name = text + 10;
	else if (!strncmp(text, ":32:user:", 9))
		name = text + 9;
	if (!name || !*name)
		return "say where the key of 32 bytes is, ':32:logon:deltalog:NAME' or ':32:user:NAME', after 'keyctl padd logon deltalog:NAME @u < FILE'";
	if (strlen(text) > TEXT_MAX)
		return "the key's name is too long";
	if (!one_word(name))
		return "a key's name here has neither blanks nor backslashes, nor what is not ASCII; add the key under another one with keyctl";
	/* The kernel has no logon key without; it would not find one. */
	colon = strchr(name, ':');
	if (text[4] == 'l' && (!colon || colon == name))
		return "the name of a logon key has a prefix and a colon, as in ':32:logon:deltalog:NAME'; 'keyctl padd logon deltalog:NAME @u < FILE' adds one";
	return NULL;
}
