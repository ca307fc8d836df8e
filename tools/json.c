// SPDX-License-Identifier: GPL-2.0
/* JSON output, whole or streamed. */
#include <stdio.h>

#include "json.h"

static bool wanted, printed, first_member, first_element;

void dl_json_set(bool on)
{
	wanted = on;
}

bool dl_json_wanted(void)
{
	return wanted;
}

bool dl_json_printed(void)
{
	return printed;
}

void dl_json_u64(struct json_object *o, const char *key, uint64_t v)
{
	json_object_object_add(o, key, json_object_new_uint64(v));
}

void dl_json_str(struct json_object *o, const char *key, const char *v)
{
	json_object_object_add(o, key, v ? json_object_new_string(v) : NULL);
}

void dl_json_bool(struct json_object *o, const char *key, bool v)
{
	json_object_object_add(o, key, json_object_new_boolean(v));
}

static const char *text(struct json_object *o, int flags)
{
	return json_object_to_json_string_ext(o, flags |
					      JSON_C_TO_STRING_NOSLASHESCAPE);
}

void dl_json_print(struct json_object *o)
{
	printed = true;
	puts(text(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED));
	json_object_put(o);
}

void dl_json_stream_begin(void)
{
	printed = true;
	first_member = true;
	fputs("{", stdout);
}

static void member(const char *key)
{
	printf("%s\n \"%s\": ", first_member ? "" : ",", key);
	first_member = false;
}

void dl_json_stream_member(const char *key, struct json_object *o)
{
	member(key);
	fputs(text(o, JSON_C_TO_STRING_SPACED), stdout);
	json_object_put(o);
}

void dl_json_stream_open(const char *key)
{
	member(key);
	fputs("[", stdout);
	first_element = true;
}

void dl_json_stream_element(struct json_object *o)
{
	printf("%s\n  %s", first_element ? "" : ",",
	       text(o, JSON_C_TO_STRING_SPACED));
	first_element = false;
	json_object_put(o);
}

void dl_json_stream_close(void)
{
	fputs(first_element ? "]" : "\n ]", stdout);
}

void dl_json_stream_end(void)
{
	fputs("\n}\n", stdout);
}
