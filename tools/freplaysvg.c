// SPDX-License-Identifier: GPL-2.0
/*
 * Forecasts against what came, as a picture: for each series its last rows, upward by
 * their logarithm; the interval is a band, the forecast a line, what came are dots,
 * and those outside of the interval stand out.
 */
#include "exits.h"
#include "freplay.h"
#include "outfile.h"
#include "svg.h"

#define LEFT	72u
#define TOP	64u
#define GAP	56u		/* above each, for its title */
#define LEGEND	40u

struct picture {
	struct dl_svg_chart c;
	const struct dl_freplay *r;
	size_t from;		/* first row that is drawn */
};

static double x_of(const struct picture *p, size_t row)
{
	return dl_svg_x(&p->c, row - p->from);
}

static double y_of(const struct picture *p, uint64_t v)
{
	return dl_svg_y(&p->c, dl_svg_orders(v));
}

/* A row has a pixel at least. */
static void lay_out(struct picture *p)
{
	size_t nr = p->r->s.nr;

	p->from = nr - p->r->scored;
	if (nr - p->from > DL_SVG_WIDTH)
		p->from = nr - DL_SVG_WIDTH;
	p->c.step = (double)DL_SVG_WIDTH / (double)(nr - p->from);
}

/* The interval of a series that is hardly known is as wide as the chart. */
static bool has_band(const struct picture *p, size_t row)
{
	return p->r->f[row].confidence;
}

static void put_band(const struct picture *p, size_t row, size_t end)
{
	const struct dl_forecast *f = p->r->f;
	size_t i;

	fputs("<polygon fill=\"" DL_SVG_BAND "\" points=\"", p->c.f);
	for (i = row; i < end; i++)
		dl_svg_point(&p->c, x_of(p, i), y_of(p, f[i].high));
	for (i = end; i-- > row;)
		dl_svg_point(&p->c, x_of(p, i), y_of(p, f[i].low));
	fputs("\"/>\n", p->c.f);
}

static void put_bands(const struct picture *p)
{
	size_t row = p->from, end;

	for (; row < p->r->s.nr; row = end + 1) {
		for (end = row; end < p->r->s.nr && has_band(p, end); end++)
			;
		if (end > row)
			put_band(p, row, end);
	}
}

static void put_rows(const struct picture *p)
{
	const struct dl_freplay *r = p->r;
	size_t i;
	bool in;

	fputs("<polyline fill=\"none\" stroke=\"" DL_SVG_LINE "\" points=\"", p->c.f);
	for (i = p->from; i < r->s.nr; i++)
		dl_svg_point(&p->c, x_of(p, i), y_of(p, r->f[i].value));
	fputs("\"/>\n", p->c.f);
	for (i = p->from; i < r->s.nr; i++) {
		in = !has_band(p, i) || (r->s.value[i] >= r->f[i].low &&
					 r->s.value[i] <= r->f[i].high);
		dl_svg_came(&p->c, x_of(p, i), y_of(p, r->s.value[i]), in);
	}
}

static void put_series(struct picture *p)
{
	const struct dl_freplay *r = p->r;
	FILE *f = p->c.f;

	lay_out(p);
	fprintf(f, "<text x=\"%u\" y=\"%.0f\" class=\"h\">", LEFT, p->c.top - 26);
	dl_svg_text(f, r->path);
	fputs(": ", f);
	dl_svg_text(f, r->s.column);
	fprintf(f, "</text>\n<text x=\"%u\" y=\"%.0f\">error %.3f doublings, ", LEFT,
		p->c.top - 8, r->error);
	if (r->relative >= 0)
		fprintf(f, "%.3f of that of last time, ", r->relative);
	fprintf(f, "%.1f %% in the interval; rows %zu to %zu</text>\n",
		100 * r->held, p->from + 1, r->s.nr);
	dl_svg_scale_orders(&p->c, &r->s.value[p->from], r->s.nr - p->from,
			    sizeof(r->s.value[0]));
	put_bands(p);
	put_rows(p);
}

static void put_head(FILE *f, size_t nr)
{
	const unsigned int width = LEFT + DL_SVG_WIDTH + 24;
	const unsigned int height = TOP + (unsigned int)nr * (GAP + DL_SVG_HEIGHT) + LEGEND;

	dl_svg_begin(f, width, height);
	fputs("<title>Forecasts, and what came</title>\n", f);
	dl_svg_style(f, 14, "");
	fprintf(f, "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n", width,
		height);
	fprintf(f, "<rect x=\"%u\" y=\"24\" width=\"22\" height=\"12\" fill=\"" DL_SVG_BAND "\"/>\n",
		LEFT);
	fprintf(f, "<text x=\"%u\" y=\"34\">to hold nine in ten</text>\n", LEFT + 28);
	fprintf(f, "<path d=\"M%u 30h22\" stroke=\"" DL_SVG_LINE "\"/>\n", LEFT + 170);
	fprintf(f, "<text x=\"%u\" y=\"34\">forecast</text>\n", LEFT + 198);
	fprintf(f, "<circle cx=\"%u\" cy=\"30\" r=\"2.5\" fill=\"" DL_SVG_DOT "\"/>\n", LEFT + 280);
	fprintf(f, "<text x=\"%u\" y=\"34\">what came</text>\n", LEFT + 290);
	fprintf(f, "<circle cx=\"%u\" cy=\"30\" r=\"2.5\" fill=\"" DL_SVG_OUT "\"/>\n", LEFT + 380);
	fprintf(f, "<text x=\"%u\" y=\"34\">outside of the interval</text>\n", LEFT + 390);
}

int dl_freplaysvg_write(const char *path, const struct dl_freplay *r, size_t nr)
{
	struct picture p = { .c = { .f = dl_outfile_open(path), .left = LEFT } };
	size_t i;

	if (!p.c.f)
		return DL_EXIT_FAILED;
	put_head(p.c.f, nr);
	for (i = 0; i < nr; i++) {
		p.r = &r[i];
		p.c.top = TOP + (double)i * (GAP + DL_SVG_HEIGHT) + GAP;
		put_series(&p);
	}
	dl_svg_end(p.c.f);
	return dl_outfile_close(p.c.f, path);
}
