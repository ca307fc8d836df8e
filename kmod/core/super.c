// SPDX-License-Identifier: GPL-2.0
/*
 * The superblock: pack, unpack, layout, choice of slot.
 */
#include "crc.h"
#include "super.h"

/* First sector of checkpoint area 0: what the two slots leave. */
#define CP_START	((u64)DL_SUPER_SLOTS * DL_SUPER_SECTORS)
#define VOLUME_MAX	((DL_PAGE_MAX + 1) << DL_PAGE_SECTOR_SHIFT)

/* Layout: what a fresh log starts from. */
#define AUTO_CHUNKS_MAX	16384u
#define CP_EXTRA_MIN	(16u << 10)
#define CP_EXTRA_MAX	(1u << 20)
/* Every chunk a segment, all the sections there can be, a header page. */
#define CP_SECTORS_MAX \
	((DL_CHUNKS_MAX * (u32)sizeof(struct dl_disk_segment) + CP_EXTRA_MAX + \
	  DL_PAGE_BYTES) >> DL_SECTOR_SHIFT)
#define CP_EXTRA_SHIFT	6			/* a 64th of the log */
#define DATA_ALIGN_MAX	2048u			/* 1 MiB, as partitions are */

static u32 log2_of(u32 power)
{
	u32 shift = 0;

	while (power >>= 1)
		shift++;
	return shift;
}

static u64 align_up(u64 n, u32 power)
{
	return (n + power - 1) & ~((u64)power - 1);
}

static bool power_between(u32 n, u32 low, u32 high)
{
	return n >= low && n <= high && is_power_of_2(n);
}

enum dl_status dl_super_layout(struct dl_super *sb, u64 device_sectors,
			       u64 volume_sectors, u32 block_bytes,
			       u32 chunk_sectors)
{
	u64 chunks, extra, data_start;
	u32 shift;

	memset(sb, 0, sizeof(*sb));
	if (!power_between(block_bytes, DL_BLOCK_MIN, DL_BLOCK_MAX))
		return DL_BAD_SIZE;
	if (!volume_sectors || volume_sectors > VOLUME_MAX)
		return DL_BAD_SIZE;
	if (device_sectors < DL_LOG_SECTORS_MIN)
		return DL_NO_SPACE;
	device_sectors = min_t(u64, device_sectors, DL_LOG_SECTORS_MAX);

	if (!chunk_sectors) {
		chunk_sectors = DL_CHUNK_SECTORS_MIN;
		while (chunk_sectors < DL_CHUNK_SECTORS_MAX &&
		       device_sectors > (u64)chunk_sectors * AUTO_CHUNKS_MAX)
			chunk_sectors <<= 1;
	}
	if (!power_between(chunk_sectors, DL_CHUNK_SECTORS_MIN,
			   DL_CHUNK_SECTORS_MAX))
		return DL_BAD_SIZE;
	shift = log2_of(chunk_sectors);
	chunks = device_sectors >> shift;
	if (chunks > DL_CHUNKS_MAX)
		return DL_BAD_SIZE;

	extra = device_sectors << DL_SECTOR_SHIFT >> CP_EXTRA_SHIFT;
	extra = max_t(u64, extra, CP_EXTRA_MIN);
	extra = min_t(u64, extra, CP_EXTRA_MAX);
	extra += DL_PAGE_BYTES + chunks * sizeof(struct dl_disk_segment);
	sb->cp_sectors = (u32)(align_up(extra, DL_PAGE_BYTES) >> DL_SECTOR_SHIFT);

	data_start = align_up(CP_START + 2 * (u64)sb->cp_sectors,
			      min_t(u32, chunk_sectors, DATA_ALIGN_MAX));
	if (data_start > device_sectors)
		return DL_NO_SPACE;
	chunks = (device_sectors - data_start) >> shift;
	if (chunks < DL_MIN_DATA_CHUNKS)
		return DL_NO_SPACE;

	sb->block_bytes = block_bytes;
	sb->chunk_sectors = chunk_sectors;
	sb->data_start = data_start;
	sb->log_sectors = data_start + (chunks << shift);
	sb->volume_sectors = volume_sectors;
	return DL_OK;
}

u32 dl_super_chunks(const struct dl_super *sb)
{
	return (u32)((sb->log_sectors - sb->data_start) >>
		     log2_of(sb->chunk_sectors));
}

u32 dl_super_sections(const struct dl_super *sb)
{
	u64 area = ((u64)sb->cp_sectors << DL_SECTOR_SHIFT) - DL_PAGE_BYTES;
	u64 share = (u64)sb->chunk_sectors << DL_SECTOR_SHIFT >> CP_EXTRA_SHIFT;
	u64 segment = sizeof(struct dl_disk_segment);
	u64 chunks = area / (segment + share), rest;

	/* What dl_super_layout() did, backwards. */
	if (chunks * share < CP_EXTRA_MIN)
		rest = CP_EXTRA_MIN;
	else
		rest = min_t(u64, area - chunks * segment, CP_EXTRA_MAX);
	return (u32)min_t(u64, rest, area);
}

bool dl_super_segment_fits(const struct dl_super *sb, u64 start, u32 sectors)
{
	u32 rest = sb->chunk_sectors - 1;

	if (!sectors || sectors > DL_SEGMENT_SECTORS_MAX || (sectors & rest))
		return false;
	if (start < sb->data_start || start >= sb->log_sectors)
		return false;
	if ((start - sb->data_start) & rest)
		return false;
	return sectors <= sb->log_sectors - start;
}

static void pack_crypt(const struct dl_super_crypt *c, struct dl_disk_crypt *d)
{
	d->cipher = cpu_to_le32(c->cipher);
	d->state = cpu_to_le32(c->state);
	memcpy(d->nonce, c->nonce, sizeof(d->nonce));
	memcpy(d->tag, c->tag, sizeof(d->tag));
	memcpy(d->wrapped, c->wrapped, sizeof(d->wrapped));
	memcpy(d->cp_nonce, c->cp_nonce, sizeof(d->cp_nonce));
	memcpy(d->cp_tag, c->cp_tag, sizeof(d->cp_tag));
}

static void unpack_crypt(struct dl_super_crypt *c, const struct dl_disk_crypt *d)
{
	c->cipher = le32_to_cpu(d->cipher);
	c->state = le32_to_cpu(d->state);
	memcpy(c->nonce, d->nonce, sizeof(d->nonce));
	memcpy(c->tag, d->tag, sizeof(d->tag));
	memcpy(c->wrapped, d->wrapped, sizeof(d->wrapped));
	memcpy(c->cp_nonce, d->cp_nonce, sizeof(d->cp_nonce));
	memcpy(c->cp_tag, d->cp_tag, sizeof(d->cp_tag));
}

static enum dl_status check_crypt(const struct dl_super *sb)
{
	if (!(sb->incompat & DL_FEATURE_CRYPT))
		return DL_OK;
	if (!sb->crypt.cipher || sb->crypt.cipher >= DL_CIPHERS ||
	    sb->crypt.state > DL_CRYPT_KEYED)
		return DL_BAD_FEATURE;
	return sb->block_bytes == DL_PAGE_BYTES ? DL_OK : DL_BAD_SIZE;
}

void dl_super_pack(const struct dl_super *sb, void *block)
{
	struct dl_disk_super *d = block;

	memset(d, 0, sizeof(*d));
	d->magic = cpu_to_le64(DL_SUPER_MAGIC);
	d->version = cpu_to_le32(DL_FORMAT_VERSION);
	d->compat = cpu_to_le64(sb->compat);
	d->ro_compat = cpu_to_le64(sb->ro_compat);
	d->incompat = cpu_to_le64(sb->incompat);
	memcpy(d->uuid, sb->uuid, sizeof(d->uuid));
	d->generation = cpu_to_le64(sb->generation);
	d->flags = cpu_to_le32(sb->flags);
	d->block_bytes = cpu_to_le32(sb->block_bytes);
	d->chunk_sectors = cpu_to_le32(sb->chunk_sectors);
	d->cp_sectors = cpu_to_le32(sb->cp_sectors);
	d->log_sectors = cpu_to_le64(sb->log_sectors);
	d->data_start = cpu_to_le64(sb->data_start);
	d->volume_sectors = cpu_to_le64(sb->volume_sectors);
	d->cp_sector = cpu_to_le64(sb->cp_sector);
	d->cp_bytes = cpu_to_le32(sb->cp_bytes);
	d->cp_crc = cpu_to_le32(sb->cp_crc);
	d->epoch = cpu_to_le64(sb->epoch);
	d->created_ns = cpu_to_le64(sb->created_ns);
	d->written_ns = cpu_to_le64(sb->written_ns);
	/* Up to the NUL only: what the caller's buffer holds after it is not ours. */
	memcpy(d->label, sb->label, strnlen(sb->label, sizeof(d->label)));
	if (sb->incompat & DL_FEATURE_CRYPT)
		pack_crypt(&sb->crypt, &d->crypt);
	d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
					      offsetof(struct dl_disk_super, crc)));
}

/* Every size by itself. */
static enum dl_status check_sizes(const struct dl_super *sb)
{
	if (!power_between(sb->block_bytes, DL_BLOCK_MIN, DL_BLOCK_MAX) ||
	    !power_between(sb->chunk_sectors, DL_CHUNK_SECTORS_MIN,
			   DL_CHUNK_SECTORS_MAX))
		return DL_BAD_SIZE;
	if (sb->log_sectors < DL_LOG_SECTORS_MIN ||
	    sb->log_sectors > DL_LOG_SECTORS_MAX)
		return DL_BAD_SIZE;
	if (!sb->volume_sectors || sb->volume_sectors > VOLUME_MAX)
		return DL_BAD_SIZE;
	/* In pages, so that it is whole log blocks of any size. */
	if (!sb->cp_sectors || sb->cp_sectors % DL_PAGE_SECTORS ||
	    sb->cp_sectors > CP_SECTORS_MAX)
		return DL_BAD_SIZE;
	if (sb->cp_bytes < sizeof(struct dl_disk_checkpoint) ||
	    sb->cp_bytes % 8 ||
	    sb->cp_bytes > (u64)sb->cp_sectors << DL_SECTOR_SHIFT)
		return DL_BAD_SIZE;
	return sb->epoch ? DL_OK : DL_BAD_SIZE;
}

/* How the parts lie to each other; the sizes are known to be sane. */
static enum dl_status check_places(const struct dl_super *sb)
{
	u64 area1 = CP_START + sb->cp_sectors;
	u64 cp_end = area1 + sb->cp_sectors;
	u64 data;

	if (sb->data_start < cp_end || sb->data_start >= sb->log_sectors ||
	    sb->data_start % DL_PAGE_SECTORS)
		return DL_BAD_PLACE;
	data = sb->log_sectors - sb->data_start;
	if (data & (sb->chunk_sectors - 1))
		return DL_BAD_PLACE;
	data >>= log2_of(sb->chunk_sectors);
	if (data < DL_MIN_DATA_CHUNKS || data > DL_CHUNKS_MAX)
		return DL_BAD_PLACE;
	/* At an area's start, and cp_bytes are known to fit in an area. */
	if (sb->cp_sector != CP_START && sb->cp_sector != area1)
		return DL_BAD_PLACE;
	return DL_OK;
}

enum dl_status dl_super_unpack(struct dl_super *sb, const void *block)
{
	const struct dl_disk_super *d = block;
	enum dl_status st;

	if (d->magic != cpu_to_le64(DL_SUPER_MAGIC))
		return DL_BAD_MAGIC;

	memset(sb, 0, sizeof(*sb));
	sb->compat = le64_to_cpu(d->compat);
	sb->ro_compat = le64_to_cpu(d->ro_compat);
	sb->incompat = le64_to_cpu(d->incompat);
	if (d->version != cpu_to_le32(DL_FORMAT_VERSION))
		return DL_BAD_VERSION;
	if (le32_to_cpu(d->crc) !=
	    dl_crc32c_around(d, sizeof(*d), offsetof(struct dl_disk_super, crc)))
		return DL_BAD_CRC;
	if ((sb->incompat & ~DL_FEATURE_INCOMPAT) ||
	    (sb->ro_compat & ~DL_FEATURE_RO_COMPAT))
		return DL_BAD_FEATURE;

	memcpy(sb->uuid, d->uuid, sizeof(sb->uuid));
	sb->generation = le64_to_cpu(d->generation);
	sb->flags = le32_to_cpu(d->flags);
	sb->block_bytes = le32_to_cpu(d->block_bytes);
	sb->chunk_sectors = le32_to_cpu(d->chunk_sectors);
	sb->cp_sectors = le32_to_cpu(d->cp_sectors);
	sb->log_sectors = le64_to_cpu(d->log_sectors);
	sb->data_start = le64_to_cpu(d->data_start);
	sb->volume_sectors = le64_to_cpu(d->volume_sectors);
	sb->cp_sector = le64_to_cpu(d->cp_sector);
	sb->cp_bytes = le32_to_cpu(d->cp_bytes);
	sb->cp_crc = le32_to_cpu(d->cp_crc);
	sb->epoch = le64_to_cpu(d->epoch);
	sb->created_ns = le64_to_cpu(d->created_ns);
	sb->written_ns = le64_to_cpu(d->written_ns);
	memcpy(sb->label, d->label, sizeof(d->label));
	sb->label[sizeof(d->label)] = '\0';
	if (sb->incompat & DL_FEATURE_CRYPT)
		unpack_crypt(&sb->crypt, &d->crypt);

	st = check_sizes(sb);
	if (st == DL_OK)
		st = check_crypt(sb);
	return st == DL_OK ? check_places(sb) : st;
}

int dl_super_pick(const enum dl_status st[2], const struct dl_super sb[2])
{
	if (st[0] != DL_OK)
		return st[1] == DL_OK ? 1 : -1;
	if (st[1] != DL_OK)
		return 0;
	return sb[1].generation > sb[0].generation;
}

bool dl_super_blank(const void *block)
{
	const u8 *b = block;

	/* The first byte is zero, and each one equals its neighbour. */
	return !b[0] && !memcmp(b, b + 1, DL_SUPER_BYTES - 1);
}
