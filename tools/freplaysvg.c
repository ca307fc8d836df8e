// SPDX-License-Identifier: GPL-2.0
/*
 * Forecasts against what came, as a picture: for each series its last rows, upward by
 * their logarithm; the interval is a band, the forecast a line, what came are dots,
 * and those outside of the interval stand out.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "freplay.h"

#define WIDTH	960u		/* rows at most, pixels */
#define HEIGHT	180u		/* of a series */
#define LEFT	72u
#define TOP	64u
#define GAP	56u		/* above each, for its title */
#define LEGEND	40u

#define BAND	"#cfe0f3"
#define LINE	"#2f6fb5"
#define DOT	"#333333"
#define OUT	"#d0342c"

struct picture {
	FILE *f;
	const struct dl_freplay *r;
	size_t from;		/* first row that is drawn */
	double step;		/* pixels between two rows */
	double least, most;	/* logarithms */
	double top;
};

static double orders(uint64_t x)
{
	return log2(1 + (double)x);
}

static double x_of(const struct picture *p, size_t row)
{
	return LEFT + (double)(row - p->from) * p->step;
}

/* What is beyond the range of the rows is at its edge. */
static double y_of(const struct picture *p, uint64_t v)
{
	double y = (orders(v) - p->least) / (p->most - p->least);

	return p->top + HEIGHT * (1 - (y < 0 ? 0 : y > 1 ? 1 : y));
}

static void put_text(FILE *f, const char *s)
{
	for (; *s; s++)
		if (*s == '&' || *s == '<' || *s == '>' || *s == '"')
			fprintf(f, "&#%d;", *s);
		else
			fputc(*s >= ' ' && *s < 0x7f ? *s : '?', f);
}

/* From a little below the least row to a little above the highest. */
static void lay_out(struct picture *p)
{
	const uint64_t *v = p->r->s.value;
	size_t nr = p->r->s.nr, i;

	p->from = nr - p->r->scored;
	if (nr - p->from > WIDTH)
		p->from = nr - WIDTH;
	p->step = (double)WIDTH / (double)(nr - p->from);
	p->least = 64;
	p->most = 0;
	for (i = p->from; i < nr; i++) {
		p->least = fmin(p->least, orders(v[i]));
		p->most = fmax(p->most, orders(v[i]));
	}
	p->least = fmax(p->least - 1, 0);
	p->most += 1;
}

static void put_grid(const struct picture *p)
{
	static const char unit[] = " kMGTPE";
	double step = p->most - p->least > 12 ? 10 : 2, log, y;
	char name[24];

	for (log = ceil(p->least / step) * step; log <= p->most; log += step) {
		y = p->top + HEIGHT * (1 - (log - p->least) / (p->most - p->least));
		snprintf(name, sizeof(name), "%d%c", 1 << (int)log % 10,
			 unit[(int)log / 10]);
		fprintf(p->f, "<path d=\"M%u %.1fh%u\" stroke=\"#e4e7eb\"/>\n", LEFT,
			y, WIDTH);
		fprintf(p->f, "<text x=\"%u\" y=\"%.1f\" class=\"n\">%s</text>\n",
			LEFT - 8, y + 4, name);
	}
}

static void put_band(const struct picture *p)
{
	const struct dl_freplay *r = p->r;
	size_t i;

	fputs("<polygon fill=\"" BAND "\" points=\"", p->f);
	for (i = p->from; i < r->s.nr; i++)
		fprintf(p->f, "%.1f,%.1f ", x_of(p, i), y_of(p, r->f[i].high));
	for (i = r->s.nr; i-- > p->from;)
		fprintf(p->f, "%.1f,%.1f ", x_of(p, i), y_of(p, r->f[i].low));
	fputs("\"/>\n", p->f);
}

static void put_rows(const struct picture *p)
{
	const struct dl_freplay *r = p->r;
	size_t i;
	bool in;

	fputs("<polyline fill=\"none\" stroke=\"" LINE "\" points=\"", p->f);
	for (i = p->from; i < r->s.nr; i++)
		fprintf(p->f, "%.1f,%.1f ", x_of(p, i), y_of(p, r->f[i].value));
	fputs("\"/>\n", p->f);
	for (i = p->from; i < r->s.nr; i++) {
		in = r->s.value[i] >= r->f[i].low && r->s.value[i] <= r->f[i].high;
		fprintf(p->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\" fill=\"%s\"/>\n",
			x_of(p, i), y_of(p, r->s.value[i]), in ? DOT : OUT);
	}
}

static void put_series(struct picture *p)
{
	const struct dl_freplay *r = p->r;

	lay_out(p);
	fprintf(p->f, "<text x=\"%u\" y=\"%.0f\" class=\"h\">", LEFT, p->top - 26);
	put_text(p->f, r->path);
	fputs(": ", p->f);
	put_text(p->f, r->s.column);
	fprintf(p->f, "</text>\n<text x=\"%u\" y=\"%.0f\">error %.3f doublings, ",
		LEFT, p->top - 8, r->error);
	if (r->relative >= 0)
		fprintf(p->f, "%.3f of that of last time, ", r->relative);
	fprintf(p->f, "%.1f %% in the interval; rows %zu to %zu</text>\n",
		100 * r->held, p->from + 1, r->s.nr);
	put_grid(p);
	put_band(p);
	put_rows(p);
}

static void put_head(FILE *f, size_t nr)
{
	const unsigned int width = LEFT + WIDTH + 24;
	const size_t height = TOP + nr * (GAP + HEIGHT) + LEGEND;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%zu\" viewBox=\"0 0 %u %zu\">\n",
		width, height, width, height);
	fputs("<title>Forecasts, and what came</title>\n<style>\n", f);
	fputs("text { font-family: sans-serif; font-size: 12px; fill: #333 }\n", f);
	fputs(".h { font-size: 14px; font-weight: bold }\n", f);
	fputs(".n { text-anchor: end; font-size: 11px; fill: #666 }\n", f);
	fprintf(f, "</style>\n<rect width=\"%u\" height=\"%zu\" fill=\"#ffffff\"/>\n",
		width, height);
	fprintf(f, "<rect x=\"%u\" y=\"24\" width=\"22\" height=\"12\" fill=\"" BAND "\"/>\n",
		LEFT);
	fprintf(f, "<text x=\"%u\" y=\"34\">to hold nine in ten</text>\n", LEFT + 28);
	fprintf(f, "<path d=\"M%u 30h22\" stroke=\"" LINE "\"/>\n", LEFT + 170);
	fprintf(f, "<text x=\"%u\" y=\"34\">forecast</text>\n", LEFT + 198);
	fprintf(f, "<circle cx=\"%u\" cy=\"30\" r=\"2.5\" fill=\"" DOT "\"/>\n", LEFT + 280);
	fprintf(f, "<text x=\"%u\" y=\"34\">what came</text>\n", LEFT + 290);
	fprintf(f, "<circle cx=\"%u\" cy=\"30\" r=\"2.5\" fill=\"" OUT "\"/>\n", LEFT + 380);
	fprintf(f, "<text x=\"%u\" y=\"34\">outside of the interval</text>\n", LEFT + 390);
}

int dl_freplaysvg_write(const char *path, const struct dl_freplay *r, size_t nr)
{
	bool out = !strcmp(path, "-"), failed;
	struct picture p = { .f = out ? stdout : fopen(path, "we") };
	size_t i;

	if (!p.f)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be made: %s", path,
			      strerror(errno));
	put_head(p.f, nr);
	for (i = 0; i < nr; i++) {
		p.r = &r[i];
		p.top = TOP + (double)i * (GAP + HEIGHT) + GAP;
		put_series(&p);
	}
	fputs("</svg>\n", p.f);
	failed = ferror(p.f);
	if (!out)
		failed |= fclose(p.f) != 0;
	if (failed)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be written: %s", path,
			      strerror(errno));
	return 0;
}
