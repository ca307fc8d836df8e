// SPDX-License-Identifier: GPL-2.0
/*
 * Three pictures, one below the other, all of the same time: bytes against what was
 * foreseen of them, upward by their logarithm; sizes of segments; room in placeholders,
 * and what of it was filled.
 */
#include <math.h>
#include <stdbool.h>

#include "picture.h"
#include "plot.h"

#define WIDTH	960u
#define HEIGHT	180u
#define LEFT	80u
#define TOP	24u
#define GAP	64u		/* above each, for its title */
#define FOOT	40u

#define BAND	"#cfe0f3"
#define LINE	"#2f6fb5"
#define DOT	"#333333"
#define OUT	"#d0342c"
#define OTHER	"#9aa5b1"

struct picture {
	FILE *f;
	const struct dl_plot *p;
	double step;		/* pixels of a sample */
	double top;		/* of the picture that is drawn */
	double least, most;	/* what its edges stand for */
};

static double orders(uint64_t x)
{
	return log2(1 + (double)x);
}

static double x_of(const struct picture *c, size_t i)
{
	return LEFT + ((double)i + 0.5) * c->step;
}

/* What is beyond the edges is at the edge. */
static double y_of(const struct picture *c, double v)
{
	double y = (v - c->least) / (c->most - c->least);

	return c->top + HEIGHT * (1 - (y < 0 ? 0 : y > 1 ? 1 : y));
}

static void put_rule(const struct picture *c, double v, const char *name)
{
	fprintf(c->f, "<path d=\"M%u %.1fh%u\" stroke=\"#e4e7eb\"/>\n", LEFT, y_of(c, v),
		WIDTH);
	fprintf(c->f, "<text x=\"%u\" y=\"%.1f\" class=\"n\">%s</text>\n", LEFT - 8,
		y_of(c, v) + 4, name);
}

static void put_title(const struct picture *c, const char *title)
{
	fprintf(c->f, "<text x=\"%u\" y=\"%.0f\" class=\"h\">%s</text>\n", LEFT,
		c->top - 28, title);
}

/* A word of the legend, which stands @x pixels to the right. */
static void put_word(const struct picture *c, unsigned int x, const char *color,
		     const char *word)
{
	fprintf(c->f, "<rect x=\"%u\" y=\"%.0f\" width=\"16\" height=\"8\" fill=\"%s\"/>\n",
		LEFT + x, c->top - 16, color);
	fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%s</text>\n", LEFT + x + 22, c->top - 8,
		word);
}

/* ---- bytes and what was foreseen */

static bool has_band(const struct dl_plot_sample *s)
{
	return s->high < DL_PLOT_MOST;
}

static void lay_out_bytes(struct picture *c)
{
	size_t i;

	c->least = 64;
	c->most = 0;
	for (i = 0; i < c->p->nr; i++) {
		c->least = fmin(c->least, orders(c->p->at[i].bytes));
		c->most = fmax(c->most, orders(c->p->at[i].bytes));
	}
	c->least = fmax(c->least - 1, 0);
	c->most += 1;
}

static void put_orders(const struct picture *c)
{
	static const char unit[] = " kMGTPE";
	double step = c->most - c->least > 12 ? 10 : 2, at;
	char name[24];

	for (at = ceil(c->least / step) * step; at <= c->most; at += step) {
		snprintf(name, sizeof(name), "%d%c", 1 << (int)at % 10,
			 unit[(int)at / 10]);
		put_rule(c, at, name);
	}
}

/* A column for each, so that one that is not known leaves a gap. */
static void put_band(const struct picture *c)
{
	const struct dl_plot_sample *s;
	double high, low;
	size_t i;

	for (i = 0; i < c->p->nr; i++) {
		s = &c->p->at[i];
		if (!has_band(s))
			continue;
		high = y_of(c, orders(s->high));
		low = y_of(c, orders(s->low));
		fprintf(c->f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"" BAND "\"/>\n",
			x_of(c, i) - c->step / 2, high, c->step + 0.1,
			fmax(low - high, 1));
	}
}

static void put_bytes(struct picture *c)
{
	const struct dl_plot_sample *s;
	size_t i, known = 0, held = 0;
	bool in;

	lay_out_bytes(c);
	put_orders(c);
	put_band(c);
	fputs("<polyline fill=\"none\" stroke=\"" LINE "\" points=\"", c->f);
	for (i = 0; i < c->p->nr; i++)
		fprintf(c->f, "%.1f,%.1f ", x_of(c, i),
			y_of(c, orders(c->p->at[i].foreseen)));
	fputs("\"/>\n", c->f);
	for (i = 0; i < c->p->nr; i++) {
		s = &c->p->at[i];
		in = s->bytes >= s->low && s->bytes <= s->high;
		known += has_band(s);
		held += has_band(s) && in;
		fprintf(c->f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"1.8\" fill=\"%s\"/>\n",
			x_of(c, i), y_of(c, orders(s->bytes)), in ? DOT : OUT);
	}
	put_title(c, "Bytes written in half a second, and what was foreseen");
	put_word(c, 0, BAND, "to hold nine in ten");
	put_word(c, 170, LINE, "forecast");
	put_word(c, 270, DOT, "what came");
	put_word(c, 380, OUT, "outside of the interval");
	if (known)
		fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%.1f %% were in it</text>\n",
			LEFT + 560, c->top - 8, 100 * (double)held / (double)known);
}

/* ---- what is counted from zero */

static void lay_out_from_zero(struct picture *c, size_t one, size_t other)
{
	const char *at;
	char name[24];
	uint64_t a, b;
	size_t i;

	c->least = 0;
	c->most = 1;
	for (i = 0; i < c->p->nr; i++) {
		at = (const char *)&c->p->at[i];
		a = *(const uint64_t *)(at + one);
		b = *(const uint64_t *)(at + other);
		c->most = fmax(c->most, fmax((double)a, (double)b));
	}
	put_rule(c, 0, "0");
	snprintf(name, sizeof(name), "%.0f", c->most);
	put_rule(c, c->most, name);
	c->most *= 1.02;
}

/* Each as high as it was throughout its interval. */
static void put_steps(const struct picture *c, size_t column, const char *color)
{
	const char *at;
	double y;
	size_t i;

	fprintf(c->f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"",
		color);
	for (i = 0; i < c->p->nr; i++) {
		at = (const char *)&c->p->at[i];
		y = y_of(c, (double)*(const uint64_t *)(at + column));
		fprintf(c->f, "%.1f,%.1f %.1f,%.1f ", x_of(c, i) - c->step / 2, y,
			x_of(c, i) + c->step / 2, y);
	}
	fputs("\"/>\n", c->f);
}

static void put_segments(struct picture *c)
{
	const size_t segment = offsetof(struct dl_plot_sample, segment_kib);
	const size_t pool = offsetof(struct dl_plot_sample, pool_kib);

	lay_out_from_zero(c, segment, pool);
	put_steps(c, pool, OTHER);
	put_steps(c, segment, LINE);
	put_title(c, "Segments, KiB");
	put_word(c, 0, LINE, "of a new one");
	put_word(c, 170, OTHER, "ready ahead, all of them");
}

static void put_fusion(struct picture *c)
{
	const size_t kept = offsetof(struct dl_plot_sample, kept);
	const size_t filled = offsetof(struct dl_plot_sample, filled);
	uint64_t room = 0, hits = 0;
	size_t i;

	for (i = 0; i < c->p->nr; i++) {
		room += c->p->at[i].kept;
		hits += c->p->at[i].filled;
	}
	lay_out_from_zero(c, kept, filled);
	put_steps(c, kept, OTHER);
	put_steps(c, filled, LINE);
	put_title(c, "Placeholders, sectors in half a second");
	put_word(c, 0, OTHER, "room kept");
	put_word(c, 170, LINE, "filled");
	if (room)
		fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%.1f %% of the room was filled</text>\n",
			LEFT + 560, c->top - 8, 100 * (double)hits / (double)room);
}

/* ---- */

static void put_head(FILE *f, const char *what)
{
	const unsigned int width = LEFT + WIDTH + 24;
	const unsigned int height = TOP + 3 * (GAP + HEIGHT) + FOOT;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", f);
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n",
		width, height, width, height);
	fputs("<title>Foresight of ", f);
	dl_picture_text(f, what);
	fputs("</title>\n<style>\n", f);
	fputs("text { font-family: sans-serif; font-size: 12px; fill: #333 }\n", f);
	fputs(".h { font-size: 14px; font-weight: bold }\n", f);
	fputs(".n { text-anchor: end; font-size: 11px; fill: #666 }\n", f);
	fprintf(f, "</style>\n<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n",
		width, height);
	fprintf(f, "<text x=\"%u\" y=\"%u\" class=\"h\">", LEFT, TOP);
	dl_picture_text(f, what);
	fputs("</text>\n", f);
}

void dl_plotsvg(FILE *f, const struct dl_plot *p)
{
	static void (*const put[])(struct picture *c) = {
		put_bytes, put_segments, put_fusion,
	};
	struct picture c = {
		.f = f, .p = p, .step = (double)WIDTH / (double)p->nr,
	};
	size_t i;

	put_head(f, p->what);
	for (i = 0; i < sizeof(put) / sizeof(put[0]); i++) {
		c.top = TOP + (double)i * (GAP + HEIGHT) + GAP;
		put[i](&c);
	}
	fprintf(f, "<text x=\"%u\" y=\"%.0f\">0 s</text>\n", LEFT, c.top + HEIGHT + 18);
	fprintf(f, "<text x=\"%u\" y=\"%.0f\" class=\"n\">%.1f s</text>\n</svg>\n",
		LEFT + WIDTH, c.top + HEIGHT + 18, (double)p->nr * DL_PLOT_MS / 1000);
}
