// SPDX-License-Identifier: GPL-2.0
/*
 * Module entry and exit.
 */
#include <linux/device-mapper.h>
#include <linux/module.h>

#include "control.h"
#include "sysfs.h"
#include "target.h"
#include "view.h"

static int __init dl_init(void)
{
	int ret;

	dl_sysfs_init();
	ret = dl_control_init();
	if (ret)
		return ret;
	ret = dm_register_target(&dl_view_type);
	if (ret)
		goto no_view;
	/* Last: once there is a volume there is no way back. */
	ret = dm_register_target(&dl_target_type);
	if (ret)
		goto no_target;
	return 0;

no_target:
	dm_unregister_target(&dl_view_type);
no_view:
	dl_control_exit();
	return ret;
}

static void __exit dl_exit(void)
{
	dl_control_exit();
	dm_unregister_target(&dl_view_type);
	dm_unregister_target(&dl_target_type);
}

module_init(dl_init);
module_exit(dl_exit);

MODULE_DESCRIPTION("device-mapper deltalog target");
MODULE_AUTHOR("The dm-deltalog authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS("dm-deltalog");
MODULE_SOFTDEP("pre: crc32c");
