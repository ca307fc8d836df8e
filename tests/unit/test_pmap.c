// SPDX-License-Identifier: GPL-2.0
/*
 * The page map against an array that has, for every sector of every page, the
 * record that should be visible.
 */
#include "pmap.h"
#include "in_pieces.h"
#include "unit.h"

#define PAGES	48
#define ENTS	2600

struct cell {
	u64 seq;		/* 0: no record */
	struct dl_pval v;
};

struct rig {
	struct dl_pmap m;
	struct dl_pent ents[PIECES(ENTS) << DL_PIECE_SHIFT];
	void *at[PIECES(ENTS)];
	u32 buckets[64];
	u32 free[ENTS], nr_free;
	struct cell oracle[PAGES][DL_PAGE_SECTORS];
	u64 rng;
};

static u64 rnd(struct rig *r)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return r->rng * 0x2545f4914f6cdd1dULL;
}

/* Pages that differ in every part of the 40 bits, and neighbours. */
static u64 page_of(u32 i)
{
	static const u64 base[4] = { 0, 0xfffffff0ULL, 1ULL << 32, DL_PAGE_MAX - 15 };

	return base[i & 3] + (i >> 2);
}

static void setup(struct rig *r, u32 nr_buckets, u64 seed)
{
	u32 i;

	memset(r, 0xa5, sizeof(*r));
	r->rng = seed * 0x9e3779b97f4a7c15ULL | 1;
	pieces_init(&r->m.ents, r->at, r->ents, ENTS, sizeof(*r->ents));
	r->m.buckets = r->buckets;
	r->m.bucket_mask = nr_buckets - 1;
	memset(r->buckets, 0, sizeof(r->buckets));
	for (i = 0; i < ENTS; i++)
		dl_pmap_ent(&r->m, i)->mask = 0;
	memset(r->oracle, 0, sizeof(r->oracle));
	r->nr_free = 0;
	for (i = 1; i < ENTS; i++)
		r->free[r->nr_free++] = i;
}

static u32 bucket_of(const struct rig *r, u32 page)
{
	return dl_pmap_bucket(&r->m, page_of(page));
}

static struct dl_pval random_value(struct rig *r, u64 seq)
{
	u64 x = rnd(r), y = rnd(r);
	struct dl_pval v = {
		.seq = seq,
		.loc = y & ((1ULL << 40) - 1),
		.crc = (u32)(x >> 32),
		/* Often all of the page. */
		.first = x >> 60 < 5 ? 0 : x & 7,
	};

	v.sectors = x >> 60 < 5 ? 8 : 1 + (x >> 8) % (8 - v.first);
	/* About all of it, or a part. */
	if (x >> 40 & 1)
		v.mask = 1 << (v.first + (x >> 44) % v.sectors) |
			 (x >> 48 & 0xff);
	if ((x >> 16 & 3) == 0) {
		v.flags = 1 + (x >> 20) % 15;
		v.loc = 0;
	} else if (v.sectors == DL_PAGE_SECTORS) {
		v.codec = (x >> 52) % 8;
		v.stored = v.codec ? 1 + (x >> 56) % 7 : 0;
	}
	return v;
}

static void insert(struct rig *r, u32 page, const struct dl_pval *v)
{
	u32 idx = r->free[--r->nr_free], freed, n, s;
	u32 bucket = bucket_of(r, page);

	n = dl_pmap_insert(&r->m, bucket, idx, page_of(page), v, &freed);
	while (freed != DL_PMAP_NIL) {
		assert_true(n-- > 0);
		assert_int_equal(dl_pmap_ent(&r->m, freed)->mask, 0);
		r->free[r->nr_free++] = freed;
		freed = dl_pmap_ent(&r->m, freed)->next;
	}
	assert_int_equal(n, 0);
	for (s = v->first; s < v->first + v->sectors; s++) {
		struct cell *c = &r->oracle[page][s];

		if (v->mask && !(v->mask >> s & 1))
			continue;
		if (v->seq > c->seq) {
			c->seq = v->seq;
			c->v = *v;
		}
	}
}

/* Every sector of every page, and that nothing else is in the map. */
static void check(struct rig *r)
{
	u32 linked = 0, used = 0, i, page, s;
	bool seen[ENTS] = { false };

	for (page = 0; page < PAGES; page++) {
		u8 left = 0xff, want = 0;

		for (s = 0; s < DL_PAGE_SECTORS; s++) {
			const struct cell *c = &r->oracle[page][s];
			struct dl_pval v;
			u32 idx = dl_pmap_find(&r->m, bucket_of(r, page),
					       page_of(page), 1 << s);

			if (!c->seq) {
				assert_int_equal(idx, DL_PMAP_NIL);
				continue;
			}
			want |= 1 << s;
			assert_int_not_equal(idx, DL_PMAP_NIL);
			assert_false(dl_pmap_empty(&r->m, bucket_of(r, page)));
			dl_pmap_get(&r->m, idx, &v);
			assert_int_equal(v.seq, c->seq);
			assert_int_equal(v.loc, c->v.loc);
			assert_int_equal(v.crc, c->v.crc);
			assert_int_equal(v.first, c->v.first);
			assert_int_equal(v.sectors, c->v.sectors);
			assert_int_equal(v.flags, c->v.flags);
			assert_int_equal(v.codec, c->v.codec);
			assert_int_equal(v.stored, c->v.stored);
			assert_true(v.mask >> s & 1);
			assert_int_equal(dl_pent_page(dl_pmap_ent(&r->m, idx)),
					 page_of(page));
			seen[idx] = true;
		}
		/* As a reader does it: all of the page, entry by entry. */
		while (left) {
			u32 idx = dl_pmap_find(&r->m, bucket_of(r, page),
					       page_of(page), left);
			u8 mask;

			if (idx == DL_PMAP_NIL)
				break;
			mask = dl_pmap_ent(&r->m, idx)->mask;
			/* Disjoint: what was taken is not there again. */
			assert_int_equal(mask & ~left, 0);
			left &= (u8)~mask;
			want &= (u8)~mask;
		}
		assert_int_equal(want, 0);
	}
	for (i = 0; i <= r->m.bucket_mask; i++) {
		u32 idx = r->buckets[i];

		assert_int_equal(dl_pmap_empty(&r->m, i), idx == DL_PMAP_NIL);
		for (; idx != DL_PMAP_NIL; idx = dl_pmap_ent(&r->m, idx)->next) {
			linked++;
			assert_true(linked < ENTS);
			assert_true(seen[idx]);
		}
	}
	for (i = 1; i < ENTS; i++)
		used += dl_pmap_ent(&r->m, i)->mask != 0;
	assert_int_equal(linked, used);
	assert_int_equal(linked + r->nr_free, ENTS - 1);
}

/* Ascending sequences, as on the write path. */
static void test_in_order(void **state)
{
	static struct rig r;
	u32 round, i;

	(void)state;
	for (round = 0; round < 20; round++) {
		setup(&r, 1 << round % 7, round);
		for (i = 1; i <= 500; i++) {
			struct dl_pval v = random_value(&r, i + ((u64)i << 32));

			insert(&r, rnd(&r) % PAGES, &v);
			if (i % 50 == 0)
				check(&r);
		}
	}
}

/* Any order, as when segments are recovered, with every sequence once. */
static void test_any_order(void **state)
{
	static struct rig r;
	static u64 seqs[500];
	u32 round, i, k;

	(void)state;
	for (round = 0; round < 60; round++) {
		setup(&r, 1 << round % 7, round + 100);
		for (i = 0; i < 500; i++)
			seqs[i] = i + 1 + ((u64)i % 3 << 33);
		for (i = 499; i; i--) {
			u64 t = seqs[i];

			k = rnd(&r) % (i + 1);
			seqs[i] = seqs[k];
			seqs[k] = t;
		}
		for (i = 0; i < 500; i++) {
			struct dl_pval v = random_value(&r, seqs[i]);

			insert(&r, rnd(&r) % PAGES, &v);
			if (i % 50 == 0)
				check(&r);
		}
		check(&r);
	}
}

/* The record of @page that grows: the newest, plain, all of it in sight; or NIL. */
static u32 newest_plain(struct rig *r, u32 page, struct dl_pval *v)
{
	u32 s, idx, best = DL_PMAP_NIL;
	u64 seq = 0;

	for (s = 0; s < DL_PAGE_SECTORS; s++)
		if (r->oracle[page][s].seq > seq) {
			seq = r->oracle[page][s].seq;
			best = s;
		}
	if (best == DL_PMAP_NIL)
		return DL_PMAP_NIL;
	idx = dl_pmap_find(&r->m, bucket_of(r, page), page_of(page), 1 << best);
	dl_pmap_get(&r->m, idx, v);
	if (v->flags || v->codec || v->first + v->sectors == DL_PAGE_SECTORS ||
	    v->mask != dl_pmap_span_mask(v->first, v->sectors))
		return DL_PMAP_NIL;
	return idx;
}

/* Records that become longer, over older ones of the same page. */
static void test_extend(void **state)
{
	static struct rig r;
	u32 round, i, page, idx, freed, more, s, grown = 0;
	struct dl_pval v;

	(void)state;
	for (round = 0; round < 20; round++) {
		setup(&r, 1 << round % 7, round + 300);
		for (i = 1; i <= 500; i++) {
			v = random_value(&r, i);
			page = rnd(&r) % PAGES;
			insert(&r, page, &v);
			idx = newest_plain(&r, page, &v);
			if (idx == DL_PMAP_NIL)
				continue;
			more = 1 + rnd(&r) % (DL_PAGE_SECTORS - v.first - v.sectors);
			dl_pmap_extend(&r.m, bucket_of(&r, page), idx, (u8)more, i,
				       &freed);
			for (; freed != DL_PMAP_NIL; freed = dl_pmap_ent(&r.m, freed)->next)
				r.free[r.nr_free++] = freed;
			v.sectors += more;
			v.crc = i;
			for (s = v.first; s < v.first + v.sectors; s++)
				r.oracle[page][s] = (struct cell) { v.seq, v };
			grown++;
			if (i % 25 == 0)
				check(&r);
		}
		check(&r);
	}
	assert_true(grown > 500);
}

/* Entries leave in between, as they are settled. */
static void test_remove(void **state)
{
	static struct rig r;
	u32 round, i, s;
	u64 seq;

	(void)state;
	for (round = 0; round < 40; round++) {
		setup(&r, 1 << round % 7, round + 200);
		for (seq = 1; seq <= 1000; seq++) {
			u32 page = rnd(&r) % PAGES;
			struct dl_pval v = random_value(&r, seq);
			u32 idx;

			if (rnd(&r) % 3) {
				insert(&r, page, &v);
				continue;
			}
			idx = dl_pmap_find(&r.m, bucket_of(&r, page),
					   page_of(page), 0xff);
			if (idx == DL_PMAP_NIL)
				continue;
			dl_pmap_get(&r.m, idx, &v);
			/* Meant was another record, or another bucket. */
			assert_false(dl_pmap_remove(&r.m, bucket_of(&r, page),
						    idx, v.seq + 1));
			assert_false(dl_pmap_remove(&r.m, bucket_of(&r, page),
						    idx, v.seq + (1ULL << 32)));
			if (r.m.bucket_mask)
				assert_false(dl_pmap_remove(&r.m,
					bucket_of(&r, page) ^ 1, idx, v.seq));
			assert_true(dl_pmap_remove(&r.m, bucket_of(&r, page), idx,
						   v.seq));
			assert_false(dl_pmap_remove(&r.m, bucket_of(&r, page),
						    idx, v.seq));
			r.free[r.nr_free++] = idx;
			for (s = 0; s < DL_PAGE_SECTORS; s++)
				if (r.oracle[page][s].seq == v.seq)
					r.oracle[page][s].seq = 0;
			if (seq % 20 == 0)
				check(&r);
		}
		check(&r);
	}
	/* Down to nothing. */
	for (i = 0; i < PAGES; i++) {
		u32 idx;

		while ((idx = dl_pmap_find(&r.m, bucket_of(&r, i), page_of(i),
					   0xff)) != DL_PMAP_NIL) {
			assert_true(dl_pmap_remove(&r.m, bucket_of(&r, i), idx,
						   dl_pent_seq(dl_pmap_ent(&r.m, idx))));
			r.free[r.nr_free++] = idx;
		}
	}
	memset(r.oracle, 0, sizeof(r.oracle));
	check(&r);
}

/* The same record twice, as when a replay is replayed. */
static void test_twice(void **state)
{
	static struct rig r;
	struct dl_pval v = { .seq = 9, .loc = 77, .first = 2, .sectors = 3 };

	(void)state;
	setup(&r, 4, 1);
	insert(&r, 3, &v);
	/* The one that is there stays: somebody may be reading by it. */
	v.crc = 1;
	insert(&r, 3, &v);
	assert_int_equal(r.nr_free, ENTS - 2);
	check(&r);
}

/* Extremes of every field survive. */
static void test_limits(void **state)
{
	static struct rig r;
	struct dl_pval v = {
		.seq = U64_MAX, .loc = (1ULL << 40) - 1, .crc = U32_MAX,
		.first = 7, .sectors = 1,
	};
	struct dl_pval w = {
		.seq = U64_MAX - 1, .first = 0, .sectors = 8, .crc = 1,
		.flags = DL_PVAL_ZERO | DL_PVAL_DISCARD,
	};

	(void)state;
	setup(&r, 1, 1);
	insert(&r, 47, &w);
	insert(&r, 47, &v);
	w.flags = DL_PVAL_LOST | DL_PVAL_NOUNMAP;
	insert(&r, 46, &w);
	check(&r);
}

/*
 * A page that has an entry all along never looks unmapped, not even between
 * two of the stores that replace the entry.
 */
static void test_never_empty(void **state)
{
	static struct rig r;
	struct dl_pval v = { .seq = 1, .sectors = 8 };
	u32 freed;

	(void)state;
	setup(&r, 1, 1);
	dl_pmap_insert(&r.m, 0, 1, 5, &v, &freed);
	/* The new entry is first, before the old one leaves from behind it. */
	v.seq = 2;
	dl_pmap_insert(&r.m, 0, 2, 5, &v, &freed);
	assert_int_equal(freed, 1);
	assert_int_equal(r.buckets[0], 2);
	assert_int_equal(dl_pmap_ent(&r.m, 2)->next, DL_PMAP_NIL);
}

/* Neighbours share lines of buckets; strides do not pile up. */
static void test_spread(void **state)
{
	static u32 buckets[1 << 14];
	static u32 count[1 << 14];
	const struct dl_pmap m = {
		.buckets = buckets, .bucket_mask = ARRAY_SIZE(buckets) - 1,
	};
	u32 stride, i;

	(void)state;
	for (i = 0; i < 1 << 16; i += 16) {
		u32 k, used = 0;

		for (k = i; k < i + 16; k++) {
			assert_int_equal(dl_pmap_bucket(&m, k) >> 4,
					 dl_pmap_bucket(&m, i) >> 4);
			used |= 1u << (dl_pmap_bucket(&m, k) & 15);
		}
		assert_int_equal(used, 0xffff);
	}
	for (stride = 1; stride <= 1 << 20; stride *= 2) {
		u32 most = 0, low[16] = { 0 };

		memset(count, 0, sizeof(count));
		for (i = 0; i < ARRAY_SIZE(count); i++) {
			u32 b = dl_pmap_bucket(&m, (u64)i * stride);

			assert_true(b < ARRAY_SIZE(count));
			most = max_t(u32, most, ++count[b]);
			low[b & 15]++;
		}
		assert_true(most <= 12);
		/* Locks by the low bits are taken evenly. */
		for (i = 0; i < 16; i++)
			assert_true(low[i] > ARRAY_SIZE(count) / 32 &&
				    low[i] < ARRAY_SIZE(count) / 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_extend),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_never_empty),
		cmocka_unit_test(test_spread),
	};

	return cmocka_run_group_tests_name("pmap", tests, NULL, NULL);
}
