// SPDX-License-Identifier: GPL-2.0
/*
 * The policy's parser. See policy.h; the grammar is in Documentation/policy.md.
 *
 * A parser of recursive descent over characters: each function takes what it is
 * named after from the front of the text, after blanks, and says what is wrong
 * where, or takes nothing and returns false in silence (those that take_*).
 */
#include "policy_int.h"

struct scan {
	struct dl_policy *p;
	const char *text;
	size_t bytes, at;
	u32 seen;		/* 1 << setting that was given */
	enum dl_status st;	/* of the first wrong; why, and where */
	const char *reason;
	size_t wrong;
};

static bool refuse(struct scan *s, size_t where, const char *reason)
{
	if (!s->st) {
		s->st = DL_BAD_RECORD;
		s->reason = reason;
		s->wrong = where;
	}
	return false;
}

static bool too_long(struct scan *s, size_t where, const char *reason)
{
	s->st = DL_BAD_SIZE;
	s->reason = reason;
	s->wrong = where;
	return false;
}

/* The character ahead by @n; behind the end of the text are newlines. */
static char ahead(const struct scan *s, size_t n)
{
	return s->at + n < s->bytes ? s->text[s->at + n] : '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_blanks(struct scan *s)
{
	while (ahead(s, 0) == ' ' || ahead(s, 0) == '\t' || ahead(s, 0) == '\r')
		s->at++;
}

static bool at_line_end(struct scan *s)
{
	skip_blanks(s);
	return ahead(s, 0) == '\n' || ahead(s, 0) == ';' || ahead(s, 0) == '#';
}

static bool take_sign(struct scan *s, const char *sign)
{
	size_t n;

	skip_blanks(s);
	for (n = 0; sign[n]; n++)
		if (ahead(s, n) != sign[n])
			return false;
	s->at += n;
	return true;
}

/* "rate" is not the start of "rates", nor is it of "rate-limit". */
static bool take_word(struct scan *s, const char *word)
{
	const size_t start = s->at;
	char next;

	if (!take_sign(s, word))
		return false;
	next = ahead(s, 0);
	if (!is_letter(next) && !is_digit(next) &&
	    !(next == '-' && is_letter(ahead(s, 1))))
		return true;
	s->at = start;
	return false;
}

static bool number(struct scan *s, u64 max, const char *range, u64 *n)
{
	size_t start;

	skip_blanks(s);
	start = s->at;
	if (!is_digit(ahead(s, 0)))
		return refuse(s, start, "a number is missing here");
	for (*n = 0; is_digit(ahead(s, 0)); s->at++) {
		const u32 digit = (u32)(ahead(s, 0) - '0');

		if (*n > max / 10 || *n * 10 > max - digit)
			return refuse(s, start, range);
		*n = *n * 10 + digit;
	}
	if (ahead(s, 0) == '.')
		return refuse(s, s->at,
			      "numbers are whole: take a unit that makes it one");
	return true;
}

/* The unit of number @n; the first of @units that is there. */
static bool unit(struct scan *s, const struct dl_policy_unit *units, u32 nr,
		 const char *which, u8 *found)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (take_word(s, units[i].name)) {
			*found = (u8)i;
			return true;
		}
	skip_blanks(s);
	return refuse(s, s->at, which);
}

static bool once(struct scan *s, u32 setting, size_t where)
{
	if (s->seen & 1u << setting)
		return refuse(s, where, "this setting is given twice");
	s->seen |= 1u << setting;
	return true;
}

static bool window(struct scan *s)
{
	static const char range[] = "the window must be from 1s to 1d";
	size_t start;
	u64 n;

	skip_blanks(s);
	start = s->at;
	if (!number(s, 86400, range, &n) ||
	    !unit(s, dl_policy_time_unit, DL_POLICY_TIME_UNITS,
		  "the unit is missing: s, m, h or d", &s->p->window_unit))
		return false;
	n *= dl_policy_time_unit[s->p->window_unit].factor;
	if (!n || n > 86400)
		return refuse(s, start, range);
	s->p->window = (u32)n;
	return true;
}

static bool hysteresis(struct scan *s)
{
	u64 n;

	if (!number(s, 90, "the hysteresis must be from 0% to 90%", &n))
		return false;
	if (!take_sign(s, "%"))
		return refuse(s, s->at, "the '%' is missing");
	s->p->hysteresis = (u8)n;
	return true;
}

static bool max_chain(struct scan *s)
{
	static const char range[] = "max-chain must be from 1 to 65535";
	size_t start;
	u64 n;

	skip_blanks(s);
	start = s->at;
	if (!number(s, 65535, range, &n))
		return false;
	if (!n)
		return refuse(s, start, range);
	s->p->max_chain = (u32)n;
	return true;
}

/* 10 bits for each of "KMGT" that is left of it; 0: another or none. */
static u32 take_size_suffix(struct scan *s)
{
	u32 i;

	for (i = 0; DL_POLICY_SIZES[i]; i++)
		if (ahead(s, 0) == DL_POLICY_SIZES[i] && !is_letter(ahead(s, 1))) {
			s->at++;
			return 10 * (i + 1);
		}
	return 0;
}

static bool size(struct scan *s, u64 *sectors)
{
	static const char large[] = "no disk is as large as that";
	size_t start;
	u32 shift;
	u64 n;

	skip_blanks(s);
	start = s->at;
	if (!number(s, U64_MAX, large, &n))
		return false;
	if (take_word(s, "s")) {
		*sectors = n;
	} else {
		shift = take_size_suffix(s);
		if (n > U64_MAX >> shift)
			return refuse(s, start, large);
		if ((n << shift) & 511)
			return refuse(s, start,
				      "no multiple of 512 bytes; sectors end with s, others with K, M, G or T");
		*sectors = (n << shift) >> 9;
	}
	return *sectors <= DL_POLICY_SECTORS_MAX || refuse(s, start, large);
}

static bool colon(struct scan *s)
{
	return take_sign(s, ":") ||
	       refuse(s, s->at, "a ':' is missing between this and the rule");
}

static bool range(struct scan *s, struct dl_policy_rule *r)
{
	size_t end;

	if (!size(s, &r->from))
		return false;
	if (!take_sign(s, "-"))
		return refuse(s, s->at, "a range is FROM-TO: the '-' is missing");
	skip_blanks(s);
	end = s->at;
	if (!size(s, &r->to))
		return false;
	if (r->to <= r->from)
		return refuse(s, end, "the range ends before it begins");
	return colon(s);
}

/* To the next blank or sign that ends a prefix, a rule or a line. */
static bool path(struct scan *s, struct dl_policy_rule *r)
{
	const char *from = s->text + s->at;
	const size_t start = s->at;
	struct dl_policy *p = s->p;
	size_t n = 0;
	u32 i;

	while ((unsigned char)ahead(s, n) > ' ' && ahead(s, n) != 0x7f &&
	       ahead(s, n) != ':' && ahead(s, n) != ';' && ahead(s, n) != '#')
		n++;
	s->at += n;
	if (n >= DL_POLICY_PATH)
		return refuse(s, start,
			      "the path is longer than 127 bytes: give the cgroup's number");
	for (i = 0; i < p->nr_paths; i++)
		if (!memcmp(p->path[i], from, n) && !p->path[i][n])
			break;
	if (i == DL_POLICY_CLIENTS)
		return refuse(s, start,
			      "more than 8 paths: give numbers of cgroups");
	if (i == p->nr_paths)
		memcpy(p->path[p->nr_paths++], from, n);
	r->path = (u8)(i + 1);
	return true;
}

static bool client(struct scan *s, struct dl_policy_rule *r)
{
	size_t start;

	skip_blanks(s);
	start = s->at;
	if (ahead(s, 0) == '/')
		return path(s, r) && colon(s);
	if (!is_digit(ahead(s, 0)))
		return refuse(s, start,
			      "a client is a cgroup: its number, or its path from / on");
	if (!number(s, U64_MAX, "no cgroup has such a number", &r->client))
		return false;
	if (!r->client)
		return refuse(s, start, "no cgroup has the number 0");
	return colon(s);
}

static bool rate(struct scan *s, struct dl_policy_test *t)
{
	static const char large[] = "the rate is too large: up to 1000000/s can be told apart";
	size_t start;
	u64 n;

	if (take_sign(s, "<"))
		t->flags = DL_POLICY_AT_MOST;
	else if (!take_sign(s, ">"))
		return refuse(s, s->at, "one of > >= < <= is missing here");
	if (ahead(s, 0) == '=')
		s->at++;
	else
		t->flags |= DL_POLICY_STRICT;
	skip_blanks(s);
	start = s->at;
	if (!number(s, 3600000000u, large, &n) ||
	    !unit(s, dl_policy_rate_unit, DL_POLICY_RATE_UNITS,
		  "the unit is missing: /s, /min or /h", &t->unit))
		return false;
	n *= dl_policy_rate_unit[t->unit].factor;
	if (n > 3600000000u)
		return refuse(s, start, large);
	if (!n && t->flags == (DL_POLICY_AT_MOST | DL_POLICY_STRICT))
		return refuse(s, start, "no rate is below 0");
	t->limit[0] = (u32)n;
	if (t->flags & DL_POLICY_STRICT)
		t->limit[0] = t->flags & DL_POLICY_AT_MOST ? (u32)n - 1 :
							     (u32)n + 1;
	return true;
}

/* Does the rule's last condition go with those before it? */
static bool sensible(struct scan *s, const struct dl_policy_rule *r,
		     size_t where)
{
	const struct dl_policy_test *t = &r->test[r->nr_tests - 1], *o;

	for (o = r->test; o < t; o++) {
		if (o->what != t->what)
			continue;
		if ((o->flags & DL_POLICY_AT_MOST) ==
		    (t->flags & DL_POLICY_AT_MOST))
			return refuse(s, where, "the rule has such a condition already");
		if (o->flags & DL_POLICY_AT_MOST ? o->limit[0] < t->limit[0] :
						   t->limit[0] < o->limit[0])
			return refuse(s, where,
				      "never true together with a condition before it");
	}
	return true;
}

static bool test(struct scan *s, struct dl_policy_rule *r)
{
	struct dl_policy_test *t;
	size_t start;

	skip_blanks(s);
	start = s->at;
	if (r->nr_tests == DL_POLICY_TESTS)
		return refuse(s, start, "more than 4 conditions: make two rules of it");
	t = &r->test[r->nr_tests];
	for (t->what = 0; t->what < DL_POLICY_WHATS; t->what++)
		if (take_word(s, dl_policy_word[t->what]))
			break;
	if (t->what == DL_POLICY_WHATS)
		return refuse(s, start, r->nr_tests || r->narrow ?
			"a condition is rate, page-rate or sequential" :
			"a line is window, hysteresis, max-chain or [range|client ...:] [condition and ...] -> level");
	if (t->what == DL_POLICY_SEQUENTIAL)
		t->limit[0] = 1;
	else if (!rate(s, t))
		return false;
	r->nr_tests++;
	return sensible(s, r, start);
}

static bool level(struct scan *s, struct dl_policy_rule *r)
{
	/* What is the least that a change is recorded as, by level. */
	static const struct {
		u32 bytes;
		u8 level;
	} bytes[] = {
		{ 1, DL_LEVEL_BIT }, { 64, DL_LEVEL_SUB }, { 512, DL_LEVEL_SUB },
		{ 4096, DL_LEVEL_BLOCK }, { 65536, DL_LEVEL_COARSE },
	};
	static const char which[] =
		"a level is bit, sub, block or coarse; or 1, 64, 512, 4K or 64K bytes";
	size_t start;
	u64 n;
	u32 i;

	skip_blanks(s);
	start = s->at;
	if (!is_digit(ahead(s, 0))) {
		for (r->level = DL_LEVEL_COARSE; r->level < DL_LEVEL_COUNT;
		     r->level++)
			if (take_word(s, dl_level_name(r->level)))
				return true;
		return refuse(s, start, which);
	}
	if (!number(s, 65536, which, &n))
		return false;
	n <<= take_size_suffix(s);
	for (i = 0; i < ARRAY_SIZE(bytes); i++)
		if (bytes[i].bytes == n) {
			r->level = bytes[i].level;
			return true;
		}
	return refuse(s, start, which);
}

static bool rule(struct scan *s)
{
	struct dl_policy *p = s->p;
	struct dl_policy_rule *r = &p->rule[p->nr_rules];
	const size_t start = s->at;

	if (p->nr_rules && dl_policy_rule_always(r - 1))
		return refuse(s, start, "never reached: the rule before it always hits");
	for (;;) {
		if (!r->to && take_word(s, "range")) {
			if (!range(s, r))
				return false;
		} else if (!r->client && !r->path && take_word(s, "client")) {
			if (!client(s, r))
				return false;
		} else {
			break;
		}
		r->narrow = true;
	}
	if (!take_sign(s, "->")) {
		do {
			if (!test(s, r))
				return false;
		} while (take_word(s, "and"));
		if (!take_sign(s, "->"))
			return refuse(s, s->at, "'and' or '->' is missing here");
	}
	if (!level(s, r))
		return false;
	if (p->nr_rules == DL_POLICY_RULES && !dl_policy_rule_always(r))
		return refuse(s, start, "more than 32 rules");
	p->nr_rules++;
	return true;
}

static bool line(struct scan *s)
{
	static const struct {
		const char *name;
		bool (*take)(struct scan *s);
	} setting[] = {
		{ "window", window }, { "hysteresis", hysteresis },
		{ "max-chain", max_chain },
	};
	const size_t start = s->at;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(setting); i++)
		if (take_word(s, setting[i].name))
			break;
	if (i < ARRAY_SIZE(setting) ?
	    !once(s, i, start) || !setting[i].take(s) : !rule(s))
		return false;
	return at_line_end(s) ||
	       refuse(s, s->at, "the line should end here, with a newline or ';'");
}

/* What passes while the rule's level is in force. */
static void ease(struct dl_policy_test *t, u32 percent)
{
	const u32 from = dl_policy_threshold(t);
	const u32 strict = !!(t->flags & DL_POLICY_STRICT);
	const u32 by = (u32)((u64)from * percent / 100);

	if (t->what == DL_POLICY_SEQUENTIAL)
		t->limit[1] = t->limit[0];
	else if (!(t->flags & DL_POLICY_AT_MOST))
		t->limit[1] = from - by + strict;
	else
		t->limit[1] = by > U32_MAX - from ? U32_MAX : from + by - strict;
}

static bool finish(struct scan *s)
{
	struct dl_policy *p = s->p;
	u32 i, k;

	if (!p->nr_rules || !dl_policy_rule_always(&p->rule[p->nr_rules - 1]))
		p->rule[p->nr_rules++].level = DL_LEVEL_BLOCK;
	for (i = 0; i < p->nr_rules; i++)
		for (k = 0; k < p->rule[i].nr_tests; k++)
			ease(&p->rule[i].test[k], p->hysteresis);
	return dl_policy_format(p, NULL, 0) <= DL_POLICY_TEXT ||
	       too_long(s, s->bytes, "longer than 4000 bytes when written out");
}

static bool lines(struct scan *s)
{
	while (s->at < s->bytes) {
		if (!at_line_end(s)) {
			if (!line(s))
				return false;
		}
		if (ahead(s, 0) == '#')
			while (ahead(s, 0) != '\n')
				s->at++;
		s->at++;
	}
	return finish(s);
}

enum dl_status dl_policy_parse(struct dl_policy *p, const char *text,
			       size_t bytes, struct dl_policy_error *e)
{
	struct scan s = { .p = p, .text = text, .bytes = bytes };
	size_t i;

	memset(p, 0, sizeof(*p));
	p->window = 120;
	p->window_unit = 1;
	p->hysteresis = 25;
	p->max_chain = 256;
	if (bytes > DL_POLICY_TEXT)
		too_long(&s, DL_POLICY_TEXT, "longer than 4000 bytes");
	else if (lines(&s))
		return DL_OK;
	e->reason = s.reason;
	e->line = 1;
	e->column = 1;
	for (i = 0; i < s.wrong; i++) {
		e->column++;
		if (text[i] == '\n') {
			e->line++;
			e->column = 1;
		}
	}
	return s.st;
}
