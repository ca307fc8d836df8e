/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON output. Small results are built with json-c and printed whole; long
 * tables are streamed, one element at a time, so that no log is too large.
 */
#ifndef DL_TOOL_JSON_H
#define DL_TOOL_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* Whether --json was given. */
void dl_json_set(bool on);
bool dl_json_wanted(void);

void dl_json_u64(struct json_object *o, const char *key, uint64_t v);
void dl_json_str(struct json_object *o, const char *key, const char *v);
void dl_json_bool(struct json_object *o, const char *key, bool v);

/* Print @o on stdout with a newline and drop it. */
void dl_json_print(struct json_object *o);

/*
 * Streaming: begin; for each table open, elements, close; end. Between begin
 * and the first table dl_json_stream_member() adds small members.
 */
void dl_json_stream_begin(void);
void dl_json_stream_member(const char *key, struct json_object *o);
void dl_json_stream_open(const char *key);
void dl_json_stream_element(struct json_object *o);
void dl_json_stream_close(void);
void dl_json_stream_end(void);

/* Whether anything was printed here: an error object would then be too much. */
bool dl_json_printed(void);

#endif
