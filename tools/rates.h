/* SPDX-License-Identifier: GPL-2.0 */
/* A volume at two moments: what deltalog top shows. */
#ifndef DL_TOOL_RATES_H
#define DL_TOOL_RATES_H

#include <json-c/json.h>
#include <stdio.h>

#include "dm.h"
#include "foreseen.h"
#include "volstat.h"

/* At one moment. */
struct dl_reading {
	struct dl_dm_volume v;
	struct dl_volstat s;
	struct dl_foreseen f;
	bool off;		/* foresight is */
	double at;		/* seconds, of a clock that only goes forward */
};

/* Lines for people. @was may be NULL: then there are no rates. */
void dl_rates_print(FILE *f, const struct dl_reading *was, const struct dl_reading *is);

/* The same as an object; rates are null without @was. */
struct json_object *dl_rates_json(const struct dl_reading *was,
				  const struct dl_reading *is);

#endif
