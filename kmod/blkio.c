// SPDX-License-Identifier: GPL-2.0
/*
 * Synchronous I/O on whole buffers, over dm-io. See blkio.h.
 */
#include <linux/err.h>
#include <linux/mm.h>

#include "blkio.h"

int dl_blkio_init(struct dl_blkio *io, struct block_device *bdev)
{
	io->bdev = bdev;
	io->client = dm_io_client_create();
	if (IS_ERR(io->client)) {
		int ret = PTR_ERR(io->client);

		io->client = NULL;
		return ret;
	}
	return 0;
}

void dl_blkio_exit(struct dl_blkio *io)
{
	if (io->client)
		dm_io_client_destroy(io->client);
	io->client = NULL;
}

static int blkio(struct dl_blkio *io, blk_opf_t opf, sector_t sector,
		 unsigned int sectors, void *buf)
{
	struct dm_io_region where = {
		.bdev = io->bdev, .sector = sector, .count = sectors,
	};
	struct dm_io_request req = {
		.bi_opf = opf,
		.mem.type = is_vmalloc_addr(buf) ? DM_IO_VMA : DM_IO_KMEM,
		.mem.ptr.addr = buf,
		.client = io->client,
	};
	unsigned long bits = 0;
	int ret;

	ret = dm_io(&req, 1, &where, &bits, IOPRIO_DEFAULT);
	return ret || bits ? -EIO : 0;
}

int dl_blkio_read(struct dl_blkio *io, sector_t sector, unsigned int sectors,
		  void *buf)
{
	return blkio(io, REQ_OP_READ | REQ_META, sector, sectors, buf);
}

int dl_blkio_write(struct dl_blkio *io, sector_t sector, unsigned int sectors,
		   void *buf, blk_opf_t flags)
{
	return blkio(io, REQ_OP_WRITE | REQ_SYNC | REQ_META | flags, sector,
		     sectors, buf);
}
