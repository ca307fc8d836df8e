// SPDX-License-Identifier: GPL-2.0
/*
 * Damages the bytes of a log one after the other. Usage: see usage().
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../crash/dm.h"
#include "../model/key.h"
#include "../model/util.h"
#include "rot.h"

#define OPTIONS	"7 reconcile_secs 86400 high_watermark 95 zero_discards compression 1"
/* The same, encrypted. */
#define SEALED	"10 reconcile_secs 86400 high_watermark 95 zero_discards compression 1" KEY_OPTION
#define SHOWN	8	/* failures told in full */
#define TOLD	300	/* failures told at all */

struct plan {
	uint32_t meta;		/* every so manieth byte of metadata */
	uint32_t payload;	/* and of payloads */
	uint32_t unused;
	uint32_t running, drained;
	uint32_t sealed;	/* every so manieth byte of a log that is encrypted */
	const char *only;	/* a state */
	const char *repeat;	/* how to call this program again */
	int64_t byte;		/* only this one */
	uint32_t mask;
};

static void usage(void)
{
	fprintf(stderr,
		"rot --seed N [--meta-stride N] [--payload-stride N] [--unused-stride N]\n"
		"    [--running N] [--drained N] [--sealed-stride N] [--only clean|crash] [--byte N] [--mask N]\n"
		"    [--repeat COMMAND]\n");
	exit(2);
}

static const char *const outcome_text[NR_OUTCOMES] = {
	[REFUSED] = "refused", [LOCATED] = "located", [CUT] = "cut",
	[SURVIVED] = "survived", [WRONG] = "wrong",
};

static void tell_wrong(struct rot *rot, const struct plan *p,
		       const struct state *s, const struct flip *f)
{
	rot->count[WRONG]++;
	if (rot->wrong++ >= TOLD)
		return;
	printf("not ok - %s: byte %u (%s) ^ %#x: %s\n", s->name, f->at,
	       part_text[s->an->part[f->at]], f->mask, rot->why);
	printf("#   again: %s --seed %llu --only %s --byte %u --mask %#x\n",
	       p->repeat, (unsigned long long)rot->seed, s->name, f->at,
	       f->mask);
	if (rot->wrong <= SHOWN)
		printf("#   the kernel said:\n%s", klog_all());
}

static void one(struct rot *rot, const struct plan *p, const struct state *s,
		const struct flip *f)
{
	enum outcome o = flip_judge(rot, s, f, 1);

	rot->flips++;
	if (o == WRONG)
		tell_wrong(rot, p, s, f);
	else
		rot->count[o]++;
}

/* Damaged payloads do not touch each other: several at once. */
static void batch(struct rot *rot, const struct plan *p, const struct state *s,
		  const struct flip *f, uint32_t n)
{
	const uint32_t before = rot->wrong;
	enum outcome o;
	uint32_t i;

	if (!n)
		return;
	o = flip_judge(rot, s, f, n);
	if (o != WRONG) {
		rot->flips += n;
		rot->count[o] += n;
		return;
	}
	for (i = 0; i < n; i++)
		one(rot, p, s, &f[i]);
	if (rot->wrong > before)
		return;
	/* Which is a failure of its own, told with the first of them. */
	if (flip_judge(rot, s, f, n) == WRONG) {
		printf("# %u bytes damaged together, each by itself is fine:\n", n);
		tell_wrong(rot, p, s, f);
	}
}

/* May it go together with others: damage that is met by reads only? */
static bool alone(const struct state *s, uint32_t at)
{
	const struct anatomy *an = s->an;
	uint32_t own = an->owner[at / 512];

	return an->part[at] != PART_PAYLOAD ||
		!(an->frames[an->recs[own].frame].vouched ||
		  anatomy_proven(an, an->recs[own].frame));
}

/* Is the record seen in the volume? */
static bool seen(const struct state *s, uint32_t rec)
{
	uint32_t i;

	for (i = 0; i < VOL_SECTORS; i++)
		if (s->owner[i] == rec + 1)
			return true;
	return false;
}

static uint32_t stride(const struct plan *p, enum part part)
{
	return part == PART_UNUSED ? p->unused :
		part == PART_PAYLOAD ? p->payload : p->meta;
}

static struct flip make_flip(struct rot *rot, uint32_t at)
{
	struct flip f = { .at = at, .mask = 0xff };

	/* In alternation, and each byte's turn comes with another seed. */
	if ((at + rot->seed) & 1)
		f.mask = (uint8_t)(1u << ((at / 2 + rot->seed) & 7));
	return f;
}

struct queue {
	struct flip f[BATCH];
	uint32_t rec[BATCH], n;
};

static void flush_queue(struct rot *rot, const struct plan *p,
			const struct state *s, struct queue *q)
{
	batch(rot, p, s, q->f, q->n);
	q->n = 0;
}

static void all_bytes(struct rot *rot, const struct plan *p,
		      const struct state *s)
{
	uint32_t nth[NR_PARTS], at, i, done[NR_PARTS] = { 0 };
	struct queue shown = { .n = 0 }, hidden = { .n = 0 };

	for (i = 0; i < NR_PARTS; i++)
		nth[i] = stride(p, i) ? rot->seed % stride(p, i) : 0;
	/*
	 * By distance within 4 KiB, not by place: neighbours in the order are
	 * then bytes of different records, which can be damaged together.
	 */
	for (i = 0; i < LOG_BYTES; i++) {
		uint32_t slots = LOG_BYTES / 4096;
		enum part part;
		struct queue *q;
		struct flip f;

		at = i % slots * 4096 + i / slots;
		part = s->an->part[at];
		if (!stride(p, part) || nth[part]++ % stride(p, part))
			continue;
		done[part]++;
		f = make_flip(rot, at);
		if (alone(s, at)) {
			one(rot, p, s, &f);
			continue;
		}
		q = seen(s, s->an->owner[at / 512]) ? &shown : &hidden;
		q->f[q->n++] = f;
		if (q->n == BATCH)
			flush_queue(rot, p, s, q);
	}
	flush_queue(rot, p, s, &shown);
	flush_queue(rot, p, s, &hidden);
	printf("#   %s: bytes damaged:", s->name);
	for (i = 0; i < NR_PARTS; i++)
		printf(" %s %u%s", part_text[i], done[i],
		       i < NR_PARTS - 1 ? "," : "\n");
}

static void test(struct rot *rot, const struct plan *p)
{
	uint32_t i, before;

	for (i = 0; i < 2; i++) {
		const struct state *s = &rot->state[i];
		char again[256];

		if (p->only && strcmp(p->only, s->name))
			continue;
		if (p->byte >= 0) {
			struct flip f = { (uint32_t)p->byte,
					  (uint8_t)p->mask };

			if (f.at >= LOG_BYTES || !f.mask)
				usage();
			one(rot, p, s, &f);
			continue;
		}
		/* The same picks with and without what comes before. */
		before = rot->wrong;
		all_bytes(rot, p, s);
		printf("%s - %s: damaged at rest\n",
		       rot->wrong > before ? "not ok" : "ok", s->name);
		before = rot->wrong;
		rng_seed(&rot->r, rot->seed, 2);
		snprintf(again, sizeof(again), "%s --seed %llu --only %s --meta-stride 0 --payload-stride 0 --unused-stride 0 --running %u --drained %u",
			 p->repeat, (unsigned long long)rot->seed, s->name,
			 p->running, p->drained);
		live_running(rot, s, p->running, again);
		printf("%s - %s: damaged under an active volume\n",
		       rot->wrong > before ? "not ok" : "ok", s->name);
		before = rot->wrong;
		live_drained(rot, s, p->drained, again);
		printf("%s - %s: damaged and reconciled\n",
		       rot->wrong > before ? "not ok" : "ok", s->name);
	}
}

/* Fill in the plan; what is not said is 0: not done. */
static void read_options(struct plan *p, struct rot *rot, int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "meta-stride", required_argument, NULL, 'm' },
		{ "payload-stride", required_argument, NULL, 'p' },
		{ "unused-stride", required_argument, NULL, 'u' },
		{ "running", required_argument, NULL, 'r' },
		{ "drained", required_argument, NULL, 'd' },
		{ "sealed-stride", required_argument, NULL, 'e' },
		{ "byte", required_argument, NULL, 'b' },
		{ "mask", required_argument, NULL, 'k' },
		{ "only", required_argument, NULL, 'o' },
		{ "repeat", required_argument, NULL, 'R' },
		{ NULL, 0, NULL, 0 }
	};
	uint32_t *const numbers[] = { &p->meta, &p->payload, &p->unused,
				      &p->running, &p->drained, &p->mask,
				      &p->sealed };
	static const char letters[] = "mpurdke";
	const char *at;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		at = strchr(letters, c);
		if (at)
			*numbers[at - letters] =
				(uint32_t)parse_number("option", optarg);
		else if (c == 's')
			rot->seed = parse_number("--seed", optarg);
		else if (c == 'b')
			p->byte = (int64_t)parse_number("--byte", optarg);
		else if (c == 'o')
			p->only = optarg;
		else if (c == 'R')
			p->repeat = optarg;
		else
			usage();
	}
	if (optind < argc || p->mask > 0xff)
		usage();
}

int main(int argc, char **argv)
{
	static const uint32_t no_hold[NR_DEVS];
	const struct layout l = {
		.start = { [DEV_ORIGIN] = LOG_SECTORS, [DEV_LOG] = 0 },
		.sectors = { [DEV_ORIGIN] = VOL_SECTORS, [DEV_LOG] = LOG_SECTORS },
	};
	struct plan p = { .byte = -1, .mask = 0xff, .repeat = argv[0] };
	static struct rot rot;
	int c;

	rot.seed = 1;
	read_options(&p, &rot, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	dm_setup();
	klog_open();
	key_add();
	rng_seed(&rot.r, rot.seed, 1);
	rot.base = xalloc_pages(VOL_BYTES);
	rot.model = xalloc_pages(VOL_BYTES);
	rot.want = xalloc_pages(VOL_BYTES);
	rot.got = xalloc_pages(VOL_BYTES);
	rot.gone = xcalloc(VOL_SECTORS, sizeof(*rot.gone));
	stack_init(&rot.st, "deltalog");
	snprintf(rot.st.options, sizeof(rot.st.options), "%s", OPTIONS);
	stack_build(&rot.st, &l, 1, no_hold, VIA_RECORDER, 1);
	workload_run(&rot);
	test(&rot, &p);
	if (p.sealed)
		sealed_run(&rot, p.sealed, SEALED);
	stack_exit(&rot.st);

	printf("# %u flips:", rot.flips);
	for (c = 0; c < NR_OUTCOMES; c++)
		printf(" %u %s%s", rot.count[c], outcome_text[c],
		       c < NR_OUTCOMES - 1 ? "," : "\n");
	return rot.wrong || !rot.flips;
}
