/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What pictures are drawn of: the page, text, and charts of a series over time. All of it
 * goes to the caller's file, which picture.h keeps; nothing is owned here, and what cannot
 * be written ferror() tells.
 */
#ifndef DL_TOOL_SVG_H
#define DL_TOOL_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- the page */

/**
 * dl_svg_begin() - begin a page
 * @f: where to
 * @width: pixels
 * @height: pixels
 *
 * Its <title> is to follow, then dl_svg_style().
 */
void dl_svg_begin(FILE *f, unsigned int width, unsigned int height);

/**
 * dl_svg_style() - how text looks
 * @f: where to
 * @heading: pixels of class "h"; class "n" is small and ends where it is put
 * @more: rules of the page's own, lines; "" for none
 */
void dl_svg_style(FILE *f, unsigned int heading, const char *more);

/**
 * dl_svg_text() - text within the page
 * @f: where to
 * @s: any bytes; what has a meaning of its own in XML has none in it
 */
void dl_svg_text(FILE *f, const char *s);

/**
 * dl_svg_end() - end the page
 * @f: where to
 */
void dl_svg_end(FILE *f);

/* ---- charts: a series from left to right, its values upward */

#define DL_SVG_WIDTH	960u	/* pixels of a chart */
#define DL_SVG_HEIGHT	180u

#define DL_SVG_BAND	"#cfe0f3"	/* an interval that was foreseen */
#define DL_SVG_LINE	"#2f6fb5"	/* what was foreseen */
#define DL_SVG_DOT	"#333333"	/* what came */
#define DL_SVG_OUT	"#d0342c"	/* the same, outside of the interval */

/**
 * struct dl_svg_chart - a chart that is drawn
 * @f: where to
 * @left: pixels left of it
 * @top: pixels above it
 * @step: pixels between two values
 * @shift: steps that the first value is behind the left edge
 * @least: what the lower edge stands for
 * @most: what the upper edge stands for
 */
struct dl_svg_chart {
	FILE *f;
	unsigned int left;
	double top;
	double step, shift;
	double least, most;
};

/**
 * dl_svg_orders() - how high a value is in a chart by logarithm
 * @v: value
 *
 * Return: log2(1 + @v).
 */
double dl_svg_orders(uint64_t v);

/**
 * dl_svg_x() - where a value is
 * @c: chart
 * @i: which, from 0
 *
 * Return: pixels.
 */
double dl_svg_x(const struct dl_svg_chart *c, size_t i);

/**
 * dl_svg_y() - how high a value is
 * @c: chart
 * @v: value, in what the edges are in; beyond them it is at the edge
 *
 * Return: pixels, downward.
 */
double dl_svg_y(const struct dl_svg_chart *c, double v);

/**
 * dl_svg_rule() - draw a line across
 * @c: chart
 * @v: at this value
 * @name: left of it; as it is in XML
 */
void dl_svg_rule(const struct dl_svg_chart *c, double v, const char *name);

/**
 * dl_svg_scale_orders() - make a chart by logarithm, and draw its lines across
 * @c: chart; its edges get a little beyond the values
 * @v: first value
 * @nr: how many, at least one
 * @stride: bytes from one to the next
 */
void dl_svg_scale_orders(struct dl_svg_chart *c, const uint64_t *v, size_t nr,
			 size_t stride);

/**
 * dl_svg_point() - one of the points of a line or an area
 * @c: chart
 * @x: pixels
 * @y: pixels
 */
void dl_svg_point(const struct dl_svg_chart *c, double x, double y);

/**
 * dl_svg_came() - draw what came
 * @c: chart
 * @x: pixels
 * @y: pixels
 * @in: whether it is in the interval that was foreseen
 */
void dl_svg_came(const struct dl_svg_chart *c, double x, double y, bool in);

#endif
