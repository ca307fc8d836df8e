/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel messages, all with the same prefix as other targets' have.
 */
#ifndef DL_MSG_H
#define DL_MSG_H

#include <linux/printk.h>

#define DL_MSG_PREFIX "device-mapper: deltalog: "

#define dl_err(fmt, ...)  pr_err(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)
#define dl_warn(fmt, ...) pr_warn(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)
#define dl_info(fmt, ...) pr_info(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)
#define dl_err_limit(fmt, ...) \
	pr_err_ratelimited(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)
#define dl_warn_limit(fmt, ...) \
	pr_warn_ratelimited(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)
#define dl_info_limit(fmt, ...) \
	pr_info_ratelimited(DL_MSG_PREFIX fmt "\n", ##__VA_ARGS__)

#endif
