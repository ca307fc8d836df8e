// SPDX-License-Identifier: GPL-2.0
/*
 * Makes images of logs for tests of the tool, and damages them.
 *
 *   mkimage build LOG ORIGIN SEED BLOCK   write both; says on stdout what is
 *	where, a line each: KIND OFFSET BYTES COMMIT PAGE (0 where it has none)
 *   mkimage clean LOG ORIGIN SEED BLOCK   the same, detached and with no record
 *   mkimage lost LOG ORIGIN SEED BLOCK    like build, with lost sectors
 *   mkimage grain LOG ORIGIN SEED BLOCK   like build, with a policy and a
 *	granularity map, and snapshots with and without one
 *   mkimage misrule LOG ORIGIN SEED BLOCK likewise, the policy no policy
 *   mkimage flip FILE OFFSET              change one byte
 *   mkimage super FILE SLOT NAME VALUE    change a field of a superblock and
 *	make the checksum right again; NAME: version, incompat, flags,
 *	log_sectors, volume_sectors, uuid, generation, cipher, crypt_state
 *
 * What is built, with a checkpoint made where the bar is:
 *
 *   sealed, with summary   sealed, without   open | goes on   next   chained
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../unit/logbuild.h"
#include "checkpoint.h"
#include "crc.h"
#include "imprint.h"
#include "pin.h"

#define CHUNK		DL_CHUNK_SECTORS_MIN
#define NR_SAMPLES	3

/* Sections that not every checkpoint has. */
enum extra { NOTHING, LOST, GRAIN, MISRULE };

/* Pages beyond those that random records concern, and the very first. */
static const u64 sampled[NR_SAMPLES] = { 0, 5000, 131071 };

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

static void put(int fd, u64 at, const void *p, size_t n)
{
	if (pwrite(fd, p, n, (off_t)at) != (ssize_t)n)
		die("write");
}

static void get(int fd, u64 at, void *p, size_t n)
{
	if (pread(fd, p, n, (off_t)at) != (ssize_t)n)
		die("read");
}

static int create(const char *path, u64 bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		die(path);
	return fd;
}

static void frames(struct lb *b, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!lb_frame_random(b, 1 + (u32)(lb_random(b) % 20)))
			break;
		if (i % 3 == 2)
			lb_flush(b);
	}
}

static void fill(struct lb *b)
{
	/* More descriptors than a head holds, so that there is a tail. */
	struct lb_spec many[64];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct lb_spec) {
			.type = i % 4 ? DL_REC_ZERO : DL_REC_DATA,
			.sectors = 1, .addr = 100 + i };

	lb_open(b, 2 * CHUNK);
	frames(b, 4);
	lb_seal(b, true);
	lb_open(b, CHUNK);
	lb_frame(b, many, ARRAY_SIZE(many));
	frames(b, 3);
	lb_flush(b);
	lb_seal(b, false);
	lb_open(b, CHUNK);
	frames(b, 1);
	lb_flush(b);
	lb_checkpoint(b);
	frames(b, 4);
	lb_flush(b);
	lb_open(b, CHUNK);
	frames(b, 2);
	lb_flush(b);
	lb_open(b, CHUNK);
	frames(b, 3);
	lb_flush(b);
	/* Carries the proof that all before it were durable. */
	lb_frame(b, many, 2);
}

static void say(const char *kind, u64 at, u64 bytes, u64 commit, u64 page)
{
	printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", kind, at,
	       bytes, commit, page);
}

/* One that stays lost, and one that the records of fill() cover. */
static void put_lost(struct dl_cp_writer *w)
{
	const struct dl_disk_lost lost[] = {
		{ .page = cpu_to_le64(6000), .mask = 0x81 },
		{ .page = cpu_to_le64(100), .mask = 0x01 },
	};

	dl_cp_section(w, DL_SECTION_LOST, DL_SECTION_MUST);
	dl_cp_put_bytes(w, lost, sizeof(lost));
}

/* A hot page's region, two that are alike, and one behind the end. */
static void put_grain(struct dl_cp_writer *w, bool right)
{
	static const char policy[] =
		"window 5m\nhysteresis 25%\nmax-chain 64\n"
		"page-rate > 4/min -> bit\n-> block\n";
	const struct dl_disk_grain map[] = {
		{ .region = cpu_to_le32(12), .level = 2,
		  .rate = cpu_to_le32(5), .flags = DL_GRAIN_SEQUENTIAL },
		{ .region = cpu_to_le32(0xffffffff), .region_hi = 0xff,
		  .level = 2, .rate = cpu_to_le32(7) },
		{ .region = cpu_to_le32(3), .level = 4,
		  .rate = cpu_to_le32(7200), .delta = cpu_to_le16(90 * 8) },
		{ .region = cpu_to_le32(11), .level = 2,
		  .rate = cpu_to_le32(7), .flags = DL_GRAIN_SEQUENTIAL },
	};

	dl_cp_section(w, DL_SECTION_POLICY, 0);
	dl_cp_put_bytes(w, policy + !right, strlen(policy) - !right);
	dl_cp_section(w, DL_SECTION_GRAIN, 0);
	dl_cp_put_bytes(w, map, sizeof(map));
}

/* Of three snapshots one has a map, one none, and one what does not add up. */
static void put_past(struct dl_cp_writer *w)
{
	static const char *const names[] = { "monday", "bare", "torn" };
	const struct dl_disk_pins head = { .next_id = cpu_to_le64(4) };
	const struct dl_imprint_region r[] = {
		{ .region = 20, .rate = 3600, .delta = 64 * 8, .level = 3 },
		{ .region = 8192, .rate = 9, .level = 2 },
		{ .region = 3, .rate = 8, .level = 2, .sequential = true },
	};
	const __le64 region[] = {
		dl_imprint_pack(&r[0]), dl_imprint_pack(&r[1]),
		dl_imprint_pack(&r[2]),
	};
	const struct dl_imprint im = {
		.id = 1, .known = 5, .nr = 3, .region = region,
	};
	struct dl_disk_imprint torn = {
		.id = cpu_to_le64(3), .nr = cpu_to_le32(2),
		.known = cpu_to_le32(2),
	};
	u64 buf[8];
	u32 i;

	dl_cp_section(w, DL_SECTION_PINS, DL_SECTION_MUST);
	dl_cp_put_bytes(w, &head, sizeof(head));
	for (i = 0; i < 3; i++) {
		struct dl_pin pin = {
			.id = i + 1, .seq = 5, .time_ns = 1700000000000000000ULL,
			.sectors = 1 << 20,
		};
		struct dl_disk_pin d;

		strcpy(pin.name, names[i]);
		dl_pin_pack(&pin, &d);
		dl_cp_put_bytes(w, &d, sizeof(d));
	}
	dl_cp_section(w, DL_SECTION_IMPRINTS, 0);
	dl_cp_put_bytes(w, buf, dl_imprint_put(buf, sizeof(buf), &im));
	dl_cp_put_bytes(w, &torn, sizeof(torn));
	dl_cp_put_bytes(w, &region[2], sizeof(region[2]));
}

static void write_start(int fd, struct lb *b, const u32 *crcs, enum extra more)
{
	static u8 area[1 << 20], block[DL_SUPER_BYTES];
	struct dl_super *sb = &b->sb;
	struct dl_cp_writer w;
	u32 i, k;

	memcpy(sb->uuid, "0123456789abcdef", sizeof(sb->uuid));
	strcpy(sb->label, "image");
	sb->created_ns = b->time_ns;
	sb->written_ns = b->time_ns;
	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		sb->generation = 10 + i;
		b->cp.generation = sb->generation;
		dl_cp_begin(&w, area, sizeof(area));
		dl_cp_section(&w, DL_SECTION_SEGMENTS, DL_SECTION_MUST);
		for (k = 0; k < b->nr_table; k++)
			dl_cp_put_segment(&w, &b->table[k]);
		dl_cp_section(&w, DL_SECTION_SAMPLES, 0);
		for (k = 0; k < NR_SAMPLES; k++)
			dl_cp_put_sample(&w, &(struct dl_cp_sample) {
				.page = sampled[k], .crc = crcs[k],
				.flags = DL_SAMPLE_VALID });
		if (more == LOST)
			put_lost(&w);
		if (more == GRAIN || more == MISRULE)
			put_grain(&w, more == GRAIN);
		if (more == GRAIN)
			put_past(&w);
		if (dl_cp_end(&w, &b->cp, &sb->cp_bytes, &sb->cp_crc) != DL_OK)
			abort();
		sb->cp_sector = (u64)DL_SUPER_SLOTS * DL_SUPER_SECTORS +
			(u64)i * sb->cp_sectors;
		dl_super_pack(sb, block);
		put(fd, sb->cp_sector * DL_SECTOR_BYTES, area, sb->cp_bytes);
		put(fd, (u64)i * DL_SUPER_BYTES, block, sizeof(block));
		say("slot", (u64)i * DL_SUPER_BYTES, sizeof(block), 0, 0);
		say("area", sb->cp_sector * DL_SECTOR_BYTES, sb->cp_bytes, 0, 0);
	}
}

static void make_origin(const char *path, u64 bytes, u32 *crcs)
{
	u8 page[DL_PAGE_BYTES];
	int fd = create(path, bytes);
	u32 i;

	for (i = 0; i < NR_SAMPLES; i++) {
		memset(page, (int)i + 1, sizeof(page));
		put(fd, sampled[i] * DL_PAGE_BYTES, page, sizeof(page));
		crcs[i] = dl_crc32c(page, sizeof(page));
	}
	close(fd);
}

static u64 page_of(const struct lb *b, u64 sector)
{
	u32 i;

	for (i = 0; i < b->nr_recs; i++)
		if (b->recs[i].d.type == DL_REC_DATA &&
		    b->recs[i].loc <= sector &&
		    sector < b->recs[i].loc + b->recs[i].d.stored)
			return b->recs[i].d.addr;
	return 0;
}

static void say_places(const struct lb *b)
{
	static const char *const names[] = {
		[LB_HEAD] = "head",
		[LB_PAYLOAD] = "payload",
		[LB_SUMMARY] = "summary",
		[LB_TAIL] = "tail",
	};
	u64 at, from = 0, sector;
	u8 kind = LB_UNUSED;

	/* A line for each run of bytes of one kind, of payload for each sector. */
	for (at = 0; at <= LB_LOG_BYTES; at++) {
		u8 now = at < LB_LOG_BYTES ? b->kind[at] : LB_UNUSED;

		if (now == kind &&
		    !(kind == LB_PAYLOAD && at % DL_SECTOR_BYTES == 0))
			continue;
		sector = from / DL_SECTOR_BYTES;
		if (kind != LB_UNUSED)
			say(names[kind], from, at - from,
			    kind == LB_HEAD || kind == LB_PAYLOAD ?
			    b->frames[b->owner[sector]].h.commit : 0,
			    kind == LB_PAYLOAD ? page_of(b, sector) : 0);
		kind = now;
		from = at;
	}
}

static int build(char **argv, bool clean, enum extra more)
{
	u64 seed = strtoull(argv[2], NULL, 10);
	struct lb *b = lb_new((u32)strtoul(argv[3], NULL, 10), seed);
	u32 crcs[NR_SAMPLES];
	int fd = create(argv[0], LB_LOG_BYTES);

	/* A byte that is damaged is one record's. */
	b->whole = true;
	make_origin(argv[1], b->sb.volume_sectors * DL_SECTOR_BYTES, crcs);
	if (clean) {
		lb_checkpoint(b);
		b->nr_table = 0;
		b->sb.flags = DL_SUPER_CLEAN | DL_SUPER_DETACHED;
	} else {
		fill(b);
	}
	put(fd, 0, b->log, LB_LOG_BYTES);
	write_start(fd, b, crcs, more);
	if (!clean)
		say_places(b);
	close(fd);
	lb_free(b);
	return 0;
}

static int flip(char **argv)
{
	int fd = open(argv[0], O_RDWR);
	u64 at = strtoull(argv[1], NULL, 10);
	u8 byte;

	if (fd < 0)
		die(argv[0]);
	get(fd, at, &byte, 1);
	byte ^= 0x41;
	put(fd, at, &byte, 1);
	close(fd);
	return 0;
}

static int edit(char **argv)
{
	int fd = open(argv[0], O_RDWR);
	u64 at = strtoull(argv[1], NULL, 10) * DL_SUPER_BYTES;
	u64 v = strtoull(argv[3], NULL, 0);
	struct dl_disk_super d;

	if (fd < 0)
		die(argv[0]);
	get(fd, at, &d, sizeof(d));
	if (!strcmp(argv[2], "version"))
		d.version = cpu_to_le32((u32)v);
	else if (!strcmp(argv[2], "incompat"))
		d.incompat = cpu_to_le64(v);
	else if (!strcmp(argv[2], "flags"))
		d.flags = cpu_to_le32((u32)v);
	else if (!strcmp(argv[2], "log_sectors"))
		d.log_sectors = cpu_to_le64(v);
	else if (!strcmp(argv[2], "volume_sectors"))
		d.volume_sectors = cpu_to_le64(v);
	else if (!strcmp(argv[2], "generation"))
		d.generation = cpu_to_le64(v);
	else if (!strcmp(argv[2], "cipher"))
		d.crypt.cipher = cpu_to_le32((u32)v);
	else if (!strcmp(argv[2], "crypt_state"))
		d.crypt.state = cpu_to_le32((u32)v);
	else if (!strcmp(argv[2], "uuid"))
		d.uuid[0] = (u8)v;
	else
		return 2;
	d.crc = cpu_to_le32(dl_crc32c_around(&d, sizeof(d),
					     offsetof(struct dl_disk_super, crc)));
	put(fd, at, &d, sizeof(d));
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "build"))
		return build(argv + 2, false, NOTHING);
	if (argc == 6 && !strcmp(argv[1], "clean"))
		return build(argv + 2, true, NOTHING);
	if (argc == 6 && !strcmp(argv[1], "lost"))
		return build(argv + 2, false, LOST);
	if (argc == 6 && !strcmp(argv[1], "grain"))
		return build(argv + 2, false, GRAIN);
	if (argc == 6 && !strcmp(argv[1], "misrule"))
		return build(argv + 2, false, MISRULE);
	if (argc == 4 && !strcmp(argv[1], "flip"))
		return flip(argv + 2);
	if (argc == 6 && !strcmp(argv[1], "super"))
		return edit(argv + 2);
	fprintf(stderr, "usage: mkimage build|clean|lost|grain|misrule|flip|super ...\n");
	return 2;
}
