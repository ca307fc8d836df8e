// SPDX-License-Identifier: GPL-2.0
/*
 * The forecaster of a series. See series.h; Documentation/forecast.md tells why.
 *
 * Bounds, from which it follows that nothing overflows: a logarithm is 0 to
 * DL_FIXED_TOP, 2^22; all models are clamped to that, or to the range seen, which is
 * within; a filter's weight is at most 4, so what it says before it is clamped is
 * less than 2^27; products are taken in 64 bits.
 */
#include "fixed.h"
#include "series.h"

#define TOP		((s32)DL_FIXED_TOP)

/* The models, in the order of dl_series.foreseen. */
enum {
	LAST,
	SMOOTH,
	TREND = SMOOTH + DL_SERIES_SMOOTH,
	MEAN,
	USUAL,			/* the mean of this time of the season */
	SHIFTED,		/* that, at the level of lately */
	FILTER,
	MODELS = FILTER + DL_SERIES_FILTERS
};

static_assert(MODELS == DL_SERIES_MODELS, "a place for each model");

/* Of DL_FIXED_ONE. */
#define PERCENT(x)	(((x) * DL_FIXED_ONE + 50) / 100)

static const u32 smooth_rate[DL_SERIES_SMOOTH] = {
	PERCENT(5), PERCENT(10), PERCENT(20), PERCENT(35), PERCENT(60),
};

#define LATELY_SLOW	1	/* of smooth_rate: an input of the filters */
#define LATELY		2	/* and the level for SHIFTED */

static const u32 filter_step[DL_SERIES_FILTERS] = {
	PERCENT(1), PERCENT(5), PERCENT(20),
};

#define LEVEL_RATE	PERCENT(40)
#define TREND_RATE	PERCENT(10)
#define TREND_DAMPING	PERCENT(90)
#define USUAL_RATE	PERCENT(35)
#define MEAN_LENGTH	400u

/* Errors: the mean of so many at least, then decayed by 1 - 1 / that. */
#define ERROR_LENGTH	50u
#define HELD_LENGTH	64u
/* An error that is none, about a thousandth, so that none is infinitely good. */
#define ERROR_FLOOR	(1u << 12)

/* A filter's weights have 24 bits behind the point. */
#define WEIGHT_SHIFT	24
#define WEIGHT_MAX	(4 << WEIGHT_SHIFT)
#define FILTERED_MAX	(1 << 25)

/*
 * One outcome in 20 is to be below, one above: a quantile goes 19 steps when it was
 * wrong, one back when it was not. Steps are a part of the rolling error.
 */
#define MISSES		20
#define STEP		PERCENT(4)

/* @x times a part of DL_FIXED_ONE, to the nearest. */
static inline s32 part(s64 x, u32 rate)
{
	return (s32)((x * rate + (DL_FIXED_ONE / 2)) >> DL_FIXED_SHIFT);
}

static inline s32 clamp_to(s32 x, s32 least, s32 most)
{
	return x < least ? least : x > most ? most : x;
}

static inline u32 distance(s32 a, s32 b)
{
	return (u32)(a < b ? b - a : a - b);
}

/* Part of the newest in a mean of @n, the last @length of which count. */
static inline u32 share(u64 n, u32 length)
{
	return DL_FIXED_ONE / (n < length ? (u32)n : length);
}

static inline void follow(u32 *mean, u32 value, u32 rate)
{
	*mean = (u32)((s64)*mean + part((s64)value - *mean, rate));
}

static inline s32 from_season(u16 v)
{
	return (s32)v << DL_SERIES_SEASON_SHIFT;
}

static inline u16 to_season(s32 v)
{
	const u32 r = ((u32)v + (1u << (DL_SERIES_SEASON_SHIFT - 1))) >>
		      DL_SERIES_SEASON_SHIFT;

	return r > 0xffff ? 0xffff : (u16)r;
}

void dl_series_init(struct dl_series *s, u32 season)
{
	memset(s, 0, sizeof(*s));
	s->was = -1;
	if (season >= 2 && season <= DL_SERIES_SEASON_MAX)
		s->season = (u16)season;
}

/* ---- foresee */

/* Is there a number from a season ago? */
static inline bool came_around(const struct dl_series *s)
{
	return s->season && s->n >= s->season;
}

/* Deviations from the mean: of the last numbers, this time of the season, lately. */
static void take_inputs(struct dl_series *s)
{
	const bool around = came_around(s);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(s->last); i++)
		s->input[i] = s->last[i] - s->mean;
	s->input[3] = around ? from_season(s->lap[s->phase]) - s->mean : 0;
	s->input[4] = around ? from_season(s->usual[s->phase]) - s->mean : 0;
	s->input[5] = s->smooth[LATELY_SLOW] - s->mean;
}

static inline s32 as_seen(const struct dl_series *s, s32 v)
{
	return clamp_to(v, s->least, s->most);
}

static void filter(struct dl_series *s)
{
	u32 i, k;

	for (k = 0; k < DL_SERIES_FILTERS; k++) {
		s64 sum = 0;

		for (i = 0; i < DL_SERIES_INPUTS; i++)
			sum += (s64)s->weight[k][i] * s->input[i];
		s->filtered[k] = clamp_to(s->mean + (s32)(sum >> WEIGHT_SHIFT),
					  -FILTERED_MAX, FILTERED_MAX);
		s->foreseen[FILTER + k] = as_seen(s, s->filtered[k]);
	}
}

/* (@best / @error) to the power of 12, which is 8 + 4; neither is zero. */
static inline u32 worth(u32 best, u32 error)
{
	u64 x = div_u64((u64)best << DL_FIXED_SHIFT, error), four;

	x = (x * x) >> DL_FIXED_SHIFT;
	four = (x * x) >> DL_FIXED_SHIFT;
	x = (four * four) >> DL_FIXED_SHIFT;
	return (u32)((x * four) >> DL_FIXED_SHIFT);
}

/* The models' mean, weighted, as seen from the best one. */
static s32 vote(const struct dl_series *s)
{
	u32 i, best = 0, least, weight, sum = 0;
	s64 off = 0;

	for (i = 1; i < MODELS; i++)
		if (s->error[i] < s->error[best])
			best = i;
	least = s->error[best] + ERROR_FLOOR;
	for (i = 0; i < MODELS; i++) {
		weight = worth(least, s->error[i] + ERROR_FLOOR);
		sum += weight;
		off += ((s64)s->foreseen[i] - s->foreseen[best]) * weight;
	}
	return (s32)(s->foreseen[best] + div_s64(off, (s32)sum));
}

static void foresee(struct dl_series *s)
{
	const s32 lately = s->smooth[LATELY];
	s32 usual;
	u32 i;

	take_inputs(s);
	s->foreseen[LAST] = s->last[0];
	for (i = 0; i < DL_SERIES_SMOOTH; i++)
		s->foreseen[SMOOTH + i] = s->smooth[i];
	s->foreseen[TREND] = as_seen(s, s->level +
				      part(s->trend, TREND_DAMPING));
	s->foreseen[MEAN] = s->mean;
	s->foreseen[USUAL] = lately;
	s->foreseen[SHIFTED] = lately;
	if (came_around(s)) {
		usual = from_season(s->usual[s->phase]);
		s->foreseen[USUAL] = as_seen(s, usual);
		s->foreseen[SHIFTED] = as_seen(s, lately + usual -
			from_season((u16)(s->usual_sum / s->season)));
	}
	filter(s);
	s->value = as_seen(s, vote(s));
}

/* ---- learn */

static void move_interval(struct dl_series *s, s32 off)
{
	/* To the nearest: an error that is small but not nothing moves it. */
	const s32 step = part((s64)(s->own >> DL_SERIES_ERROR_SHIFT) + 1, STEP);
	const s32 span = (s32)distance(off, 0);

	if (s->n <= DL_SERIES_WARM) {
		s->over = s->over > span ? s->over : span;
		s->under = -s->over;
		return;
	}
	s->over += off > s->over ? step * (MISSES - 1) : -step;
	s->under -= off < s->under ? step * (MISSES - 1) : -step;
	s->over = clamp_to(s->over, 0, TOP);
	s->under = clamp_to(s->under, -TOP, 0);
}

/* What was foreseen, against what came. */
static void judge(struct dl_series *s, s32 v)
{
	const u32 rate = share(s->n, ERROR_LENGTH);
	const s32 off = v - s->value;
	const bool in = off >= s->under && off <= s->over;
	u32 i;

	for (i = 0; i < MODELS; i++)
		follow(&s->error[i], distance(s->foreseen[i], v) <<
		       DL_SERIES_ERROR_SHIFT, rate);
	follow(&s->own, distance(off, 0) << DL_SERIES_ERROR_SHIFT, rate);
	follow(&s->naive, distance(s->last[0], v) << DL_SERIES_ERROR_SHIFT,
	       rate);
	follow(&s->held, in ? DL_FIXED_ONE : 0, share(s->n, HELD_LENGTH));
	move_interval(s, off);
}

/* A weight; few ever reach the bound. */
static inline s32 bounded(s32 w)
{
	if ((u32)(w + WEIGHT_MAX) > 2u * WEIGHT_MAX)
		return w < 0 ? -WEIGHT_MAX : WEIGHT_MAX;
	return w;
}

/* Normalised least mean squares; one is added to the norm, which may be zero. */
static void adapt(struct dl_series *s, s32 v)
{
	u64 norm = 1ULL << 24;
	u32 i, k;

	for (i = 0; i < DL_SERIES_INPUTS; i++) {
		const s64 x = s->input[i] >> 4;

		norm += (u64)(x * x);
	}
	norm >>= 8;
	for (k = 0; k < DL_SERIES_FILTERS; k++) {
		const s64 off = (s64)v - s->filtered[k];
		const s64 gain = div_s64(off * filter_step[k] * 256, (s32)norm);

		for (i = 0; i < DL_SERIES_INPUTS; i++)
			s->weight[k][i] = bounded(s->weight[k][i] +
				(s32)((gain * s->input[i]) >> DL_FIXED_SHIFT));
	}
}

static void learn_season(struct dl_series *s, s32 v)
{
	u16 *usual = &s->usual[s->phase];
	s32 now = v;

	if (!s->season)
		return;
	if (s->n >= s->season) {
		now = from_season(*usual);
		now += part(v - now, USUAL_RATE);
	}
	s->usual_sum -= *usual;
	*usual = to_season(now);
	s->usual_sum += *usual;
	s->lap[s->phase] = to_season(v);
	s->phase = s->phase + 1u < s->season ? (u16)(s->phase + 1) : 0;
}

static void learn(struct dl_series *s, s32 v)
{
	s32 ahead = s->level + part(s->trend, TREND_DAMPING), level;
	u32 i;

	adapt(s, v);
	for (i = 0; i < DL_SERIES_SMOOTH; i++)
		s->smooth[i] += part(v - s->smooth[i], smooth_rate[i]);
	s->mean += part(v - s->mean, share(s->n + 1, MEAN_LENGTH));
	level = clamp_to(ahead + part(v - ahead, LEVEL_RATE), 0, TOP);
	s->trend = part(s->trend, TREND_DAMPING);
	s->trend += part(level - s->level - s->trend, TREND_RATE);
	s->level = level;
	s->least = v < s->least ? v : s->least;
	s->most = v > s->most ? v : s->most;
}

static void begin(struct dl_series *s, s32 v)
{
	u32 i;

	for (i = 0; i < DL_SERIES_SMOOTH; i++)
		s->smooth[i] = v;
	for (i = 0; i < ARRAY_SIZE(s->last); i++)
		s->last[i] = v;
	s->level = v;
	s->mean = v;
	s->least = v;
	s->most = v;
}

void dl_series_skip(struct dl_series *s, u64 n)
{
	u32 rest;

	if (!came_around(s))
		return;
	div_u64_rem(n, s->season, &rest);
	rest += s->phase;
	s->phase = (u16)(rest < s->season ? rest : rest - s->season);
	foresee(s);
}

void dl_series_add(struct dl_series *s, u64 value)
{
	const s32 v = value == U64_MAX ? TOP : (s32)dl_fixed_log2(value + 1);

	s->was = s->n ? s->value : -1;
	if (s->n) {
		judge(s, v);
		learn(s, v);
	} else {
		begin(s, v);
	}
	learn_season(s, v);
	s->last[2] = s->last[1];
	s->last[1] = s->last[0];
	s->last[0] = v;
	if (s->n < U64_MAX)
		s->n++;
	foresee(s);
}

/* ---- tell */

/* The number of a logarithm. */
static u64 number(s32 v)
{
	const u64 x = dl_fixed_exp2((u32)clamp_to(v, 0, TOP));

	return x == U64_MAX ? x : x - 1;
}

void dl_series_next(const struct dl_series *s, struct dl_forecast *f)
{
	/* What the two roundings are wrong by at most, there and back. */
	const s32 slack = 2;

	*f = (struct dl_forecast) { .high = U64_MAX };
	if (!s->n)
		return;
	f->value = number(s->value);
	f->low = number(s->value + s->under - slack);
	f->high = number(s->value + s->over + slack);
	if (s->n >= DL_SERIES_WARM)
		f->confidence = (u8)((255 * dl_fixed_exp2_neg(s->own >>
				      DL_SERIES_ERROR_SHIFT)) >> DL_FIXED_SHIFT);
}

bool dl_series_last(const struct dl_series *s, u64 *last, u64 *foreseen)
{
	const bool known = s->was >= 0;

	*last = s->n ? number(s->last[0]) : 0;
	*foreseen = known ? number(s->was) : 0;
	return known;
}

void dl_series_score(const struct dl_series *s, struct dl_series_score *sc)
{
	sc->n = s->n;
	sc->error = s->own >> DL_SERIES_ERROR_SHIFT;
	sc->naive = s->naive >> DL_SERIES_ERROR_SHIFT;
	sc->held = s->held;
}

/* ---- keep */

static void pack_all(__le32 *to, const s32 *from, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		to[i] = cpu_to_le32((u32)from[i]);
}

void dl_series_pack(const struct dl_series *s, struct dl_disk_series *d)
{
	u32 i;

	memset(d, 0, sizeof(*d));
	d->n = cpu_to_le64(s->n);
	d->season = cpu_to_le16(s->season);
	d->phase = cpu_to_le16(s->phase);
	pack_all(d->last, s->last, ARRAY_SIZE(s->last));
	d->least = cpu_to_le32((u32)s->least);
	d->most = cpu_to_le32((u32)s->most);
	pack_all(d->smooth, s->smooth, DL_SERIES_SMOOTH);
	d->level = cpu_to_le32((u32)s->level);
	d->trend = cpu_to_le32((u32)s->trend);
	d->mean = cpu_to_le32((u32)s->mean);
	for (i = 0; i < MODELS; i++)
		d->error[i] = cpu_to_le32(s->error[i]);
	d->own = cpu_to_le32(s->own);
	d->naive = cpu_to_le32(s->naive);
	d->held = cpu_to_le32(s->held);
	d->under = cpu_to_le32((u32)s->under);
	d->over = cpu_to_le32((u32)s->over);
	for (i = 0; i < DL_SERIES_FILTERS; i++)
		pack_all(d->weight[i], s->weight[i], DL_SERIES_INPUTS);
	for (i = 0; i < s->season; i++) {
		d->usual[i] = cpu_to_le16(s->usual[i]);
		d->lap[i] = cpu_to_le16(s->lap[i]);
	}
}

/* Return: whether all are from @least to @most. */
static bool unpack_all(s32 *to, const __le32 *from, u32 n, s32 least, s32 most)
{
	bool good = true;
	u32 i;

	for (i = 0; i < n; i++) {
		to[i] = (s32)le32_to_cpu(from[i]);
		good &= to[i] >= least && to[i] <= most;
	}
	return good;
}

static bool unpack_errors(struct dl_series *s, const struct dl_disk_series *d)
{
	const u32 most = DL_FIXED_TOP << DL_SERIES_ERROR_SHIFT;
	bool good = true;
	u32 i;

	for (i = 0; i < MODELS; i++) {
		s->error[i] = le32_to_cpu(d->error[i]);
		good &= s->error[i] <= most;
	}
	s->own = le32_to_cpu(d->own);
	s->naive = le32_to_cpu(d->naive);
	s->held = le32_to_cpu(d->held);
	return good && s->own <= most && s->naive <= most &&
	       s->held <= DL_FIXED_ONE;
}

/* Of the first season what has not been yet is zero. */
static bool unpack_season(struct dl_series *s, const struct dl_disk_series *d)
{
	const u32 known = s->n < s->season ? (u32)s->n : s->season;
	bool good = known == s->season || s->phase == known;
	u32 i;

	for (i = 0; i < DL_SERIES_SEASON_MAX; i++) {
		s->usual[i] = le16_to_cpu(d->usual[i]);
		s->lap[i] = le16_to_cpu(d->lap[i]);
		s->usual_sum += s->usual[i];
		good &= i < known || !(s->usual[i] | s->lap[i]);
	}
	return good && (s->season ? s->phase < s->season : !s->phase);
}

/* What is made of numbers is not outside of their range. */
static bool unpack_models(struct dl_series *s, const struct dl_disk_series *d)
{
	bool good = unpack_all(&s->least, &d->least, 1, 0, TOP) &&
		    unpack_all(&s->most, &d->most, 1, s->least, TOP) &&
		    unpack_all(s->last, d->last, ARRAY_SIZE(s->last), s->least,
			       s->most) &&
		    unpack_all(s->smooth, d->smooth, DL_SERIES_SMOOTH, s->least,
			       s->most) &&
		    unpack_all(&s->mean, &d->mean, 1, s->least, s->most) &&
		    unpack_all(&s->level, &d->level, 1, 0, TOP) &&
		    unpack_all(&s->trend, &d->trend, 1, -TOP, TOP) &&
		    unpack_all(&s->under, &d->under, 1, -TOP, 0) &&
		    unpack_all(&s->over, &d->over, 1, 0, TOP);
	u32 i;

	for (i = 0; i < DL_SERIES_FILTERS; i++)
		good = good && unpack_all(s->weight[i], d->weight[i],
					  DL_SERIES_INPUTS, -WEIGHT_MAX,
					  WEIGHT_MAX);
	return good;
}

static bool all_zero(const void *p, size_t n)
{
	const u8 *b = p;

	while (n--)
		if (*b++)
			return false;
	return true;
}

/* At 50 ms each that is longer than anything lasts. */
#define NUMBERS_MAX	(1ULL << 48)

enum dl_status dl_series_unpack(struct dl_series *s,
				const struct dl_disk_series *d, u32 season)
{
	dl_series_init(s, le16_to_cpu(d->season));
	s->n = le64_to_cpu(d->n);
	s->phase = le16_to_cpu(d->phase);
	if (s->season != season || s->season != le16_to_cpu(d->season) ||
	    s->n > NUMBERS_MAX)
		return DL_BAD_RECORD;
	if (!unpack_models(s, d) || !unpack_errors(s, d) ||
	    !unpack_season(s, d))
		return DL_BAD_RECORD;
	if (s->n)
		foresee(s);
	else if (!all_zero(d->last, offsetof(struct dl_disk_series, reserved) -
			   offsetof(struct dl_disk_series, last)))
		return DL_BAD_RECORD;
	return DL_OK;
}
