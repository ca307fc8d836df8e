// SPDX-License-Identifier: GPL-2.0
/* The samples of the origin that a checkpoint carries. */
#include <string.h>

#include "err.h"
#include "samples.h"

int dl_samples_compare(const struct dl_logcp *cp, struct dl_blkdev *origin,
		       bool (*skip)(void *ctx, u64 page), void *ctx,
		       struct dl_samples *sum)
{
	const struct dl_cp_sample *s;
	u8 buf[DL_PAGE_BYTES];
	u64 offset;
	size_t n;
	u32 i;
	int rc;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < cp->nr_samples; i++) {
		s = &cp->samples[i];
		offset = s->page << DL_PAGE_SHIFT;
		if (!(s->flags & DL_SAMPLE_VALID) || offset >= origin->bytes ||
		    (skip && skip(ctx, s->page))) {
			sum->skipped++;
			continue;
		}
		/* The last page of a device may be a part of one. */
		n = min_t(u64, DL_PAGE_BYTES, origin->bytes - offset);
		rc = dl_blkdev_read(origin, offset, buf, n);
		if (rc)
			return dl_err(DL_EXIT_FAILED,
				      "origin %s: page %llu cannot be read: %s",
				      origin->path, (unsigned long long)s->page,
				      strerror(-rc));
		sum->compared++;
		if (dl_crc32c(buf, n) == s->crc)
			continue;
		if (!sum->differ++)
			sum->first = s->page;
	}
	return 0;
}
