// SPDX-License-Identifier: GPL-2.0
/* Numbers for people, and back. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "human.h"

const char *dl_human_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const char *const units[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	double v = (double)bytes;
	size_t i = 0;

	/* 1023.95 and more would print as 1024.0 of the smaller unit. */
	while (v >= (i ? 1023.95 : 1024.0)) {
		v /= 1024.0;
		i++;
	}
	if (i)
		snprintf(buf, size, "%.1f %s", v, units[i]);
	else
		snprintf(buf, size, "%llu B", (unsigned long long)bytes);
	return buf;
}

const char *dl_human_time(char *buf, size_t size, uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000u);
	struct tm tm;

	if (!ns)
		snprintf(buf, size, "never");
	else if (!localtime_r(&t, &tm) ||
		 !strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(buf, size, "%llu ns", (unsigned long long)ns);
	return buf;
}

const char *dl_human_iso(char *buf, size_t size, uint64_t ns)
{
	time_t t = (time_t)(ns / 1000000000u);
	char when[40], zone[8];
	struct tm tm;

	/* strftime() knows the offset without its colon only. */
	if (!localtime_r(&t, &tm) ||
	    !strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    strftime(zone, sizeof(zone), "%z", &tm) != 5)
		snprintf(buf, size, "%llu ns", (unsigned long long)ns);
	else
		snprintf(buf, size, "%s%.3s:%s", when, zone, zone + 3);
	return buf;
}

const char *dl_human_uuid(char *buf, const uint8_t uuid[16])
{
	char *p = buf;
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", uuid[i]);
	}
	return buf;
}

unsigned int dl_human_percent(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	if (part >= whole)
		return 100;
	return (unsigned int)((double)part * 100.0 / (double)whole + 0.5);
}

bool dl_human_number(const char *s, bool suffix, uint64_t *n)
{
	static const char units[] = "kmgt";
	const char *u;
	char *end;
	unsigned int shift = 0;

	if (!isdigit((unsigned char)s[0]))
		return false;
	errno = 0;
	/* No leading-zero octal: nobody means that on a command line. */
	*n = strtoull(s, &end, s[0] == '0' && tolower(s[1]) == 'x' ? 16 : 10);
	if (errno)
		return false;
	if (*end && suffix) {
		u = strchr(units, tolower((unsigned char)*end));
		if (!u)
			return false;
		shift = 10 * (unsigned int)(u - units + 1);
		end++;
		if (!strcmp(end, "iB"))
			end += 2;
	}
	if (*end || (shift && *n >> (64 - shift)))
		return false;
	*n <<= shift;
	return true;
}
