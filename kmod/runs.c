// SPDX-License-Identifier: GPL-2.0
/*
 * Disjoint runs of zeros in an rbtree. See runs.h.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "runs.h"

/* A free node's rb_node doubles as its list head. */
static struct list_head *link_of(struct dl_run *n)
{
	BUILD_BUG_ON(sizeof(struct list_head) > sizeof(struct rb_node));
	return (struct list_head *)&n->node;
}

int dl_runs_init(struct dl_runs *r, u32 max)
{
	u32 i;

	rwlock_init(&r->lock);
	r->root = RB_ROOT;
	INIT_LIST_HEAD(&r->free);
	r->max = max;
	r->nodes = kvcalloc(max, sizeof(*r->nodes), GFP_KERNEL);
	if (!r->nodes)
		return -ENOMEM;
	for (i = 0; i < max; i++)
		list_add(link_of(&r->nodes[i]), &r->free);
	return 0;
}

void dl_runs_exit(struct dl_runs *r)
{
	kvfree(r->nodes);
	r->nodes = NULL;
}

/* The first run that ends behind @sector. */
static struct dl_run *seek(const struct dl_runs *r, u64 sector)
{
	struct rb_node *n = r->root.rb_node;
	struct dl_run *best = NULL;

	while (n) {
		struct dl_run *run = rb_entry(n, struct dl_run, node);

		if (run->end > sector) {
			best = run;
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return best;
}

const struct dl_run *dl_runs_seek(const struct dl_runs *r, u64 sector)
{
	return seek(r, sector);
}

static struct dl_run *next_run(struct dl_run *run)
{
	struct rb_node *n = rb_next(&run->node);

	return n ? rb_entry(n, struct dl_run, node) : NULL;
}

u64 dl_runs_find(struct dl_runs *r, u64 sector, u64 max, u64 *len, u8 *flags)
{
	struct dl_run *run;
	u64 seq = 0;

	*len = max;
	read_lock(&r->lock);
	run = seek(r, sector);
	if (run && run->start <= sector) {
		seq = run->seq;
		if (flags)
			*flags = run->flags;
		*len = min(max, run->end - sector);
	} else if (run) {
		*len = min(max, run->start - sector);
	}
	read_unlock(&r->lock);
	return seq;
}

bool dl_runs_room(const struct dl_runs *r)
{
	return r->max - r->nr >= 2 + r->reserve;
}

static void link_run(struct dl_runs *r, u64 start, u64 end, u64 seq, u8 flags)
{
	struct rb_node **p = &r->root.rb_node, *parent = NULL;
	struct list_head *head = r->free.next;
	struct dl_run *run;

	list_del(head);
	run = rb_entry((struct rb_node *)head, struct dl_run, node);
	run->start = start;
	run->end = end;
	run->seq = seq;
	run->flags = flags;
	while (*p) {
		parent = *p;
		if (start < rb_entry(parent, struct dl_run, node)->start)
			p = &parent->rb_left;
		else
			p = &parent->rb_right;
	}
	rb_link_node(&run->node, parent, p);
	rb_insert_color(&run->node, &r->root);
	WRITE_ONCE(r->nr, r->nr + 1);
}

static void unlink_run(struct dl_runs *r, struct dl_run *run)
{
	rb_erase(&run->node, &r->root);
	list_add(link_of(run), &r->free);
	WRITE_ONCE(r->nr, r->nr - 1);
}

/* Cut [start, end) out of @run, which may leave two pieces, one or none. */
static void cut(struct dl_runs *r, struct dl_run *run, u64 start, u64 end)
{
	u64 tail = run->end;

	if (run->start < start) {
		run->end = min(run->end, start);
		if (tail > end)
			link_run(r, end, tail, run->seq, run->flags);
	} else if (tail > end) {
		/* Stays between its neighbours: the key may change in place. */
		run->start = end;
	} else {
		unlink_run(r, run);
	}
}

void dl_runs_insert(struct dl_runs *r, u64 start, u64 end, u64 seq, u8 flags)
{
	struct dl_run *run = seek(r, start), *next;

	for (; run && run->start < end; run = next) {
		next = next_run(run);
		cut(r, run, start, end);
	}
	link_run(r, start, end, seq, flags);
}

bool dl_runs_first(struct dl_runs *r, u64 sector, u64 seq, struct dl_run *out)
{
	struct dl_run *run;

	read_lock(&r->lock);
	for (run = seek(r, sector); run; run = next_run(run))
		if (run->seq <= seq)
			break;
	if (run)
		*out = *run;
	read_unlock(&r->lock);
	return run;
}

void dl_runs_drop(struct dl_runs *r, u64 start, u64 end, u64 seq)
{
	struct dl_run *run, *next;

	write_lock(&r->lock);
	for (run = seek(r, start); run && run->start < end; run = next) {
		next = next_run(run);
		if (run->seq == seq)
			cut(r, run, start, end);
	}
	write_unlock(&r->lock);
}
