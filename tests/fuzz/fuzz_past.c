// SPDX-License-Identifier: GPL-2.0
/*
 * Index entries of the past: whatever is accepted lies within a page, a volume
 * and the order of sequences, and is written back as it was.
 */
#include "fuzz.h"
#include "past.h"

static void check_version(const struct dl_version *v)
{
	must(v->page <= DL_PAGE_MAX);
	must(v->codec ? v->stored && v->stored < 8 && v->sectors == 8 : !v->stored);
	must(v->sectors && v->first + v->sectors <= 8);
	must(v->mask && !(v->mask & ~(((1u << v->sectors) - 1) << v->first)));
	must(!v->loc || v->loc >> 40 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct dl_disk_past *d = exactly(sizeof(*d)), once, twice;
	struct dl_version v, back;
	bool run, run_again;
	enum dl_status st;

	while (in.left) {
		u8 how = (u8)take_int(&in, 1);

		take(&in, d, sizeof(*d));
		/* Most of 64 bits are too much: let some pass. */
		if (how & 1)
			d->addr = cpu_to_le64(le64_to_cpu(d->addr) >> 24);
		if (how & 2)
			d->loc = cpu_to_le64(le64_to_cpu(d->loc) >> 24);
		if (how & 4)
			d->until = cpu_to_le64(le64_to_cpu(d->from) + 1);
		if (how & 8) {
			d->first &= 7;
			d->sectors = 1 + d->sectors % (8 - d->first);
			d->mask = (u8)(((1u << d->sectors) - 1) << d->first);
		}
		if (how & 32) {
			d->first = DL_CODEC_LZ4 << 3;
			d->sectors = 8 | (d->sectors & 7) << 4;
		}
		if (how & 16)
			d->flags &= DL_PAST_RUN | DL_PVAL_ZERO;
		st = dl_past_unpack(&v, d, &run);
		saw_int(st);
		if (st != DL_OK)
			continue;
		saw_int(run);
		must(v.from < v.until && !v.home);
		if (run)
			must(v.loc && v.page + v.loc <= 8ULL << 40);
		else
			check_version(&v);
		if (run)
			continue;
		dl_past_pack(&v, &once);
		saw(&once, sizeof(once));
		must(dl_past_unpack(&back, &once, &run_again) == DL_OK);
		dl_past_pack(&back, &twice);
		must(!run_again && !memcmp(&once, &twice, sizeof(once)));
		must(!memcmp(&once, d, sizeof(once)));
	}
	free(d);
	return 0;
}
