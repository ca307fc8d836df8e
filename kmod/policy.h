/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The policy of a volume: taken over from a checkpoint or from who administers it,
 * put in force, kept. Its language is core/policy.h's, what it decides grain.h's.
 */
#ifndef DL_POLICY_H
#define DL_POLICY_H

#include "volume.h"

/**
 * dl_policy_set() - put a policy in force and keep it
 * @v: volume
 * @text: policy; "default": the default one
 * @bytes: its length
 * @e: out, if it is refused for what it says; else its reason is NULL
 *
 * All of it or none. Writes go on meanwhile, under the old one or the new.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL, with @e; -E2BIG: the log's checkpoints have no room for so
 * much text; -ENOMEM; -EROFS; -EBUSY: not resumed yet; -EIO: in force, but not kept.
 */
int dl_policy_set(struct dl_volume *v, const char *text, size_t bytes,
		  struct dl_policy_error *e);

/**
 * dl_policy_check() - would a policy be taken?
 * @v: volume, loaded
 * @text: policy, or "default"
 * @bytes: its length
 *
 * Context: process, may sleep. Return: 0; -EINVAL, -E2BIG, -ENOMEM. Logged.
 */
int dl_policy_check(struct dl_volume *v, const char *text, size_t bytes);

/* Take over a checkpoint's, if it is understood: 0 or -ENOMEM. */
int dl_policy_load(struct dl_volume *v, const void *body, size_t bytes);

/*
 * Before the log takes records: if the policy has deltas, have what they take,
 * and let the log say that older releases must not read it. 0 or -ENOMEM.
 */
int dl_policy_begin(struct dl_volume *v);

#endif
