/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bit rot: bytes of a log are damaged, and what the module makes of it is
 * judged. One small volume, whose log is kept in two states; a state is put in
 * place by writing to the memory under the devices (../crash/stack.h).
 *
 * What is right for a damaged byte follows from what the byte is (anatomy.c)
 * and from what the volume must read as (the workload's own model).
 */
#ifndef DLT_ROT_H
#define DLT_ROT_H

#include <stdbool.h>
#include <stdint.h>

#include "../crash/stack.h"
#include "../model/rng.h"

#define LOG_SECTORS	2048u
#define LOG_BYTES	(LOG_SECTORS * 512u)
#define VOL_SECTORS	768u
#define VOL_BYTES	(VOL_SECTORS * 512u)

/* What a byte of the log is for. */
enum part {
	PART_UNUSED,
	PART_SUPER,
	PART_CHECKPOINT,
	PART_HEAD,		/* a frame's header, descriptors in its head */
	PART_DESCS,		/* descriptors in its tail */
	PART_PAYLOAD,
	PART_SUMMARY,
	PART_END,		/* a summary's tail */
	NR_PARTS
};

struct part_frame {
	uint64_t sector, end;	/* first of it, first behind it */
	uint64_t commit, segment;
	uint64_t durable;	/* what its header says was durable before it */
	uint32_t first_rec;	/* of the records: number of the first */
	bool vouched;		/* its segment's summary is used instead of it */
	bool sealed;		/* the checkpoint counts on it */
};

struct part_rec {
	uint8_t type, first, sectors;
	uint32_t frame;
	uint32_t length;	/* runs: sectors */
	uint64_t addr;
	uint64_t loc;		/* log sector of its payload, 0: none */
};

/* The log in one state, taken apart. */
struct anatomy {
	uint8_t part[LOG_BYTES];
	uint16_t owner[LOG_SECTORS];	/* frame, slot or area it belongs to */
	struct part_frame frames[1024];
	struct part_rec recs[8192];
	uint32_t nr_frames, nr_recs, nr_segments, nr_summaries;
	uint32_t bytes[NR_PARTS];
	uint64_t durable;	/* commit, says the checkpoint */
	uint64_t last_commit;
	int slot;		/* the superblock in use */
};

struct state {
	const char *name;
	char *log;		/* LOG_BYTES */
	struct anatomy *an;
	uint32_t *owner;	/* by sector of the volume: record + 1, 0: origin */
};

enum outcome { REFUSED, LOCATED, CUT, SURVIVED, WRONG, NR_OUTCOMES };

struct rot {
	struct stack st;
	uint64_t seed;
	struct rng r;
	char *base;		/* the origin's first and only content */
	char *model;		/* what the volume must read as */
	char *want, *got;	/* of one flip */
	bool *gone;		/* by sector: must be unreadable */
	struct state state[2];
	uint32_t count[NR_OUTCOMES];
	uint32_t flips, wrong;
	char why[512];		/* of the last that was wrong */
};

/* A byte to damage. */
struct flip {
	uint32_t at;
	uint8_t mask;
};

#define BATCH	8

/* workload.c: fill rot->state; the volume is not active afterwards. */
void workload_run(struct rot *rot);

/* anatomy.c: take @log apart; ends the program when the log is not sound. */
void anatomy_make(struct anatomy *an, const char *log);
/* Is it certain that frame @f was durable, whatever becomes of itself? */
bool anatomy_proven(const struct anatomy *an, uint32_t f);
/*
 * The volume as the frames before @frames leave it, over @base.
 * @owner: may be NULL
 */
void anatomy_replay(const struct anatomy *an, const char *log,
		    const char *base, uint32_t frames, char *out,
		    uint32_t *owner);
extern const char *const part_text[NR_PARTS];

/* klog.c: the kernel's log since it was last emptied. */
void klog_open(void);
void klog_empty(void);
/* A line that holds all of the given strings (a NULL ends them), or NULL. */
const char *klog_find(const char *first, ...);
const char *klog_all(void);

/* flip.c */

/* Put a state's log and the origin in place. */
void rot_place(struct rot *rot, const struct state *s);
void rot_flip(struct rot *rot, const struct flip *f);
bool rot_activate(struct rot *rot);
bool rot_deactivate(struct rot *rot);
/* Simulated time in which the kernel forgets how much it has logged. */
void rot_pause(void);
int rot_open(void);
/* A number of the status line. */
uint64_t rot_status(const char *key);
/* Say what is wrong; false, always. */
bool rot_wrong(struct rot *rot, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/*
 * Read all of the volume: it must be as want, and unreadable where gone.
 * Pages first, then with others in large pieces.
 * @each: try unreadable sectors one by one as well
 * @failed: out: how many reads failed, as they should; may be NULL
 */
bool rot_read(struct rot *rot, bool each, uint32_t *failed);
/* Is there a line that locates the damage of record @rec? */
bool rot_located(struct rot *rot, const struct part_rec *rec);
/* Is the origin as @content, and where that is gone, as before? */
bool rot_origin_is(struct rot *rot, const char *content);
/* Damage, activate, judge, deactivate. More than one: payloads only. */
enum outcome flip_judge(struct rot *rot, const struct state *s,
			const struct flip *f, uint32_t n);

/* live.c; both count in rot->count, LOCATED or WRONG */
void live_running(struct rot *rot, const struct state *s, uint32_t n,
		  const char *repeat);
void live_drained(struct rot *rot, const struct state *s, uint32_t n,
		  const char *repeat);

/*
 * sealed.c: the same with a log that is encrypted, which nobody can take apart:
 * every so manieth byte is damaged, and nothing is ever read but what is right.
 */
void sealed_run(struct rot *rot, uint32_t stride, const char *options);

#endif
