// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over a log that is nearly right: the input is a list of changes to
 * a good one, after which the checksums are made right again, so that what is
 * behind them is reached. Without the repair the walk must accept nothing that
 * was not written.
 */
#include "crc.h"
#include "fuzz.h"
#include "logbuild.h"

#define LOGS	4
#define SPAN	(6u * DL_CHUNK_SECTORS_MIN)	/* sectors that changes may hit */

static struct lb *logs[LOGS];
static u8 image[LB_LOG_BYTES];

static void fix_frame(const struct lb *b, const struct lb_frame *f)
{
	u8 *p = image + f->sector * DL_SECTOR_BYTES;
	struct dl_disk_frame *d = (void *)p;
	static struct dl_disk_desc descs[DL_FRAME_MAX_DESCS];
	u32 nr = le32_to_cpu(d->nr_descs);
	u32 in_head = dl_frame_head_descs(b->sb.block_bytes);
	u32 tail, n;

	/* The descriptors, wherever the header says that they are. */
	if (nr <= DL_FRAME_MAX_DESCS) {
		tail = dl_frame_tail_sectors(b->sb.block_bytes, nr);
		n = nr < in_head ? nr : in_head;
		memcpy(descs, p + sizeof(*d), n * sizeof(*descs));
		if (tail && le32_to_cpu(d->total_sectors) >= tail &&
		    le32_to_cpu(d->total_sectors) < LB_LOG_SECTORS - f->sector)
			memcpy(&descs[n], p + (le32_to_cpu(d->total_sectors) -
					       tail) * DL_SECTOR_BYTES,
			       (nr - n) * sizeof(*descs));
		d->desc_crc = cpu_to_le32(dl_crc32c(descs, nr * sizeof(*descs)));
	}
	d->self_crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
				offsetof(struct dl_disk_frame, self_crc)));
}

static void fix_summary(const struct lb_write *wr)
{
	u8 *p = image + wr->sector * DL_SECTOR_BYTES;
	struct dl_disk_summary *d = (void *)p;
	struct dl_disk_summary_tail *t;

	if (le32_to_cpu(d->body_bytes) <= wr->sectors * DL_SECTOR_BYTES - 160)
		d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d) +
				le32_to_cpu(d->body_bytes),
				offsetof(struct dl_disk_summary, crc)));
	t = (void *)(p + wr->sectors * DL_SECTOR_BYTES - sizeof(*t));
	t->crc = cpu_to_le32(dl_crc32c_around(t, sizeof(*t),
			offsetof(struct dl_disk_summary_tail, crc)));
}

/* Small numbers and those near an old one are worth more than random ones. */
static u64 odd_value(struct input *in, u64 old)
{
	u8 how = (u8)take_int(in, 1);

	switch (how & 7) {
	case 0:
		return old + (int8_t)take_int(in, 1);
	case 1:
		return take_int(in, 1);
	case 2:
		return ~take_int(in, 1);
	case 3:
		return old ^ 1ULL << (take_int(in, 1) & 63);
	default:
		return take_int(in, 8);
	}
}

/* Change a table entry, unless dl_cp_get_segment() would refuse the result. */
static void change_table(struct lb *b, struct input *in)
{
	struct dl_cp_segment *s, old;

	if (!b->nr_table)
		return;
	s = &b->table[take_int(in, 1) % b->nr_table];
	old = *s;
	switch (take_int(in, 1) % 9) {
	case 0:
		s->state = 1 + take_int(in, 1) % 3;
		break;
	case 1:
		s->first_commit = odd_value(in, s->first_commit);
		break;
	case 2:
		s->last_commit = odd_value(in, s->last_commit);
		break;
	case 3:
		s->first_seq = odd_value(in, s->first_seq);
		break;
	case 4:
		s->flags ^= DL_SEG_SUMMARY;
		break;
	case 5:
		s->id = odd_value(in, s->id);
		break;
	case 6:
		s->epoch = odd_value(in, s->epoch);
		break;
	case 7:
		s->start = b->sb.data_start + take_int(in, 1) % 15 * 128;
		s->sectors = 128 << take_int(in, 1) % 3;
		break;
	case 8:
		b->nr_table = take_int(in, 1) % (b->nr_table + 1);
		return;
	}
	if (!s->id || !s->epoch ||
	    !dl_super_segment_fits(&b->sb, s->start, s->sectors) ||
	    (s->state == DL_SEG_SEALED &&
	     (!s->first_commit || s->last_commit == U64_MAX ||
	      s->last_commit < s->first_commit - 1)))
		*s = old;
}

static void change(struct lb *b, struct input *in, bool repair)
{
	const struct lb_frame *f = &b->frames[take_int(in, 1) % b->nr_frames];
	u8 *p = image + f->sector * DL_SECTOR_BYTES;
	u64 at, old, value;
	const struct lb_write *wr;
	u32 i;

	switch (take_int(in, 1) % 6) {
	case 0:		/* a field of a frame's header */
		at = take_int(in, 1) % 31 * 4;
		break;
	case 1:		/* of a descriptor */
		at = 128 + take_int(in, 2) % (f->nr_recs * 32 + 32);
		break;
	case 2:		/* of a summary */
		at = take_int(in, 2);
		for (i = 0; i < b->nr_writes; i++) {
			wr = &b->writes[i];
			if (wr->frame >= 0 || at >> 15 != (wr->seg & 1))
				continue;
			at &= 0x7fff;
			p = image + wr->sector * DL_SECTOR_BYTES;
			if (at & 0x4000)
				/* the tail */
				p += wr->sectors * DL_SECTOR_BYTES - 32;
			at %= at & 0x4000 ? 24 : wr->sectors * DL_SECTOR_BYTES - 8;
			break;
		}
		if (i == b->nr_writes)
			return;
		break;
	case 3:		/* anything, anywhere */
		p = image + b->sb.data_start * DL_SECTOR_BYTES;
		at = take_int(in, 3) % (SPAN * DL_SECTOR_BYTES - 8);
		break;
	case 4:		/* a block from elsewhere, or from before */
		at = b->sb.data_start + take_int(in, 2) % SPAN;
		i = b->sb.data_start + take_int(in, 2) % SPAN;
		memcpy(image + at * DL_SECTOR_BYTES,
		       (at & 1 ? b->base : b->log) + i * DL_SECTOR_BYTES,
		       DL_SECTOR_BYTES);
		return;
	default:
		if (repair)
			change_table(b, in);
		return;
	}
	memcpy(&old, p + at, 8);
	value = odd_value(in, le64_to_cpu(old));
	value = cpu_to_le64(value);
	memcpy(p + at, &value, 1 + take_int(in, 1) % 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dl_cp_segment table[LB_SEGS];
	struct input in = { data, size };
	u8 how = (u8)take_int(&in, 1), flags;
	struct lb_result r;
	struct dl_cp_head cp;
	struct lb *b;
	u32 i, nr_table;

	i = how % LOGS;
	if (!logs[i])
		logs[i] = lb_long(i & 1 ? 512 : 4096, i + 1, i, i & 2);
	b = logs[i];
	memcpy(table, b->table, sizeof(table));
	nr_table = b->nr_table;
	cp = b->cp;
	/* What lies behind is never written, by anyone. */
	memcpy(image + b->sb.data_start * DL_SECTOR_BYTES,
	       b->log + b->sb.data_start * DL_SECTOR_BYTES,
	       SPAN * DL_SECTOR_BYTES);

	b->no_model = how & 4;
	flags = how >> 3 & 3;
	b->sb.flags = how & 32 && b->no_model ? DL_SUPER_CLEAN : 0;
	b->bad_sectors = 0;
	if (how & 64) {
		b->bad_sector = b->sb.data_start + take_int(&in, 2) % SPAN;
		b->bad_sectors = (u32)take_int(&in, 1) % 20;
	}
	if (how & 4 && how & 128) {
		b->cp.durable_commit = odd_value(&in, cp.durable_commit);
		b->cp.next_commit = odd_value(&in, cp.next_commit);
		b->cp.next_seq = odd_value(&in, cp.next_seq);
	}
	while (in.left)
		change(b, &in, b->no_model);
	if (b->no_model) {
		for (i = 0; i < b->nr_frames; i++)
			fix_frame(b, &b->frames[i]);
		for (i = 0; i < b->nr_writes; i++)
			if (b->writes[i].frame < 0)
				fix_summary(&b->writes[i]);
	}

	lb_walk(b, image, flags, how & 16 ? LB_SUMMARY_MAX : 0, &r);
	if (r.wrong) {
		fprintf(stderr, "%s\n", r.wrong);
		abort();
	}
	must(r.st == DL_OK || r.st == DL_LOST || r.st == DL_BAD_PLACE);
	must(r.notes[DL_NOTE_FATAL] == (r.st == DL_LOST));
	must(r.damaged <= r.notes[DL_NOTE_DAMAGE]);
	saw_int(r.st);
	saw(r.notes, sizeof(r.notes));
	saw_int(r.frames);
	saw_int(r.records);
	saw_int(r.unreadable);
	saw_int(r.reads);
	saw_int(r.read_sectors);
	saw_int(r.damaged);
	saw_int(r.last_commit);
	saw_int(r.last_seq);
	saw_int(r.nr_segs);
	saw_int(r.more);

	memcpy(b->table, table, sizeof(table));
	b->nr_table = nr_table;
	b->cp = cp;
	return 0;
}
