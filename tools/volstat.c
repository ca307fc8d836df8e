// SPDX-License-Identifier: GPL-2.0
/* The target's status line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "volstat.h"

bool dl_volstat_parse(struct dl_volstat *s, const char *line)
{
	char value[32];
	int used = 0;

	memset(s, 0, sizeof(*s));
	if (sscanf(line, "%15s%n", s->mode, &used) != 1)
		return false;
	line += used;
	while (s->nr < DL_VOLSTAT_KEYS &&
	       sscanf(line, " %39s %31s%n", s->kv[s->nr].key, value,
		      &used) == 2) {
		line += used;
		s->kv[s->nr].none = !strcmp(value, "-");
		/* What is not a number is from a newer kernel's vocabulary. */
		if (s->kv[s->nr].none ||
		    dl_human_number(value, false, &s->kv[s->nr].value))
			s->nr++;
	}
	return true;
}

bool dl_volstat_get(const struct dl_volstat *s, const char *key,
		    uint64_t *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < s->nr; i++) {
		if (strcmp(s->kv[i].key, key) || s->kv[i].none)
			continue;
		*value = s->kv[i].value;
		return true;
	}
	return false;
}

uint64_t dl_volstat_value(const struct dl_volstat *s, const char *key)
{
	uint64_t v;

	dl_volstat_get(s, key, &v);
	return v;
}

struct json_object *dl_volstat_json(const struct dl_volstat *s)
{
	struct json_object *o = json_object_new_object();
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		json_object_object_add(o, s->kv[i].key, s->kv[i].none ? NULL :
				       json_object_new_uint64(s->kv[i].value));
	return o;
}

int dl_volstat_read(struct dl_volstat *s, const char *name)
{
	char line[DL_DM_STATUS];
	int rc = dl_dm_status(name, line, sizeof(line));

	if (rc == -ENOENT || rc == -ENXIO)
		return dl_err(DL_EXIT_NAME,
			      "volume '%s' is gone, or has no active table", name);
	if (rc)
		return dl_err(DL_EXIT_KERNEL, "%s: no status: %s", name,
			      strerror(-rc));
	if (!dl_volstat_parse(s, line))
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its status line is empty; is the module of another release?",
			      name);
	return 0;
}
