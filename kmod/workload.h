/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write history: the last write requests as they came, for who is to know what a
 * volume is used for.
 *
 * Each processor has a ring of samples to itself. Who takes a request adds to the
 * ring of the processor he runs on, with preemption off: no lock, no atomic
 * operation, no line of cache that another processor writes. A ring holds the last
 * of its own, whether anybody reads them or not.
 *
 * Readers bring what is in the rings to one common list, in order of time, and number
 * it, from 1. So a number is good for all readers, and as long as the volume: what a
 * ring had lost before somebody came for it has numbers, too, that nobody is told.
 * Samples of the same tick of the clock (some ms) are in order only if they are of
 * the same processor.
 *
 * A sample that is overwritten while it is copied is never told: the head of a ring
 * is read again behind the copy. While sample n is being written the head is n, and
 * was seen as n before any of it could be; n takes the place of n minus the ring's
 * size. So what is whole is less than that away from the head, and a ring holds one
 * sample less than it has room for.
 *
 * Ownership: the volume's, from its making to its end. Locks: @lock guards the
 * readers' part and nothing else; nothing is allocated, and no other lock taken,
 * while it is held.
 *
 * Memory: half for the rings, half for the list, both rounded down to a power of two
 * of samples: at most what was asked for, but 16 samples in the list and for each
 * processor there may be.
 */
#ifndef DL_WORKLOAD_H
#define DL_WORKLOAD_H

#include <linux/bio.h>
#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/timekeeping.h>

#include "compat/client.h"

/* dl_sample.op of a REQ_OP_*. */
#define DL_SAMPLE_OP(op)	((__force u8)(op))

/* A write, discard or write-zeroes request. */
struct dl_sample {
	u64 time_ns;		/* wall clock, coarse */
	u64 sector;
	u32 sectors;
	u16 client;		/* the number of its cgroup, as far as it fits */
	u8  op;			/* DL_SAMPLE_OP() */
	u8  pad;
};

/* A ring. What comes behind @now is the readers'. */
struct dl_workload_ring {
	u64 head;		/* samples ever added */
	struct dl_sample *ring;
	unsigned long tick;	/* jiffies when @now was read */
	u64 now;		/* wall clock */
	u64 taken;		/* of these, brought to the list or lost */
	u64 end;		/* to be brought there this time */
	struct dl_sample next;	/* number @taken, if that is below @end */
};

struct dl_told {
	struct dl_sample s;
	u64 nr;
};

struct dl_workload {
	struct dl_workload_ring __percpu *ring;	/* NULL: no history is kept */
	u32 ring_mask;
	struct mutex lock;	/* what follows, and the readers' part of rings */
	struct dl_told *list;	/* by number, with gaps */
	u32 list_mask;
	u64 listed;		/* ever put on the list */
	u64 next_nr;
	struct dl_sample *memory;	/* of the rings */
};

/**
 * dl_workload_init() - begin a history
 * @w: zeroed
 * @kib: memory for it; 0: none is kept
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; dl_workload_exit() in any case.
 */
int dl_workload_init(struct dl_workload *w, u32 kib);
void dl_workload_exit(struct dl_workload *w);

/* Bytes of memory in use. */
u64 dl_workload_bytes(const struct dl_workload *w);

/**
 * dl_workload_add() - a request was taken
 * @w: history
 * @bio: as it came, before anybody advances it
 *
 * Context: who submits it; process. Inline, because each instruction of it is one of
 * every write.
 */
static inline void dl_workload_add(struct dl_workload *w, struct bio *bio)
{
	struct dl_workload_ring *r;
	struct dl_sample *s;
	unsigned long tick;
	u64 n;

	if (!w->ring)
		return;
	r = get_cpu_ptr(w->ring);
	n = r->head;
	s = &r->ring[n & w->ring_mask];
	/* The head is seen to be here before the sample that was here changes. */
	smp_wmb();
	/* It does not move between two ticks, but takes 20 instructions to read. */
	tick = jiffies;
	if (unlikely(r->tick != tick)) {
		r->tick = tick;
		r->now = ktime_get_coarse_real_ns();
	}
	s->time_ns = r->now;
	s->sector = bio->bi_iter.bi_sector;
	s->sectors = bio_sectors(bio);
	s->client = dl_client_short(bio);
	s->op = DL_SAMPLE_OP(bio_op(bio));
	/* Who sees that there is one more sees all of it. */
	smp_store_release(&r->head, n + 1);
	put_cpu_ptr(w->ring);
}

/**
 * dl_workload_fold() - go through what is remembered
 * @w: history
 * @cursor: number to begin with, 0: what is oldest; out: where to go on
 * @max: samples at most
 * @missed: out: how many there were among those it went through that are gone
 * @fn: called for each, with @w's lock held: it neither sleeps nor takes long
 * @ctx: for @fn
 *
 * Context: process, may sleep. The work is bounded by @max and the rings' size.
 * Return: samples told, 0 if there are no new ones; -EINVAL, the cursor is none of
 * this history's; -ENODATA, none is kept.
 */
int dl_workload_fold(struct dl_workload *w, u64 *cursor, u32 max, u64 *missed,
		     void (*fn)(void *ctx, const struct dl_sample *s),
		     void *ctx);

#endif
