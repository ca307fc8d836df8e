// SPDX-License-Identifier: GPL-2.0
/*
 * Superblocks: what is accepted may be computed with, and survives a round
 * trip; a layout is always accepted.
 */
#include "crc.h"
#include "fuzz.h"
#include "super.h"

static void check_accepted(const struct dl_super *sb)
{
	u64 cp_end = 16 + 2 * (u64)sb->cp_sectors;
	u32 chunks = dl_super_chunks(sb);
	struct dl_super back;
	void *block = exactly(DL_SUPER_BYTES);
	size_t label = strlen(sb->label);

	must(is_power_of_2(sb->block_bytes) && is_power_of_2(sb->chunk_sectors));
	must(cp_end <= sb->data_start);
	must(sb->data_start + (u64)chunks * sb->chunk_sectors == sb->log_sectors);
	must(chunks >= DL_MIN_DATA_CHUNKS && chunks <= DL_CHUNKS_MAX);
	must(sb->cp_sector >= 16 && sb->cp_sector + (sb->cp_bytes + 511) / 512 <=
	     cp_end);
	must(dl_super_segment_fits(sb, sb->data_start, sb->chunk_sectors));
	must(dl_super_segment_fits(sb, sb->log_sectors - sb->chunk_sectors,
				   sb->chunk_sectors));
	must(!dl_super_segment_fits(sb, sb->log_sectors, sb->chunk_sectors));

	dl_super_pack(sb, block);
	saw(block, DL_SUPER_BYTES);
	must(dl_super_unpack(&back, block) == DL_OK);
	/* A label ends with its NUL; the rest of it is not kept. */
	must(!strcmp(back.label, sb->label) && label <= 32);
	memcpy(back.label, sb->label, sizeof(back.label));
	must(!memcmp(&back, sb, sizeof(back)));
	free(block);
}

static void check_layout(struct input *in)
{
	u64 device = take_int(in, 8), volume = take_int(in, 8);
	u32 block = (u32)take_int(in, 4), chunk = (u32)take_int(in, 4);
	u8 how = (u8)take_int(in, 1);
	enum dl_status st;
	struct dl_super sb;
	void *buf;

	if (how & 1)
		block = 512u << (block & 3);
	if (how & 2)
		chunk = 0;
	if (how & 4)
		chunk = 128u << (chunk % 15);
	if (how & 8)
		device >>= 20 + (how >> 4);
	st = dl_super_layout(&sb, device, volume, block, chunk);
	saw_int(st);
	if (st != DL_OK)
		return;
	must(sb.log_sectors <= device);
	sb.epoch = 1;
	sb.cp_sector = 16;
	sb.cp_bytes = sb.cp_sectors * 512;
	check_accepted(&sb);
	buf = exactly(DL_SUPER_BYTES);
	dl_super_pack(&sb, buf);
	must(dl_super_unpack(&sb, buf) == DL_OK);
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct dl_disk_super *d = exactly(DL_SUPER_BYTES);
	u8 how = (u8)take_int(&in, 1);
	enum dl_status st[2];
	struct dl_super sb[2];
	int pick;

	memset(sb, 0, sizeof(sb));
	take(&in, d, DL_SUPER_BYTES);
	st[0] = dl_super_unpack(&sb[0], d);
	dl_super_blank(d);

	/* The same, past magic, version and checksum. */
	d->magic = cpu_to_le64(DL_SUPER_MAGIC);
	d->version = cpu_to_le32(DL_FORMAT_VERSION);
	if (how & 1) {
		d->ro_compat = 0;
		d->incompat = 0;
	}
	d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
					      offsetof(struct dl_disk_super, crc)));
	st[1] = dl_super_unpack(&sb[1], d);
	must(st[1] != DL_BAD_MAGIC && st[1] != DL_BAD_VERSION &&
	     st[1] != DL_BAD_CRC);
	if (st[1] == DL_OK)
		check_accepted(&sb[1]);
	pick = dl_super_pick(st, sb);
	must(pick < 0 || st[pick] == DL_OK);
	saw_int(st[0]);
	saw_int(st[1]);
	saw_int((u64)pick);
	free(d);

	in = (struct input) { data, size };
	check_layout(&in);
	return 0;
}
