// SPDX-License-Identifier: GPL-2.0
/* Sectors that are lost. */
#include <stdlib.h>

#include "lost.h"

static int by_page(const void *a, const void *b)
{
	const struct dl_lost *x = a, *y = b;

	return x->page < y->page ? -1 : x->page > y->page;
}

enum dl_status dl_lost_take(struct dl_lost **list, u32 *nr, const void *body,
			    size_t bytes)
{
	const struct dl_disk_lost *d = body;
	size_t n = bytes / sizeof(*d), i;
	struct dl_lost *l;

	if (bytes % sizeof(*d) || n > U32_MAX)
		return DL_BAD_SECTION;
	l = calloc(n ?: 1, sizeof(*l));
	if (!l)
		return DL_NO_SPACE;
	for (i = 0; i < n; i++) {
		l[i].page = le64_to_cpu(d[i].page);
		l[i].mask = d[i].mask;
		if (l[i].page > DL_PAGE_MAX) {
			free(l);
			return DL_BAD_SECTION;
		}
	}
	qsort(l, n, sizeof(*l), by_page);
	*list = l;
	*nr = (u32)n;
	return DL_OK;
}

/* Index of the first entry that is not below @page. */
static u32 first_from(const struct dl_lost *list, u32 nr, u64 page)
{
	u32 low = 0, high = nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (list[mid].page < page)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

void dl_lost_cover(struct dl_lost *list, u32 nr, const struct dl_rec *rec)
{
	const struct dl_desc *d = &rec->d;
	u64 from, to, page;	/* in sectors of the volume */
	u32 i, bit;

	if (!nr || !dl_rec_present(rec) || d->type == DL_REC_LOST ||
	    /* A delta leaves what it does not change as it was. */
	    d->type == DL_REC_DELTA)
		return;
	if (d->type == DL_REC_ZERO_RUN) {
		from = d->addr;
		to = from + d->payload;
	} else {
		from = (d->addr << DL_PAGE_SECTOR_SHIFT) + d->first;
		to = from + d->sectors;
	}
	for (i = first_from(list, nr, from >> DL_PAGE_SECTOR_SHIFT); i < nr; i++) {
		page = list[i].page << DL_PAGE_SECTOR_SHIFT;
		if (page >= to)
			break;
		for (bit = 0; bit < DL_PAGE_SECTORS; bit++)
			if (page + bit >= from && page + bit < to)
				list[i].mask &= (u8)~(1u << bit);
	}
}
