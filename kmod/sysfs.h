/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The folder "deltalog" of a volume's disk in sysfs: Documentation/sysfs.md.
 */
#ifndef DL_SYSFS_H
#define DL_SYSFS_H

struct dm_target;

/* Once, before there are volumes. */
void dl_sysfs_init(void);

/*
 * The folder belongs to the live table. A table that becomes live makes it, or
 * takes it over from the one before; when the owner goes it goes. May sleep.
 */
void dl_sysfs_add(struct dm_target *ti);
void dl_sysfs_remove(struct dm_target *ti);

#endif
