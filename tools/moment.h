/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moments of a volume's window: every sequence in it can be gone back to. They
 * go by "@SEQUENCE" wherever a snapshot's name does, or by a time.
 */
#ifndef DL_TOOL_MOMENT_H
#define DL_TOOL_MOMENT_H

#include "snaps.h"

struct dl_moment_at {
	uint64_t seq, time_ns;
};

struct dl_history {
	bool on;		/* is there a window? */
	uint64_t from, last;	/* its first sequence, the last durable one */
	uint64_t now_ns;	/* the kernel's clock */
	struct dl_moment_at *at;	/* ascending */
	size_t nr;
};

/**
 * dl_history_read() - ask for what a volume can go back to
 * @h: out; dl_history_free() is due in either case
 * @volume: name
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_history_read(struct dl_history *h, const char *volume);
void dl_history_free(struct dl_history *h);

/* Is it "@" and a number? */
bool dl_moment_is(const char *text);

/* A snapshot's name or a moment; says why not if it is neither. */
bool dl_moment_or_name_ok(const char *text);

/**
 * dl_moment_need() - a moment as if it were a snapshot
 * @volume: name
 * @when: "@SEQUENCE" or a time, see dl_when_parse()
 * @snap: out: its name is "@SEQUENCE"
 *
 * Return: 0 or an exit code with the reason said.
 */
int dl_moment_need(const char *volume, const char *when, struct dl_snap *snap);

/* dl_snaps_need() that takes moments by their sequence, too. */
int dl_moment_or_snap(const char *volume, const char *name,
		      struct dl_snap *snap);

#endif
