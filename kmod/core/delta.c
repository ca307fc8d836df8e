// SPDX-License-Identifier: GPL-2.0
/*
 * Deltas: find what changed, encode it, check and apply. See delta.h for the
 * tokens.
 *
 * The encoder runs where every write passes, under a lock: it looks at a page
 * that did not change once, a word at a time, and at what changed only as often
 * as there are kinds that may still be the shortest.
 */
#include "delta.h"

#define UNIT_BYTES	64u
#define UNIT_WORDS	(UNIT_BYTES / 8)
#define NR_UNITS	(DL_PAGE_BYTES / UNIT_BYTES)
#define PAGE_BITS	(DL_PAGE_BYTES * 8)
#define TOO_LONG	(DL_DELTA_MAX + 1)

/* Tokens of bytes: what they start with, and what they have room for. */
#define SHORT_RUN	0xc0u
#define LONG_RUN	0xe0u
#define ONE_GAP		191u
#define SHORT_GAP	255u
#define SHORT_LEN	32u
#define LONG_LEN_SHIFT	9
#define LONG_LEN	(1u << LONG_LEN_SHIFT)
/* No token has a longer head, so carrying a longer gap along never pays. */
#define JOIN_GAP	3u

/* Tokens of bits. */
#define BIT_SET		0x80u
#define BIT_FAR		0x40u
#define BIT_NEAR_MAX	63u
#define BIT_FAR_FROM	64u
#define BIT_NONE	0x3fffu
#define BIT_SKIP	(BIT_FAR_FROM + BIT_NONE)

/* What differs between two pages. */
struct changes {
	u64 byte[NR_UNITS];	/* mask of changed bytes; if its unit is in: */
	u64 units;
	u32 nr_bytes, nr_bits;
};

/* Of each byte of @x the lowest bit: whether it is not zero. */
static u64 bytes_low(u64 x)
{
	const u64 low7 = 0x7f7f7f7f7f7f7f7fULL;

	return (x | ((x & low7) + low7)) >> 7 & 0x0101010101010101ULL;
}

/* That as a mask, the lowest byte first: bit 8i goes to 56 + i. */
static u32 bytes_mask(u64 low)
{
	return (u32)(low * 0x0102040810204080ULL >> 56);
}

/* @x, not 0, is how a word differs. Return: the mask of changed bytes. */
static u32 scan_word(struct changes *c, u64 x)
{
	u64 low = bytes_low(x);

	c->nr_bytes += (u32)(low * 0x0101010101010101ULL >> 56);
	c->nr_bits += hweight64(x);
	return bytes_mask(low);
}

static bool unit_differs(const __le64 *a, const __le64 *b)
{
	return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) |
		(a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]) |
		(a[6] ^ b[6]) | (a[7] ^ b[7])) != 0;
}

/* How the words of a unit differ. Return: the mask of changed bytes. */
static u64 scan_unit(struct changes *c, const __le64 *old, const __le64 *new)
{
	u64 mask = 0, x;
	u32 i;

	/* Most words are as they were even here. */
#pragma GCC unroll 8
	for (i = 0; i < UNIT_WORDS; i++) {
		if (old[i] == new[i])
			continue;
		x = le64_to_cpu(old[i] ^ new[i]);
		mask |= (u64)scan_word(c, x) << (8 * i);
	}
	return mask;
}

static void scan_units(struct changes *c, const __le64 *old, const __le64 *new)
{
	u32 u;

	c->units = 0;
	for (u = 0; u < NR_UNITS; u++, old += UNIT_WORDS, new += UNIT_WORDS)
		if (unit_differs(old, new))
			c->units |= 1ULL << u;
}

/* Return: false as soon as no delta can be short enough. */
static bool scan_bytes(struct changes *c, const __le64 *old, const __le64 *new)
{
	u64 units;
	u32 u;

	c->nr_bytes = 0;
	c->nr_bits = 0;
	for (units = c->units; units; units &= units - 1) {
		u = __ffs64(units);
		c->byte[u] = scan_unit(c, old + u * UNIT_WORDS,
				       new + u * UNIT_WORDS);
		/* None has less than a byte for a changed one, and a kind. */
		if (c->nr_bytes >= DL_DELTA_MAX)
			return false;
	}
	return true;
}

/* What is before the values of one token. */
static u32 token_head(u32 gap, u32 len)
{
	if (len == 1 && gap <= ONE_GAP)
		return 1;
	return len <= SHORT_LEN && gap <= SHORT_GAP ? 2 : 3;
}

/* The same of a run, which may be too long for one. */
static u32 run_head(u32 gap, u32 len)
{
	u32 full;

	if (len <= LONG_LEN)
		return token_head(gap, len);
	full = (len - 1) >> LONG_LEN_SHIFT;
	return 3 * full + token_head(0, len - (full << LONG_LEN_SHIFT));
}

/*
 * One token of bytes, @v its values. Return: the length of @out, which was @n;
 * TOO_LONG when that would be above @limit.
 */
static u32 put_token(u8 *out, u32 n, u32 limit, u32 gap, const u8 *v, u32 len)
{
	const u32 head = token_head(gap, len);

	if (n + head + len > limit)
		return TOO_LONG;
	out += n;
	if (head == 1) {
		out[0] = (u8)gap;
		out[1] = *v;
		return n + 2;
	}
	if (head == 2) {
		out[0] = (u8)(SHORT_RUN | (len - 1));
		out[1] = (u8)gap;
	} else {
		out[0] = (u8)(LONG_RUN | (len - 1) >> 4);
		out[1] = (u8)((len - 1) << 4 | gap >> 8);
		out[2] = (u8)gap;
	}
	memcpy(out + head, v, len);
	return n + head + len;
}

/* The same of a run of any length. */
static u32 put_run(u8 *out, u32 n, u32 limit, u32 gap, const u8 *v, u32 len)
{
	for (; len > LONG_LEN; v += LONG_LEN, len -= LONG_LEN, gap = 0) {
		n = put_token(out, n, limit, gap, v, LONG_LEN);
		if (n == TOO_LONG)
			return n;
	}
	return put_token(out, n, limit, gap, v, len);
}

/*
 * Is a run of @len, the second @gap behind it, no longer as one with it? Then
 * joining makes the rest no longer either, if the second one is all there.
 */
static bool joins(u32 before, u32 len, u32 gap, u32 second)
{
	return gap + run_head(before, len + gap + second) <=
		run_head(before, len) + run_head(gap, second);
}

/* Where the changed bytes end that come up to the start of @unit. */
static u32 run_end(const struct changes *c, u32 unit)
{
	for (; unit < NR_UNITS && c->units >> unit & 1; unit++)
		if (~c->byte[unit])
			return unit * UNIT_BYTES + __ffs64(~c->byte[unit]);
	return unit * UNIT_BYTES;
}

static u32 put_bytes(u8 *out, const struct changes *c, const u8 *page,
		     u32 limit)
{
	/* The run that may still grow, and the gap before it: none yet. */
	u32 gap = 0, start = 0, end = 0;
	u32 n = 1, unit, base, from, to, next;
	u64 units, left;

	out[0] = DL_DELTA_BYTES;
	for (units = c->units; units; units &= units - 1) {
		unit = __ffs64(units);
		base = unit * UNIT_BYTES;
		left = c->byte[unit];
		/* What the unit before had the start of. */
		if (end >= base + UNIT_BYTES)
			continue;
		if (end > base)
			left &= ~0ULL << (end - base);
		for (; left; left &= left + 1) {
			from = base + __ffs64(left);
			/* With what is below filled up, it ends at a zero. */
			left |= left - 1;
			to = ~left ? base + __ffs64(~left) : run_end(c, unit + 1);
			next = from - end;
			if (next <= JOIN_GAP && end &&
			    joins(gap, end - start, next, to - from)) {
				end = to;
				continue;
			}
			/* By far the most are of one byte. */
			if (end - start == 1 && gap <= ONE_GAP && n + 2 <= limit) {
				out[n++] = (u8)gap;
				out[n++] = page[start];
			} else if (end) {
				n = put_run(out, n, limit, gap, page + start,
					    end - start);
				if (n == TOO_LONG)
					return n;
			}
			gap = next;
			start = from;
			end = to;
		}
	}
	return put_run(out, n, limit, gap, page + start, end - start);
}

/* One token of bits, @bytes long. */
static void put_bit(u8 *out, u32 bytes, u32 gap, u32 is)
{
	if (bytes > 2) {
		*out++ = 0xff;
		*out++ = 0xff;
	}
	if (gap > BIT_NEAR_MAX) {
		gap -= BIT_FAR_FROM;
		*out++ = (u8)(is | BIT_FAR | gap >> 8);
		*out = (u8)gap;
	} else {
		*out = (u8)(is | gap);
	}
}

/* Looks at the pages again: if they changed, at least the limit holds. */
static u32 put_bits(u8 *out, const struct changes *c, const u8 *old,
		    const u8 *new, u32 limit)
{
	u32 n = 1, was, next = 0, at, gap, byte, x;
	u64 units, left;

	out[0] = DL_DELTA_BITS;
	for (units = c->units; units; units &= units - 1) {
		const u32 unit = __ffs64(units);

		for (left = c->byte[unit]; left; left &= left - 1) {
			byte = unit * UNIT_BYTES + __ffs64(left);
			for (x = old[byte] ^ new[byte]; x; x &= x - 1) {
				at = byte * 8 + __ffs64(x);
				gap = at - next;
				next = at + 1;
				was = n;
				if (gap >= BIT_SKIP) {
					gap -= BIT_SKIP;
					n += 2;
				}
				n += gap > BIT_NEAR_MAX ? 2 : 1;
				if (n > limit)
					return TOO_LONG;
				put_bit(out + was, n - was, gap,
					new[byte] & x & -x ? BIT_SET : 0);
			}
		}
	}
	return n;
}

static u32 units64_bytes(const struct changes *c, u64 sectors)
{
	return 2 + hweight64(sectors) + hweight64(c->units) * UNIT_BYTES;
}

static u32 units512_bytes(u64 sectors)
{
	return 2 + hweight64(sectors) * DL_SECTOR_BYTES;
}

static u32 put_units64(u8 *out, const struct changes *c, u32 sectors,
		       const u8 *page)
{
	u32 n = 0, s, units;

	out[n++] = DL_DELTA_UNITS64;
	out[n++] = (u8)sectors;
	for (; sectors; sectors &= sectors - 1) {
		s = __ffs64(sectors);
		units = c->units >> (8 * s) & 0xff;
		out[n++] = (u8)units;
		for (; units; units &= units - 1) {
			memcpy(out + n, page + s * DL_SECTOR_BYTES +
			       __ffs64(units) * UNIT_BYTES, UNIT_BYTES);
			n += UNIT_BYTES;
		}
	}
	return n;
}

static u32 put_units512(u8 *out, u32 sectors, const u8 *page)
{
	u32 n = 0;

	out[n++] = DL_DELTA_UNITS512;
	out[n++] = (u8)sectors;
	for (; sectors; sectors &= sectors - 1) {
		memcpy(out + n, page + __ffs64(sectors) * DL_SECTOR_BYTES,
		       DL_SECTOR_BYTES);
		n += DL_SECTOR_BYTES;
	}
	return n;
}

u32 dl_delta_encode(u8 *out, const void *old, const void *new, u8 level,
		    u8 *sectors)
{
	const bool fine = level == DL_LEVEL_BIT;
	u32 units64, units512, bytes, bits, best;
	struct changes c;

	*sectors = 0;
	scan_units(&c, old, new);
	if (!c.units)
		return 0;
	if (fine && !scan_bytes(&c, old, new))
		return TOO_LONG;
	*sectors = (u8)bytes_mask(bytes_low(c.units));
	units64 = units64_bytes(&c, *sectors);
	units512 = units512_bytes(*sectors);
	best = min_t(u32, min_t(u32, units64, units512), TOO_LONG);
	if (fine) {
		bytes = put_bytes(out, &c, new, best - 1);
		best = min_t(u32, best, bytes);
		/* A bit takes a byte or more: often there are too many. */
		if (c.nr_bits + 1 < best) {
			bits = put_bits(out, &c, old, new, best - 1);
			if (bits != TOO_LONG)
				return bits;
			if (bytes == best && bytes != TOO_LONG)
				bytes = put_bytes(out, &c, new, best);
		}
		if (bytes == best)
			return bytes;
	}
	if (best == TOO_LONG)
		return TOO_LONG;
	if (units512 <= units64)
		return put_units512(out, *sectors, new);
	return put_units64(out, &c, *sectors, new);
}

/* The sectors of @len bytes from @at, @len not 0. */
static u8 touched(u32 at, u32 len)
{
	u32 first = at >> DL_SECTOR_SHIFT;
	u32 last = (at + len - 1) >> DL_SECTOR_SHIFT;

	return (u8)((2u << last) - (1u << first));
}

/*
 * The readers below: go through what is between @in and @end, and change @page
 * if there is one. Return: whether all of it is well-formed.
 */
static bool walk_bytes(u8 *page, const u8 *in, const u8 *end, u8 *sectors)
{
	u32 at = 0, len, t;

	do {
		if (in == end)
			return false;
		t = *in++;
		if (t < SHORT_RUN) {
			at += t;
			len = 1;
		} else if (t < LONG_RUN) {
			if (end - in < 1)
				return false;
			len = (t & 0x1f) + 1;
			at += in[0];
			in += 1;
		} else {
			if (end - in < 2)
				return false;
			len = ((t & 0x1f) << 4 | in[0] >> 4) + 1;
			at += (u32)(in[0] & 0xf) << 8 | in[1];
			in += 2;
		}
		if (at + len > DL_PAGE_BYTES || end - in < len)
			return false;
		if (page)
			memcpy(page + at, in, len);
		*sectors |= touched(at, len);
		at += len;
		in += len;
	} while (in < end);
	return true;
}

static bool walk_bits(u8 *page, const u8 *in, const u8 *end, u8 *sectors)
{
	u32 at = 0, t, gap;
	u8 bit;

	do {
		if (in == end)
			return false;
		t = *in++;
		gap = t & BIT_NEAR_MAX;
		if (t & BIT_FAR) {
			if (in == end)
				return false;
			gap = gap << 8 | *in++;
			if (gap == BIT_NONE) {
				if (!(t & BIT_SET) || in == end)
					return false;
				at += BIT_SKIP;
				continue;
			}
			gap += BIT_FAR_FROM;
		}
		at += gap;
		if (at >= PAGE_BITS)
			return false;
		bit = (u8)(1u << (at & 7));
		if (page && t & BIT_SET)
			page[at >> 3] |= bit;
		else if (page)
			page[at >> 3] &= (u8)~bit;
		*sectors |= touched(at >> 3, 1);
		at++;
	} while (in < end);
	return true;
}

static bool walk_units64(u8 *page, const u8 *in, const u8 *end, u8 *sectors)
{
	u32 mask, units, at;

	if (in == end || !*in)
		return false;
	*sectors = *in++;
	for (mask = *sectors; mask; mask &= mask - 1) {
		if (in == end || !*in)
			return false;
		for (units = *in++; units; units &= units - 1) {
			if (end - in < UNIT_BYTES)
				return false;
			at = __ffs64(mask) * DL_SECTOR_BYTES +
				__ffs64(units) * UNIT_BYTES;
			if (page)
				memcpy(page + at, in, UNIT_BYTES);
			in += UNIT_BYTES;
		}
	}
	return in == end;
}

static bool walk_units512(u8 *page, const u8 *in, const u8 *end, u8 *sectors)
{
	u32 mask;

	if (in == end || !*in)
		return false;
	*sectors = *in++;
	for (mask = *sectors; mask; mask &= mask - 1) {
		if (end - in < DL_SECTOR_BYTES)
			return false;
		if (page)
			memcpy(page + __ffs64(mask) * DL_SECTOR_BYTES, in,
			       DL_SECTOR_BYTES);
		in += DL_SECTOR_BYTES;
	}
	return in == end;
}

static bool walk(u8 *page, const u8 *in, u32 bytes, u8 *sectors)
{
	const u8 *end = in + bytes;

	*sectors = 0;
	if (!bytes || bytes > DL_DELTA_MAX)
		return false;
	switch (*in++) {
	case DL_DELTA_BYTES:
		return walk_bytes(page, in, end, sectors);
	case DL_DELTA_BITS:
		return walk_bits(page, in, end, sectors);
	case DL_DELTA_UNITS64:
		return walk_units64(page, in, end, sectors);
	case DL_DELTA_UNITS512:
		return walk_units512(page, in, end, sectors);
	}
	return false;
}

enum dl_status dl_delta_check(const u8 *in, u32 bytes, u8 *sectors)
{
	if (walk(NULL, in, bytes, sectors))
		return DL_OK;
	*sectors = 0;
	return DL_BAD_RECORD;
}

enum dl_status dl_delta_apply(void *page, const u8 *in, u32 bytes)
{
	enum dl_status st;
	u8 sectors;

	/* All of it is known to be well-formed before a byte is changed. */
	st = dl_delta_check(in, bytes, &sectors);
	if (st == DL_OK)
		walk(page, in, bytes, &sectors);
	return st;
}
