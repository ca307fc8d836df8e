/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs, each in the file of its name. */
#ifndef DL_TOOL_VERBS_H
#define DL_TOOL_VERBS_H

#include "opt.h"

extern const struct dl_verb dl_verb_create;
extern const struct dl_verb dl_verb_activate;
extern const struct dl_verb dl_verb_deactivate;
extern const struct dl_verb dl_verb_detach;
extern const struct dl_verb dl_verb_grow;
extern const struct dl_verb dl_verb_scrub;
extern const struct dl_verb dl_verb_key;
extern const struct dl_verb dl_verb_list;
extern const struct dl_verb dl_verb_status;
extern const struct dl_verb dl_verb_check;
extern const struct dl_verb dl_verb_dump;
extern const struct dl_verb dl_verb_snapshot;
extern const struct dl_verb dl_verb_view;
extern const struct dl_verb dl_verb_rewind;
extern const struct dl_verb dl_verb_restore;
extern const struct dl_verb dl_verb_history;
extern const struct dl_verb dl_verb_retention;
extern const struct dl_verb dl_verb_policy;
extern const struct dl_verb dl_verb_map;
extern const struct dl_verb dl_verb_forecast;
extern const struct dl_verb dl_verb_top;
extern const struct dl_verb dl_verb_plot;
extern const struct dl_verb dl_verb_wait_event;

/* What comes after "history", besides nothing; its name has it in front. */
extern const struct dl_verb dl_verb_history_export;

/* What comes after "snapshot"; their names have it in front. */
extern const struct dl_verb dl_verb_snapshot_create;
extern const struct dl_verb dl_verb_snapshot_diff;
extern const struct dl_verb dl_verb_snapshot_mount;
extern const struct dl_verb dl_verb_snapshot_umount;

/* Likewise what comes after "policy". */
extern const struct dl_verb dl_verb_policy_test;

/* And after "forecast". */
extern const struct dl_verb dl_verb_forecast_replay;

#endif
