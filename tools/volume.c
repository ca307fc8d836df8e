// SPDX-License-Identifier: GPL-2.0
/* Bringing a volume up. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cipher.h"
#include "dm.h"
#include "err.h"
#include "human.h"
#include "inuse.h"
#include "json.h"
#include "kmsg.h"
#include "progress.h"
#include "table.h"
#include "volume.h"

int dl_volume_open(struct dl_volume *v, const char *origin, const char *log,
		   unsigned int log_flags)
{
	int rc;

	memset(v, 0, sizeof(*v));
	v->origin.fd = -1;
	v->log.fd = -1;
	v->origin_claim = -1;
	v->log_claim = -1;
	rc = dl_blkdev_open(&v->origin, "origin", origin, DL_BLKDEV_RW);
	if (!rc)
		rc = dl_blkdev_open(&v->log, "log", log,
				    log_flags | DL_BLKDEV_RW);
	if (!rc)
		rc = dl_blkdev_apart(&v->origin, &v->log);
	if (!rc)
		rc = dl_inuse_claim(&v->origin, &v->origin_claim);
	if (!rc)
		rc = dl_inuse_claim(&v->log, &v->log_claim);
	return rc;
}

static void give_up(int *claim)
{
	if (*claim >= 0)
		close(*claim);
	*claim = -1;
}

void dl_volume_close(struct dl_volume *v)
{
	give_up(&v->origin_claim);
	give_up(&v->log_claim);
	dl_blkdev_close(&v->origin);
	dl_blkdev_close(&v->log);
}

int dl_volume_name_free(const char *name)
{
	struct dl_dm_volume dm;
	int rc = dl_dm_find(name, &dm);

	if (rc == -ENOENT)
		return 0;
	if (rc)
		return dl_err(DL_EXIT_KERNEL, "%s: cannot be looked up: %s",
			      name, strerror(-rc));
	return dl_err(DL_EXIT_NAME,
		      "a device-mapper device called '%s' exists already%s; choose another name",
		      name, dm.ours ? " (a deltalog volume)" : "");
}

/* Of all deltalog devices one look at the table tells whose log it is. */
static void dm_uuid(char *buf, size_t size, const struct dl_super *sb)
{
	char uuid[DL_HUMAN_UUID];

	snprintf(buf, size, "DELTALOG-%s", dl_human_uuid(uuid, sb->uuid));
}

int dl_volume_start(struct dl_volume *v, const char *name,
		    const struct dl_super *sb, uint64_t sectors)
{
	char params[DL_DM_PARAMS], uuid[64], why[512];
	const char *hint;
	int kmsg = dl_kmsg_mark(), rc;
	pid_t waiting;

	dl_table_build(params, sizeof(params), v->origin.rdev, v->log.rdev);
	dm_uuid(uuid, sizeof(uuid), sb);
	give_up(&v->origin_claim);
	give_up(&v->log_claim);
	waiting = dl_progress_wait_begin("activating");
	rc = dl_dm_create(name, uuid, sectors, params);
	dl_progress_wait_end(waiting);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (!rc)
		return 0;
	hint = dl_table_hint(why);
	if (hint)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: the kernel refused: %s (here: %s)", name,
			      why, hint);
	return dl_err(DL_EXIT_KERNEL, "%s: the kernel refused: %s%s", name,
		      why[0] ? why : strerror(-rc), why[0] ? "" :
		      "; its log may say more (dmesg)");
}

static void tell_json(const struct dl_volume *v, const char *name,
		      const char *how, const char *device, const char *uuid,
		      const struct dl_super *sb, uint64_t sectors)
{
	struct json_object *o = json_object_new_object();

	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", how);
	dl_json_str(o, "name", name);
	dl_json_str(o, "device", device);
	dl_json_str(o, "origin", v->origin.path);
	dl_json_str(o, "log", v->log.path);
	dl_json_str(o, "uuid", uuid);
	dl_json_str(o, "label", sb->label);
	dl_json_u64(o, "volume_bytes", sectors << DL_SECTOR_SHIFT);
	dl_json_u64(o, "log_bytes", sb->log_sectors << DL_SECTOR_SHIFT);
	dl_json_u64(o, "block_bytes", sb->block_bytes);
	dl_json_u64(o, "chunk_bytes", (uint64_t)sb->chunk_sectors << DL_SECTOR_SHIFT);
	/* That its key was drawn is as new as the volume. */
	if (sb->incompat & DL_FEATURE_CRYPT)
		dl_json_str(o, "cipher", dl_cipher_name(sb->crypt.cipher));
	dl_json_print(o);
}

void dl_volume_tell(const struct dl_volume *v, const char *name,
		    const char *how, const struct dl_super *sb,
		    uint64_t sectors)
{
	char device[DL_DM_NAME + 16], uuid[DL_HUMAN_UUID], size[40];

	snprintf(device, sizeof(device), "/dev/mapper/%s", name);
	dl_human_uuid(uuid, sb->uuid);
	if (dl_json_wanted()) {
		tell_json(v, name, how, device, uuid, sb, sectors);
		return;
	}
	printf("%s %s\n", name, how);
	printf("  volume   %s, %s\n", device,
	       dl_human_bytes(size, sizeof(size), sectors << DL_SECTOR_SHIFT));
	printf("  origin   %s\n", v->origin.path);
	printf("  log      %s, %s, %u-byte blocks, uuid %s\n", v->log.path,
	       dl_human_bytes(size, sizeof(size),
			      sb->log_sectors << DL_SECTOR_SHIFT),
	       sb->block_bytes, uuid);
	if (sb->incompat & DL_FEATURE_CRYPT)
		printf("  cipher   %s\n", dl_cipher_name(sb->crypt.cipher));
}
