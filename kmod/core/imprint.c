// SPDX-License-Identifier: GPL-2.0
/*
 * Imprints of the granularity map. See imprint.h.
 *
 * A region's number: 36 bits of which it is, 3 of its level, 1 whether it is
 * written in order, 12 of its deltas' size and, highest, 12 of its rate. These two
 * are an exponent of 5 bits and the 7 bits behind the leading one.
 */
#include "heat.h"
#include "imprint.h"

#define REGION_BITS	36u
#define LEVEL_SHIFT	36u
#define ORDER_SHIFT	39u
#define DELTA_SHIFT	40u
#define RATE_SHIFT	52u

#define MANTISSA	7u
#define CODE_MASK	0xfffu

static_assert(DL_PAGE_MAX >> DL_HEAT_REGION_SHIFT ==
	      (1ULL << REGION_BITS) - 1, "regions fit exactly");
static_assert(DL_LEVEL_COUNT <= 8, "levels fit");
static_assert(sizeof(struct dl_disk_imprint) % sizeof(__le64) == 0,
	      "regions are aligned");

static u64 shorten(u32 n)
{
	u32 exponent = 0;

	while (n >> exponent >> (MANTISSA + 1))
		exponent++;
	/* As floating point does: what is below has no leading one. */
	if (n >> MANTISSA)
		return (u64)(exponent + 1) << MANTISSA |
			((n >> exponent) & ((1u << MANTISSA) - 1));
	return n;
}

static u64 lengthen(u32 code)
{
	const u32 exponent = code >> MANTISSA;
	const u64 mantissa = code & ((1u << MANTISSA) - 1);

	return exponent ? (1u << MANTISSA | mantissa) << (exponent - 1) :
		mantissa;
}

__le64 dl_imprint_pack(const struct dl_imprint_region *r)
{
	return cpu_to_le64(r->region | (u64)r->level << LEVEL_SHIFT |
			   (u64)r->sequential << ORDER_SHIFT |
			   shorten(r->delta) << DELTA_SHIFT |
			   shorten(r->rate) << RATE_SHIFT);
}

void dl_imprint_unpack(struct dl_imprint_region *r, __le64 d)
{
	const u64 n = le64_to_cpu(d);

	*r = (struct dl_imprint_region) {
		.region = n & ((1ULL << REGION_BITS) - 1),
		.rate = (u32)min_t(u64, lengthen((u32)(n >> RATE_SHIFT)),
				   U32_MAX),
		.delta = (u16)min_t(u64, lengthen((u32)(n >> DELTA_SHIFT) &
						  CODE_MASK), 0xffff),
		.level = n >> LEVEL_SHIFT & 7,
		.sequential = n >> ORDER_SHIFT & 1,
	};
	if (r->level >= DL_LEVEL_COUNT)
		r->level = DL_LEVEL_UNSAID;
}

static size_t size_of(u32 nr)
{
	return sizeof(struct dl_disk_imprint) + (size_t)nr * sizeof(__le64);
}

enum dl_status dl_imprint_get(struct dl_imprint *im, const void *body,
			      size_t bytes, size_t *at)
{
	const struct dl_disk_imprint *d = body + *at;
	const size_t left = bytes - *at;
	u32 i;

	if (!left)
		return DL_NOT_FOUND;
	if (left < sizeof(*d))
		return DL_BAD_SECTION;
	*im = (struct dl_imprint) {
		.id = le64_to_cpu(d->id),
		.known = le32_to_cpu(d->known),
		.nr = le32_to_cpu(d->nr),
		.region = (const __le64 *)(d + 1),
	};
	if (!im->id)
		return DL_NOT_FOUND;
	if (im->nr > (left - sizeof(*d)) / sizeof(__le64) || im->nr > im->known)
		return DL_BAD_SECTION;
	for (i = 1; i < im->nr; i++)
		if (le64_to_cpu(im->region[i]) >= le64_to_cpu(im->region[i - 1]))
			return DL_BAD_SECTION;
	*at += size_of(im->nr);
	return DL_OK;
}

size_t dl_imprint_put(void *body, size_t bytes, const struct dl_imprint *im)
{
	struct dl_disk_imprint *d = body;
	u32 nr;

	if (bytes < sizeof(*d))
		return 0;
	nr = (u32)min_t(size_t, im->nr, (bytes - sizeof(*d)) / sizeof(__le64));
	d->id = cpu_to_le64(im->id);
	d->known = cpu_to_le32(im->known);
	d->nr = cpu_to_le32(nr);
	if (nr)
		memcpy(d + 1, im->region, nr * sizeof(__le64));
	return size_of(nr);
}

u32 dl_imprints_most(u32 room)
{
	/* Four as large as can be, before any is halved. */
	return room / 4 < size_of(0) ? 0 :
		(u32)((room / 4 - size_of(0)) / sizeof(__le64));
}

/* ---- a run that is sound ---- */

static struct dl_disk_imprint *at_offset(const struct dl_imprints *s, u32 at)
{
	return s->buf + at;
}

static u32 next_of(const struct dl_imprints *s, u32 at)
{
	return at + (u32)size_of(le32_to_cpu(at_offset(s, at)->nr));
}

/* Where the one of @id is, or @s->used. */
static u32 offset_of(const struct dl_imprints *s, u64 id)
{
	u32 at = 0;

	while (at < s->used && le64_to_cpu(at_offset(s, at)->id) != id)
		at = next_of(s, at);
	return at;
}

bool dl_imprints_find(const struct dl_imprints *s, u64 id,
		      struct dl_imprint *im)
{
	const u32 at = offset_of(s, id);
	const struct dl_disk_imprint *d;

	if (at == s->used)
		return false;
	d = at_offset(s, at);
	*im = (struct dl_imprint) {
		.id = id, .known = le32_to_cpu(d->known),
		.nr = le32_to_cpu(d->nr), .region = (const __le64 *)(d + 1),
	};
	return true;
}

/* Take out what is from @from on to before @to. */
static void cut(struct dl_imprints *s, u32 from, u32 to)
{
	memmove(s->buf + from, s->buf + to, s->used - to);
	s->used -= to - from;
}

void dl_imprints_drop(struct dl_imprints *s, u64 id)
{
	const u32 at = offset_of(s, id);

	if (at < s->used)
		cut(s, at, next_of(s, at));
}

/* The oldest of the largest ones loses its cooler half; or the oldest of all goes. */
static void yield_some(struct dl_imprints *s)
{
	u32 at, most = DL_IMPRINT_LEAST, found = s->used, end;

	for (at = 0; at < s->used; at = next_of(s, at))
		if (le32_to_cpu(at_offset(s, at)->nr) > most) {
			most = le32_to_cpu(at_offset(s, at)->nr);
			found = at;
		}
	if (found == s->used) {
		cut(s, 0, next_of(s, 0));
		return;
	}
	end = next_of(s, found);
	at_offset(s, found)->nr =
		cpu_to_le32(max_t(u32, most / 2, DL_IMPRINT_LEAST));
	cut(s, next_of(s, found), end);
}

bool dl_imprints_add(struct dl_imprints *s, const struct dl_imprint *im)
{
	struct dl_imprint own = *im;

	own.nr = min_t(u32, own.nr, dl_imprints_most(s->room));
	if (s->room / 4 < size_of(0) || (im->nr && !own.nr))
		return false;
	if (offset_of(s, im->id) < s->used)
		return true;
	while (s->room - s->used < size_of(own.nr))
		yield_some(s);
	s->used += (u32)dl_imprint_put(s->buf + s->used, s->room - s->used,
				       &own);
	return true;
}

const void *dl_imprints_youngest(const struct dl_imprints *s, size_t most,
				 size_t *bytes)
{
	u32 at = 0;

	while (s->used - at > most)
		at = next_of(s, at);
	*bytes = s->used - at;
	return s->buf + at;
}
