// SPDX-License-Identifier: GPL-2.0
/*
 * Saying what is wrong, so that it can be done again.
 */
#include <stdarg.h>
#include <string.h>

#include "schedule.h"

#define LAST_OPS	30u

static void say(struct schedule *s, const char *fmt, va_list ap)
{
	fprintf(s->c->out, "not ok - seed %llu, schedule %u, operation %u: ",
		(unsigned long long)s->c->seed, s->number, s->trail.nr);
	vfprintf(s->c->out, fmt, ap);
	fputc('\n', s->c->out);
}

static void say_again(struct schedule *s)
{
	static const char *const only[] = { "", " --only crash",
		" --only restart", " --only none" };
	const struct config *c = s->c;

	fprintf(c->out, "# mix %s, volume of %u sectors, log of %u, options '%s'\n",
		s->mix->name, s->m.sectors, s->log_sectors, s->options);
	fprintf(c->out, "# again: %s --seed %llu --schedule %u --ops %u%s%s%s%s%s%s%s\n",
		c->command, (unsigned long long)c->seed, s->number, c->ops,
		c->mix ? " --mix " : "", c->mix ? c->mix->name : "",
		only[c->only], c->plain ? " --plain" : "",
		c->no_rewind ? " --no-rewind" : "",
		c->no_window ? " --no-window" : "",
		c->real_time ? " --real-time" : "");
	if (s->number > c->first)
		fprintf(c->out, "# (and if it needs what older schedules left on the log: --schedules %u)\n",
			s->number + 1);
	fputs(s->v->ops->says(s->v), c->out);
	fflush(c->out);
}

void wrong(struct schedule *s, const char *fmt, ...)
{
	char text[3 * SNAP_NAME];
	uint32_t i = s->trail.nr > LAST_OPS ? s->trail.nr - LAST_OPS : 0;
	va_list ap;

	if (s->wrong)
		return;
	s->wrong = true;
	s->t->wrong++;
	va_start(ap, fmt);
	say(s, fmt, ap);
	va_end(ap);
	fprintf(s->c->out, "# last operations:\n");
	for (; i < s->trail.nr; i++)
		fprintf(s->c->out, "#   %s\n",
			op_text(&s->trail.ops[i], text, sizeof(text)));
	say_again(s);
}

void wrong_at(struct schedule *s, uint32_t sector, const char *fmt, ...)
{
	va_list ap;

	if (s->wrong)
		return;
	s->wrong = true;
	s->t->wrong++;
	va_start(ap, fmt);
	say(s, fmt, ap);
	va_end(ap);
	trail_print(&s->trail, sector, LAST_OPS, s->c->out);
	say_again(s);
}

static size_t first_difference(const char *a, const char *b, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes && a[i] == b[i]; i++)
		;
	return i;
}

static uint32_t wrong_sectors(const char *want, const char *got, size_t bytes)
{
	uint32_t nr = 0;
	size_t at, n;

	for (at = 0; at < bytes; at += n) {
		n = SECTOR_BYTES < bytes - at ? SECTOR_BYTES : bytes - at;
		nr += !!memcmp(want + at, got + at, n);
	}
	return nr;
}

bool same(struct schedule *s, const char *want, const char *got, uint64_t at,
	  size_t bytes, const char *what)
{
	char expected[64], found[160];
	uint32_t sector, value;
	uint64_t bad, start;

	s->t->bytes += bytes;
	watch_beat();
	if (!memcmp(want + at, got, bytes))
		return true;
	bad = at + first_difference(want + at, got, bytes);
	sector = (uint32_t)(bad / SECTOR_BYTES);
	start = (uint64_t)sector * SECTOR_BYTES;
	value = model_value(&s->m, want, sector);
	stamp_value_text(value, expected, sizeof(expected));
	if (start >= at && start + SECTOR_BYTES <= at + bytes)
		stamp_describe(got + (start - at), s->m.seed, sector, found,
			       sizeof(found));
	else
		snprintf(found, sizeof(found), "%#x in place of %#x",
			 (unsigned char)got[bad - at],
			 (unsigned char)want[bad]);
	wrong_at(s, sector,
		 "%s: page %u, sector %u, byte %llu: expected %s, found %s (of %zu bytes at %llu, %u sectors are wrong)",
		 what, sector / PAGE_SECTORS, sector, (unsigned long long)bad,
		 expected, found, bytes, (unsigned long long)at,
		 wrong_sectors(want + at, got, bytes));
	return false;
}
