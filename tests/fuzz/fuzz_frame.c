// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: what is accepted has sizes that add up, records that lie inside, and
 * survives a round trip.
 */
#include "crc.h"
#include "delta.h"
#include "frame.h"
#include "fuzz.h"

static void check_desc(const struct dl_disk_desc *raw, u32 payload)
{
	struct dl_disk_desc again;
	struct dl_desc d, back;

	enum dl_status st = dl_desc_unpack(&d, raw, payload);

	saw_int(st);
	if (st != DL_OK)
		return;
	switch (d.type) {
	case DL_REC_NONE:
		break;
	case DL_REC_INDEX:
		must(d.addr && d.addr <= DL_PAST_PER_PAGE);
		/* fall through */
	case DL_REC_MARK:
		must(d.stored == DL_PAGE_SECTORS && d.sectors == d.stored);
		must((u64)d.payload + d.stored <= payload);
		must(d.payload % DL_PAGE_SECTORS == 0);
		break;
	case DL_REC_DELTA:
		must(d.stored && d.stored <= DL_DELTA_MAX);
		must((u64)d.payload + d.stored <= (u64)payload * 512);
		must(d.payload / 4096 == (d.payload + d.stored - 1) / 4096);
		must((u64)dl_desc_sector(&d) + dl_desc_span(&d) <= payload);
		must(d.sectors && d.first + d.sectors <= 8);
		must(d.addr <= DL_PAGE_MAX);
		break;
	case DL_REC_DATA:
	case DL_REC_BASE:
		must((u64)d.payload + d.stored <= payload && d.stored);
		must(d.payload / 8 == (d.payload + d.stored - 1) / 8);
		/* fall through */
	case DL_REC_ZERO:
	case DL_REC_LOST:
		must(d.sectors && d.first + d.sectors <= 8);
		must(d.addr <= DL_PAGE_MAX);
		break;
	case DL_REC_ZERO_RUN:
		must(d.payload && d.addr + d.payload <= 8ULL << 40);
		break;
	default:
		must(0);
	}
	dl_desc_pack(&d, &again);
	saw(&again, sizeof(again));
	must(dl_desc_unpack(&back, &again, payload) == DL_OK);
	must(!memcmp(&back, &d, sizeof(d)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = (u8)take_int(&in, 1);
	u32 block = 512u << (how & 3), nr, i;
	struct dl_disk_frame *f = exactly(sizeof(*f));
	struct dl_frame_head h, back;
	struct dl_disk_desc *descs;
	enum dl_status st;

	memset(&h, 0, sizeof(h));
	take(&in, f, sizeof(*f));
	dl_frame_unpack(&h, f, block);
	f->magic = cpu_to_le32(DL_FRAME_MAGIC);
	if (how & 4)
		f->nr_descs = cpu_to_le32(le32_to_cpu(f->nr_descs) % 1200);
	if (how & 8)
		f->payload_sectors = cpu_to_le32(le32_to_cpu(f->payload_sectors) %
						 2100);
	nr = le32_to_cpu(f->nr_descs);
	if (how & 16 && nr <= 1200 && le32_to_cpu(f->payload_sectors) <= 2100)
		f->total_sectors = cpu_to_le32(dl_frame_total(block,
			dl_frame_slots(le32_to_cpu(f->flags), nr,
				       le32_to_cpu(f->payload_sectors)),
			le32_to_cpu(f->payload_sectors)));
	f->self_crc = cpu_to_le32(dl_crc32c_around(f, sizeof(*f),
				offsetof(struct dl_disk_frame, self_crc)));
	st = dl_frame_unpack(&h, f, block);
	saw_int(st);
	if (st != DL_OK) {
		free(f);
		return 0;
	}

	must(h.nr_descs <= DL_FRAME_MAX_DESCS);
	must(h.total_sectors <= DL_FRAME_MAX_SECTORS);
	must(h.total_sectors >= h.payload_sectors + block / 512);
	must(h.total_sectors % (block / 512) == 0);
	must(h.commit + 1 > h.commit && h.first_seq + h.nr_descs >= h.first_seq);
	nr = dl_frame_head_slots(&h);
	must(nr >= h.nr_descs && nr <= DL_FRAME_MAX_DESCS);
	descs = exactly(nr * sizeof(*descs));
	take(&in, descs, nr * sizeof(*descs));
	saw_int(dl_frame_check_descs(&h, descs));
	for (i = 0; i < h.nr_descs; i++)
		check_desc(&descs[i], h.payload_sectors);

	memset(&back, 0, sizeof(back));
	dl_frame_pack(&h, block, f, descs);
	saw(f, sizeof(*f));
	must(dl_frame_unpack(&back, f, block) == DL_OK);
	must(!memcmp(&back, &h, sizeof(h)));
	must(dl_frame_check_descs(&back, descs) == DL_OK);
	free(descs);
	free(f);
	return 0;
}
