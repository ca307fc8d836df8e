// SPDX-License-Identifier: GPL-2.0
/* Granularity: the policy and the map. See grains.h. */
#include <errno.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "grains.h"
#include "heat.h"

#define PIECE	1024u

/* ---- policies */

#define CGROUPS	"/sys/fs/cgroup"

uint64_t dl_grains_client(const char *path)
{
	char full[512];
	struct stat st;

	snprintf(full, sizeof(full), CGROUPS "%s", path);
	return stat(full, &st) || !S_ISDIR(st.st_mode) ? 0 : st.st_ino;
}

bool dl_grains_client_path(uint64_t id, char *path, size_t size)
{
	char root[] = CGROUPS;
	char *const roots[] = { root, NULL };
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	bool found = false;
	FTSENT *e;

	while (tree && !found && (e = fts_read(tree))) {
		found = e->fts_info == FTS_D && e->fts_statp->st_ino == id;
		if (found)
			snprintf(path, size, "%s",
				 e->fts_path[sizeof(CGROUPS) - 1] ?
				 e->fts_path + sizeof(CGROUPS) - 1 : "/");
	}
	if (tree)
		fts_close(tree);
	return found;
}

/* What stands where it is wrong: a word or so, for who has no line numbers. */
static void excerpt(char *buf, size_t size, const char *text, size_t bytes,
		    const struct dl_policy_error *e)
{
	size_t at = 0, n = 0;
	uint32_t line;

	for (line = 1; line < e->line && at < bytes; at++)
		line += text[at] == '\n';
	for (at += e->column - 1; n + 1 < size && at + n < bytes &&
	     text[at + n] >= ' ' && text[at + n] < 0x7f; n++)
		buf[n] = text[at + n];
	buf[n] = '\0';
}

int dl_grains_parse(struct dl_policy *p, const char *what, const char *text,
		    size_t bytes)
{
	struct dl_policy_error e;
	char at[24];
	u32 i;

	if (dl_policy_parse(p, text, bytes, &e) != DL_OK) {
		excerpt(at, sizeof(at), text, bytes, &e);
		return dl_err(DL_EXIT_USAGE,
			      "%s, line %u, column %u, %s%s%s: %s; correct it there",
			      what, e.line, e.column, at[0] ? "at '" : "at the end",
			      at, at[0] ? "'" : "", e.reason);
	}
	for (i = 0; i < p->nr_paths; i++)
		dl_policy_resolve(p, i, dl_grains_client(p->path[i]));
	return 0;
}

int dl_grains_load(struct dl_policy *p, const char *path)
{
	bool in = !strcmp(path, "-");
	/* One more than may be: that is for the parser to refuse. */
	char text[DL_POLICY_TEXT + 1];
	FILE *f = in ? stdin : fopen(path, "re");
	size_t n;
	int rc = 0;

	if (!f)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be opened: %s", path,
			      strerror(errno));
	errno = 0;
	n = fread(text, 1, sizeof(text), f);
	if (ferror(f))
		rc = dl_err(DL_EXIT_FAILED, "%s: cannot be read: %s", path,
			    strerror(errno));
	if (!in)
		fclose(f);
	return rc ?: dl_grains_parse(p, in ? "standard input" : path, text, n);
}

static int read_policy(struct dl_policy *p, int fd,
		       const struct dl_dm_volume *v)
{
	char text[DL_POLICY_TEXT];
	struct dl_ctl_policy a = {
		.major = v->major, .minor = v->minor,
		.bytes = sizeof(text), .text = (uintptr_t)text,
	};
	struct dl_policy_error e;
	u32 i;
	int rc = dl_control_call(fd, DL_CTL_POLICY_GET, &a);

	if (rc)
		return dl_control_failed(v, "reading the policy", rc);
	if (a.bytes > sizeof(text) ||
	    dl_policy_parse(p, text, a.bytes, &e) != DL_OK)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its policy cannot be understood; the module is of another release: use the tool of that one",
			      v->name);
	for (i = 0; i < p->nr_paths; i++)
		dl_policy_resolve(p, i, dl_grains_client(p->path[i]));
	return 0;
}

int dl_grains_policy(struct dl_policy *p, const struct dl_dm_volume *v)
{
	int fd, rc = dl_control_open(&fd);

	if (rc)
		return rc;
	rc = read_policy(p, fd, v);
	close(fd);
	return rc;
}

/* ---- the map */

static int by_start(const void *a, const void *b)
{
	const struct dl_grains_region *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* A region may have moved while the list was read. */
void dl_grains_sort(struct dl_grains *g)
{
	size_t i, n = 0;

	if (g->nr)
		qsort(g->region, g->nr, sizeof(*g->region), by_start);
	for (i = 0; i < g->nr; i++)
		if (!n || g->region[n - 1].start != g->region[i].start)
			g->region[n++] = g->region[i];
	/* What lies behind the end the kernel keeps, and never asks for. */
	while (n && g->region[n - 1].start >= g->sectors)
		n--;
	g->nr = n;
}

int dl_grains_add(struct dl_grains *g, const struct dl_ctl_region *r, uint32_t nr)
{
	struct dl_grains_region *more;
	uint32_t i;

	more = reallocarray(g->region, g->nr + nr + 1, sizeof(*more));
	if (!more)
		return dl_err_nomem();
	g->region = more;
	for (i = 0; i < nr; i++)
		more[g->nr++] = (struct dl_grains_region) {
			.start = r[i].start, .rate = r[i].rate,
			.page_rate = r[i].page_rate, .delta = r[i].delta,
			.rule = r[i].rule == DL_CTL_REGION_NO_RULE ? -1 :
				r[i].rule,
			.level = r[i].level,
			.sequential = r[i].flags & DL_CTL_REGION_SEQUENTIAL,
		};
	return 0;
}

static int read_map(struct dl_grains *g, int fd, const struct dl_dm_volume *v)
{
	struct dl_ctl_region piece[PIECE];
	struct dl_ctl_regions a = {
		.major = v->major, .minor = v->minor,
		.buffer = (uintptr_t)piece,
	};
	int rc;

	do {
		a.count = PIECE;
		rc = dl_control_call(fd, DL_CTL_GRANULARITY, &a);
		if (rc)
			return dl_control_failed(v, "reading the granularity map",
						 rc);
		rc = dl_grains_add(g, piece, a.count);
	} while (!rc && a.cursor);
	dl_grains_sort(g);
	return rc;
}

int dl_grains_read(struct dl_grains *g, const struct dl_dm_volume *v)
{
	int fd, rc;

	memset(g, 0, sizeof(*g));
	g->live = true;
	g->sectors = v->sectors;
	rc = dl_control_open(&fd);
	if (rc)
		return rc;
	rc = read_policy(&g->policy, fd, v);
	rc = rc ?: read_map(g, fd, v);
	close(fd);
	return rc;
}

int dl_grains_of_log(struct dl_grains *g, const struct dl_super *sb,
		     const struct dl_logcp *cp)
{
	static struct dl_heat_set set;
	const struct dl_heat *h = &set.way[0];
	struct dl_policy_error e;
	u32 i;

	memset(g, 0, sizeof(*g));
	snprintf(g->as_of, sizeof(g->as_of), "as of the last checkpoint");
	g->sectors = sb->volume_sectors;
	/* dl_logcp_load() has seen that it can be parsed. */
	dl_policy_parse(&g->policy, cp->policy ?: dl_policy_default,
			cp->policy ? cp->policy_bytes :
			strlen(dl_policy_default), &e);
	g->region = calloc(cp->nr_grains + 1, sizeof(*g->region));
	if (!g->region)
		return dl_err_nomem();
	for (i = 0; i < cp->nr_grains; i++) {
		memset(&set, 0, sizeof(set));
		dl_heat_unpack(&set, &cp->grains[i], 0);
		g->region[g->nr++] = (struct dl_grains_region) {
			.start = dl_heat_region(h) * DL_CTL_REGION_SECTORS,
			.rate = le32_to_cpu(cp->grains[i].rate),
			.delta = dl_heat_delta_bytes(h),
			.rule = -1, .level = h->level,
			.sequential = dl_heat_sequential(h),
		};
	}
	dl_grains_sort(g);
	return 0;
}

void dl_grains_free(struct dl_grains *g)
{
	free(g->region);
	g->region = NULL;
	g->nr = 0;
}

const struct dl_grains_region *dl_grains_find(const struct dl_grains *g,
					      uint64_t sector)
{
	const struct dl_grains_region key = {
		.start = sector & ~(uint64_t)(DL_CTL_REGION_SECTORS - 1),
	};

	return g->nr ? bsearch(&key, g->region, g->nr, sizeof(key), by_start) :
		NULL;
}

/* ---- for people and programs */

const char *dl_grains_rule(char *buf, const struct dl_policy *p, int rule)
{
	buf[0] = '\0';
	if (rule >= 0)
		dl_policy_format_rule(p, (unsigned int)rule, buf,
				      DL_GRAINS_RULE);
	return buf;
}

struct json_object *dl_grains_json_policy(const struct dl_policy *p)
{
	struct json_object *o = json_object_new_object(), *one;
	struct json_object *rules = json_object_new_array();
	char text[DL_POLICY_TEXT + 1];
	int i;

	dl_policy_format(p, text, sizeof(text));
	dl_json_str(o, "text", text);
	dl_json_bool(o, "default", !strcmp(text, dl_policy_default));
	dl_json_u64(o, "window_seconds", p->window);
	dl_json_u64(o, "hysteresis_percent", p->hysteresis);
	dl_json_u64(o, "max_chain", p->max_chain);
	for (i = 0; i < p->nr_rules; i++) {
		one = json_object_new_object();
		dl_json_u64(one, "rule", (uint64_t)i + 1);
		dl_json_str(one, "text", dl_grains_rule(text, p, i));
		dl_json_str(one, "level", dl_level_name(p->rule[i].level));
		json_object_array_add(rules, one);
	}
	json_object_object_add(o, "rules", rules);
	return o;
}
