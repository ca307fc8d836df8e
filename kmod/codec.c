// SPDX-License-Identifier: GPL-2.0
/*
 * Compression of pages. See codec.h.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "codec.h"

#define HEAD		((int)sizeof(struct dl_disk_packed))
#define STORED_MAX	(DL_PAGE_BYTES - DL_SECTOR_BYTES)

#define FAIL_SHIFT	5
#define FAIL_LEFT	31u
#define FAIL_MOST	5

int dl_codec_init(struct dl_codec *c)
{
	u32 i;

	c->nr = min(num_possible_cpus(), DL_BENCHES);
	c->benches = kvcalloc(c->nr, sizeof(*c->benches), GFP_KERNEL);
	c->fails = kvzalloc(DL_CODEC_REGIONS, GFP_KERNEL);
	if (!c->benches || !c->fails)
		return -ENOMEM;
	for (i = 0; i < c->nr; i++)
		spin_lock_init(&c->benches[i].lock);
	return 0;
}

void dl_codec_exit(struct dl_codec *c)
{
	kvfree(c->benches);
	kvfree(c->fails);
}

u64 dl_codec_bytes(const struct dl_codec *c)
{
	return (u64)c->nr * sizeof(*c->benches) + DL_CODEC_REGIONS;
}

struct dl_bench *dl_bench_get(struct dl_codec *c)
{
	struct dl_bench *b = &c->benches[raw_smp_processor_id() % c->nr];

	spin_lock(&b->lock);
	/* Sparse cannot follow it to where it is put. */
	__release(&b->lock);
	return b;
}

void dl_bench_put(struct dl_bench *b)
{
	__acquire(&b->lock);
	spin_unlock(&b->lock);
}

/* A byte is enough: who loses a count to another processor tries once more. */
static u8 *fails_of(const struct dl_codec *c, u64 page)
{
	return &c->fails[(page >> 4) % DL_CODEC_REGIONS];
}

bool dl_codec_try(struct dl_codec *c, u64 page)
{
	u8 *f, was;

	if (!READ_ONCE(c->accel))
		return false;
	f = fails_of(c, page);
	was = READ_ONCE(*f);
	if (!(was & FAIL_LEFT))
		return true;
	WRITE_ONCE(*f, was - 1);
	return false;
}

static void count(struct dl_codec *c, u64 page, bool paid)
{
	u8 *f = fails_of(c, page), level;

	if (paid) {
		if (READ_ONCE(*f))
			WRITE_ONCE(*f, 0);
		return;
	}
	level = READ_ONCE(*f) >> FAIL_SHIFT;
	WRITE_ONCE(*f, min(level + 1, FAIL_MOST) << FAIL_SHIFT |
		       ((1U << level) - 1));
}

u8 dl_codec_pack(struct dl_codec *c, struct dl_bench *b, u64 page)
{
	struct dl_disk_packed *head = (void *)b->packed;
	int n = LZ4_compress_fast(b->page, b->packed + HEAD, DL_PAGE_BYTES,
				  STORED_MAX - HEAD, READ_ONCE(c->accel) ?: 1,
				  b->work);
	u32 bytes;

	count(c, page, n > 0);
	if (n <= 0)
		return 0;
	head->bytes = cpu_to_le16(n);
	bytes = round_up(HEAD + n, DL_SECTOR_BYTES);
	memset(b->packed + HEAD + n, 0, bytes - HEAD - n);
	return bytes >> DL_SECTOR_SHIFT;
}

int dl_codec_unpack(u8 codec, const void *stored, u8 sectors, void *to)
{
	const struct dl_disk_packed *head = stored;
	u32 n = le16_to_cpu(head->bytes);

	if (codec != DL_CODEC_LZ4 || !n ||
	    n > (sectors << DL_SECTOR_SHIFT) - HEAD)
		return -EBADMSG;
	return LZ4_decompress_safe(stored + HEAD, to, n, DL_PAGE_BYTES) ==
		DL_PAGE_BYTES ? 0 : -EBADMSG;
}

int dl_codec_unpack_in_place(struct dl_codec *c, u8 codec, u8 sectors,
			     void *page)
{
	struct dl_bench *b = dl_bench_get(c);
	int ret = dl_codec_unpack(codec, page, sectors, b->page);

	if (!ret)
		memcpy(page, b->page, DL_PAGE_BYTES);
	dl_bench_put(b);
	return ret;
}
