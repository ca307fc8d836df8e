/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bio on its way through the target: write.c, read.c and flush.c, called by
 * the target's map and end_io.
 */
#ifndef DL_IO_H
#define DL_IO_H

#include <linux/device-mapper.h>
#include <linux/workqueue.h>

#include "core/pmap.h"
#include "log.h"

#define DL_IO_PAGES	32	/* pages of one read from the log */

enum dl_io_kind {
	DL_IO_PLAIN,		/* nothing to do when it ends */
	DL_IO_LOG_READ,		/* verify against @crc */
	DL_IO_PAST_READ,	/* leave phase @phase */
};

/* Per-bio data. */
struct dl_io {
	struct dl_volume *v;
	struct bvec_iter iter;		/* what is left, or what was asked */
	struct dl_waiter waiter;
	struct work_struct work;
	struct dl_segment *seg;		/* reference held while reading */
	u64 loc;
	u64 page;
	u64 at;				/* of a read: see lookup.h */
	u8 kind;
	u8 nr_pages;
	u8 phase;			/* see preserve.h */
	u32 crc[DL_IO_PAGES];
};

static inline struct bio *dl_io_bio(struct dl_io *io)
{
	return dm_bio_from_per_bio_data(io, sizeof(*io));
}

/* Copy @bytes of @bio from *@iter on, which advances. */
void dl_copy_in(void *dst, struct bio *bio, struct bvec_iter *iter,
		unsigned int bytes);

/**
 * dl_write_map() - take a WRITE, DISCARD or WRITE_ZEROES bio
 * @v: volume
 * @bio: the target's clone
 * @io: its per-bio data
 *
 * Never sleeps; a bio that finds no room waits on the deferred list.
 * Return: DM_MAPIO_SUBMITTED or DM_MAPIO_KILL.
 */
int dl_write_map(struct dl_volume *v, struct bio *bio, struct dl_io *io);
void dl_write_work(struct work_struct *work);

/* There may be room again: let deferred writes try. Any context. */
void dl_write_wake(struct dl_volume *v);

/* Take an empty FLUSH bio. Never sleeps. */
int dl_flush_map(struct dl_volume *v, struct bio *bio, struct dl_io *io);

/* Complete @bio once all that is accepted is durable (FUA). */
void dl_flush_then_end(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		       struct dl_batch *b);

/**
 * dl_read_map() - take a READ bio
 * @v: volume
 * @bio: the target's clone; may be accepted in part
 * @io: its per-bio data
 *
 * Never sleeps. Return: DM_MAPIO_REMAPPED (to the origin or the log) or
 * DM_MAPIO_SUBMITTED.
 */
int dl_read_map(struct dl_volume *v, struct bio *bio, struct dl_io *io);

/**
 * dl_read_past_map() - take a READ bio of a view
 * @v: volume
 * @bio: the target's clone; may be accepted in part
 * @io: its per-bio data, @io->at set to what the view shows
 *
 * Never sleeps. Return: as dl_read_map().
 */
int dl_read_past_map(struct dl_volume *v, struct bio *bio, struct dl_io *io);

/* end_io of a bio with kind DL_IO_LOG_READ. Any context. */
int dl_read_end(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		blk_status_t *error);

/**
 * dl_read_record() - read one record's payload from the log and verify it
 * @v: volume
 * @loc: log sector
 * @sectors: 1..8
 * @crc: expected
 * @page: for the message
 * @buf: DL_PAGE_BYTES; the payload comes at its start
 *
 * Context: process, may sleep; the caller keeps the segment from going away.
 * Return: 0, -EIO (the device), -EBADMSG (the checksum), both counted and
 * logged with their place.
 */
int dl_read_record(struct dl_volume *v, u64 loc, u32 sectors, u32 crc,
		   u64 page, void *buf);

/* What the record @val holds, with a codec all of the page. As above. */
int dl_read_content(struct dl_volume *v, const struct dl_pval *val, u64 page,
		    void *buf);

#endif
