// SPDX-License-Identifier: GPL-2.0
/* What pictures are drawn of. See svg.h. */
#include <math.h>

#include "svg.h"

/* ---- the page */

void dl_svg_begin(FILE *f, unsigned int width, unsigned int height)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n",
		width, height, width, height);
}

void dl_svg_style(FILE *f, unsigned int heading, const char *more)
{
	fputs("<style>\n", f);
	fputs("text { font-family: sans-serif; font-size: 12px; fill: #333 }\n", f);
	fprintf(f, ".h { font-size: %upx; font-weight: bold }\n", heading);
	fputs(".n { text-anchor: end; font-size: 11px; fill: #666 }\n", f);
	fprintf(f, "%s</style>\n", more);
}

void dl_svg_text(FILE *f, const char *s)
{
	for (; *s; s++)
		if (*s == '&' || *s == '<' || *s == '>' || *s == '"')
			fprintf(f, "&#%d;", *s);
		else
			/* Names may have any byte; XML must not. */
			fputc(*s >= ' ' && *s < 0x7f ? *s : '?', f);
}

void dl_svg_end(FILE *f)
{
	fputs("</svg>\n", f);
}

/* ---- charts */

double dl_svg_orders(uint64_t v)
{
	return log2(1 + (double)v);
}

double dl_svg_x(const struct dl_svg_chart *c, size_t i)
{
	return c->left + ((double)i + c->shift) * c->step;
}

double dl_svg_y(const struct dl_svg_chart *c, double v)
{
	double y = (v - c->least) / (c->most - c->least);

	return c->top + DL_SVG_HEIGHT * (1 - (y < 0 ? 0 : y > 1 ? 1 : y));
}

void dl_svg_rule(const struct dl_svg_chart *c, double v, const char *name)
{
	double y = dl_svg_y(c, v);

	fprintf(c->f, "<path d=\"M%u %.1fh%u\" stroke=\"#e4e7eb\"/>\n", c->left, y,
		DL_SVG_WIDTH);
	fprintf(c->f, "<text x=\"%u\" y=\"%.1f\" class=\"n\">%s</text>\n", c->left - 8,
		y + 4, name);
}

static void put_orders(const struct dl_svg_chart *c)
{
	static const char unit[] = " kMGTPE";
	double step = c->most - c->least > 12 ? 10 : 2, at;
	char name[24];

	for (at = ceil(c->least / step) * step; at <= c->most; at += step) {
		snprintf(name, sizeof(name), "%d%c", 1 << (int)at % 10,
			 unit[(int)at / 10]);
		dl_svg_rule(c, at, name);
	}
}

void dl_svg_scale_orders(struct dl_svg_chart *c, const uint64_t *v, size_t nr,
			 size_t stride)
{
	double at;
	size_t i;

	c->least = 64;
	c->most = 0;
	for (i = 0; i < nr; i++) {
		at = dl_svg_orders(*(const uint64_t *)((const char *)v + i * stride));
		c->least = fmin(c->least, at);
		c->most = fmax(c->most, at);
	}
	/* From a little below the least to a little above the highest. */
	c->least = fmax(c->least - 1, 0);
	c->most += 1;
	put_orders(c);
}

void dl_svg_point(const struct dl_svg_chart *c, double x, double y)
{
	fprintf(c->f, "%.1f,%.1f ", x, y);
}

void dl_svg_came(const struct dl_svg_chart *c, double x, double y, bool in)
{
	fprintf(c->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\" fill=\"%s\"/>\n", x, y,
		in ? DL_SVG_DOT : DL_SVG_OUT);
}
