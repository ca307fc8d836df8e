/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options of a table line, and the tunables among them.
 */
#ifndef DL_OPTIONS_H
#define DL_OPTIONS_H

#include <linux/types.h>

struct dm_arg_set;

#define DL_OPTION_KEY_BYTES	256u	/* NUL included */

/* dl_options.reconcile_order */
#define DL_ORDER_AUTO	0
#define DL_ORDER_OLDEST	1

struct dl_options {
	unsigned int commit_ms;
	unsigned int reconcile_secs;
	unsigned int reconcile_order;	/* DL_ORDER_* */
	unsigned int high_watermark;
	unsigned int low_watermark;
	unsigned int frame_mem_kib;
	unsigned int cache_mem_kib;
	unsigned int delta_mem_kib;
	unsigned int foresight;		/* 0 or 1: act on what is foreseen */
	unsigned int full_within_secs;	/* announce that the log will be; 0: not */
	unsigned int compression;	/* acceleration of LZ4; 0: none */
	unsigned int max_records;	/* 0: from the log's size */
	unsigned int segment_kib;	/* 0: from the log's size */
	unsigned int fusion;		/* DL_FUSION_* */
	unsigned int workload_kib;	/* 0: no write history is kept */
	unsigned int segment_ms;	/* that a segment is to last */
	unsigned int seal_secs;		/* that one may stay open; 0: for ever */
	unsigned int pool_kib;		/* to have ahead at least, with foresight */
	char key[DL_OPTION_KEY_BYTES];	/* where it is, never what; "": none */
	unsigned int cipher;		/* DL_CIPHER_*, for a log that is blank */
	bool new_key;			/* not kept: only for the first activation */
	bool accept_origin;
	bool accept_cut;
	bool zero_discards;
};

/**
 * dl_options_parse() - the optional part of a table line
 * @o: out: defaults, then what is given
 * @as: arguments, at the count
 * @policy: out: the text of the policy that is given, in @as, or NULL
 * @error: out: what is wrong
 *
 * Return: 0 or -EINVAL.
 */
int dl_options_parse(struct dl_options *o, struct dm_arg_set *as,
		     const char **policy, char **error);

/**
 * dl_options_set() - change a tunable that may change at run time
 * @o: options; unchanged on failure
 * @name: tunable
 * @value: decimal number, or one of its words
 *
 * Return: 0; -ENOENT no such tunable; -EPERM fixed until the next activation;
 * -EINVAL not a value for it, which is said.
 */
int dl_options_set(struct dl_options *o, const char *name, const char *value);

/* The @i-th option that may change at run time, or NULL. */
const char *dl_options_online(unsigned int i);

/* Write what @name, which that gave, is, as it is to be given. Return: its length. */
int dl_options_show(const struct dl_options *o, const char *name, char *buf,
		    size_t size);

/*
 * Write the options that differ from the defaults, with their count; @key instead,
 * and @policy if there is one.
 */
unsigned int dl_options_emit(const struct dl_options *o, const char *key,
			     const char *policy, char *result,
			     unsigned int maxlen);

#endif
