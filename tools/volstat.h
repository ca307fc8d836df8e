/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The target's status line: "MODE KEY VALUE KEY VALUE ...". The order of keys
 * is nobody's business and new ones may appear.
 */
#ifndef DL_TOOL_VOLSTAT_H
#define DL_TOOL_VOLSTAT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#define DL_VOLSTAT_KEYS	96

struct dl_volstat {
	char mode[16];		/* rw, ro, fail, detached */
	unsigned int nr;
	struct {
		char key[40];
		uint64_t value;
		bool none;	/* it has none now: "-" */
	} kv[DL_VOLSTAT_KEYS];
};

/* Return: false when @line is not a status line. */
bool dl_volstat_parse(struct dl_volstat *s, const char *line);

/* Value of @key; false, and *@value is zero, when there is no such key or no value. */
bool dl_volstat_get(const struct dl_volstat *s, const char *key,
		    uint64_t *value);

/* Value of @key, zero when there is none. */
uint64_t dl_volstat_value(const struct dl_volstat *s, const char *key);

/* Every key with its value, or null. Return: an object of the caller's. */
struct json_object *dl_volstat_json(const struct dl_volstat *s);

/**
 * dl_volstat_read() - ask the kernel for a volume's status
 * @s: out
 * @name: the volume
 *
 * Return: 0, or an exit code with the reason said.
 */
int dl_volstat_read(struct dl_volstat *s, const char *name);

#endif
