// SPDX-License-Identifier: GPL-2.0
/*
 * See key.h.
 */
#include <errno.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "key.h"
#include "util.h"

void key_add(void)
{
	static const char key[] = "0123456789abcdef0123456789abcdef";

	if (syscall(SYS_add_key, "logon", "dl:test", key, sizeof(key) - 1,
		    KEY_SPEC_SESSION_KEYRING) < 0)
		die("a key cannot be added to the session's keyring: %s",
		    strerror(errno));
}
