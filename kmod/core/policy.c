// SPDX-License-Identifier: GPL-2.0
/*
 * The policy: what it decides, and its canonical text. See policy.h; the parser
 * is in policy_parse.c.
 */
#include "policy_int.h"

/*
 * A delta saves log bytes each time its page is written and costs a read of the
 * chain when it is read back, so it pays for pages that are written again and
 * again; the page's own rate tells, that of a region may be sixteen pages' once
 * each. From 30 a minute on, once in two seconds, the page's content is sure to
 * be at hand, and what the finest delta takes to be found is worth it; from 6 a
 * minute on, databases and metadata under a commit interval of five or ten
 * seconds, a delta of 64-byte units is. The rest is not written again soon:
 * what comes in order is best one record. Two minutes count twelve writes at the
 * lower rate, of which a quarter more or less is no more than chance. With 256
 * deltas, of 100 bytes or so, writing the page whole adds a seventh.
 */
const char dl_policy_default[] =
	"window 2m\n"
	"hysteresis 25%\n"
	"max-chain 256\n"
	"page-rate > 30/min -> bit\n"
	"page-rate > 6/min -> sub\n"
	"sequential -> coarse\n"
	"-> block\n";

const struct dl_policy_unit dl_policy_rate_unit[DL_POLICY_RATE_UNITS] = {
	{ "/s", 3600 }, { "/min", 60 }, { "/h", 1 },
};

const struct dl_policy_unit dl_policy_time_unit[DL_POLICY_TIME_UNITS] = {
	{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
};

const char * const dl_policy_word[DL_POLICY_WHATS] = {
	[DL_POLICY_RATE] = "rate",
	[DL_POLICY_PAGE_RATE] = "page-rate",
	[DL_POLICY_SEQUENTIAL] = "sequential",
};

const char *dl_level_name(u8 level)
{
	static const char * const name[DL_LEVEL_COUNT] = {
		[DL_LEVEL_UNSAID] = "unsaid",
		[DL_LEVEL_COARSE] = "coarse",
		[DL_LEVEL_BLOCK] = "block",
		[DL_LEVEL_SUB] = "sub",
		[DL_LEVEL_BIT] = "bit",
	};

	return name[level < DL_LEVEL_COUNT ? level : DL_LEVEL_UNSAID];
}

bool dl_policy_client_hit(const struct dl_policy_rule *r,
			  const struct dl_policy_subject *s)
{
	u32 i;

	/* A path that is nobody's has the number 0, and so has nobody. */
	if (!r->client)
		return !r->path;
	if (r->client == s->client)
		return true;
	for (i = 0; i < s->nr_above; i++)
		if (r->client == s->above[i])
			return true;
	return false;
}

bool dl_policy_has_clients(const struct dl_policy *p)
{
	u32 i;

	for (i = 0; i < p->nr_rules; i++)
		if (p->rule[i].client || p->rule[i].path)
			return true;
	return false;
}

static inline bool concerns(const struct dl_policy_rule *r,
			    const struct dl_policy_subject *s)
{
	if (r->to && (s->sector < r->from || s->sector >= r->to))
		return false;
	return dl_policy_client_hit(r, s);
}

int dl_policy_decide(const struct dl_policy *p,
		     const struct dl_policy_subject *s, u8 level_now, u8 *level)
{
	const u32 value[DL_POLICY_WHATS] = {
		[DL_POLICY_RATE] = s->rate,
		[DL_POLICY_PAGE_RATE] = s->page_rate,
		[DL_POLICY_SEQUENTIAL] = s->sequential,
	};
	const struct dl_policy_rule *r, *last = &p->rule[p->nr_rules - 1u];
	const struct dl_policy_test *t;
	u32 limit, left;

	for (r = p->rule; r < last; r++) {
		const u32 eased = r->level == level_now;

		if (r->narrow && !concerns(r, s))
			continue;
		for (t = r->test, left = r->nr_tests; left; t++, left--) {
			limit = t->limit[eased];
			if (t->flags & DL_POLICY_AT_MOST ?
			    value[t->what] > limit : value[t->what] < limit)
				break;
		}
		if (!left)
			break;
	}
	*level = r->level;
	return (int)(r - p->rule);
}

void dl_policy_resolve(struct dl_policy *p, unsigned int path, u64 client)
{
	u32 i;

	for (i = 0; i < p->nr_rules; i++)
		if (p->rule[i].path == path + 1)
			p->rule[i].client = client;
}

struct out {
	char *buf;
	size_t room, len;
};

static void put(struct out *o, const char *s)
{
	for (; *s; s++, o->len++)
		if (o->len + 1 < o->room)
			o->buf[o->len] = *s;
}

static void put_number(struct out *o, u64 n)
{
	char digits[21];
	u32 i = sizeof(digits) - 1;

	digits[i] = 0;
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	put(o, &digits[i]);
}

static size_t end(struct out *o)
{
	if (o->room)
		o->buf[o->len < o->room ? o->len : o->room - 1] = 0;
	return o->len;
}

/* With the largest suffix that says it exactly. */
static void put_size(struct out *o, u64 sectors)
{
	char suffix[2] = { 0 };
	u32 i;

	for (i = sizeof(DL_POLICY_SIZES) - 1; i; i--) {
		const u32 shift = 10 * i - 9;

		if (sectors & ((1ULL << shift) - 1))
			continue;
		put_number(o, sectors >> shift);
		suffix[0] = sectors ? DL_POLICY_SIZES[i - 1] : 0;
		put(o, suffix);
		return;
	}
	put_number(o, sectors);
	put(o, "s");
}

static void put_test(struct out *o, const struct dl_policy_test *t)
{
	const struct dl_policy_unit *unit = &dl_policy_rate_unit[t->unit];

	put(o, dl_policy_word[t->what]);
	if (t->what == DL_POLICY_SEQUENTIAL)
		return;
	put(o, t->flags & DL_POLICY_AT_MOST ? " <" : " >");
	put(o, t->flags & DL_POLICY_STRICT ? " " : "= ");
	put_number(o, dl_policy_threshold(t) / unit->factor);
	put(o, unit->name);
}

static void put_rule(struct out *o, const struct dl_policy *p,
		     const struct dl_policy_rule *r)
{
	u32 i;

	if (r->to) {
		put(o, "range ");
		put_size(o, r->from);
		put(o, "-");
		put_size(o, r->to);
		put(o, ": ");
	}
	if (r->path || r->client) {
		put(o, "client ");
		if (r->path)
			put(o, p->path[r->path - 1]);
		else
			put_number(o, r->client);
		put(o, ": ");
	}
	for (i = 0; i < r->nr_tests; i++) {
		put(o, i ? "and " : "");
		put_test(o, &r->test[i]);
		put(o, " ");
	}
	put(o, "-> ");
	put(o, dl_level_name(r->level));
}

size_t dl_policy_format(const struct dl_policy *p, char *buf, size_t room)
{
	const struct dl_policy_unit *unit = &dl_policy_time_unit[p->window_unit];
	struct out o = { buf, room, 0 };
	u32 i;

	put(&o, "window ");
	put_number(&o, p->window / unit->factor);
	put(&o, unit->name);
	put(&o, "\nhysteresis ");
	put_number(&o, p->hysteresis);
	put(&o, "%\nmax-chain ");
	put_number(&o, p->max_chain);
	put(&o, "\n");
	for (i = 0; i < p->nr_rules; i++) {
		put_rule(&o, p, &p->rule[i]);
		put(&o, "\n");
	}
	return end(&o);
}

size_t dl_policy_format_rule(const struct dl_policy *p, unsigned int rule,
			     char *buf, size_t room)
{
	struct out o = { buf, room, 0 };

	if (rule < p->nr_rules)
		put_rule(&o, p, &p->rule[rule]);
	return end(&o);
}
