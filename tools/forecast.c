// SPDX-License-Identifier: GPL-2.0
/* deltalog forecast: its verbs. */
#include <stddef.h>

#include "family.h"
#include "verbs.h"

static const struct dl_verb *const verbs[] = {
	&dl_verb_forecast_replay,
	NULL
};

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	return dl_family_run(verb, verbs, argc, argv);
}

const struct dl_verb dl_verb_forecast = {
	.name = "forecast",
	.args = "VERB",
	.brief = "score what is foreseen of series",
	.about = "Forecasts: what is to come of a series, from what came.",
	.run = run,
};
