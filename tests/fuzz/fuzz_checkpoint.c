// SPDX-License-Identifier: GPL-2.0
/*
 * Checkpoints: sections never reach out of the buffer, segments that are
 * accepted lie in the log, and what is read can be written again.
 */
#include "checkpoint.h"
#include "fuzz.h"
#include "imprint.h"

static volatile u8 sink;

static void read_all(const u8 *p, size_t n)
{
	while (n--)
		sink += *p++;
}

static void check_segments(const struct dl_super *sb, const void *body, size_t n)
{
	struct dl_cp_segment s, back;
	struct dl_cp_writer w;
	u8 *buf;
	u32 i;

	for (i = 0; dl_cp_get_segment(&s, body, n, i, sb) != DL_BAD_SECTION; i++) {
		must(i < n / 128);
		if (dl_cp_get_segment(&s, body, n, i, sb) != DL_OK)
			continue;
		must(s.start >= sb->data_start &&
		     s.start + s.sectors <= sb->log_sectors &&
		     s.end <= s.sectors && s.id && s.epoch);
		buf = exactly(128 + 16 + 128);
		dl_cp_begin(&w, buf, 128 + 16 + 128);
		dl_cp_section(&w, DL_SECTION_SEGMENTS, 0);
		dl_cp_put_segment(&w, &s);
		saw(buf + 144, 128);
		memset(&back, 0, sizeof(back));
		must(dl_cp_get_segment(&back, buf + 144, 128, 0, sb) == DL_OK);
		must(!memcmp(back.digest, s.digest, 32) && back.id == s.id &&
		     back.start == s.start && back.sectors == s.sectors &&
		     back.first_commit == s.first_commit &&
		     back.last_commit == s.last_commit && back.end == s.end &&
		     back.flags == s.flags && back.state == s.state &&
		     back.epoch == s.epoch && back.first_seq == s.first_seq &&
		     back.last_seq == s.last_seq && back.tier == s.tier);
		free(buf);
	}
	must(i == (n % 128 ? 0 : n / 128));
	saw_int(i);
}

/* Imprints are inside, sorted, and a run has room for them or for the youngest. */
static void check_imprints(const u8 *body, size_t n)
{
	struct dl_imprints run = { .room = (u32)(n & 1023) };
	struct dl_imprint_region r;
	struct dl_imprint im, back;
	size_t at = 0, bytes;
	u32 i;

	run.buf = exactly(run.room);
	while (dl_imprint_get(&im, body, n, &at) == DL_OK) {
		must(im.id && im.nr <= im.known && at <= n);
		must((const u8 *)(im.region + im.nr) == body + at);
		for (i = 0; i < im.nr; i++) {
			dl_imprint_unpack(&r, im.region[i]);
			must(r.level < DL_LEVEL_COUNT &&
			     r.region <= DL_PAGE_MAX >> 4);
		}
		if (dl_imprints_add(&run, &im)) {
			must(dl_imprints_find(&run, im.id, &back));
			must(back.nr <= dl_imprints_most(run.room));
		}
		must(run.used <= run.room);
	}
	dl_imprints_youngest(&run, n & 511, &bytes);
	must(bytes <= (n & 511));
	free(run.buf);
}

/* Write the sections of a checkpoint again: the same comes out. */
static void check_read(const struct dl_super *sb, const u8 *buf)
{
	struct dl_cp_reader r;
	struct dl_cp_sample sample;
	struct dl_cp_head h;
	const void *body;
	enum dl_status st;
	size_t n, total = 0;
	u32 type, i;

	st = dl_cp_open(&r, &h, sb, buf);
	saw_int(st);
	if (st != DL_OK)
		return;
	while ((st = dl_cp_next(&r, &type, &body, &n)) == DL_OK) {
		must((const u8 *)body >= buf + 128 &&
		     n <= (size_t)(buf + sb->cp_bytes - (const u8 *)body));
		read_all(body, n);
		total += n;
		saw_int(type);
		saw(body, n);
		if (type == DL_SECTION_SEGMENTS)
			check_segments(sb, body, n);
		if (type == DL_SECTION_IMPRINTS)
			check_imprints(body, n);
		if (type == DL_SECTION_SAMPLES)
			for (i = 0; dl_cp_get_sample(&sample, body, n, i) !=
			     DL_BAD_SECTION; i++)
				must(i < n / 16);
	}
	saw_int(st);
	must(total <= sb->cp_bytes);
	must(st == DL_NOT_FOUND || st == DL_BAD_SECTION || st == DL_BAD_FEATURE);
}

/* Random calls of the writer; what it makes can be read. */
static void check_write(const struct dl_super *base, struct input *in)
{
	size_t size = take_int(in, 2) % 2048 / 8 * 8;
	struct dl_cp_head h = { .generation = base->generation };
	struct dl_super sb = *base;
	struct dl_cp_segment s;
	struct dl_cp_sample p;
	struct dl_cp_writer w;
	struct dl_cp_reader r;
	enum dl_status st;
	u8 bytes[64], *buf = exactly(size);
	const void *body;
	u32 crc, nr = 0, seen = 0, type;
	size_t n;

	memset(&s, 0, sizeof(s));
	dl_cp_begin(&w, buf, size);
	while (in->left) {
		switch (take_int(in, 1) & 3) {
		case 0:
			dl_cp_section(&w, 1 + take_int(in, 1) % 3, 0);
			nr++;
			break;
		case 1:
			take(in, &s.digest, 32);
			dl_cp_put_segment(&w, &s);
			break;
		case 2:
			p.page = take_int(in, 5);
			p.crc = 0;
			p.flags = 0;
			dl_cp_put_sample(&w, &p);
			break;
		default:
			n = take_int(in, 1) % sizeof(bytes);
			take(in, bytes, n);
			dl_cp_put_bytes(&w, bytes, n);
		}
	}
	st = dl_cp_end(&w, &h, &sb.cp_bytes, &crc);
	must(st == DL_OK || st == DL_NO_SPACE);
	saw_int(st);
	if (st == DL_OK) {
		saw(buf, sb.cp_bytes);
		must(sb.cp_bytes <= size);
		sb.cp_crc = crc;
		must(dl_cp_open(&r, &h, &sb, buf) == DL_OK);
		while ((st = dl_cp_next(&r, &type, &body, &n)) == DL_OK)
			seen++;
		must(st == DL_NOT_FOUND && seen == nr);
	}
	free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = (u8)take_int(&in, 1);
	size_t n = in.left / 8 * 8;
	struct dl_disk_checkpoint *d;
	struct dl_super sb;

	must(dl_super_layout(&sb, 2048u << (how >> 5), 1000, 4096, 0) == DL_OK);
	sb.generation = 5;
	if (how & 1) {
		check_write(&sb, &in);
		return 0;
	}
	d = exactly(n);
	take(&in, d, n);
	if (n >= sizeof(*d)) {
		d->magic = cpu_to_le64(DL_CP_MAGIC);
		d->generation = cpu_to_le64(sb.generation);
		if (how & 2)
			d->nr_sections = cpu_to_le32(le32_to_cpu(d->nr_sections) & 7);
	}
	sb.cp_bytes = (u32)n;
	sb.cp_crc = dl_crc32c(d, n);
	check_read(&sb, (const u8 *)d);
	free(d);
	return 0;
}
