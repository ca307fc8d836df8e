/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Another key of the user's for a running volume.
 */
#ifndef DL_REKEY_H
#define DL_REKEY_H

struct dl_volume;

/**
 * dl_rekey() - from now on the log opens with another key, and no other
 * @v: volume
 * @key: where it is, ":32:<logon|user>:<description>", in a keyring of the caller
 *
 * Nothing but the superblocks is written. Should it fail on the way the log may open
 * with either of the two, or, if it was the log device that failed, as well.
 *
 * Context: process, may sleep; the volume may be suspended.
 * Return: 0; -EOPNOTSUPP the log is not encrypted; -EROFS; -EBUSY it is being
 * detached or was not started; -EIO; as dl_crypt_wrap(). Every reason is logged.
 */
int dl_rekey(struct dl_volume *v, const char *key);

#endif
