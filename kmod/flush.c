// SPDX-License-Identifier: GPL-2.0
/*
 * FLUSH and FUA: the caller's word that everything before is durable.
 */
#include "io.h"
#include "volume.h"

static void flush_done(struct dl_waiter *w, int err)
{
	struct dl_io *io = container_of(w, struct dl_io, waiter);
	struct bio *bio = dl_io_bio(io);

	if (unlikely(err))
		bio->bi_status = BLK_STS_IOERR;
	bio_endio(bio);
}

void dl_flush_then_end(struct dl_volume *v, struct bio *bio, struct dl_io *io,
		       struct dl_batch *b)
{
	io->waiter.done = flush_done;
	dl_log_commit(&v->log, &io->waiter, b);
}

int dl_flush_map(struct dl_volume *v, struct bio *bio, struct dl_io *io)
{
	struct dl_batch b;

	dl_batch_init(&b);
	dl_flush_then_end(v, bio, io, &b);
	dl_log_submit(&v->log, &b);
	return DM_MAPIO_SUBMITTED;
}
