// SPDX-License-Identifier: GPL-2.0
/*
 * Changing options of a running volume. See tunable.h.
 */
#include "msg.h"
#include "target.h"
#include "tunable.h"
#include "volume.h"

int dl_tunable_set(struct dl_volume *v, const char *name, const char *value)
{
	struct dl_target *live;
	int ret;

	mutex_lock(&v->event_lock);
	ret = dl_options_set(&v->opts, name, value);
	if (!ret) {
		WRITE_ONCE(v->log.commit_ms, v->opts.commit_ms);
		dl_recent_limit(&v->log, v->opts.cache_mem_kib);
		live = v->ti ? v->ti->private : NULL;
		if (live)
			live->opts = v->opts;
	}
	mutex_unlock(&v->event_lock);
	if (ret) {
		dl_err("%s: set %s %s: %s", v->name, name, value,
		       ret == -ENOENT ? "no such tunable" :
		       ret == -EPERM ? "fixed until the next activation" :
		       "value out of range");
		return -EINVAL;
	}
	dl_reconcile_kick(&v->rc);
	return 0;
}
