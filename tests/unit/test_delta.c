// SPDX-License-Identifier: GPL-2.0
/*
 * Deltas against a naive twin: a reader that notes of each bit of the page
 * whether the delta tells it, and lengths that are computed a byte at a time.
 */
#include "delta.h"
#include "unit.h"

#define PAGE	DL_PAGE_BYTES

struct page {
	u8 b[PAGE];
} __attribute__((aligned(8)));

static struct page old, new;
static u8 delta[DL_DELTA_MAX];
static u64 seed;

static u32 draw(u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (u32)((seed >> 16) % below);
}

static void draw_page(struct page *p)
{
	u32 i;

	for (i = 0; i < PAGE; i++)
		p->b[i] = (u8)draw(256);
}

/* The same content twice. */
static void fresh(void)
{
	draw_page(&old);
	new = old;
}

static void change_bytes(u32 at, u32 n)
{
	while (n--)
		new.b[at++] ^= (u8)(1 + draw(255));
}

/* --- The twin. --- */

struct told {
	u8 known[PAGE];		/* masks of the bits that a delta tells */
	u8 is[PAGE];		/* what they are */
	const u8 *in;
	u32 left;
	bool bad;
};

static u32 get(struct told *t)
{
	if (!t->left) {
		t->bad = true;
		return 0;
	}
	t->left--;
	return *t->in++;
}

static void tell(struct told *t, u32 at, u8 mask, u8 is)
{
	if (at >= PAGE) {
		t->bad = true;
		return;
	}
	t->known[at] |= mask;
	t->is[at] |= is & mask;
}

static void tell_bytes(struct told *t, u32 *at, u32 n)
{
	while (n-- && !t->bad)
		tell(t, (*at)++, 0xff, (u8)get(t));
}

static void naive_bytes(struct told *t)
{
	u32 at = 0, a = get(t), b, len = 1;

	for (;; a = get(t)) {
		if (a < 192) {
			at += a;
			len = 1;
		} else if (a < 224) {
			len = a - 192 + 1;
			at += get(t);
		} else {
			b = get(t);
			len = (a - 224) * 16 + b / 16 + 1;
			at += b % 16 * 256;
			at += get(t);
		}
		tell_bytes(t, &at, len);
		if (t->bad || !t->left)
			return;
	}
}

static void naive_bits(struct told *t)
{
	u32 at = 0, a, b;

	do {
		a = get(t);
		if (a & 64) {
			b = get(t);
			if (a % 64 == 63 && b == 255) {
				t->bad |= a != 255 || !t->left;
				at += 16447;
				continue;
			}
			at += 64 + a % 64 * 256 + b;
		} else {
			at += a % 64;
		}
		tell(t, at / 8, (u8)(1 << at % 8), a & 128 ? 255 : 0);
		at++;
	} while (!t->bad && t->left);
}

static void naive_units(struct told *t, bool fine)
{
	u32 sectors = get(t), s, u, units, at;

	t->bad |= !sectors;
	for (s = 0; s < 8; s++) {
		if (!(sectors >> s & 1))
			continue;
		units = fine ? get(t) : 255;
		t->bad |= !units;
		for (u = 0; u < 8; u++) {
			at = s * 512 + u * 64;
			if (units >> u & 1)
				tell_bytes(t, &at, 64);
		}
	}
}

static bool naive_read(struct told *t, const u8 *in, u32 bytes)
{
	*t = (struct told) { .in = in, .left = bytes };
	switch (get(t)) {
	case DL_DELTA_BYTES:
		naive_bytes(t);
		break;
	case DL_DELTA_BITS:
		naive_bits(t);
		break;
	case DL_DELTA_UNITS64:
		naive_units(t, true);
		break;
	case DL_DELTA_UNITS512:
		naive_units(t, false);
		break;
	default:
		return false;
	}
	return !t->bad && !t->left && bytes <= DL_DELTA_MAX;
}

static u8 naive_sectors(const u8 *differs)
{
	u8 mask = 0;
	u32 i;

	for (i = 0; i < PAGE; i++)
		if (differs[i])
			mask |= (u8)(1 << i / 512);
	return mask;
}

static u32 token_bytes(u32 gap, u32 len)
{
	u32 n = 0;

	if (len == 1 && gap < 192)
		return 2;
	if (len <= 32 && gap < 256)
		return 2 + len;
	if (len <= 512)
		return 3 + len;
	for (; len > 512; len -= 512)
		n += 3 + 512;
	return n + token_bytes(0, len);
}

/* Each run of changed bytes by itself. */
static u32 naive_bytes_size(const u8 *differs)
{
	u32 n = 1, i, at, end = 0;

	for (i = 0; i < PAGE; i++) {
		if (!differs[i])
			continue;
		for (at = i; i < PAGE && differs[i]; i++)
			;
		n += token_bytes(at - end, i - at);
		end = i;
	}
	return n;
}

static u32 naive_bits_size(const u8 *differs)
{
	u32 n = 1, i, next = 0;

	for (i = 0; i < PAGE * 8; i++) {
		if (!(differs[i / 8] >> i % 8 & 1))
			continue;
		n += i - next < 64 ? 1 : i - next < 16447 ? 2 :
		     i - next - 16447 < 64 ? 3 : 4;
		next = i + 1;
	}
	return n;
}

static u32 naive_units_size(const u8 *differs, u32 unit)
{
	u32 i, j, n = 0, sectors = 0, last = 8;

	for (i = 0; i < PAGE; i += unit) {
		for (j = 0; j < unit && !differs[i + j]; j++)
			;
		if (j == unit)
			continue;
		n += unit;
		if (i / 512 != last)
			sectors++;
		last = i / 512;
	}
	return 2 + n + (unit == 64 ? sectors : 0);
}

static u32 least(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* --- What must hold of any two pages. --- */

/* @in is applied to mixtures of old and new, in memory of just its size. */
static void judge_apply(const u8 *in, u32 bytes)
{
	u8 *exact = malloc(bytes);
	struct page p;
	u32 i, how;

	assert_non_null(exact);
	memcpy(exact, in, bytes);
	for (how = 0; how < 5; how++) {
		for (i = 0; i < PAGE; i++)
			p.b[i] = how == 0 || (how > 1 && draw(2)) ?
				 old.b[i] : new.b[i];
		assert_status(dl_delta_apply(&p, exact, bytes), DL_OK);
		assert_memory_equal(&p, &new, PAGE);
	}
	free(exact);
}

/* Return: the length of the delta from old to new, which is in @delta. */
static u32 judge(u8 level)
{
	u8 differs[PAGE], *out = malloc(DL_DELTA_MAX);
	u8 sectors = 0x55, touched;
	struct told *t = malloc(sizeof(*t));
	u32 n, want, i;

	assert_true(out && t);
	for (i = 0; i < PAGE; i++)
		differs[i] = old.b[i] ^ new.b[i];
	want = least(naive_units_size(differs, 64),
		     naive_units_size(differs, 512));
	if (level == DL_LEVEL_BIT) {
		want = least(want, naive_bytes_size(differs));
		want = least(want, naive_bits_size(differs));
	}
	if (!memcmp(&old, &new, PAGE))
		want = 0;
	n = dl_delta_encode(out, &old, &new, level, &sectors);
	assert_true(n <= DL_DELTA_MAX + 1);
	assert_true(n <= want || (n == DL_DELTA_MAX + 1 && want > n));
	if (n == DL_DELTA_MAX + 1)
		goto done;
	assert_int_equal(sectors, naive_sectors(differs));
	assert_int_equal(!n, !want);
	if (!n)
		goto done;
	if (level != DL_LEVEL_BIT)
		assert_true(*out == DL_DELTA_UNITS64 ||
			    *out == DL_DELTA_UNITS512);
	assert_status(dl_delta_check(out, n, &touched), DL_OK);
	assert_int_equal(touched, sectors);
	assert_true(naive_read(t, out, n));
	for (i = 0; i < PAGE; i++) {
		assert_int_equal(differs[i] & ~t->known[i], 0);
		assert_int_equal(t->is[i], new.b[i] & t->known[i]);
	}
	judge_apply(out, n);
	memcpy(delta, out, n);
done:
	free(t);
	free(out);
	return n;
}

static u32 judge_both(void)
{
	judge(DL_LEVEL_SUB);
	return judge(DL_LEVEL_BIT);
}

/* --- The tests. --- */

static void golden(const u8 *want, u32 n, u8 level)
{
	assert_int_equal(judge(level), n);
	assert_memory_equal(delta, want, n);
}

static void test_golden_bytes(void **state)
{
	static const u8 want[] = {
		1,
		0x05, 0xfa,				/* 5 */
		0xe0, 0x31, 0x26, 0xf1, 0xf2, 0xf3, 0xf4, /* 300 to 303 */
		0xc1, 0x06, 0xf5, 0xf6,			/* 310, 311 */
		0xff, 0xf6, 0x14,			/* 1860 to 2371 */
	};
	u32 i, n = sizeof(want);

	(void)state;
	memset(&old, 0, PAGE);
	new = old;
	new.b[5] = 0xfa;
	memcpy(new.b + 300, "\xf1\xf2\xf3\xf4", 4);
	memcpy(new.b + 310, "\xf5\xf6", 2);
	golden(want, n - 3, DL_LEVEL_BIT);
	/* One longer than a token: another, with no gap. */
	for (i = 1860; i < 1860 + 513; i++)
		new.b[i] = 0xff;
	assert_int_equal(judge(DL_LEVEL_BIT), n + 512 + 2);
	assert_memory_equal(delta, want, n - 2);
	assert_int_equal(delta[n - 2], 0xf6);
	assert_int_equal(delta[n - 1], 0x0c);
	assert_int_equal(delta[n], 0xff);
	assert_memory_equal(delta + n + 512, "\0\xff", 2);
}

static void test_golden_bits(void **state)
{
	static const u8 want[] = {
		2,
		0x83,			/* byte 0, bit 3: 1 */
		0x0b,			/* byte 1, bit 7: 0 */
		0xc2, 0xd0,		/* byte 100, bit 0: 1 */
		0xff, 0xff, 0xf9, 0x61,	/* byte 4000, bit 1: 1 */
	};

	(void)state;
	memset(&old, 0, PAGE);
	old.b[1] = 0xff;
	new = old;
	new.b[0] = 0x08;
	new.b[1] = 0x7f;
	new.b[100] = 0x01;
	new.b[4000] = 0x02;
	golden(want, sizeof(want), DL_LEVEL_BIT);
}

static void test_golden_units(void **state)
{
	u8 want[2 + 1 + 128 + 1 + 64] = { 3, 0x82, 0x81 };

	(void)state;
	memset(&old, 0, PAGE);
	new = old;
	/* Units 0 and 7 of sector 1, unit 2 of sector 7. */
	new.b[512] = want[3] = 0x11;
	new.b[1023] = want[3 + 127] = 0x22;
	want[3 + 128] = 0x04;
	new.b[7 * 512 + 128 + 5] = want[3 + 129 + 5] = 0x33;
	golden(want, sizeof(want), DL_LEVEL_SUB);
}

static void test_golden_sectors(void **state)
{
	u8 want[2 + 1024] = { 4, 0x09 };

	(void)state;
	memset(&old, 0, PAGE);
	new = old;
	memset(new.b, 0x5a, 512);
	memset(new.b + 3 * 512, 0xa5, 512);
	memset(want + 2, 0x5a, 512);
	memset(want + 2 + 512, 0xa5, 512);
	golden(want, sizeof(want), DL_LEVEL_SUB);
	golden(want, sizeof(want), DL_LEVEL_BIT);
}

static void test_edges(void **state)
{
	u32 i;

	(void)state;
	seed = 1;
	fresh();
	assert_int_equal(judge_both(), 0);
	for (i = 0; i < PAGE * 8; i += i < 16 || i >= PAGE * 8 - 16 ? 1 : 61) {
		fresh();
		new.b[i / 8] ^= (u8)(1 << i % 8);
		assert_true(judge_both() <= 5);
		/* And the last one, however far. */
		new.b[PAGE - 1] ^= 0x80;
		assert_true(judge_both() <= 7);
	}
	for (i = 0; i < PAGE; i += i < 16 || i >= PAGE - 16 ? 1 : 31) {
		fresh();
		change_bytes(i, 1);
		assert_true(judge_both() <= 5);
	}
	for (i = 1; i < 256; i++) {
		fresh();
		new.b[PAGE - 1] ^= (u8)i;
		assert_true(judge_both() <= 5);
	}
}

/* Runs of these lengths, with these gaps between them, take @want bytes. */
static void expect(u32 want, const u32 *len_gap, u32 n)
{
	u32 at = 60, i, k;

	fresh();
	for (i = 0; i < n; i++) {
		for (k = 0; k < len_gap[i]; k++)
			if (!(i & 1))
				new.b[at + k] ^= 0xff;
		at += len_gap[i];
	}
	assert_int_equal(judge(DL_LEVEL_BIT), want);
}

#define EXPECT(want, ...) do {						\
	static const u32 len_gap_[] = { __VA_ARGS__ };			\
									\
	expect(want, len_gap_, ARRAY_SIZE(len_gap_));			\
} while (0)

/* Where one token is shorter than two, and where it is not. */
static void test_joins(void **state)
{
	(void)state;
	seed = 9;
	EXPECT(5, 1, 1, 1);
	EXPECT(10, 3, 1, 3);
	EXPECT(11, 3, 3, 3);
	EXPECT(45, 20, 1, 20);
	EXPECT(86, 40, 2, 40);
	EXPECT(87, 40, 3, 40);
	EXPECT(87, 40, 4, 40);
	/* A join that gains nothing by itself, before one that does. */
	EXPECT(12, 3, 1, 1, 1, 3);
	/* The second one goes on in the next unit, and is too long to join. */
	EXPECT(47, 1, 35, 20, 2, 20);
}

/* Runs of every length around those that a token has room for, every gap too. */
static void test_runs(void **state)
{
	static const u32 lens[] = {
		1, 2, 3, 31, 32, 33, 34, 63, 64, 65, 128, 511, 512, 513, 1023,
		1024, 1025, 2033, 2035, 2036, 2037, 2048,
	};
	u32 i, gap, first;

	(void)state;
	seed = 2;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (gap = 0; gap < 300; gap += gap < 6 ? 1 : 1 + gap) {
			for (first = 1; first < 40; first += 1 + first / 2) {
				fresh();
				change_bytes(64, first);
				change_bytes(64 + first + gap, lens[i]);
				judge_both();
			}
		}
	}
}

static void test_whole(void **state)
{
	u32 n, i;

	(void)state;
	seed = 3;
	fresh();
	change_bytes(0, PAGE);
	assert_int_equal(judge_both(), DL_DELTA_MAX + 1);
	/* Sectors: three fit, four do not. */
	for (n = 1; n <= 4; n++) {
		fresh();
		for (i = 0; i < n; i++)
			change_bytes(512 * 2 * i, 512);
		assert_int_equal(judge(DL_LEVEL_SUB),
				 n < 4 ? 2 + 512 * n : DL_DELTA_MAX + 1);
		judge(DL_LEVEL_BIT);
	}
	/* Units: as many as fit, and one more. */
	for (n = 30; n <= 33; n++) {
		fresh();
		for (i = 0; i < n; i++)
			new.b[i * 64 + i] ^= 1;
		assert_int_equal(judge(DL_LEVEL_SUB),
				 n < 32 ? 6 + 64 * n : DL_DELTA_MAX + 1);
		assert_int_equal(judge(DL_LEVEL_BIT), 1 + n + n - 1);
	}
	/* Every second byte, so that each is a token or all are a run. */
	for (n = 1; n <= PAGE / 2; n += 1 + n / 8) {
		fresh();
		for (i = 0; i < n; i++)
			change_bytes(2 * i + 1, 1);
		judge_both();
	}
	/* The last bit of every byte: a token each. */
	for (n = 2040; n <= 2050; n++) {
		fresh();
		for (i = 0; i < n; i++)
			new.b[i] ^= 0x80;
		assert_true(judge(DL_LEVEL_BIT) <= n + 13);
	}
}

/* A length that one byte decides: the limit is met, not passed. */
static void test_limit(void **state)
{
	u32 len, n, last = 0;

	(void)state;
	seed = 4;
	for (len = 1900; len < 2100; len++) {
		fresh();
		change_bytes(7, len);
		n = judge(DL_LEVEL_BIT);
		assert_true(n > last || n == DL_DELTA_MAX + 1);
		assert_true(n == DL_DELTA_MAX + 1 || n == 1 + 4 * 3 + len);
		last = n;
	}
	assert_int_equal(last, DL_DELTA_MAX + 1);
}

static void change_somehow(u32 how)
{
	u32 n = 1 + draw(1u << draw(9)), at, len;

	while (n--) {
		at = draw(PAGE);
		len = 1 + draw(1u << draw(how == 4 ? 10 : 6));
		len = least(len, PAGE - at);
		switch (how) {
		case 0:
			new.b[at] ^= (u8)(1 << draw(8));
			break;
		case 1:
			change_bytes(at, 1);
			break;
		case 2:
			/* Near each other. */
			change_bytes(at % 512, 1);
			break;
		case 3:
			change_bytes(at, len);
			break;
		case 4:
			memset(new.b + at, (int)draw(2), len);
			break;
		default:
			change_bytes(at & ~63u, 64);
		}
	}
}

static void test_random(void **state)
{
	u32 i;

	(void)state;
	seed = 5;
	for (i = 0; i < 12000; i++) {
		if (i % 16 == 0)
			draw_page(&old);
		if (i % 16 == 8)
			memset(&old, 0, PAGE);
		new = old;
		change_somehow(i % 6);
		if (i % 7 == 0)
			change_somehow(draw(6));
		judge_both();
	}
}

/* What it is for: averages of a fixed seed. */
static void test_sizes(void **state)
{
	const u32 rounds = 1000;
	u32 i, k, bytes = 0, bits = 0, run = 0, n;

	(void)state;
	seed = 6;
	for (i = 0; i < rounds; i++) {
		fresh();
		for (k = 0; k < 64; k++)
			change_bytes(draw(PAGE), 1);
		bytes += judge(DL_LEVEL_BIT);
		fresh();
		for (k = 0; k < 20; k++)
			new.b[draw(PAGE)] ^= (u8)(1 << draw(8));
		bits += judge(DL_LEVEL_BIT);
		fresh();
		change_bytes(draw(PAGE - 63), 64);
		n = judge(DL_LEVEL_BIT);
		assert_true(n <= 68);
		run += n;
	}
	printf("64 bytes: %u.%02u, 20 bits: %u.%02u, a run of 64: %u.%02u\n",
	       bytes / rounds, bytes % rounds * 100 / rounds,
	       bits / rounds, bits % rounds * 100 / rounds,
	       run / rounds, run % rounds * 100 / rounds);
	assert_true(bytes <= 135 * rounds);
	assert_true(bits <= 42 * rounds);
}

/*
 * @n bytes of anything: taken if and only if the twin takes them, with the same
 * effect; refused without any. Return: whether they were taken.
 */
static bool judge_any(const u8 *in, u32 n)
{
	static struct page p, want;
	static struct told t;
	u8 sectors = 0x55, *exact = malloc(n ? n : 1);
	enum dl_status st;
	bool good;
	u32 i;

	assert_non_null(exact);
	memcpy(exact, in, n);
	good = naive_read(&t, exact, n);
	want = p = old;
	for (i = 0; good && i < PAGE; i++)
		want.b[i] = (want.b[i] & (u8)~t.known[i]) | t.is[i];
	st = dl_delta_check(exact, n, &sectors);
	assert_status(st, good ? DL_OK : DL_BAD_RECORD);
	assert_int_equal(sectors, good ? naive_sectors(t.known) : 0);
	assert_status(dl_delta_apply(&p, exact, n), st);
	assert_memory_equal(&p, &want, PAGE);
	free(exact);
	return good;
}

static void test_damage(void **state)
{
	u32 i, k, n, cut, taken = 0, refused = 0;
	u8 bad[DL_DELTA_MAX];

	(void)state;
	seed = 7;
	for (i = 0; i < 48; i++) {
		do {
			fresh();
			change_somehow(i % 6);
			n = judge(i % 4 ? DL_LEVEL_BIT : DL_LEVEL_SUB);
		} while (!n || n > DL_DELTA_MAX);
		assert_true(judge_any(delta, n));
		for (cut = 0; cut < n; cut++)
			judge_any(delta, cut);
		for (k = 0; k < 600; k++) {
			memcpy(bad, delta, n);
			bad[k < n ? k : draw(n)] = (u8)draw(256);
			if (judge_any(bad, n))
				taken++;
			else
				refused++;
		}
	}
	assert_true(taken > 1000 && refused > 1000);
}

static void assert_refused(const u8 *in, u32 n)
{
	assert_false(judge_any(in, n));
}

#define REFUSED(...) do {						\
	static const u8 in_[] = { __VA_ARGS__ };			\
									\
	assert_refused(in_, sizeof(in_));				\
} while (0)

#define TAKEN(...) do {							\
	static const u8 in_[] = { __VA_ARGS__ };			\
									\
	assert_true(judge_any(in_, sizeof(in_)));			\
} while (0)

static void test_refused(void **state)
{
	u8 in[DL_DELTA_MAX + 1] = { 0 };

	(void)state;
	seed = 8;
	draw_page(&old);
	assert_refused(in, 0);
	REFUSED(0, 0, 0);
	REFUSED(5, 0, 0);
	REFUSED(255, 0, 0);
	/* Kinds with nothing. */
	REFUSED(1);
	REFUSED(2);
	REFUSED(3);
	REFUSED(4);
	REFUSED(3, 0);
	REFUSED(4, 0);
	REFUSED(3, 1, 0);
	/* Bytes: to the end of the page, and one too far. */
	TAKEN(1, 0xe0, 0x0f, 0xff, 0xaa);
	REFUSED(1, 0xe0, 0x0f, 0xff, 0xaa, 0x00, 0xaa);
	TAKEN(1, 0xe0, 0x1f, 0xfe, 0xaa, 0xaa);
	REFUSED(1, 0xe0, 0x1f, 0xff, 0xaa, 0xaa);
	/* Bytes: one missing. */
	REFUSED(1, 0);
	REFUSED(1, 0xc0);
	REFUSED(1, 0xc0, 0);
	REFUSED(1, 0xe0);
	REFUSED(1, 0xe0, 0);
	REFUSED(1, 0xe0, 0, 0);
	/* Bits: the last one, and one too far. */
	TAKEN(2, 0xff, 0xff, 0xff, 0x80);
	REFUSED(2, 0xff, 0xff, 0xff, 0x81);
	REFUSED(2, 0xff, 0xff, 0xff, 0x80, 0x00);
	/* Bits: a gap that no token follows, or that says what it must not. */
	REFUSED(2, 0xff);
	REFUSED(2, 0xff, 0xff);
	REFUSED(2, 0x00, 0xff, 0xff);
	REFUSED(2, 0x7f, 0xff, 0x00);
	TAKEN(2, 0xff, 0xff, 0x00);
	TAKEN(2, 0x7f, 0xfe);
	/* Too many gaps to count. */
	memset(in, 0xff, sizeof(in));
	in[0] = DL_DELTA_BITS;
	assert_refused(in, DL_DELTA_MAX);
	assert_refused(in, DL_DELTA_MAX - 1);
	/* Well-formed, and longer than a delta may be. */
	memset(in, 0, sizeof(in));
	in[0] = DL_DELTA_BITS;
	assert_true(judge_any(in, DL_DELTA_MAX));
	assert_refused(in, DL_DELTA_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_bytes),
		cmocka_unit_test(test_golden_bits),
		cmocka_unit_test(test_golden_units),
		cmocka_unit_test(test_golden_sectors),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_joins),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("delta", tests, NULL, NULL);
}
