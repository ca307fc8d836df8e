// SPDX-License-Identifier: GPL-2.0
/* Recorded series. See csvseries.h. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "csvseries.h"
#include "err.h"
#include "human.h"
#include "series.h"

#define COLUMNS	256u
#define NONE	COLUMNS

/* A file as it is read: the line and its fields. */
struct reader {
	const char *path;
	FILE *f;
	char *line;
	size_t room, number;
	char *field[COLUMNS];
	uint32_t fields;	/* of this line */
	uint32_t columns;	/* of the header */
	uint32_t value[DL_CSVSERIES_MAX];	/* which columns */
	uint32_t time;
	size_t nr;		/* of @value */
	double unit;		/* of a time, in seconds */
	double first, last;	/* times */
};

static const struct {
	const char *end;
	double seconds;
} units[] = { { "_ns", 1e-9 }, { "_us", 1e-6 }, { "_ms", 1e-3 } };

/* ---- lines */

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	if (end > s + 1 && *s == '"' && end[-1] == '"') {
		end[-1] = '\0';
		s++;
	}
	return s;
}

/* The next line that is not blank, in fields. Return: < 0: there is none, or why. */
static int next_line(struct reader *r)
{
	char *at, *comma;
	ssize_t n;

	do {
		errno = 0;
		n = getline(&r->line, &r->room, r->f);
		if (n < 0 && (ferror(r->f) || errno))
			return dl_err(DL_EXIT_FAILED, "%s: cannot be read: %s",
				      r->path, strerror(errno));
		if (n < 0)
			return -1;
		r->number++;
		if (strlen(r->line) != (size_t)n)
			return dl_err(DL_EXIT_REFUSED,
				      "%s:%zu: has a byte of zero; it is no text",
				      r->path, r->number);
	} while (!r->line[strspn(r->line, " \t\r\n")]);
	r->fields = 0;
	for (at = r->line; at; at = comma) {
		comma = strchr(at, ',');
		if (comma)
			*comma++ = '\0';
		if (r->fields == COLUMNS)
			return dl_err(DL_EXIT_REFUSED,
				      "%s:%zu: has more than %u columns",
				      r->path, r->number, COLUMNS);
		r->field[r->fields++] = trim(at);
	}
	return 0;
}

/* As text and as number; 1.5e6 is one, too. */
static bool parse_number(const char *text, uint64_t *out)
{
	long double x;
	char *end;

	if (dl_human_number(text, false, out))
		return true;
	if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
		return false;
	x = strtold(text, &end);
	if (*end || !(x >= 0) || x > (long double)UINT64_MAX)
		return false;
	*out = (uint64_t)x;
	return true;
}

static bool parse_time(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return *text && !*end && isfinite(*out);
}

/* ---- columns */

static bool is_time(const char *name)
{
	return !strcmp(name, "t") || !strcmp(name, "time") ||
	       !strcmp(name, "timestamp") || !strncmp(name, "t_", 2) ||
	       !strncmp(name, "time_", 5);
}

static uint32_t find_time(struct reader *r)
{
	size_t length, u;
	uint32_t i;

	for (i = 0; i < r->columns && !is_time(r->field[i]); i++)
		;
	if (i == r->columns)
		return NONE;
	r->unit = 1;
	length = strlen(r->field[i]);
	for (u = 0; u < ARRAY_SIZE(units); u++)
		if (length > 3 && !strcmp(r->field[i] + length - 3, units[u].end))
			r->unit = units[u].seconds;
	return i;
}

static uint32_t find_column(const struct reader *r, const char *name)
{
	uint64_t number;
	uint32_t i;

	for (i = 0; i < r->columns; i++)
		if (!strcmp(r->field[i], name))
			return i;
	if (dl_human_number(name, false, &number) && number >= 1 &&
	    number <= r->columns)
		return (uint32_t)number - 1;
	return NONE;
}

static int choose_column(struct reader *r, uint32_t *value, const char *column)
{
	*value = find_column(r, column ?: "write_bytes");
	if (column && *value == NONE)
		return dl_err(DL_EXIT_USAGE,
			      "%s:%zu: has no column '%s'; it has %u, the first of which is '%s'",
			      r->path, r->number, column, r->columns, r->field[0]);
	if (*value == NONE && r->time == NONE)
		return dl_err(DL_EXIT_USAGE,
			      "%s:%zu: has neither a column write_bytes nor one of times; --column says which to take",
			      r->path, r->number);
	return 0;
}

static int read_header(struct reader *r, const char *const *column)
{
	uint64_t number;
	uint32_t i;
	size_t k;
	int rc = next_line(r);

	if (rc < 0)
		return dl_err(DL_EXIT_REFUSED,
			      "%s: is empty; a line with the names of columns is expected",
			      r->path);
	if (rc)
		return rc;
	r->columns = r->fields;
	for (i = 0; i < r->columns; i++)
		if (!*r->field[i] || parse_number(r->field[i], &number))
			return dl_err(DL_EXIT_REFUSED,
				      "%s:%zu: '%s' is no name of a column; the first line is to name them",
				      r->path, r->number, r->field[i]);
	r->time = find_time(r);
	for (k = 0; !rc && k < r->nr; k++)
		rc = choose_column(r, &r->value[k], column[k]);
	return rc;
}

/* Of the first row: which one has numbers? */
static int pick_column(const struct reader *r, uint32_t *value)
{
	uint64_t number;

	for (*value = r->time + 1; *value < r->fields; ++*value)
		if (parse_number(r->field[*value], &number))
			return 0;
	return dl_err(DL_EXIT_REFUSED,
		      "%s:%zu: no number in a column behind that of times; --column says which to take",
		      r->path, r->number);
}

/* ---- rows */

static int keep(struct dl_csvseries *s, uint64_t value)
{
	uint64_t *more;

	/* Room is for a power of two. */
	if (!(s->nr & (s->nr + 1))) {
		more = realloc(s->value, (s->nr + 1) * 2 * sizeof(*more));
		if (!more)
			return dl_err_nomem();
		s->value = more;
	}
	s->value[s->nr++] = value;
	return 0;
}

static int take_value(struct dl_csvseries *s, const struct reader *r, uint32_t *value)
{
	uint64_t number;
	int rc;

	if (*value == NONE) {
		rc = pick_column(r, value);
		if (rc)
			return rc;
	}
	if (!parse_number(r->field[*value], &number))
		return dl_err(DL_EXIT_REFUSED,
			      "%s:%zu: '%s' in column %u is no number from 0 to 2^64 - 1",
			      r->path, r->number, r->field[*value], *value + 1);
	return keep(s, number);
}

static int take_row(struct dl_csvseries *s, struct reader *r)
{
	size_t k;
	int rc = 0;

	if (r->fields != r->columns)
		return dl_err(DL_EXIT_REFUSED,
			      "%s:%zu: has %u columns, the first line has %u",
			      r->path, r->number, r->fields, r->columns);
	for (k = 0; !rc && k < r->nr; k++)
		rc = take_value(&s[k], r, &r->value[k]);
	if (rc)
		return rc;
	if (r->time != NONE && !parse_time(r->field[r->time], &r->last))
		return dl_err(DL_EXIT_REFUSED, "%s:%zu: '%s' is no time",
			      r->path, r->number, r->field[r->time]);
	if (s->nr == 1)
		r->first = r->last;
	return 0;
}

static int read_all(struct dl_csvseries *s, struct reader *r, const char *const *column)
{
	char *names[COLUMNS];
	uint32_t i;
	size_t k;
	int rc = read_header(r, column);

	if (rc)
		return rc;
	for (i = 0; i < r->columns; i++) {
		names[i] = strdup(r->field[i]);
		rc = rc ?: names[i] ? 0 : dl_err_nomem();
	}
	while (!rc) {
		rc = next_line(r);
		if (!rc)
			rc = take_row(s, r);
	}
	if (rc < 0)
		rc = s->nr ? 0 : dl_err(DL_EXIT_REFUSED,
					"%s:%zu: nothing comes behind the names of columns",
					r->path, r->number);
	for (k = 0; !rc && k < r->nr; k++) {
		s[k].column = strdup(names[r->value[k]]);
		if (!s[k].column)
			rc = dl_err_nomem();
		if (r->time != NONE && s->nr > 1 && r->last > r->first)
			s[k].step = (r->last - r->first) * r->unit / (double)(s->nr - 1);
	}
	for (i = 0; i < r->columns; i++)
		free(names[i]);
	return rc;
}

int dl_csvseries_read(struct dl_csvseries *s, size_t nr, const char *path,
		      const char *const *columns)
{
	bool in = !strcmp(path, "-");
	struct reader r = {
		.path = in ? "standard input" : path,
		.f = in ? stdin : fopen(path, "re"),
		.nr = nr,
	};
	struct stat st;
	size_t k;
	int rc;

	memset(s, 0, nr * sizeof(*s));
	if (!r.f)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be opened: %s", path,
			      strerror(errno));
	/* Of a disk of zeros the first line has no end. */
	if (!fstat(fileno(r.f), &st) && S_ISBLK(st.st_mode))
		rc = dl_err(DL_EXIT_REFUSED, "%s: is a block device and no file", r.path);
	else
		rc = read_all(s, &r, columns);
	free(r.line);
	if (!in)
		fclose(r.f);
	for (k = 0; rc && k < nr; k++)
		dl_csvseries_free(&s[k]);
	return rc;
}

void dl_csvseries_free(struct dl_csvseries *s)
{
	free(s->column);
	free(s->value);
	*s = (struct dl_csvseries) { 0 };
}

uint32_t dl_csvseries_season(const struct dl_csvseries *s)
{
	static const double spans[] = { 1, 10, 60, 3600, 86400, 604800 };
	double rows;
	size_t i;

	for (i = 0; s->step > 0 && i < ARRAY_SIZE(spans); i++) {
		rows = spans[i] / s->step;
		if (rows > 6.5 && rows < DL_SERIES_SEASON_MAX + 0.5)
			return (uint32_t)(rows + 0.5);
	}
	return 0;
}
