// SPDX-License-Identifier: GPL-2.0
/*
 * Loading and committing superblocks and checkpoints. See checkpoint.h.
 */
#include <linux/blkdev.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "checkpoint.h"
#include "msg.h"

static u64 slot_sector(int slot)
{
	return (u64)slot * DL_SUPER_SECTORS;
}

static u64 area_sector(const struct dl_super *sb, int slot)
{
	return DL_SUPER_SLOTS * DL_SUPER_SECTORS + (u64)slot * sb->cp_sectors;
}

static int write_slot(struct dl_checkpoint *ck, int slot, u32 bytes)
{
	struct dl_super *sb = &ck->sb;
	u32 sectors = round_up(bytes, sb->block_bytes) >> DL_SECTOR_SHIFT;
	int ret;

	memset(ck->buf + bytes, 0, ((size_t)sectors << DL_SECTOR_SHIFT) - bytes);
	sb->cp_sector = area_sector(sb, slot);
	sb->cp_bytes = bytes;
	if (dl_super_sealed(sb)) {
		ret = dl_crypt_seal_cp(ck->crypt, sb, ck->buf, ck->block);
		if (ret)
			return ret;
	}
	ret = dl_blkio_write(ck->io, area_sector(sb, slot), sectors, ck->buf, 0);
	if (ret)
		return ret;
	dl_super_pack(sb, ck->block);
	return dl_blkio_write(ck->io, slot_sector(slot), DL_SUPER_SECTORS,
			      ck->block, REQ_PREFLUSH | REQ_FUA);
}

/* Room for a checkpoint of @bytes, in whole blocks of any size. */
static int alloc_buf(struct dl_checkpoint *ck, size_t bytes)
{
	kvfree(ck->buf);
	ck->bytes = round_up(bytes, DL_BLOCK_MAX);
	ck->buf = kvmalloc(ck->bytes, GFP_KERNEL);
	return ck->buf ? dl_crypt_fit(ck->crypt, ck->bytes) : -ENOMEM;
}

/* All of a checkpoint but the segments. */
static size_t others(u32 lost, u32 pins, u32 moments, u32 grain)
{
	return sizeof(struct dl_disk_checkpoint) +
		9 * (sizeof(struct dl_disk_section) + 8) +
		sizeof(struct dl_disk_scrub) +
		sizeof(struct dl_disk_pins) +
		(size_t)pins * sizeof(struct dl_disk_pin) +
		sizeof(struct dl_disk_window) +
		(size_t)moments * sizeof(struct dl_disk_moment) +
		DL_SAMPLES * sizeof(struct dl_disk_sample) +
		grain +
		(size_t)lost * sizeof(struct dl_disk_lost);
}

static size_t area_bytes(const struct dl_checkpoint *ck)
{
	return (size_t)ck->sb.cp_sectors << DL_SECTOR_SHIFT;
}

u32 dl_checkpoint_room(const struct dl_checkpoint *ck, u32 lost, u32 pins,
		       u32 moments, u32 grain)
{
	size_t area = area_bytes(ck), rest = others(lost, pins, moments, grain);

	return (area - min(area, rest)) / sizeof(struct dl_disk_segment);
}

int dl_checkpoint_fit(struct dl_checkpoint *ck, u32 segments, u32 lost,
		      u32 pins, u32 moments, u32 grain)
{
	size_t need = others(lost, pins, moments, grain) +
		(size_t)segments * sizeof(struct dl_disk_segment);
	size_t bytes = round_up(min(need, area_bytes(ck)), DL_BLOCK_MAX);
	void *buf = kvmalloc(bytes, GFP_KERNEL), *old;

	if (!buf)
		return -ENOMEM;
	mutex_lock(&ck->lock);
	if (dl_crypt_fit(ck->crypt, bytes)) {
		mutex_unlock(&ck->lock);
		kvfree(buf);
		return -ENOMEM;
	}
	old = ck->buf;
	ck->buf = buf;
	ck->bytes = bytes;
	mutex_unlock(&ck->lock);
	kvfree(old);
	return 0;
}

/* Give a blank log its first superblocks. */
static int format(struct dl_checkpoint *ck, u64 volume_sectors)
{
	struct dl_super *sb = &ck->sb;
	struct dl_cp_head h = { .next_seq = 1, .next_commit = 1,
				.next_segment_id = 1 };
	struct block_device *bdev = ck->io->bdev;
	u32 block = clamp_t(u32, bdev_physical_block_size(bdev), DL_BLOCK_MIN,
			    DL_BLOCK_MAX);
	enum dl_status st;
	int ret, slot;

	if (*ck->crypt->key && !ck->crypt->fresh) {
		dl_err("log %pg is blank: if it is to become an encrypted log, say so with the option new_key",
		       bdev);
		return -EKEYREJECTED;
	}
	/* A block is what is encrypted at once. */
	if (*ck->crypt->key)
		block = DL_PAGE_BYTES;
	st = dl_super_layout(sb, bdev_nr_sectors(bdev), volume_sectors, block, 0);
	if (st != DL_OK) {
		dl_err("log %pg cannot be used: %s: it takes at least %u sectors",
		       bdev, dl_status_text(st), DL_LOG_SECTORS_MIN);
		return -EINVAL;
	}
	if (*ck->crypt->key) {
		sb->incompat = DL_FEATURE_CRYPT;
		sb->crypt.cipher = ck->crypt->want;
	}
	generate_random_uuid(sb->uuid);
	get_random_bytes(&sb->epoch, sizeof(sb->epoch));
	sb->epoch |= 1;
	sb->flags = DL_SUPER_CLEAN;
	sb->created_ns = ktime_get_real_ns();
	sb->written_ns = sb->created_ns;
	ret = alloc_buf(ck, DL_BLOCK_MAX);
	for (slot = 0; !ret && slot < DL_SUPER_SLOTS; slot++) {
		struct dl_cp_writer w;
		u32 bytes, crc;

		h.generation = ++sb->generation;
		dl_cp_begin(&w, ck->buf, ck->bytes);
		if (dl_cp_end(&w, &h, &bytes, &crc) != DL_OK)
			return -EINVAL;
		sb->cp_crc = crc;
		ret = write_slot(ck, slot, bytes);
	}
	if (ret)
		dl_err("log %pg: formatting failed: write error", bdev);
	else
		dl_info("log %pg was blank: formatted", bdev);
	return ret;
}

static void read_slot(struct dl_checkpoint *ck, int slot, struct dl_super *sb,
		      enum dl_status *st, bool *blank)
{
	int ret = dl_blkio_read(ck->io, slot_sector(slot), DL_SUPER_SECTORS,
				ck->block);

	*st = ret ? DL_IO_ERROR : dl_super_unpack(sb, ck->block);
	*blank = !ret && dl_super_blank(ck->block);
}

static int refuse(struct dl_checkpoint *ck, const struct dl_super *sb,
		  const enum dl_status *st)
{
	struct block_device *bdev = ck->io->bdev;
	int i;

	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		if (st[i] != DL_BAD_FEATURE && st[i] != DL_BAD_VERSION)
			continue;
		dl_err("log %pg: superblock %d: %s (incompat %#llx, ro_compat %#llx): use a newer release",
		       bdev, i, dl_status_text(st[i]), sb[i].incompat,
		       sb[i].ro_compat);
		return -EOPNOTSUPP;
	}
	if (st[0] == DL_BAD_MAGIC && st[1] == DL_BAD_MAGIC) {
		dl_err("log %pg is not a deltalog log (no superblock, not blank): make one with 'deltalog create'",
		       bdev);
		return -EINVAL;
	}
	dl_err("log %pg: no usable superblock: slot 0: %s, slot 1: %s: run 'deltalog check'",
	       bdev, dl_status_text(st[0]), dl_status_text(st[1]));
	return st[0] == DL_IO_ERROR && st[1] == DL_IO_ERROR ? -EIO : -EUCLEAN;
}

/* Of what was read into ck->buf: check, decrypt if it is @sealed, and decode. */
static enum dl_status open_area(struct dl_checkpoint *ck, struct dl_cp_reader *r,
				struct dl_cp_head *head,
				const struct dl_super *sb, bool sealed)
{
	enum dl_status st = dl_cp_check(sb, ck->buf);

	if (st == DL_OK && sealed)
		st = dl_crypt_open_cp(ck->crypt, sb, ck->buf, ck->block);
	return st == DL_OK ? dl_cp_parse(r, head, sb, ck->buf) : st;
}

/* Read and check the checkpoint of ck->sb. */
static enum dl_status read_area(struct dl_checkpoint *ck, struct dl_cp_reader *r,
				bool sealed)
{
	struct dl_super *sb = &ck->sb;
	u32 sectors = DIV_ROUND_UP(sb->cp_bytes, DL_SECTOR_BYTES);

	sectors = round_up(sectors, sb->block_bytes >> DL_SECTOR_SHIFT);
	if (dl_blkio_read(ck->io, sb->cp_sector, sectors, ck->buf))
		return DL_IO_ERROR;
	return open_area(ck, r, &ck->head, sb, sealed);
}

static int pick(struct dl_checkpoint *ck, struct dl_super *sb,
		enum dl_status *st, struct dl_cp_reader *r)
{
	struct block_device *bdev = ck->io->bdev;
	int slot, ret;
	bool sealed;

	while ((slot = dl_super_pick(st, sb)) >= 0) {
		ck->sb = sb[slot];
		if (ck->sb.log_sectors > bdev_nr_sectors(bdev)) {
			dl_err("log %pg is truncated: it has %llu sectors, its superblock says %llu: restore the device's size",
			       bdev, (u64)bdev_nr_sectors(bdev),
			       ck->sb.log_sectors);
			return -EINVAL;
		}
		if (bdev_logical_block_size(bdev) > ck->sb.block_bytes) {
			dl_err("log %pg: made with %u-byte blocks, the device has %u: move it to a device with smaller blocks",
			       bdev, ck->sb.block_bytes,
			       bdev_logical_block_size(bdev));
			return -EINVAL;
		}
		sealed = dl_super_sealed(&ck->sb);
		ret = dl_crypt_unlock(ck->crypt, &ck->sb, bdev);
		if (!ret)
			ret = alloc_buf(ck, ck->sb.cp_bytes);
		if (ret)
			return ret;
		st[slot] = read_area(ck, r, sealed);
		if (st[slot] == DL_OK) {
			ck->first = !slot;
			return 0;
		}
		dl_warn("log %pg: checkpoint %d at sector %llu: %s", bdev, slot,
			ck->sb.cp_sector, dl_status_text(st[slot]));
		/* The superblock is one, whatever its checkpoint lacks. */
		if (st[slot] == DL_BAD_MAGIC)
			st[slot] = DL_BAD_CRC;
	}
	return refuse(ck, sb, st);
}

int dl_checkpoint_load(struct dl_checkpoint *ck, struct dl_blkio *io,
		       struct dl_cp_reader *r, u64 volume_sectors)
{
	struct dl_super *sb;
	enum dl_status st[DL_SUPER_SLOTS];
	bool blank[DL_SUPER_SLOTS];
	int ret = 0, i;

	mutex_init(&ck->lock);
	ck->io = io;
	if (bdev_nr_sectors(io->bdev) < DL_LOG_SECTORS_MIN) {
		dl_err("log %pg is too small: %llu sectors, at least %u are needed",
		       io->bdev, (u64)bdev_nr_sectors(io->bdev),
		       DL_LOG_SECTORS_MIN);
		return -EINVAL;
	}
	ck->block = kmalloc(DL_SUPER_BYTES, GFP_KERNEL);
	sb = kcalloc(DL_SUPER_SLOTS, sizeof(*sb), GFP_KERNEL);
	if (!sb || !ck->block) {
		kfree(sb);
		return -ENOMEM;
	}
	for (i = 0; i < DL_SUPER_SLOTS; i++)
		read_slot(ck, i, &sb[i], &st[i], &blank[i]);
	if (blank[0] && blank[1]) {
		ret = format(ck, volume_sectors);
		for (i = 0; !ret && i < DL_SUPER_SLOTS; i++)
			read_slot(ck, i, &sb[i], &st[i], &blank[i]);
	}
	if (!ret) {
		for (i = 0; i < DL_SUPER_SLOTS; i++)
			if (st[i] != DL_OK && st[!i] == DL_OK)
				dl_warn("log %pg: superblock %d at sector %llu: %s; the other one is used",
					io->bdev, i, slot_sector(i),
					dl_status_text(st[i]));
		ret = pick(ck, sb, st, r);
	}
	kfree(sb);
	return ret;
}

/* Of what slot @i says: is it all there? The lock is held; buf is nobody's. */
static enum dl_status verify(struct dl_checkpoint *ck, int i, u64 *sector)
{
	struct dl_cp_reader r;
	struct dl_cp_head head;
	struct dl_super *sb;
	enum dl_status st;
	u32 sectors;
	bool blank;

	*sector = slot_sector(i);
	sb = kmalloc(sizeof(*sb), GFP_KERNEL);
	if (!sb)
		return DL_NO_SPACE;
	read_slot(ck, i, sb, &st, &blank);
	if (st == DL_OK) {
		*sector = sb->cp_sector;
		sectors = round_up(DIV_ROUND_UP(sb->cp_bytes, DL_SECTOR_BYTES),
				   sb->block_bytes >> DL_SECTOR_SHIFT);
		/* Of another life it is not what was committed; nor is its key at hand. */
		if (memcmp(sb->uuid, ck->sb.uuid, sizeof(sb->uuid)) ||
		    sb->epoch != ck->sb.epoch)
			st = DL_BAD_IDENTITY;
		else if (sectors > ck->bytes >> DL_SECTOR_SHIFT)
			st = DL_BAD_SIZE;
		else if (dl_blkio_read(ck->io, sb->cp_sector, sectors, ck->buf))
			st = DL_IO_ERROR;
		else
			st = dl_super_sealed(sb) != dl_super_sealed(&ck->sb) ?
				DL_BAD_TAG :
				open_area(ck, &r, &head, sb, dl_super_sealed(sb));
	}
	kfree(sb);
	return st;
}

int dl_checkpoint_verify(struct dl_checkpoint *ck, enum dl_status *st,
			 u64 *sector)
{
	u64 where;
	int i;

	mutex_lock(&ck->lock);
	for (i = 0; i < DL_SUPER_SLOTS; i++)
		st[i] = verify(ck, i, sector ? &sector[i] : &where);
	mutex_unlock(&ck->lock);
	for (i = 0; i < DL_SUPER_SLOTS; i++)
		if (st[i] == DL_NO_SPACE)
			return -ENOMEM;
	return 0;
}

void dl_checkpoint_rekey(struct dl_checkpoint *ck,
			 const struct dl_super_crypt *crypt)
{
	mutex_lock(&ck->lock);
	ck->sb.crypt = *crypt;
	mutex_unlock(&ck->lock);
}

void dl_checkpoint_exit(struct dl_checkpoint *ck)
{
	kvfree(ck->buf);
	ck->buf = NULL;
	kfree(ck->block);
	ck->block = NULL;
}

static enum dl_status build(struct dl_checkpoint *ck, struct dl_log *l,
			    struct dl_fingerprint *fp, u64 horizon, u32 *bytes)
{
	struct dl_super *sb = &ck->sb;
	struct dl_cp_head h = {
		.generation = sb->generation,
		.horizon_seq = horizon,
	};
	struct dl_cp_segment cs;
	struct dl_segment *seg;
	struct dl_cp_writer w;
	unsigned long flags;
	u32 crc;
	enum dl_status st;

	dl_cp_begin(&w, ck->buf, ck->bytes);
	dl_cp_section(&w, DL_SECTION_SEGMENTS, DL_SECTION_MUST);
	spin_lock_irqsave(&l->lock, flags);
	h.next_seq = l->next_seq;
	h.next_commit = l->next_commit;
	h.next_segment_id = l->segs.next_id;
	h.durable_commit = l->durable;
	list_for_each_entry(seg, &l->segs.live, list) {
		if (seg->unlisted)
			continue;
		dl_segment_describe(seg, l->durable, &cs);
		dl_cp_put_segment(&w, &cs);
	}
	spin_unlock_irqrestore(&l->lock, flags);
	dl_cp_section(&w, DL_SECTION_SAMPLES, 0);
	dl_fingerprint_save(fp, &w);
	if (ck->more)
		ck->more(ck->ctx, &w);
	st = dl_cp_end(&w, &h, bytes, &crc);
	sb->cp_crc = crc;
	return st;
}

/* Once this is durable they are free, and soon another's. */
static void leave_out(struct dl_log *l, u64 horizon)
{
	struct dl_segment *seg;
	unsigned long flags;

	spin_lock_irqsave(&l->lock, flags);
	l->segs.held_chunks = 0;
	list_for_each_entry(seg, &l->segs.live, list) {
		if (!dl_segment_passed(seg, horizon, l->durable))
			continue;
		seg->unlisted = !dl_segment_held(seg);
		if (!seg->unlisted)
			l->segs.held_chunks += seg->sectors >>
				l->segs.chunk_shift;
	}
	spin_unlock_irqrestore(&l->lock, flags);
}

void dl_checkpoint_resize(struct dl_checkpoint *ck, u64 log_sectors)
{
	mutex_lock(&ck->lock);
	ck->sb.log_sectors = log_sectors;
	mutex_unlock(&ck->lock);
}

int dl_checkpoint_commit(struct dl_checkpoint *ck, struct dl_log *l,
			 struct dl_fingerprint *fp, u64 horizon, u32 flags)
{
	enum dl_status st;
	u32 bytes;
	int slot, i, ret = 0;

	mutex_lock(&ck->lock);
	/* The caller may have read it before another commit raised it. */
	ck->horizon = max(ck->horizon, horizon);
	horizon = ck->horizon;
	ck->sb.flags = flags;
	ck->sb.epoch = l->epoch;
	leave_out(l, horizon);
	for (i = 0; !ret && i < DL_SUPER_SLOTS; i++) {
		slot = ck->first ^ i;
		ck->sb.generation++;
		ck->sb.written_ns = ktime_get_real_ns();
		st = build(ck, l, fp, horizon, &bytes);
		if (st != DL_OK) {
			dl_err("log %pg: checkpoint: %s", ck->io->bdev,
			       dl_status_text(st));
			ret = -ENOSPC;
			break;
		}
		ret = write_slot(ck, slot, bytes);
		if (ret)
			dl_err("log %pg: superblock %d: write error",
			       ck->io->bdev, slot);
	}
	ck->nr_commits++;
	mutex_unlock(&ck->lock);
	return ret;
}
