/* SPDX-License-Identifier: GPL-2.0 */
/* The rows of a dump's tables, as text and as JSON. */
#ifndef DL_TOOL_ROWS_H
#define DL_TOOL_ROWS_H

#include <json-c/json.h>

#include "logdev.h"
#include "walk.h"

extern const char dl_row_segment_header[];
extern const char dl_row_frame_header[];
extern const char dl_row_record_header[];

void dl_row_print_segment(const struct dl_walk_segment_info *info);
void dl_row_print_frame(const struct dl_frame_head *h, u64 sector);
void dl_row_print_record(const struct dl_rec *rec);

struct json_object *dl_row_super(const struct dl_logdev *l, int slot,
				 bool in_use);
struct json_object *dl_row_checkpoint(const struct dl_logcp *cp);
struct json_object *dl_row_segment(const struct dl_walk_segment_info *info);
struct json_object *dl_row_frame(const struct dl_frame_head *h, u64 sector);
struct json_object *dl_row_record(const struct dl_rec *rec);

#endif
