/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a write is from: the control group that it is accounted to, by its number.
 * Kernels may be built without.
 */
#ifndef DL_CLIENT_H
#define DL_CLIENT_H

#include <linux/bio.h>
#include <linux/blk-cgroup.h>
#include <linux/cgroup.h>
#include <linux/err.h>

#ifdef CONFIG_BLK_CGROUP

/* The number of @bio's cgroup; 0: none. Any context. */
static inline u64 dl_client_of(struct bio *bio)
{
	struct cgroup_subsys_state *css = bio_blkcg_css(bio);

	return css ? cgroup_id(css->cgroup) : 0;
}

/*
 * The number of the cgroup at @path of the unified hierarchy; 0: there is none.
 * May sleep.
 */
static inline u64 dl_client_find(const char *path)
{
	struct cgroup *cgrp = cgroup_get_from_path(path);
	u64 id;

	if (IS_ERR(cgrp))
		return 0;
	id = cgroup_id(cgrp);
	cgroup_put(cgrp);
	return id;
}

#else

static inline u64 dl_client_of(struct bio *bio)
{
	return 0;
}

static inline u64 dl_client_find(const char *path)
{
	return 0;
}

#endif

#endif
