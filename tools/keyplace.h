/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a key is, as dm-crypt has it: ":32:logon:deltalog:vol0", 32 bytes in a
 * keyring of this process. The key itself never passes through here.
 */
#ifndef DL_TOOL_KEYPLACE_H
#define DL_TOOL_KEYPLACE_H

/**
 * dl_keyplace_wrong() - what is wrong with the text that says where a key is
 * @text: from the command line
 *
 * Return: NULL or what is wrong and how it is done, without any of @text: that may
 * be a key that somebody took for the name of one.
 */
const char *dl_keyplace_wrong(const char *text);

#endif
