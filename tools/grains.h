/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Granularity: the policy and the map of a volume, or as a log's checkpoint has
 * them. The language of policies is the core's, so what is taken here the kernel
 * takes as well.
 */
#ifndef DL_TOOL_GRAINS_H
#define DL_TOOL_GRAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deltalog.h"
#include "json.h"
#include "logdev.h"
#include "policy.h"

struct dl_dm_volume;

/* Of a rule as canonical text. */
#define DL_GRAINS_RULE	1024

/* A region of the map. */
struct dl_grains_region {
	uint64_t start;		/* sectors */
	uint32_t rate;		/* writes an hour */
	uint32_t page_rate;	/* of its hottest page; see @live */
	uint32_t delta;		/* mean bytes of a delta, 0: none */
	int rule;		/* from 0; see @live; or -1 */
	uint8_t level;
	bool sequential;
};

struct dl_grains {
	struct dl_policy policy;
	bool live;		/* else of a log or a snapshot, without rates of pages */
	char as_of[128];		/* not live: of when, for people */
	const char *snapshot;	/* its name, for which there is no policy; or NULL */
	size_t known;		/* of it: regions that were known, maybe more than @nr */
	uint64_t sectors;	/* of the volume */
	struct dl_grains_region *region;	/* ascending */
	size_t nr;
};

/**
 * dl_grains_parse() - take a policy's text apart
 * @p: out
 * @what: what it is, for the message: "policy", "FILE"
 * @text: text
 * @bytes: its length
 *
 * The cgroups that it names are looked up. Return: 0, or DL_EXIT_USAGE with line,
 * column and reason said.
 */
int dl_grains_parse(struct dl_policy *p, const char *what, const char *text,
		    size_t bytes);

/**
 * dl_grains_load() - dl_grains_parse() of a file
 * @p: out
 * @path: file, "-" for standard input
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_grains_load(struct dl_policy *p, const char *path);

/* The number of the cgroup at @path below /sys/fs/cgroup; 0: there is none. */
uint64_t dl_grains_client(const char *path);

/* And back: the path of the cgroup of number @id; false: there is none. */
bool dl_grains_client_path(uint64_t id, char *path, size_t size);

/* The policy of a volume. Return: 0 or an exit code with the reason said. */
int dl_grains_policy(struct dl_policy *p, const struct dl_dm_volume *v);

/**
 * dl_grains_read() - policy and map of a volume
 * @g: out; dl_grains_free() is due in either case
 * @v: volume
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_grains_read(struct dl_grains *g, const struct dl_dm_volume *v);

/**
 * dl_grains_past() - the map as it was when a snapshot was made (grainpast.c)
 * @g: out; dl_grains_free() is due in either case
 * @v: volume
 * @snapshot: its name, which is to stay for as long as @g does
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_grains_past(struct dl_grains *g, const struct dl_dm_volume *v,
		   const char *snapshot);

/* That, as a checkpoint of the log @path has it. */
int dl_grains_past_of_log(struct dl_grains *g, const char *path,
			  const struct dl_super *sb, const struct dl_logcp *cp,
			  const char *snapshot);

/* More regions for a map, as the kernel tells them. Return: 0 or an exit code. */
int dl_grains_add(struct dl_grains *g, const struct dl_ctl_region *r, uint32_t nr);

/* It is complete: put in order, without what is twice or behind the volume's end. */
void dl_grains_sort(struct dl_grains *g);

/* Policy and map as a checkpoint has them. */
int dl_grains_of_log(struct dl_grains *g, const struct dl_super *sb,
		     const struct dl_logcp *cp);
void dl_grains_free(struct dl_grains *g);

/* The region that @sector is in, or NULL. */
const struct dl_grains_region *dl_grains_find(const struct dl_grains *g,
					      uint64_t sector);

/* A policy as JSON: text, settings, rules. */
struct json_object *dl_grains_json_policy(const struct dl_policy *p);

/* A rule's canonical text. @buf: DL_GRAINS_RULE bytes. Return: @buf. */
const char *dl_grains_rule(char *buf, const struct dl_policy *p, int rule);

#endif
