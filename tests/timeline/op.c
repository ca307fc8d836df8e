// SPDX-License-Identifier: GPL-2.0
/*
 * Operations, see op.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "op.h"

#define TRAIL_MAX	16384u

const char *const act_names[NR_ACTS] = {
	[ACT_WRITE] = "write", [ACT_DSYNC] = "write (O_DSYNC)",
	[ACT_ZERO] = "zero", [ACT_DISCARD] = "discard", [ACT_FLUSH] = "flush",
	[ACT_CREATE] = "create", [ACT_DELETE] = "delete",
	[ACT_RENAME] = "rename", [ACT_REWIND] = "rewind",
	[ACT_PICK] = "pick", [ACT_WINDOW] = "retention",
	[ACT_RECONCILE] = "reconcile",
	[ACT_DRAIN] = "drain", [ACT_READ] = "read", [ACT_VIEW] = "open a view",
	[ACT_COMPARE] = "compare a view", [ACT_UNVIEW] = "close a view",
	[ACT_READER] = "reader", [ACT_PAUSE] = "pause",
	[ACT_MOMENT] = "moment", [ACT_LOOK_BACK] = "look back to",
	[ACT_AGE] = "let time go by:", [ACT_RULED] = "made by rule:",
	[ACT_WAIT] = "wait for room", [ACT_SUSPEND] = "suspend and resume", [ACT_RELOAD] = "reload",
	[ACT_RACE] = "beside writes", [ACT_MISUSE] = "misuse",
	[ACT_RESTART] = "restart", [ACT_CRASH] = "crash",
};

int op_do(const struct op *op, struct volume *v, uint64_t seed, char *buf,
	  char *reply)
{
	char text[2 * SNAP_NAME + 32];

	switch (op->act) {
	case ACT_WRITE:
	case ACT_DSYNC:
		stamp_fill(buf, seed, op->first, op->n, op->id);
		return v->ops->write(v, op->first, op->n, buf,
				     op->act == ACT_DSYNC);
	case ACT_ZERO:
	case ACT_DISCARD:
		return v->ops->zero(v, op->first, op->n,
				    op->act == ACT_DISCARD);
	case ACT_FLUSH:
		return op->n ? v->ops->message(v, "flush", reply) :
			       v->ops->flush(v);
	case ACT_CREATE:
	case ACT_DELETE:
		snprintf(text, sizeof(text), "snapshot_%s %s",
			 act_names[op->act], op->name);
		return v->ops->message(v, text, reply);
	case ACT_RENAME:
		snprintf(text, sizeof(text), "snapshot_rename %s %s", op->name,
			 op->other);
		return v->ops->message(v, text, reply);
	case ACT_REWIND:
		snprintf(text, sizeof(text), "rewind %s %s", op->name,
			 op->other);
		return v->ops->message(v, text, reply);
	case ACT_PICK:
		snprintf(text, sizeof(text), "snapshot_create %s %s", op->name,
			 op->other);
		return v->ops->message(v, text, reply);
	case ACT_WINDOW:
		snprintf(text, sizeof(text), "retention %s", op->name);
		return v->ops->message(v, text, reply);
	case ACT_RECONCILE:
	case ACT_DRAIN:
		return v->ops->message(v, act_names[op->act], reply);
	default:
		die("operation %u cannot be done in one go", op->id);
	}
}

const char *op_text(const struct op *op, char *out, size_t size)
{
	char result[48] = "";

	if (op->err == NOT_DONE)
		snprintf(result, sizeof(result), ": not done");
	else if (op->err)
		snprintf(result, sizeof(result), ": %.40s", strerror(-op->err));
	if (op_changes(op) || (op->act == ACT_READ && op->n))
		snprintf(out, size, "%u: %s %u sectors at %u%s", op->id,
			 act_names[op->act], op->n, op->first, result);
	else
		snprintf(out, size, "%u: %s%s%s%s%s%s", op->id,
			 act_names[op->act], *op->name ? " " : "", op->name,
			 *op->other ? " -> " : "", op->other, result);
	return out;
}

void trail_init(struct trail *t)
{
	t->ops = xcalloc(TRAIL_MAX, sizeof(*t->ops));
	t->nr = 0;
}

void trail_exit(struct trail *t)
{
	free(t->ops);
}

struct op *trail_add(struct trail *t, enum act act)
{
	struct op *op = &t->ops[t->nr];

	if (t->nr == TRAIL_MAX)
		die("a schedule of more than %u operations", TRAIL_MAX);
	memset(op, 0, sizeof(*op));
	op->id = ++t->nr;
	op->act = act;
	op->err = NOT_DONE;
	return op;
}

static bool on_page(const struct op *op, uint32_t page)
{
	return op->n && op->first / PAGE_SECTORS <= page &&
		(op->first + op->n - 1) / PAGE_SECTORS >= page;
}

static bool of_interest(const struct op *op, uint32_t page)
{
	if (op_changes(op))
		return on_page(op, page);
	return op->act != ACT_READ && op->act != ACT_COMPARE &&
		op->act != ACT_PAUSE;
}

void trail_print(const struct trail *t, uint32_t sector, uint32_t most,
		 FILE *out)
{
	uint32_t page = sector / PAGE_SECTORS, i, n = 0;
	char text[3 * SNAP_NAME];

	for (i = t->nr; i > 0 && n < most; i--)
		n += op_changes(&t->ops[i - 1]) &&
			on_page(&t->ops[i - 1], page);
	fprintf(out, "# operations on page %u, and what was not on pages:\n",
		page);
	for (; i < t->nr; i++)
		if (of_interest(&t->ops[i], page))
			fprintf(out, "#   %s\n",
				op_text(&t->ops[i], text, sizeof(text)));
}
