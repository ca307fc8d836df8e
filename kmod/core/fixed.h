/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Logarithms and powers of two in fixed point, 16 bits behind the point.
 *
 * Each is exact at whole powers of two and monotone; log2 is wrong by less than
 * one in the last place, exp2 by less than 2^-20 of its value. In between they
 * are polynomials in the fraction m, with the end points held:
 *
 *	log2(1 + m) = m + m (1 - m) q(m)
 *	2^m	    = 1 + m - m (1 - m) r(m)
 *
 * of which q has degree 4 and r degree 3, through the Chebyshev points of 0..1.
 * Coefficients and what is in between have 30 bits behind the point.
 */
#ifndef DL_CORE_FIXED_H
#define DL_CORE_FIXED_H

#include "dl_port.h"

#define DL_FIXED_SHIFT	16
#define DL_FIXED_ONE	(1u << DL_FIXED_SHIFT)
/* log2 of all that 64 bits can count; from here on exp2 is U64_MAX. */
#define DL_FIXED_TOP	(64u << DL_FIXED_SHIFT)

/* (@a * @x) where @x is at most 1. */
static inline s64 dl_fixed_part(s64 a, s64 x)
{
	return (a * x) >> 30;
}

/**
 * dl_fixed_log2() - logarithm
 * @v: of what; 0 is taken as 1
 *
 * Return: 0 to DL_FIXED_TOP.
 */
static inline u32 dl_fixed_log2(u64 v)
{
	const u32 whole = v ? (u32)fls64(v) - 1 : 0;
	/* More bits would let the last ones, which are noise, fall. */
	const s64 m = (s64)((v << (63 - whole) << 1) >> 40) << 6;
	s64 q = 27585783;

	if (!v)
		return 0;
	q = dl_fixed_part(q, m) - 104369674;
	q = dl_fixed_part(q, m) + 197676760;
	q = dl_fixed_part(q, m) - 296964243;
	q = dl_fixed_part(q, m) + 475296191;
	q = m + dl_fixed_part(q, dl_fixed_part(m, (1 << 30) - m));
	return (whole << DL_FIXED_SHIFT) + (u32)((q + (1 << 13)) >> 14);
}

/* 2^@frac for @frac from 0 to DL_FIXED_ONE, with 30 bits behind the point. */
static inline u64 dl_fixed_mantissa(u32 frac)
{
	const s64 m = (s64)frac << 14;
	s64 r = 2036310;

	r = dl_fixed_part(r, m) + 11667980;
	r = dl_fixed_part(r, m) + 71595235;
	r = dl_fixed_part(r, m) + 329478958;
	return (u64)((1 << 30) + m -
		     dl_fixed_part(r, dl_fixed_part(m, (1 << 30) - m)));
}

/* 2^@e, to the nearest; from DL_FIXED_TOP on U64_MAX. */
static inline u64 dl_fixed_exp2(u32 e)
{
	const u32 whole = e >> DL_FIXED_SHIFT;
	const u64 m = dl_fixed_mantissa(e & (DL_FIXED_ONE - 1));

	if (e >= DL_FIXED_TOP)
		return U64_MAX;
	if (whole >= 30)
		return m << (whole - 30);
	return (m + (1ULL << (29 - whole))) >> (30 - whole);
}

/* 2^-@e with 16 bits behind the point: DL_FIXED_ONE to 0. */
static inline u32 dl_fixed_exp2_neg(u32 e)
{
	const u32 whole = e >> DL_FIXED_SHIFT;

	if (whole > DL_FIXED_SHIFT)
		return 0;
	return (u32)(dl_fixed_mantissa(DL_FIXED_ONE -
				       (e & (DL_FIXED_ONE - 1))) >>
		     (15 + whole));
}

#endif
