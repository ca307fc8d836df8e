/* SPDX-License-Identifier: GPL-2.0 */
/* Points and spans of time, as people write them. */
#ifndef DL_TOOL_WHEN_H
#define DL_TOOL_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/**
 * dl_when_parse() - a point of time
 * @text: "14:03", "14:03:05" (the last time it was that late), "2026-11-21",
 *	"2026-11-21 14:03:05" (or with T), "yesterday 14:03", "10 minutes ago",
 *	"1h30m ago", "now"; local time
 * @now: the present, s
 * @ns: out: since 1970; the end of the second, minute or day meant
 *
 * Return: false when it is none of these, or not in the past.
 */
bool dl_when_parse(const char *text, time_t now, uint64_t *ns);

/**
 * dl_when_span() - a span of time
 * @text: "90", "90s", "10 minutes", "1h30m", "30 days", "2 weeks"
 * @seconds: out
 *
 * Return: false when it is none, or above 2^31 seconds.
 */
bool dl_when_span(const char *text, uint32_t *seconds);

/* "0s", "90s", "10m", "1h30m", "30d": what dl_when_span() takes. Return: @buf. */
const char *dl_when_span_text(char *buf, size_t size, uint64_t seconds);

#endif
