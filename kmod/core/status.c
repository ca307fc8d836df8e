// SPDX-License-Identifier: GPL-2.0
/*
 * Status codes in words.
 */
#include "status.h"

const char *dl_status_text(enum dl_status st)
{
	static const char * const text[DL_STATUS_COUNT] = {
#define X(code, words) [code] = words,
		DL_STATUS_LIST(X)
#undef X
	};

	/* Via unsigned: whether an enum can be negative is the compiler's choice. */
	if ((unsigned int)st >= DL_STATUS_COUNT)
		return "unknown status";
	return text[st];
}
