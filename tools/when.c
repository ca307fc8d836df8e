// SPDX-License-Identifier: GPL-2.0
/* Points and spans of time. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "when.h"

#define DAY	86400

static const struct unit {
	const char *name;	/* any beginning of it, as from @least letters on */
	size_t least;
	uint32_t seconds;
} units[] = {
	{ "seconds", 1, 1 }, { "secs", 4, 1 }, { "minutes", 1, 60 },
	{ "hours", 1, 3600 }, { "hrs", 3, 3600 }, { "days", 1, DAY },
	{ "weeks", 1, 7 * DAY },
};

static const struct unit *find_unit(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (len >= units[i].least && len <= strlen(units[i].name) &&
		    !strncmp(word, units[i].name, len))
			return &units[i];
	return NULL;
}

static const char *skip(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/* As much of @p as is a span; NULL when it does not begin with one. */
static const char *take_span(const char *p, uint64_t *seconds)
{
	const struct unit *u;
	bool any = false;
	uint64_t n;
	size_t len;

	*seconds = 0;
	for (p = skip(p); isdigit((unsigned char)*p); p = skip(p)) {
		for (n = 0; isdigit((unsigned char)*p) && n < 1U << 31; p++)
			n = n * 10 + (uint64_t)(*p - '0');
		p = skip(p);
		for (len = 0; islower((unsigned char)p[len]); len++)
			;
		u = find_unit(p, len);
		/* Without a unit a number stands alone. */
		if (!u && (len || any))
			return NULL;
		*seconds += n * (u ? u->seconds : 1);
		if (*seconds > 1U << 31)
			return NULL;
		p += len;
		any = true;
		if (!u)
			break;
	}
	return any ? skip(p) : NULL;
}

bool dl_when_span(const char *text, uint32_t *seconds)
{
	uint64_t n;
	const char *end = take_span(text, &n);

	*seconds = (uint32_t)n;
	return end && !*end;
}

const char *dl_when_span_text(char *buf, size_t size, uint64_t seconds)
{
	static const struct {
		char name;
		uint32_t seconds;
	} parts[] = { { 'd', DAY }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	size_t used = 0, i;

	if (!seconds)
		snprintf(buf, size, "0s");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (seconds < parts[i].seconds || used >= size)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%llu%c",
					 (unsigned long long)seconds /
					 parts[i].seconds, parts[i].name);
		seconds %= parts[i].seconds;
	}
	return buf;
}

/* A whole text as strptime() reads it, fields that it lacks from @tm. */
static bool take(const char *text, const char *format, struct tm *tm)
{
	struct tm got = *tm;
	const char *end = strptime(text, format, &got);

	if (!end || *end)
		return false;
	*tm = got;
	return true;
}

static bool take_clock(const char *text, struct tm *tm, unsigned int *unit)
{
	*unit = 1;
	if (take(text, "%H:%M:%S", tm))
		return true;
	*unit = 60;
	tm->tm_sec = 0;
	return take(text, "%H:%M", tm);
}

/* "2026-11-21", and a clock's time behind it. */
static bool take_date(const char *text, struct tm *tm, unsigned int *unit)
{
	char day[11] = "";

	tm->tm_hour = 0;
	tm->tm_min = 0;
	tm->tm_sec = 0;
	snprintf(day, sizeof(day), "%s", text);
	if (!take(day, "%Y-%m-%d", tm))
		return false;
	*unit = DAY;
	if (!text[10])
		return true;
	return (text[10] == ' ' || text[10] == 'T') &&
		take_clock(text + 11, tm, unit);
}

static bool local(struct tm *tm, time_t *at)
{
	tm->tm_isdst = -1;
	*at = mktime(tm);
	return *at != (time_t)-1;
}

static bool absolute(const char *text, time_t now, time_t *at,
		     unsigned int *unit)
{
	static const char yesterday[] = "yesterday ";
	bool before = !strncmp(text, yesterday, strlen(yesterday));
	struct tm tm;

	if (!localtime_r(&now, &tm))
		return false;
	if (strlen(text) >= 10 && take_date(text, &tm, unit))
		return local(&tm, at);
	if (!localtime_r(&now, &tm) ||
	    !take_clock(text + (before ? strlen(yesterday) : 0), &tm, unit))
		return false;
	tm.tm_mday -= before;
	if (!local(&tm, at))
		return false;
	if (*at <= now)
		return true;
	/* Later than now: that was yesterday's. */
	tm.tm_mday--;
	return local(&tm, at);
}

bool dl_when_parse(const char *text, time_t now, uint64_t *ns)
{
	unsigned int unit = 1;
	uint64_t back;
	const char *end = take_span(text, &back);
	time_t at;

	if (!strcmp(text, "now"))
		at = now;
	else if (end && !strcmp(end, "ago") && (time_t)back <= now)
		at = now - (time_t)back;
	else if (!absolute(text, now, &at, &unit))
		return false;
	if (at < 0 || at > now)
		return false;
	at += unit - 1;
	if (at > now)
		at = now;
	*ns = (uint64_t)at * 1000000000U + 999999999U;
	return true;
}
