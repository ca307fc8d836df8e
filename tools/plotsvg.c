// SPDX-License-Identifier: GPL-2.0
/*
 * Three pictures, one below the other, all of the same time: bytes against what was
 * foreseen of them, upward by their logarithm; sizes of segments; room in placeholders,
 * and what of it was filled.
 */
#include <math.h>
#include <stdbool.h>

#include "plot.h"
#include "svg.h"

#define LEFT	80u
#define TOP	24u
#define GAP	64u		/* above each, for its title */
#define FOOT	40u

#define OTHER	"#9aa5b1"

static void put_title(const struct dl_svg_chart *c, const char *title)
{
	fprintf(c->f, "<text x=\"%u\" y=\"%.0f\" class=\"h\">%s</text>\n", LEFT,
		c->top - 28, title);
}

/* A word of the legend, which stands @x pixels to the right. */
static void put_word(const struct dl_svg_chart *c, unsigned int x, const char *color,
		     const char *word)
{
	fprintf(c->f, "<rect x=\"%u\" y=\"%.0f\" width=\"16\" height=\"8\" fill=\"%s\"/>\n",
		LEFT + x, c->top - 16, color);
	fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%s</text>\n", LEFT + x + 22, c->top - 8,
		word);
}

/* ---- bytes and what was foreseen */

/* That of a forecaster that has seen little is as wide as the chart. */
static bool has_band(const struct dl_plot_sample *s)
{
	return s->confidence && s->high < DL_PLOT_MOST;
}

/* A column for each, so that one that is not known leaves a gap. */
static void put_band(const struct dl_svg_chart *c, const struct dl_plot *p)
{
	const struct dl_plot_sample *s;
	double high, low;
	size_t i;

	for (i = 0; i < p->nr; i++) {
		s = &p->at[i];
		if (!has_band(s))
			continue;
		high = dl_svg_y(c, dl_svg_orders(s->high));
		low = dl_svg_y(c, dl_svg_orders(s->low));
		fprintf(c->f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" fill=\"" DL_SVG_BAND "\"/>\n",
			dl_svg_x(c, i) - c->step / 2, high, c->step + 0.1,
			fmax(low - high, 1));
	}
}

static void put_bytes(struct dl_svg_chart *c, const struct dl_plot *p)
{
	const struct dl_plot_sample *s;
	size_t i, known = 0, held = 0;
	bool in;

	dl_svg_scale_orders(c, &p->at[0].bytes, p->nr, sizeof(p->at[0]));
	put_band(c, p);
	fputs("<polyline fill=\"none\" stroke=\"" DL_SVG_LINE "\" points=\"", c->f);
	for (i = 0; i < p->nr; i++)
		dl_svg_point(c, dl_svg_x(c, i),
			     dl_svg_y(c, dl_svg_orders(p->at[i].foreseen)));
	fputs("\"/>\n", c->f);
	for (i = 0; i < p->nr; i++) {
		s = &p->at[i];
		in = !has_band(s) || (s->bytes >= s->low && s->bytes <= s->high);
		known += has_band(s);
		held += has_band(s) && in;
		dl_svg_came(c, dl_svg_x(c, i), dl_svg_y(c, dl_svg_orders(s->bytes)), in);
	}
	put_title(c, "Bytes written in half a second, and what was foreseen");
	put_word(c, 0, DL_SVG_BAND, "to hold nine in ten");
	put_word(c, 170, DL_SVG_LINE, "forecast");
	put_word(c, 270, DL_SVG_DOT, "what came");
	put_word(c, 380, DL_SVG_OUT, "outside of the interval");
	if (known)
		fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%.1f %% were in it</text>\n",
			LEFT + 560, c->top - 8, 100 * (double)held / (double)known);
}

/* ---- what is counted from zero */

static void lay_out_from_zero(struct dl_svg_chart *c, const struct dl_plot *p, size_t one,
			      size_t other)
{
	const char *at;
	char name[24];
	uint64_t a, b;
	size_t i;

	c->least = 0;
	c->most = 1;
	for (i = 0; i < p->nr; i++) {
		at = (const char *)&p->at[i];
		a = *(const uint64_t *)(at + one);
		b = *(const uint64_t *)(at + other);
		c->most = fmax(c->most, fmax((double)a, (double)b));
	}
	dl_svg_rule(c, 0, "0");
	snprintf(name, sizeof(name), "%.0f", c->most);
	dl_svg_rule(c, c->most, name);
	c->most *= 1.02;
}

/* Each as high as it was throughout its interval. */
static void put_steps(const struct dl_svg_chart *c, const struct dl_plot *p,
		      size_t column, const char *color)
{
	const char *at;
	double y;
	size_t i;

	fprintf(c->f, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"",
		color);
	for (i = 0; i < p->nr; i++) {
		at = (const char *)&p->at[i];
		y = dl_svg_y(c, (double)*(const uint64_t *)(at + column));
		dl_svg_point(c, dl_svg_x(c, i) - c->step / 2, y);
		dl_svg_point(c, dl_svg_x(c, i) + c->step / 2, y);
	}
	fputs("\"/>\n", c->f);
}

static void put_segments(struct dl_svg_chart *c, const struct dl_plot *p)
{
	const size_t segment = offsetof(struct dl_plot_sample, segment_kib);
	const size_t pool = offsetof(struct dl_plot_sample, pool_kib);

	lay_out_from_zero(c, p, segment, pool);
	put_steps(c, p, pool, OTHER);
	put_steps(c, p, segment, DL_SVG_LINE);
	put_title(c, "Segments, KiB");
	put_word(c, 0, DL_SVG_LINE, "of a new one");
	put_word(c, 170, OTHER, "ready ahead, all of them");
}

static void put_fusion(struct dl_svg_chart *c, const struct dl_plot *p)
{
	const size_t kept = offsetof(struct dl_plot_sample, kept);
	const size_t filled = offsetof(struct dl_plot_sample, filled);
	uint64_t room = 0, hits = 0;
	size_t i;

	for (i = 0; i < p->nr; i++) {
		room += p->at[i].kept;
		hits += p->at[i].filled;
	}
	lay_out_from_zero(c, p, kept, filled);
	put_steps(c, p, kept, OTHER);
	put_steps(c, p, filled, DL_SVG_LINE);
	put_title(c, "Placeholders, sectors in half a second");
	put_word(c, 0, OTHER, "room kept");
	put_word(c, 170, DL_SVG_LINE, "filled");
	if (room)
		fprintf(c->f, "<text x=\"%u\" y=\"%.0f\">%.1f %% of the room was filled</text>\n",
			LEFT + 560, c->top - 8, 100 * (double)hits / (double)room);
}

/* ---- */

static void put_head(FILE *f, const char *what)
{
	const unsigned int width = LEFT + DL_SVG_WIDTH + 24;
	const unsigned int height = TOP + 3 * (GAP + DL_SVG_HEIGHT) + FOOT;

	dl_svg_begin(f, width, height);
	fputs("<title>Foresight of ", f);
	dl_svg_text(f, what);
	fputs("</title>\n", f);
	dl_svg_style(f, 14, "");
	fprintf(f, "<rect width=\"%u\" height=\"%u\" fill=\"#ffffff\"/>\n", width,
		height);
	fprintf(f, "<text x=\"%u\" y=\"%u\" class=\"h\">", LEFT, TOP);
	dl_svg_text(f, what);
	fputs("</text>\n", f);
}

void dl_plotsvg(FILE *f, const struct dl_plot *p)
{
	static void (*const put[])(struct dl_svg_chart *c, const struct dl_plot *p) = {
		put_bytes, put_segments, put_fusion,
	};
	struct dl_svg_chart c = {
		.f = f, .left = LEFT, .shift = 0.5,
		.step = (double)DL_SVG_WIDTH / (double)p->nr,
	};
	double below;
	size_t i;

	put_head(f, p->what);
	for (i = 0; i < sizeof(put) / sizeof(put[0]); i++) {
		c.top = TOP + (double)i * (GAP + DL_SVG_HEIGHT) + GAP;
		put[i](&c, p);
	}
	below = c.top + DL_SVG_HEIGHT + 18;
	fprintf(f, "<text x=\"%u\" y=\"%.0f\">0 s</text>\n", LEFT, below);
	fprintf(f, "<text x=\"%u\" y=\"%.0f\" class=\"n\">%.1f s</text>\n",
		LEFT + DL_SVG_WIDTH, below, (double)p->nr * DL_PLOT_MS / 1000);
	dl_svg_end(f);
}
