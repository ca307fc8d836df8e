/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers for people: sizes, times, uuids; and back from a command line. */
#ifndef DL_TOOL_HUMAN_H
#define DL_TOOL_HUMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DL_HUMAN_UUID	37	/* bytes of a uuid as text */

/* "512 B", "4.0 KiB", "1.5 GiB". Return: @buf. */
const char *dl_human_bytes(char *buf, size_t size, uint64_t bytes);

/* Local time to the second of @ns since 1970, "never" for 0. Return: @buf. */
const char *dl_human_time(char *buf, size_t size, uint64_t ns);

/* The same as ISO 8601 has it: "2026-11-21T14:03:09+01:00". Return: @buf. */
const char *dl_human_iso(char *buf, size_t size, uint64_t ns);

/* @buf: DL_HUMAN_UUID bytes. Return: @buf. */
const char *dl_human_uuid(char *buf, const uint8_t uuid[16]);

/* The share of @part in @whole in percent, rounded, at most 100. */
unsigned int dl_human_percent(uint64_t part, uint64_t whole);

/**
 * dl_human_number() - a number from a command line
 * @s: digits, decimal or 0x..; with @suffix also k, M, G, T (powers of 1024)
 * @suffix: whether a suffix is allowed
 * @n: out
 *
 * Return: false when @s is anything else or does not fit.
 */
bool dl_human_number(const char *s, bool suffix, uint64_t *n);

#endif
