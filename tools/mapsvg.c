// SPDX-License-Identifier: GPL-2.0
/* The granularity map as a picture. See mapsvg.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "exits.h"
#include "human.h"
#include "mapsvg.h"
#include "outfile.h"
#include "svg.h"

#define COLUMNS		64u
#define ROWS_MAX	48u
#define CELL		14u	/* pixels, with the gap behind it */
#define STRIP		4u	/* of these, for the level */
#define LEFT		96u
#define TOP		64u
#define LEGEND		112u	/* below */
#define GROUND		"#eceff3"

/* Rates are shown up to this power of ten an hour, those above like it. */
#define DECADES		6u
#define SHADES		25u	/* four a decade */

struct picture {
	FILE *f;
	const struct dl_grains *g;
	uint64_t span;		/* sectors of a cell */
	uint32_t rows;
};

static const char *const level_colour[DL_LEVEL_COUNT] = {
	[DL_LEVEL_UNSAID] = "#d0d0d0",
	[DL_LEVEL_COARSE] = "#7d8794",
	[DL_LEVEL_BLOCK] = "#2f6fb5",
	[DL_LEVEL_SUB] = "#1d9a6c",
	[DL_LEVEL_BIT] = "#8a3fb8",
};

static const char *const level_means[DL_LEVEL_COUNT] = {
	[DL_LEVEL_UNSAID] = "no level yet",
	[DL_LEVEL_COARSE] = "coarse: pages, in order",
	[DL_LEVEL_BLOCK] = "block: pages",
	[DL_LEVEL_SUB] = "sub: units of 64 or 512 bytes",
	[DL_LEVEL_BIT] = "bit: bytes or bits",
};

/* ---- pieces */

/* As dl_svg_text(), but by the names that XML has: a rule reads "-&gt;". */
static void put_text(FILE *f, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			/* Names may have any byte; XML must not. */
			fputc(*s >= ' ' && *s < 0x7f ? *s : '?', f);
		}
}

static void put_box(FILE *f, uint64_t x, uint64_t y, uint64_t width,
		    uint32_t height, const char *colour)
{
	fprintf(f, "<rect x=\"%llu\" y=\"%llu\" width=\"%llu\" height=\"%u\" fill=\"%s\"/>\n",
		(unsigned long long)x, (unsigned long long)y,
		(unsigned long long)width, height, colour);
}

/* @class: "n" ends at @x, "m" is around it, "t" begins there. */
static void put_label(FILE *f, uint32_t x, uint32_t y, const char *class,
		      const char *text)
{
	fprintf(f, "<text x=\"%u\" y=\"%u\" class=\"%s\">%s</text>\n", x, y,
		class, text);
}

/* From pale yellow over orange to dark red. */
static void shade(char *colour, unsigned int n)
{
	static const uint8_t stops[][3] = {
		{ 255, 247, 205 }, { 254, 217, 118 }, { 253, 160, 70 },
		{ 240, 78, 45 }, { 189, 14, 38 }, { 103, 0, 31 },
	};
	const unsigned int parts = ARRAY_SIZE(stops) - 1, last = SHADES - 1;
	unsigned int at = n * parts / last, rest = n * parts % last, i;
	uint8_t c[3];

	if (at == parts) {
		at--;
		rest = last;
	}
	for (i = 0; i < 3; i++)
		c[i] = (uint8_t)((stops[at][i] * (last - rest) +
				  stops[at + 1][i] * rest) / last);
	snprintf(colour, 8, "#%02x%02x%02x", c[0], c[1], c[2]);
}

/* Quarters of a decade: 1, 1.8, 3.2, 5.6, 10, ... writes an hour. */
static unsigned int shade_of(uint32_t rate)
{
	static const uint32_t quarter[] = { 1000, 1778, 3162, 5623 };
	uint64_t decade = 1;
	unsigned int n;

	for (n = 1; n < SHADES; n++) {
		decade *= n % 4 ? 1 : 10;
		if ((uint64_t)rate * 1000 < decade * quarter[n % 4])
			break;
	}
	return n - 1;
}

/* ---- cells */

/* Regions from @i on that are in one cell: the hottest, how many, their delta. */
struct cell {
	const struct dl_grains_region *hot;
	uint64_t nr;
	uint64_t deltas, delta;	/* regions that have one; sum */
};

static size_t gather(const struct picture *p, size_t i, uint64_t n,
		     struct cell *c)
{
	const struct dl_grains_region *r = &p->g->region[i];

	*c = (struct cell) { .hot = r };
	for (; i < p->g->nr && r->start / p->span == n; i++, r++) {
		if (r->rate > c->hot->rate)
			c->hot = r;
		c->nr++;
		c->deltas += !!r->delta;
		c->delta += r->delta;
	}
	return i;
}

static void put_title(const struct picture *p, uint64_t n, const struct cell *c)
{
	char size[24], from[24], text[DL_GRAINS_RULE];

	fprintf(p->f, "<title>%s from %s: %s",
		dl_human_bytes(size, sizeof(size), p->span << DL_SECTOR_SHIFT),
		dl_human_bytes(from, sizeof(from),
			       n * p->span << DL_SECTOR_SHIFT),
		dl_level_name(c->hot->level));
	fprintf(p->f, ", %u writes/h", c->hot->rate);
	if (p->g->live)
		fprintf(p->f, ", hottest page %u/h", c->hot->page_rate);
	if (c->deltas)
		fprintf(p->f, ", mean delta %" PRIu64 " bytes",
			c->delta / c->deltas);
	else
		fputs(", no deltas", p->f);
	if (c->hot->sequential)
		fputs(", in order", p->f);
	if (c->nr > 1)
		fprintf(p->f, "; the hottest of %" PRIu64 " regions", c->nr);
	if (c->hot->rule >= 0) {
		fprintf(p->f, "; rule %d: ", c->hot->rule + 1);
		put_text(p->f, dl_grains_rule(text, &p->g->policy,
					      c->hot->rule));
	}
	fputs("</title>", p->f);
}

static void put_cell(const struct picture *p, uint64_t n, const struct cell *c)
{
	uint64_t x = LEFT + n % COLUMNS * CELL, y = TOP + n / COLUMNS * CELL;
	char colour[8];

	shade(colour, shade_of(c->hot->rate));
	fputs("<g>", p->f);
	put_title(p, n, c);
	put_box(p->f, x, y, CELL - 1, CELL - 1 - STRIP, colour);
	put_box(p->f, x, y + CELL - 1 - STRIP, CELL - 1, STRIP,
		level_colour[c->hot->level]);
	fputs("</g>\n", p->f);
}

static void put_cells(const struct picture *p)
{
	const struct dl_grains *g = p->g;
	struct cell c;
	uint64_t n;
	size_t i = 0;

	while (i < g->nr) {
		n = g->region[i].start / p->span;
		i = gather(p, i, n, &c);
		put_cell(p, n, &c);
	}
}

/* What is there at all: whole rows, and the last one as far as it goes. */
static void put_ground(const struct picture *p)
{
	uint64_t cells = (p->g->sectors + p->span - 1) / p->span, n;
	uint32_t row;
	char from[24];

	for (row = 0; row < p->rows; row++) {
		n = cells - row * COLUMNS;
		put_box(p->f, LEFT, TOP + row * CELL,
			(n < COLUMNS ? n : COLUMNS) * CELL - 1, CELL - 1,
			GROUND);
		/* Every fourth, as there is no room for more. */
		if (row % 4 == 0)
			put_label(p->f, LEFT - 8, TOP + row * CELL + CELL - 3,
				  "n", dl_human_bytes(from, sizeof(from),
						      row * COLUMNS * p->span <<
						      DL_SECTOR_SHIFT));
	}
}

/* ---- frame */

static void put_head(const struct picture *p, const char *name)
{
	uint32_t width = LEFT + COLUMNS * CELL + 24;
	uint32_t height = TOP + p->rows * CELL + LEGEND;
	char size[24], cell[24], row[24];

	dl_svg_begin(p->f, width, height);
	fputs("<title>Granularity of ", p->f);
	put_text(p->f, name);
	fputs("</title>\n", p->f);
	dl_svg_style(p->f, 18,
		     ".m { text-anchor: middle; font-size: 11px; fill: #666 }\n");
	put_box(p->f, 0, 0, width, height, "#ffffff");
	fprintf(p->f, "<text x=\"%u\" y=\"28\" class=\"h\">", LEFT);
	put_text(p->f, name);
	fprintf(p->f, "</text>\n<text x=\"%u\" y=\"48\">%s, %s a cell, %s a row; %zu regions of 64 KiB known%s",
		LEFT, dl_human_bytes(size, sizeof(size),
				     p->g->sectors << DL_SECTOR_SHIFT),
		dl_human_bytes(cell, sizeof(cell), p->span << DL_SECTOR_SHIFT),
		dl_human_bytes(row, sizeof(row),
			       COLUMNS * p->span << DL_SECTOR_SHIFT),
		p->g->nr, p->g->live ? "" : ", ");
	put_text(p->f, p->g->as_of);
	if (p->g->known > p->g->nr)
		fprintf(p->f, ", the hottest of %zu", p->g->known);
	fputs("</text>\n", p->f);
}

static void put_legend(const struct picture *p)
{
	static const char *const ticks[DECADES + 1] = {
		"1/h", "10/h", "100/h", "1k/h", "10k/h", "100k/h", "1M/h",
	};
	const uint32_t wide = 16;
	uint32_t y = TOP + p->rows * CELL + 32, x = LEFT, i;
	char colour[8];

	put_label(p->f, LEFT - 8, y + 11, "n", "writes");
	for (i = 0; i < SHADES; i++) {
		shade(colour, i);
		put_box(p->f, LEFT + i * wide, y, wide, 14, colour);
		if (i % 4 == 0)
			put_label(p->f, LEFT + i * wide + wide / 2, y + 28, "m",
				  ticks[i / 4]);
	}
	x = LEFT + SHADES * wide + 64;
	put_box(p->f, x, y, CELL, 14, GROUND);
	put_label(p->f, x + CELL + 6, y + 11, "t", "not heard of");
	y += 50;
	put_label(p->f, LEFT - 8, y + 8, "n", "level");
	for (i = DL_LEVEL_COARSE, x = LEFT; i < DL_LEVEL_COUNT; i++) {
		put_box(p->f, x, y, 22, 8, level_colour[i]);
		put_label(p->f, x + 28, y + 9, "t", level_means[i]);
		x += 52 + 7 * (uint32_t)strlen(level_means[i]);
	}
}

/* Cells are regions, or two, four, ... of them, so that all have a place. */
static void lay_out(struct picture *p)
{
	uint64_t cells;

	p->span = DL_CTL_REGION_SECTORS;
	while ((p->g->sectors + p->span - 1) / p->span > COLUMNS * ROWS_MAX)
		p->span *= 2;
	cells = (p->g->sectors + p->span - 1) / p->span;
	p->rows = (uint32_t)((cells + COLUMNS - 1) / COLUMNS);
}

int dl_mapsvg_write(const char *path, const char *name,
		    const struct dl_grains *g)
{
	struct picture p = { .f = dl_outfile_open(path), .g = g };

	if (!p.f)
		return DL_EXIT_FAILED;
	lay_out(&p);
	put_head(&p, name);
	put_ground(&p);
	put_cells(&p);
	put_legend(&p);
	dl_svg_end(p.f);
	return dl_outfile_close(p.f, path);
}
