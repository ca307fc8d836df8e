// SPDX-License-Identifier: GPL-2.0
/* Ranges of a volume. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "ranges.h"

#define SECTOR	512u
/* Offsets of files are signed. */
#define MOST	((uint64_t)INT64_MAX)

static bool decimal(const char *s)
{
	return s[0] && strspn(s, "0123456789") == strlen(s);
}

/* A number of sectors or of bytes, in bytes. @word: is changed. */
static bool number(char *word, uint64_t *bytes, char *why, size_t size)
{
	bool hex = !strncmp(word, "0x", 2), plain = hex || decimal(word), ok;
	size_t len = strlen(word);

	if (!plain && len && word[len - 1] == 'B') {
		word[len - 1] = '\0';
		ok = decimal(word) && dl_human_number(word, false, bytes);
		/* Or it was the end of "KiB". */
		word[len - 1] = 'B';
		ok = ok || dl_human_number(word, true, bytes);
	} else {
		ok = dl_human_number(word, !plain, bytes);
	}
	if (!ok) {
		snprintf(why, size,
			 "'%.40s' is no number of sectors, nor of bytes with B, K, M, G or T behind it",
			 word);
		return false;
	}
	if (plain && *bytes > MOST / SECTOR) {
		snprintf(why, size, "%.40s is too large", word);
		return false;
	}
	if (plain)
		*bytes *= SECTOR;
	if (*bytes % SECTOR)
		snprintf(why, size, "%.40s is not a whole number of sectors of %u bytes",
			 word, SECTOR);
	else if (*bytes > MOST)
		snprintf(why, size, "%.40s is too large", word);
	else
		return true;
	return false;
}

/* @word: "START+LENGTH", is changed. */
static bool parse_one(struct dl_range *r, char *word, char *why, size_t size)
{
	char *plus = strchr(word, '+');

	if (!plus) {
		snprintf(why, size, "'%.40s' is not START+LENGTH", word);
		return false;
	}
	*plus = '\0';
	if (!number(word, &r->offset, why, size) ||
	    !number(plus + 1, &r->bytes, why, size))
		return false;
	if (!r->bytes)
		snprintf(why, size, "the range at %.40s is empty", word);
	else if (r->bytes > MOST - r->offset)
		snprintf(why, size, "the range at %.40s is too long", word);
	else
		return true;
	return false;
}

static int by_offset(const void *a, const void *b)
{
	const struct dl_range *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void sort_and_merge(struct dl_ranges *r)
{
	struct dl_range *last = r->range;
	uint64_t end;
	size_t i;

	qsort(r->range, r->nr, sizeof(*r->range), by_offset);
	for (i = 1; i < r->nr; i++) {
		end = r->range[i].offset + r->range[i].bytes;
		if (r->range[i].offset > last->offset + last->bytes)
			*++last = r->range[i];
		else if (end > last->offset + last->bytes)
			last->bytes = end - last->offset;
	}
	r->nr = (size_t)(last - r->range) + 1;
}

bool dl_ranges_parse(struct dl_ranges *r, const char *text, char *why,
		     size_t size)
{
	char *words = strdup(text), *rest = words, *word;
	struct dl_range one;
	bool ok = words;

	r->range = NULL;
	r->nr = 0;
	if (!ok)
		snprintf(why, size, "out of memory");
	while (ok && (word = strsep(&rest, ","))) {
		ok = parse_one(&one, word, why, size);
		if (ok && dl_ranges_add(r, one.offset, one.bytes)) {
			snprintf(why, size, "out of memory");
			ok = false;
		}
	}
	free(words);
	if (ok)
		sort_and_merge(r);
	return ok;
}

int dl_ranges_add(struct dl_ranges *r, uint64_t offset, uint64_t bytes)
{
	struct dl_range *more;

	more = reallocarray(r->range, r->nr + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	r->range = more;
	more[r->nr].offset = offset;
	more[r->nr++].bytes = bytes;
	return 0;
}

void dl_ranges_free(struct dl_ranges *r)
{
	free(r->range);
	r->range = NULL;
	r->nr = 0;
}

uint64_t dl_ranges_bytes(const struct dl_ranges *r)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < r->nr; i++)
		sum += r->range[i].bytes;
	return sum;
}

uint64_t dl_ranges_end(const struct dl_ranges *r)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < r->nr; i++)
		if (r->range[i].offset + r->range[i].bytes > end)
			end = r->range[i].offset + r->range[i].bytes;
	return end;
}

struct json_object *dl_ranges_json(const struct dl_ranges *r)
{
	struct json_object *list = json_object_new_array(), *o;
	size_t i;

	for (i = 0; i < r->nr; i++) {
		o = json_object_new_object();
		dl_json_u64(o, "start", r->range[i].offset / SECTOR);
		dl_json_u64(o, "length", r->range[i].bytes / SECTOR);
		json_object_array_add(list, o);
	}
	return list;
}
