// SPDX-License-Identifier: GPL-2.0
/*
 * Options of the target. What is not given is not put in the table either, so
 * that the defaults stay the kernel's.
 */
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "dm.h"
#include "err.h"
#include "grains.h"
#include "keyplace.h"
#include "table.h"

#define UNSET UINT64_MAX

/* name in the table, name here, argument, lowest, highest, help */
#define TUNABLES(X) \
	X(commit_ms, "commit-ms", "MS", 1, 60000, \
	  "commit an open frame at this age (default 200)") \
	X(reconcile_secs, "reconcile-secs", "S", 1, 86400, \
	  "how far the origin may lag (default 300)") \
	X(high_watermark, "high-watermark", "PERCENT", 1, 95, \
	  "log in use at which reconcile starts (default 50)") \
	X(low_watermark, "low-watermark", "PERCENT", 0, 94, \
	  "log in use at which it stops (default 25)") \
	X(frame_mem_kib, "frame-mem-kib", "KIB", 1, UINT32_MAX, \
	  "memory for writes not yet in the log (default 16384)") \
	X(cache_mem_kib, "cache-mem-kib", "KIB", 0, 1048576, \
	  "memory for what was just written (default 131072)") \
	X(delta_mem_kib, "delta-mem-kib", "KIB", 64, 1048576, \
	  "memory for pages recorded as deltas (default 32768)") \
	X(compression, "compression", "ACCEL", 0, 64, \
	  "compress pages with LZ4: 1 best, 64 fastest (default 0: do not)") \
	X(max_records, "max-records", "N", 1, UINT32_MAX, \
	  "most records in the map (default: by the log's size)") \
	X(segment_kib, "segment-kib", "KIB", 64, 1048576, \
	  "size of a segment (default: a 64th of the log)") \
	X(workload_kib, "workload-kib", "KIB", 0, 65536, \
	  "memory for the last writes' history (default 512; 0: none)") \
	X(full_within_secs, "full-within-secs", "S", 0, 2592000, \
	  "announce that the log will be full so soon (default 600; 0: do not)") \
	X(segment_ms, "segment-ms", "MS", 50, 60000, \
	  "with foresight: how long a segment is to last (default 1000)") \
	X(seal_secs, "seal-secs", "S", 0, 86400, \
	  "with foresight: how long one may stay open (default 60; 0: for ever)") \
	X(pool_kib, "pool-kib", "KIB", 0, 1048576, \
	  "with foresight: log to have ready at least (default 0: as foreseen)")

enum {
#define X(key, name, arg, low, high, help) key,
	TUNABLES(X)
#undef X
	NR_TUNABLES
};

static uint64_t values[NR_TUNABLES] = {
#define X(key, name, arg, low, high, help) [key] = UNSET,
	TUNABLES(X)
#undef X
};

static const char *const keys[NR_TUNABLES] = {
#define X(key, name, arg, low, high, help) [key] = #key,
	TUNABLES(X)
#undef X
};

enum { accept_origin, accept_cut, zero_discards, new_key, NR_FLAGS };

static bool flags[NR_FLAGS];

static const struct {
	const char *key, *option;
} flag_names[NR_FLAGS] = {
	[accept_origin] = { "accept_origin", "--accept-origin" },
	[accept_cut] = { "accept_cut", "--accept-cut" },
	[zero_discards] = { "zero_discards", "--zero-discards" },
	/* No option: what has made the log says it, and nobody else. */
	[new_key] = { "new_key", NULL },
};

static const char *key_place, *policy_file;

/* Those that are words: of which one, or NULL. */
enum { reconcile_order, fusion, foresight, NR_WORDS };

static const char *words[NR_WORDS];

static const struct {
	const char *key, *option, *one_of;
} word_names[NR_WORDS] = {
	[reconcile_order] = { "reconcile_order", "--reconcile-order", "auto|oldest" },
	[fusion] = { "fusion", "--fusion", "off|on|auto" },
	[foresight] = { "foresight", "--foresight", "off|on" },
};

/* As the one word that it is in a table. */
static char policy[DL_POLICY_TEXT + 1];

const struct dl_opt dl_table_opts[] = {
	DL_STRING("key", &key_place, "KEY",
		  "where the key of an encrypted log is: :32:logon:deltalog:NAME"),
	DL_STRING("policy", &policy_file, "FILE",
		  "put the policy in FILE in force; - for standard input"),
	DL_STRING("reconcile-order", &words[reconcile_order], "auto|oldest",
		  "which pages are brought to the origin first (default auto)"),
#define X(key, name, arg, low, high, help) \
	DL_NUMBER(name, DL_OPT_NUMBER, &values[key], arg, low, high, help),
	TUNABLES(X)
#undef X
	DL_STRING("fusion", &words[fusion], "off|on|auto",
		  "keep room in the log for small writes that will follow (default auto)"),
	DL_STRING("foresight", &words[foresight], "off|on",
		  "have ready what the next writes will need (default on)"),
	DL_FLAG("zero-discards", &flags[zero_discards],
		"take discards even if the origin has to be zeroed by writing"),
	DL_OPT_END
};

const struct dl_opt dl_table_activate_opts[] = {
	DL_FLAG("accept-origin", &flags[accept_origin],
		"although the origin changed behind the log's back"),
	DL_FLAG("accept-cut", &flags[accept_cut],
		"although the log ends where it cannot be read"),
	DL_OPT_END
};

/* Is @word between two bars of @list, or an end of it? */
static bool one_of(const char *word, const char *list)
{
	size_t n = strlen(word);

	for (; list; list = strchr(list, '|') ? strchr(list, '|') + 1 : NULL)
		if (!strncmp(list, word, n) && (!list[n] || list[n] == '|'))
			return n;
	return false;
}

const char *dl_table_wrong(void)
{
	uint64_t high = values[high_watermark], low = values[low_watermark];
	const char *why = key_place ? dl_keyplace_wrong(key_place) : NULL;
	static char text[256];
	int i;

	for (i = 0; i < NR_WORDS; i++)
		if (words[i] && !one_of(words[i], word_names[i].one_of)) {
			snprintf(text, sizeof(text), "%s: one of %s is needed",
				 word_names[i].option, word_names[i].one_of);
			return text;
		}
	if (why) {
		snprintf(text, sizeof(text), "--key: %s", why);
		return text;
	}
	/* With one of them given, the other's default is the kernel's to judge. */
	if (high != UNSET && low != UNSET && low >= high)
		return "--low-watermark must be below --high-watermark";
	return NULL;
}

int dl_table_load(void)
{
	static struct dl_policy p;
	int rc = policy_file ? dl_grains_load(&p, policy_file) : 0;
	unsigned int i;
	size_t n;

	if (rc || !policy_file)
		return rc;
	for (i = 0; i < p.nr_paths; i++)
		if (strchr(p.path[i], ','))
			return dl_err(DL_EXIT_USAGE,
				      "%s: client %s: in a table a comma is a blank; give the cgroup's number, or use 'deltalog policy load' later",
				      policy_file, p.path[i]);
	n = dl_policy_format(&p, policy, sizeof(policy));
	policy[n - 1] = '\0';
	for (i = 0; policy[i]; i++)
		if (policy[i] == ' ')
			policy[i] = ',';
		else if (policy[i] == '\n')
			policy[i] = ';';
	return 0;
}

bool dl_table_keyed(void)
{
	return key_place;
}

void dl_table_new_key(void)
{
	flags[new_key] = key_place;
}

const char *dl_table_hint(const char *text)
{
	int i;

	for (i = 0; i < NR_FLAGS; i++)
		if (!flags[i] && flag_names[i].option &&
		    strstr(text, flag_names[i].key))
			return flag_names[i].option;
	return NULL;
}

void dl_table_build(char *buf, size_t size, dev_t origin, dev_t log)
{
	unsigned int count = 0;
	char opts[DL_DM_PARAMS - 64] = "";
	size_t n = 0;
	int i;

	for (i = 0; i < NR_TUNABLES; i++) {
		if (values[i] == UNSET)
			continue;
		n += (size_t)snprintf(opts + n, sizeof(opts) - n, " %s %llu",
				      keys[i], (unsigned long long)values[i]);
		count += 2;
	}
	for (i = 0; i < NR_FLAGS; i++) {
		if (!flags[i])
			continue;
		n += (size_t)snprintf(opts + n, sizeof(opts) - n, " %s",
				      flag_names[i].key);
		count++;
	}
	for (i = 0; i < NR_WORDS; i++) {
		if (!words[i])
			continue;
		n += (size_t)snprintf(opts + n, sizeof(opts) - n, " %s %s",
				      word_names[i].key, words[i]);
		count += 2;
	}
	if (key_place) {
		n += (size_t)snprintf(opts + n, sizeof(opts) - n, " key %s",
				      key_place);
		count += 2;
	}
	if (policy_file) {
		snprintf(opts + n, sizeof(opts) - n, " policy %s", policy);
		count += 2;
	}
	n = (size_t)snprintf(buf, size, "%u:%u %u:%u", major(origin),
			     minor(origin), major(log), minor(log));
	if (count)
		snprintf(buf + n, size - n, " %u%s", count, opts);
}
