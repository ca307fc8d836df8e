// SPDX-License-Identifier: GPL-2.0
/*
 * Changing the user's key. See rekey.h.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "msg.h"
#include "rekey.h"
#include "snapshot.h"
#include "volume.h"

static int refuse(struct dl_volume *v, int err, const char *why)
{
	dl_err("%s: key cannot be changed: %s", v->name, why);
	return err;
}

static int rekey(struct dl_volume *v, const char *key)
{
	struct dl_super_crypt was = v->ck.sb.crypt;
	struct dl_super *sb;
	int ret;

	if (!v->crypt.on)
		return refuse(v, -EOPNOTSUPP,
			      "the log is not encrypted, which only 'deltalog create' could change");
	if (dl_volume_mode(v) != DL_MODE_RW)
		return refuse(v, -EROFS, "the volume is read-only");
	if (!v->started || READ_ONCE(v->detaching))
		return refuse(v, -EBUSY,
			      "the volume was not started, or is being detached");
	if (!dl_crypt_key_ok(key))
		return refuse(v, -EINVAL,
			      "':32:logon:NAME' or ':32:user:NAME' is needed, which says where the new one is");
	/* A copy: nobody else changes what matters of it, and keys may take a while. */
	sb = kmemdup(&v->ck.sb, sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return refuse(v, -ENOMEM, "out of memory");
	ret = dl_crypt_wrap(&v->crypt, key, sb);
	if (!ret)
		dl_checkpoint_rekey(&v->ck, &sb->crypt);
	kfree(sb);
	if (ret)
		return refuse(v, ret, "the new one is not to be had");
	ret = dl_snapshot_save(v);
	if (!ret)
		return 0;
	/* Commits to come are none, or write what is known to work. */
	dl_checkpoint_rekey(&v->ck, &was);
	return refuse(v, ret, "the log cannot be written: it may open with the new one already");
}

/* For the line that says what the table is. */
static void show(struct dl_volume *v, const char *key)
{
	mutex_lock(&v->event_lock);
	strscpy(v->opts.key, key, sizeof(v->opts.key));
	mutex_unlock(&v->event_lock);
}

int dl_rekey(struct dl_volume *v, const char *key)
{
	unsigned int noio = memalloc_noio_save();
	int ret;

	mutex_lock(&v->snapshot_lock);
	ret = rekey(v, key);
	if (!ret)
		show(v, key);
	mutex_unlock(&v->snapshot_lock);
	memalloc_noio_restore(noio);
	return ret;
}
