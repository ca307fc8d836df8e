// SPDX-License-Identifier: GPL-2.0
/*
 * Signatures on a device. Every one is collected, not just the first: a backup
 * that stays behind (GPT's at the end, RAID's old one) would bring the former
 * owner back to life once the log is there.
 */
#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "probe.h"

static const char *value(blkid_probe pr, const char *name, size_t *len)
{
	const char *v = NULL;

	if (blkid_probe_lookup_value(pr, name, &v, len))
		return NULL;
	return v;
}

static const char *usage_words(const char *usage)
{
	if (!usage)
		return "data";
	if (!strcmp(usage, "filesystem"))
		return "file system";
	if (!strcmp(usage, "raid"))
		return "RAID or volume manager member";
	if (!strcmp(usage, "crypto"))
		return "encrypted volume";
	return "data";
}

static void take(blkid_probe pr, struct dl_signature *s)
{
	const char *type = value(pr, "TYPE", NULL), *at, *magic;
	const char *words = usage_words(value(pr, "USAGE", NULL));
	size_t len = 0;

	at = value(pr, "SBMAGIC_OFFSET", NULL);
	magic = value(pr, "SBMAGIC", &len);
	if (!type) {
		type = value(pr, "PTTYPE", NULL);
		words = "partition table";
		at = value(pr, "PTMAGIC_OFFSET", NULL);
		magic = value(pr, "PTMAGIC", &len);
	}
	memset(s, 0, sizeof(*s));
	snprintf(s->type, sizeof(s->type), "%s", type ? type : "unknown");
	snprintf(s->usage, sizeof(s->usage), "%s", words);
	if (at && magic) {
		s->offset = strtoull(at, NULL, 10);
		s->len = (uint32_t)len;
	}
}

int dl_probe_device(const struct dl_blkdev *d, struct dl_probe *p)
{
	blkid_probe pr = blkid_new_probe();
	/* A descriptor of its own: blkid's reads are not aligned. */
	int fd = open(d->path, O_RDONLY | O_CLOEXEC), rc = -1;

	p->nr = 0;
	if (!pr || fd < 0 || blkid_probe_set_device(pr, fd, 0, 0))
		goto out;
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_USAGE |
					  BLKID_SUBLKS_MAGIC |
					  BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC |
					 BLKID_PARTS_FORCE_GPT);
	while (p->nr < DL_PROBE_MAX) {
		rc = blkid_do_probe(pr);
		if (rc)
			break;
		take(pr, &p->sig[p->nr]);
		/* Not written, only hidden, so that what lies behind shows. */
		if (p->sig[p->nr++].len)
			blkid_do_wipe(pr, 1);
	}
out:
	if (rc < 0)
		rc = dl_err(DL_EXIT_FAILED,
			    "%s %s: cannot be probed for signatures: %s",
			    d->role, d->path, strerror(errno));
	else
		rc = 0;
	blkid_free_probe(pr);
	if (fd >= 0)
		close(fd);
	return rc;
}

int dl_probe_content(const char *path, struct dl_content *c)
{
	blkid_probe pr = blkid_new_probe();
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1, err;
	struct dl_signature s;
	const char *uuid;

	memset(c, 0, sizeof(*c));
	errno = 0;
	if (pr && fd >= 0 && !blkid_probe_set_device(pr, fd, 0, 0)) {
		blkid_probe_enable_superblocks(pr, 1);
		blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
						  BLKID_SUBLKS_USAGE |
						  BLKID_SUBLKS_UUID);
		blkid_probe_enable_partitions(pr, 1);
		rc = blkid_do_safeprobe(pr);
	}
	err = errno;
	if (!rc) {
		take(pr, &s);
		uuid = value(pr, "UUID", NULL);
		snprintf(c->type, sizeof(c->type), "%s", s.type);
		snprintf(c->usage, sizeof(c->usage), "%s", s.usage);
		snprintf(c->uuid, sizeof(c->uuid), "%s", uuid ? uuid : "");
	}
	blkid_free_probe(pr);
	if (fd >= 0)
		close(fd);
	if (rc == -2)
		return dl_err(DL_EXIT_REFUSED,
			      "%s: signatures of several kinds are on it (wipefs -n %s shows them); mount it by hand, with -t and -o ro",
			      path, path);
	if (rc < 0)
		return dl_err(DL_EXIT_FAILED,
			      "%s: cannot be probed for a file system: %s",
			      path, err ? strerror(err) : "reading it failed");
	return 0;
}
