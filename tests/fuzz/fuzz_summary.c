// SPDX-License-Identifier: GPL-2.0
/*
 * Summaries: a reader stays inside the body whatever the counts say, and what
 * a writer makes is read back.
 */
#include "crc.h"
#include "fuzz.h"
#include "summary.h"

#define ID	6
#define EPOCH	77

static void check_read(struct input *in, u8 how)
{
	u32 block = 512u << (how & 3), sectors, got;
	struct dl_disk_summary_tail *t;
	const struct dl_disk_desc *descs;
	struct dl_disk_summary *d;
	struct dl_summary_reader r;
	struct dl_summary_frame f;
	struct dl_summary_head h;
	enum dl_status st;
	u64 nr = 0, total = 0;
	size_t n;
	u8 *buf;

	n = (in->left + block - 1) / block * block;
	if (!n)
		return;
	buf = exactly(n);
	take(in, buf, n);
	sectors = (u32)(n / 512);
	t = (void *)(buf + n - sizeof(*t));
	t->magic = cpu_to_le32(DL_SUMMARY_MAGIC);
	t->segment_id = cpu_to_le64(ID);
	t->epoch = cpu_to_le64(EPOCH);
	t->crc = cpu_to_le32(dl_crc32c_around(t, sizeof(*t),
			offsetof(struct dl_disk_summary_tail, crc)));
	st = dl_summary_tail_unpack(buf + n - block, block, ID, EPOCH, 4096,
				    &got);
	saw_int(st);
	if (st == DL_OK) {
		must(got && got <= 4096 && got % (block / 512) == 0);
		saw_int(got);
	}

	d = (void *)buf;
	d->magic = cpu_to_le32(DL_SUMMARY_MAGIC);
	d->segment_id = cpu_to_le64(ID);
	d->epoch = cpu_to_le64(EPOCH);
	if (how & 4 && n >= 256) {
		/* Make the counts agree, that the reader gets its turn. */
		d->nr_frames = cpu_to_le32(1 + le32_to_cpu(d->nr_frames) % 8);
		d->nr_descs = cpu_to_le32(le32_to_cpu(d->nr_descs) %
					  ((n - 160) / 32));
		d->body_bytes = cpu_to_le32(32 * (le32_to_cpu(d->nr_frames) +
						  le32_to_cpu(d->nr_descs)));
		d->first_commit = cpu_to_le64(le64_to_cpu(d->first_commit) >> 1 | 1);
		d->last_commit = cpu_to_le64(le64_to_cpu(d->first_commit) +
					     le32_to_cpu(d->nr_frames) - 1);
		d->next_sectors = 0;
		d->end = 0;
	}
	if (le32_to_cpu(d->body_bytes) <= n - sizeof(*d))
		d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d) +
				le32_to_cpu(d->body_bytes),
				offsetof(struct dl_disk_summary, crc)));
	st = dl_summary_open(&h, buf, sectors, ID, EPOCH, 4096);
	saw_int(st);
	if (st == DL_OK) {
		must(h.body_bytes + 160 <= n && h.nr_frames);
		must(h.end <= 4096 - sectors);
		dl_summary_rewind(&r, &h, buf);
		while ((st = dl_summary_next(&r, &f, &descs)) == DL_OK) {
			must((const u8 *)descs >= buf + 160 &&
			     (const u8 *)(descs + f.nr_descs) <=
			     buf + 128 + h.body_bytes);
			nr++;
			total += f.nr_descs;
		}
		saw_int(st);
		saw_int(nr);
		saw_int(total);
		must(st == DL_NOT_FOUND || st == DL_BAD_SIZE);
		if (st == DL_NOT_FOUND)
			must(nr == h.nr_frames && total == h.nr_descs);
	}
	free(buf);
}

static void check_write(struct input *in, u8 how)
{
	u32 block = 512u << (how & 3), sectors, got, added = 0;
	size_t size = take_int(in, 2) % 20000 / 8 * 8;
	static struct dl_disk_desc descs[DL_FRAME_MAX_DESCS];
	u8 *buf = exactly(size);
	struct dl_frame_head h = { .commit = 1 + take_int(in, 4) };
	struct dl_summary_head sh = { .epoch = EPOCH, .segment_id = ID };
	const struct dl_disk_desc *out;
	struct dl_summary_writer w;
	struct dl_summary_reader r;
	struct dl_summary_frame f;
	enum dl_status st;

	dl_summary_begin(&w, buf, size);
	while (in->left) {
		h.nr_descs = (u32)take_int(in, 2) % (DL_FRAME_MAX_DESCS + 1);
		if (dl_summary_add(&w, &h, added, block, descs) != DL_OK)
			continue;
		h.commit++;
		h.first_seq += h.nr_descs;
		added++;
	}
	st = dl_summary_end(&w, &sh, block, &sectors);
	must(st == DL_OK || (st == DL_BAD_SIZE && !added) || st == DL_NO_SPACE);
	saw_int(st);
	if (st == DL_OK) {
		saw(buf, sectors * 512);
		must((u64)sectors * 512 <= size);
		must(sectors == dl_summary_sectors(block, sh.nr_frames,
						   sh.nr_descs, 0));
		must(dl_summary_tail_unpack(buf + sectors * 512 - block, block, ID,
					    EPOCH, 4096, &got) == DL_OK);
		must(got == sectors);
		must(dl_summary_open(&sh, buf, sectors, ID, EPOCH, 1u << 20) ==
		     DL_OK);
		dl_summary_rewind(&r, &sh, buf);
		while ((st = dl_summary_next(&r, &f, &out)) == DL_OK)
			added--;
		must(st == DL_NOT_FOUND && !added);
	}
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = (u8)take_int(&in, 1);

	if (how & 0x80)
		check_write(&in, how);
	else
		check_read(&in, how);
	return 0;
}
