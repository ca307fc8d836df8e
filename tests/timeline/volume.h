/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume with snapshots, whatever it is made of: the kernel's (kernel.c), or
 * one in memory that may be wrong on purpose (fake.c). Functions return 0 or a
 * negative errno. Reads, writes and messages may come from several threads;
 * the rest comes from one.
 */
#ifndef DLT_VOLUME_H
#define DLT_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECTORS_PER_MIB	2048u
#define ORIGIN_MAX	(6 * SECTORS_PER_MIB)
#define LOG_MAX		(8 * SECTORS_PER_MIB)
#define BLANK_BYTES	(64u << 10)	/* of a log that is to be new */
#define MESSAGE_MAX	16384u

enum part { PART_ORIGIN, PART_LOG, NR_PARTS };

struct volume {
	const struct volume_ops *ops;
};

struct view;

struct view_spec {
	const char *snapshot;
	uint32_t sectors;	/* at most the volume's */
	bool direct;		/* past the page cache: reads of whole sectors */
	bool writable;		/* must be refused */
	bool by_path;		/* the volume named by path, not by number */
};

struct volume_ops {
	/* Anew: blank log, @content in the origin; not active. */
	void (*begin)(struct volume *v, uint32_t origin, uint32_t log,
		      const char *content);
	int (*activate)(struct volume *v, const char *options);
	int (*deactivate)(struct volume *v);
	int (*suspend)(struct volume *v);
	int (*resume)(struct volume *v);
	/* Load a table; put it in place, or throw it away. */
	int (*reload)(struct volume *v, const char *options, bool take);

	int (*write)(struct volume *v, uint32_t first, uint32_t n,
		     const void *buf, bool dsync);
	int (*zero)(struct volume *v, uint32_t first, uint32_t n, bool discard);
	int (*flush)(struct volume *v);
	int (*read)(struct volume *v, uint32_t first, uint32_t n, void *buf);
	/* The text that comes back is in @reply (MESSAGE_MAX), else "". */
	int (*message)(struct volume *v, const char *text, char *reply);
	int (*status)(struct volume *v, char *out);

	int (*view_open)(struct volume *v, const struct view_spec *spec,
			 struct view **view);
	int (*view_read)(struct view *view, uint64_t at, size_t bytes,
			 void *buf);
	int (*view_close)(struct view *view);

	/*
	 * Sets @changed[sector] where @to, or now if it is "", may differ from
	 * @from; asks for @piece extents at once.
	 */
	int (*diff)(struct volume *v, const char *from, const char *to,
		    uint32_t piece, char *changed);

	/* From now on @which fails whatever is asked of it, until mend(). */
	void (*cut)(struct volume *v, enum part which);
	void (*mend)(struct volume *v);

	/* What the bare origin holds now. */
	const char *(*origin)(struct volume *v);
	void (*rest)(struct volume *v, uint32_t us);
	/* The last lines of the kernel's log, or "". */
	const char *(*says)(struct volume *v);
};

#endif
