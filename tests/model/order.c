// SPDX-License-Identifier: GPL-2.0
/*
 * Ordering pieces, see order.h: a topological sort in which the order in time
 * is not spelled out as edges (there would be a square of them). A piece may be
 * taken when nothing added comes before it and no write with pieces left was
 * done before its own write started; the latter is one comparison with the
 * earliest end among the pieces left.
 */
#include <stdlib.h>
#include <string.h>

#include "order.h"
#include "util.h"

#define NONE	UINT32_MAX

struct node {
	const struct op *op;
	uint32_t page;		/* number of the piece in its op */
	uint32_t before;	/* edges into it from pieces not taken yet */
	uint32_t out;		/* first of its edges, or NONE */
	bool in_time;		/* no op with pieces left ends before it starts */
	bool taken;
};

struct edge {
	uint32_t from, to;	/* nodes */
	uint32_t next;		/* of the same from, or NONE */
	uint32_t sector;	/* NONE: order within a write */
};

struct order {
	const struct history *h;
	uint32_t *node_of;	/* by piece: node, or NONE */
	struct node *nodes;
	uint32_t nr_nodes, max_nodes;
	struct edge *edges;
	uint32_t nr_edges, max_edges;
};

struct order *order_new(const struct history *h)
{
	struct order *o = xcalloc(1, sizeof(*o));

	o->h = h;
	o->node_of = xcalloc(h->nr_pieces, sizeof(*o->node_of));
	memset(o->node_of, 0xff, h->nr_pieces * sizeof(*o->node_of));
	return o;
}

void order_free(struct order *o)
{
	if (!o)
		return;
	free(o->node_of);
	free(o->nodes);
	free(o->edges);
	free(o);
}

static uint32_t *piece_slot(const struct order *o, const struct op *op,
			    uint32_t page)
{
	return &o->node_of[o->h->piece_off[op->id - o->h->first_id] + page];
}

void order_reset(struct order *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_nodes; i++)
		*piece_slot(o, o->nodes[i].op, o->nodes[i].page) = NONE;
	o->nr_nodes = 0;
	o->nr_edges = 0;
}

static uint32_t node_get(struct order *o, const struct op *op, uint32_t sector)
{
	uint32_t page = sector / PAGE_SECTORS - op_first_page(op);
	uint32_t *slot = piece_slot(o, op, page);

	if (*slot != NONE)
		return *slot;
	if (o->nr_nodes == o->max_nodes) {
		o->max_nodes = o->max_nodes ? 2 * o->max_nodes : 256;
		o->nodes = xrealloc(o->nodes, o->max_nodes, sizeof(*o->nodes));
	}
	o->nodes[o->nr_nodes] = (struct node){
		.op = op, .page = page, .out = NONE };
	*slot = o->nr_nodes;
	return o->nr_nodes++;
}

static void edge_add(struct order *o, uint32_t from, uint32_t to,
		     uint32_t sector)
{
	/* The sectors of a page mostly repeat the edge of the one before. */
	if (o->nodes[from].out != NONE &&
	    o->edges[o->nodes[from].out].to == to)
		return;
	if (o->nr_edges == o->max_edges) {
		o->max_edges = o->max_edges ? 2 * o->max_edges : 256;
		o->edges = xrealloc(o->edges, o->max_edges, sizeof(*o->edges));
	}
	o->edges[o->nr_edges] = (struct edge){
		.from = from, .to = to, .next = o->nodes[from].out,
		.sector = sector };
	o->nodes[from].out = o->nr_edges++;
}

void order_add(struct order *o, const struct op *a, const struct op *b,
	       uint32_t sector)
{
	uint32_t from = node_get(o, a, sector);
	uint32_t to = node_get(o, b, sector);

	edge_add(o, from, to, sector);
}

/* qsort has no argument for its comparison, so nodes are sorted as pointers. */
static int by_end(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	return x->op->end < y->op->end ? -1 : x->op->end > y->op->end;
}

static int by_start(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	return x->op->start < y->op->start ? -1 : x->op->start > y->op->start;
}

static int by_piece(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a;
	const struct node *y = *(struct node *const *)b;

	if (x->op->id != y->op->id)
		return x->op->id < y->op->id ? -1 : 1;
	return x->page < y->page ? -1 : x->page > y->page;
}

static void add_program_order(struct order *o, struct node **sorted)
{
	uint32_t i;

	qsort(sorted, o->nr_nodes, sizeof(*sorted), by_piece);
	for (i = 1; i < o->nr_nodes; i++)
		if (sorted[i - 1]->op == sorted[i]->op)
			edge_add(o, (uint32_t)(sorted[i - 1] - o->nodes),
				 (uint32_t)(sorted[i] - o->nodes), NONE);
}

bool order_exists(struct order *o)
{
	uint32_t n = o->nr_nodes, nr_ready = 0, left = n, e, i;
	uint32_t end_at = 0, start_at = 0;
	struct node **ends, **starts, **ready;

	if (!n)
		return true;
	ends = xcalloc(n, sizeof(*ends));
	starts = xcalloc(n, sizeof(*starts));
	ready = xcalloc(n, sizeof(*ready));
	for (i = 0; i < n; i++) {
		o->nodes[i].before = 0;
		o->nodes[i].in_time = false;
		o->nodes[i].taken = false;
		ends[i] = starts[i] = &o->nodes[i];
	}
	add_program_order(o, starts);
	for (e = 0; e < o->nr_edges; e++)
		o->nodes[o->edges[e].to].before++;
	qsort(ends, n, sizeof(*ends), by_end);
	qsort(starts, n, sizeof(*starts), by_start);

	while (left) {
		struct node *node;

		while (ends[end_at]->taken)
			end_at++;
		while (start_at < n &&
		       starts[start_at]->op->start <= ends[end_at]->op->end) {
			node = starts[start_at++];
			node->in_time = true;
			if (!node->before)
				ready[nr_ready++] = node;
		}
		if (!nr_ready)
			break;
		node = ready[--nr_ready];
		node->taken = true;
		left--;
		for (e = node->out; e != NONE; e = o->edges[e].next) {
			struct node *to = &o->nodes[o->edges[e].to];

			if (!--to->before && to->in_time)
				ready[nr_ready++] = to;
		}
	}
	free(ends);
	free(starts);
	free(ready);
	return !left;
}

/* An edge between two pieces that could not be taken. */
static bool is_stuck(const struct order *o, const struct edge *e)
{
	return e->sector != NONE && !o->nodes[e->from].taken &&
		!o->nodes[e->to].taken;
}

uint32_t order_stuck_sectors(const struct order *o, uint32_t *sector,
			     uint32_t max)
{
	uint32_t e, n = 0;

	for (e = 0; e < o->nr_edges && n < max; e++)
		if (is_stuck(o, &o->edges[e]))
			sector[n++] = o->edges[e].sector;
	return n;
}

void order_culprit(const struct order *o, const struct op **a,
		   const struct op **b, uint32_t *sector)
{
	uint32_t e;

	for (e = 0; e < o->nr_edges; e++)
		if (is_stuck(o, &o->edges[e]))
			break;
	/* A circle has at least one edge between two different writes. */
	*a = o->nodes[o->edges[e].from].op;
	*b = o->nodes[o->edges[e].to].op;
	*sector = o->edges[e].sector;
}
