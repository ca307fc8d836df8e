/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who a write is from: a control group of the unified hierarchy, by its number, and
 * those that it is part of. Kernels may be built without.
 *
 * A target gets clones, which do not say to whom the bio that they are of is
 * accounted. So it is who makes the call; and if that is the kernel, such as when it
 * writes back what somebody wrote a while ago, it is whom the memory is charged to
 * that the content is in.
 */
#ifndef DL_CLIENT_H
#define DL_CLIENT_H

#include <linux/bio.h>
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched.h>

#ifdef CONFIG_CGROUPS

/* The cgroup that the memory of @bio's first page is charged to, or NULL; RCU. */
static inline struct cgroup *dl_client_charged(struct bio *bio)
{
#ifdef CONFIG_MEMCG
	struct page *page = bio_has_data(bio) ? bio_page(bio) : NULL;
	struct mem_cgroup *memcg = NULL;

	/* Numbers of another hierarchy are other cgroups'. */
	if (page && !mem_cgroup_disabled() &&
	    cgroup_subsys_on_dfl(memory_cgrp_subsys))
		memcg = page_memcg_check(compound_head(page));
	return memcg ? memcg->css.cgroup : NULL;
#else
	return NULL;
#endif
}

/* Whose @bio is, or NULL. To be called by who submits it, in an RCU read section. */
static inline struct cgroup *dl_client_of(struct bio *bio)
{
	return current->flags & PF_KTHREAD ? dl_client_charged(bio) :
		task_dfl_cgroup(current);
}

/* Its number; 0: none. */
static inline u64 dl_client_id(struct cgroup *client)
{
	return client ? cgroup_id(client) : 0;
}

/*
 * The lowest 16 bits of the number of whose @bio is. To be called by who submits it,
 * with preemption off, which is enough to look at one's own cgroup.
 */
static inline u16 dl_client_short(struct bio *bio)
{
	u16 id;

	if (likely(!(current->flags & PF_KTHREAD)))
		return (u16)cgroup_id(task_dfl_cgroup(current));
	rcu_read_lock();
	id = (u16)dl_client_id(dl_client_charged(bio));
	rcu_read_unlock();
	return id;
}

/*
 * The numbers of the cgroups that @client is in, from the nearest up, at most @room
 * of them; returns how many. In the same RCU read section.
 */
static inline u32 dl_client_above(struct cgroup *client, u64 *above, u32 room)
{
	u32 n = 0;

	while (client && n < room && (client = cgroup_parent(client)))
		above[n++] = cgroup_id(client);
	return n;
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

struct cgroup;

static inline struct cgroup *dl_client_of(struct bio *bio)
{
	return NULL;
}

static inline u64 dl_client_id(struct cgroup *client)
{
	return 0;
}

static inline u16 dl_client_short(struct bio *bio)
{
	return 0;
}

static inline u32 dl_client_above(struct cgroup *client, u64 *above, u32 room)
{
	return 0;
}

static inline u64 dl_client_find(const char *path)
{
	return 0;
}

#endif

#endif
