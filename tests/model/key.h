/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A key for volumes whose log is encrypted, in the session's keyring.
 */
#ifndef DLT_KEY_H
#define DLT_KEY_H

/* Options of the table line, both ciphers; a volume's log must be blank at first. */
#define KEY_OPTION		" new_key key :32:logon:dl:test"
#define KEY_OPTION_CHACHA	KEY_OPTION " cipher chacha20-poly1305"

/* Have that key; ends the program if that cannot be. */
void key_add(void);

#endif
