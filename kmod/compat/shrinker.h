/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinkers: embedded in what they shrink until 6.6, allocated by the kernel
 * since 6.7.
 */
#ifndef DL_SHRINKER_H
#define DL_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/version.h>

struct dl_shrinker {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	struct shrinker *s;
#else
	struct shrinker s;
#endif
	void *ctx;
};

typedef unsigned long (*dl_shrink_fn)(struct shrinker *s,
				      struct shrink_control *sc);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)

static inline int dl_shrinker_add(struct dl_shrinker *sh, dl_shrink_fn count,
				  dl_shrink_fn scan, void *ctx,
				  const char *name)
{
	sh->s = shrinker_alloc(0, "%s", name);
	if (!sh->s)
		return -ENOMEM;
	sh->ctx = ctx;
	sh->s->count_objects = count;
	sh->s->scan_objects = scan;
	sh->s->private_data = sh;
	shrinker_register(sh->s);
	return 0;
}

/* Also of one that was never added. Waits for who is in it. */
static inline void dl_shrinker_del(struct dl_shrinker *sh)
{
	if (sh->ctx)
		shrinker_free(sh->s);
	sh->ctx = NULL;
}

static inline void *dl_shrinker_ctx(struct shrinker *s)
{
	return ((struct dl_shrinker *)s->private_data)->ctx;
}

#else

static inline int dl_shrinker_add(struct dl_shrinker *sh, dl_shrink_fn count,
				  dl_shrink_fn scan, void *ctx,
				  const char *name)
{
	int ret;

	sh->ctx = ctx;
	sh->s.count_objects = count;
	sh->s.scan_objects = scan;
	sh->s.seeks = DEFAULT_SEEKS;
	ret = register_shrinker(&sh->s, "%s", name);
	if (ret)
		sh->ctx = NULL;
	return ret;
}

static inline void dl_shrinker_del(struct dl_shrinker *sh)
{
	if (sh->ctx)
		unregister_shrinker(&sh->s);
	sh->ctx = NULL;
}

static inline void *dl_shrinker_ctx(struct shrinker *s)
{
	return container_of(s, struct dl_shrinker, s)->ctx;
}

#endif

#endif
