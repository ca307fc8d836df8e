// SPDX-License-Identifier: GPL-2.0
/*
 * The policy's language: whatever is accepted is written out as text that is
 * accepted and is the same; what is refused says where, within the text; and a
 * decision is a level, whoever asks.
 */
#include "fuzz.h"
#include "policy.h"

static void decide(const struct dl_policy *p, const u8 *data, size_t size)
{
	struct input in = { data, size };
	struct dl_policy_subject s;
	u32 i, first;
	u8 level = 99, again = 98;
	int rule;

	for (i = 0; i < 8; i++) {
		s = (struct dl_policy_subject) {
			.sector = take_int(&in, i & 1 ? 8 : 2),
			.client = take_int(&in, 1),
			.rate = (u32)take_int(&in, i & 2 ? 4 : 1),
			.page_rate = (u32)take_int(&in, i & 2 ? 4 : 1),
			.sequential = i & 4,
		};
		rule = dl_policy_decide(p, &s, (u8)i, &level);
		must(rule >= 0 && rule < p->nr_rules);
		saw_int((u64)rule);
		must(level > DL_LEVEL_UNSAID && level < DL_LEVEL_COUNT);
		must(level == p->rule[rule].level);
		/* A level, once given, is kept, or a rule before gives another. */
		first = (u32)rule;
		rule = dl_policy_decide(p, &s, level, &again);
		must((u32)rule <= first);
		saw_int((u64)rule);
	}
}

static void rules(const struct dl_policy *p, const char *canonical)
{
	char text[DL_POLICY_TEXT + 1];
	size_t n;
	u32 i;

	for (i = 0; i < p->nr_rules; i++) {
		n = dl_policy_format_rule(p, i, text, sizeof(text));
		must(n == strlen(text) && strstr(canonical, text));
	}
}

/* Bytes stand for words: most of such text is nearly right. */
static size_t words(char *text, size_t room, const u8 *data, size_t size)
{
	static const char * const word[] = {
		"window ", "hysteresis ", "max-chain ", "range ", "client ",
		"rate ", "page-rate ", "sequential ", "and ", "-> ", "bit",
		"sub", "block", "coarse", "> ", ">= ", "< ", "<= ", "0", "1",
		"2", "10", "512", "3600", "65535", "4294967295", "s", "m", "h",
		"d", "%", "/s ", "/min ", "/h ", "K", "M", "G", "T", "-", ": ",
		"/a", "/b.c/d", "#", ";", "\n", " ", "-> bit\n", "-> sub;",
		"rate > 1/h ", "range 0-", "client 7: ", "client /a: ",
	};
	size_t n = 0, len, i;

	for (i = 0; i < size; i++) {
		const char *w = word[data[i] % ARRAY_SIZE(word)];

		len = strlen(w);
		if (n + len > room)
			break;
		memcpy(text + n, w, len);
		n += len;
	}
	return n;
}

static void check(const char *data, size_t size)
{
	char text[DL_POLICY_TEXT + 1], again[DL_POLICY_TEXT + 1];
	struct dl_policy_error e = { 0 };
	struct dl_policy p, q;
	char *copy = exactly(size);
	enum dl_status st;
	size_t n;
	u32 i;

	if (size)
		memcpy(copy, data, size);
	st = dl_policy_parse(&p, copy, size, &e);
	free(copy);
	saw_int(st);
	if (st != DL_OK) {
		saw_int(e.line);
		saw_int(e.column);
		must(e.reason && e.line >= 1 && e.line <= size + 1);
		must(e.column >= 1 && e.column <= size + 1);
		saw(e.reason, strlen(e.reason));
		return;
	}
	must(p.nr_rules >= 1 && p.nr_rules <= DL_POLICY_RULES + 1);
	must(p.window >= 1 && p.window <= 86400 && p.hysteresis <= 90);
	must(p.max_chain >= 1 && p.max_chain <= 65535);
	n = dl_policy_format(&p, text, sizeof(text));
	must(n == strlen(text) && n <= DL_POLICY_TEXT);
	saw(text, n);
	rules(&p, text);
	must(dl_policy_parse(&q, text, n, &e) == DL_OK);
	must(!memcmp(&p, &q, sizeof(p)));
	/* The same in one line. */
	memcpy(again, text, n);
	for (i = 0; i < n; i++)
		if (again[i] == '\n')
			again[i] = ';';
	must(dl_policy_parse(&q, again, n, &e) == DL_OK);
	must(!memcmp(&p, &q, sizeof(p)));
	for (i = 0; i < p.nr_paths; i++)
		dl_policy_resolve(&p, i, i + 1);
	decide(&p, (const u8 *)data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[DL_POLICY_TEXT + 50];

	if (size && data[0] & 1)
		check(text, words(text, sizeof(text), data + 1, size - 1));
	else
		check((const char *)data, size);
	return 0;
}
