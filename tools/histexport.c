// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog history export: the last writes of a volume, as a table or for fio to
 * replay. The kernel forgets the oldest; who follows asks often enough.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "interrupt.h"
#include "json.h"
#include "outfile.h"
#include "progress.h"
#include "verbs.h"

#define PIECE		4096u		/* samples asked for at once */
#define PAUSE_MS	20		/* between two questions while following */
#define SECTOR		512u
#define FIO_SECTORS	(1u << 22)	/* its lengths have 32 bits */

static const char *format = "csv", *output = "-";
static uint64_t follow;

static const struct dl_opt opts[] = {
	DL_STRING("format", &format, "FORMAT",
		  "csv (default), or fio: a log that fio --read_iolog takes"),
	DL_STRING("output", &output, "FILE",
		  "where to; - for standard output, which is the default"),
	DL_NUMBER("follow", DL_OPT_NUMBER, &follow, "SECONDS", 1, 31536000,
		  "go on for so long with what is written meanwhile"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct export {
	FILE *f;
	char node[DL_DM_NAME + 16];	/* the volume's */
	bool fio;
	uint64_t nr, missed;
	uint64_t first_ns, last_us;	/* of fio's clock */
};

static int cannot_write(void)
{
	if (dl_interrupt_seen() && errno == EINTR)
		return dl_err(DL_EXIT_INTERRUPTED, "%s: interrupted while it was written",
			      output);
	return dl_err(DL_EXIT_FAILED, "%s: cannot be written: %s", output,
		      strerror(errno));
}

/* ---- a line each */

static void begin(struct export *x)
{
	if (x->fio)
		fprintf(x->f, "fio version 3 iolog\n0 %s add\n0 %s open\n",
			x->node, x->node);
	else
		fputs("time,op,bytes,lba,client\n", x->f);
}

/*
 * fio's clock runs forward only, and starts with the first. It cannot zero: what comes
 * closest is to discard.
 */
static void put_fio(struct export *x, const struct dl_ctl_sample *s)
{
	uint64_t at = s->sector, left = s->sectors, n, us = 0;

	if (!x->nr)
		x->first_ns = s->time_ns;
	if (s->time_ns > x->first_ns)
		us = (s->time_ns - x->first_ns) / 1000;
	if (us > x->last_us)
		x->last_us = us;
	for (; left; at += n, left -= n) {
		n = left < FIO_SECTORS ? left : FIO_SECTORS;
		fprintf(x->f, "%" PRIu64 " %s %s %" PRIu64 " %" PRIu64 "\n",
			x->last_us, x->node,
			s->op == DL_CTL_SAMPLE_WRITE ? "write" : "trim",
			at * SECTOR, n * SECTOR);
	}
}

static void put_csv(struct export *x, const struct dl_ctl_sample *s)
{
	static const char ops[] = "WDZ";

	fprintf(x->f, "%" PRIu64 ".%06" PRIu64 ",%c,%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
		(uint64_t)s->time_ns / 1000000000U,
		(uint64_t)s->time_ns % 1000000000U / 1000,
		s->op < sizeof(ops) - 1 ? ops[s->op] : '?',
		(uint64_t)s->sectors * SECTOR, (uint64_t)s->sector,
		(uint64_t)s->client);
}

static void end(struct export *x)
{
	if (x->fio)
		fprintf(x->f, "%" PRIu64 " %s close\n", x->last_us, x->node);
}

/* ---- reading */

static int failed(const struct dl_dm_volume *v, int rc)
{
	if (rc == -ENODATA)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: keeps no history of writes, its table says workload_kib 0; activate it with --workload-kib 512",
			      v->name);
	if (rc == -EINVAL)
		return dl_err(DL_EXIT_NAME,
			      "%s: was activated anew meanwhile; what was written until then is exported",
			      v->name);
	return dl_control_failed(v, "reading the history of writes", rc);
}

/* All that is there now. */
static int catch_up(struct export *x, int fd, const struct dl_dm_volume *v,
		    struct dl_ctl_workload *a)
{
	const struct dl_ctl_sample *s =
		(const struct dl_ctl_sample *)(uintptr_t)a->buffer;
	uint32_t i;
	int rc;

	do {
		a->count = PIECE;
		rc = dl_control_call(fd, DL_CTL_WORKLOAD, a);
		if (rc)
			return failed(v, rc);
		x->missed += a->missed;
		for (i = 0; i < a->count; i++, x->nr++)
			if (x->fio)
				put_fio(x, &s[i]);
			else
				put_csv(x, &s[i]);
		if (ferror(x->f))
			return cannot_write();
		/* What comes meanwhile is for the next time. */
	} while (a->count == PIECE && !dl_interrupt_seen());
	return 0;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int read_all(struct export *x, int fd, const struct dl_dm_volume *v)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	uint64_t since = now_ms(), passed = 0;
	struct dl_ctl_workload a = {
		.major = v->major, .minor = v->minor,
	};
	void *piece = calloc(PIECE, sizeof(struct dl_ctl_sample));
	int rc;

	if (!piece)
		return dl_err_nomem();
	a.buffer = (uintptr_t)piece;
	begin(x);
	if (follow)
		dl_progress_begin("following", "s");
	rc = catch_up(x, fd, v, &a);
	while (!rc && !dl_interrupt_seen() && passed < follow * 1000) {
		nanosleep(&pause, NULL);
		rc = catch_up(x, fd, v, &a);
		/* Who reads the file meanwhile sees them. */
		if (!rc && fflush(x->f))
			rc = cannot_write();
		passed = now_ms() - since;
		dl_progress_update(passed / 1000, follow);
	}
	dl_progress_end();
	end(x);
	if (!rc && fflush(x->f))
		rc = cannot_write();
	free(piece);
	if (x->missed)
		dl_warn("%s: %" PRIu64 " writes are missing: they were forgotten before they were read%s",
			v->name, x->missed,
			follow ? "; activate it with a larger --workload-kib" : "");
	if (!rc && dl_interrupt_seen())
		rc = dl_err(DL_EXIT_INTERRUPTED,
			    "%s: interrupted after %" PRIu64 " writes, which are exported",
			    v->name, x->nr);
	return rc;
}

static void report(const struct export *x, const struct dl_dm_volume *v)
{
	struct json_object *o;

	if (!strcmp(output, "-"))
		return;
	if (!dl_json_wanted()) {
		printf("%s: %" PRIu64 " writes exported to %s\n", v->name,
		       x->nr, output);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "exported");
	dl_json_str(o, "volume", v->name);
	dl_json_str(o, "file", output);
	dl_json_str(o, "format", format);
	dl_json_u64(o, "writes", x->nr);
	dl_json_u64(o, "missed", x->missed);
	dl_json_print(o);
}

static int export_to(struct export *x, const struct dl_dm_volume *v)
{
	bool out = !strcmp(output, "-");
	struct dl_ctl_sample one;
	struct dl_ctl_workload a = {
		.major = v->major, .minor = v->minor,
		.buffer = (uintptr_t)&one, .count = 1,
	};
	int fd, rc = dl_control_open(&fd);

	if (rc)
		return rc;
	/* A file is not overwritten for nothing. */
	rc = dl_control_call(fd, DL_CTL_WORKLOAD, &a);
	if (rc) {
		close(fd);
		return failed(v, rc);
	}
	x->f = dl_outfile_open(output);
	if (!x->f) {
		close(fd);
		return DL_EXIT_FAILED;
	}
	dl_interrupt_catch();
	rc = read_all(x, fd, v);
	close(fd);
	if (!out && fclose(x->f) && !rc)
		rc = cannot_write();
	if (!rc)
		report(x, v);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct export x = { .nr = 0 };
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	x.fio = !strcmp(format, "fio");
	if (!x.fio && strcmp(format, "csv"))
		return dl_opt_usage(verb, groups,
				    "--format is csv or fio, not '%s'", format);
	if (dl_json_wanted() && !strcmp(output, "-"))
		return dl_opt_usage(verb, groups, "--json goes with --output FILE");
	rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	snprintf(x.node, sizeof(x.node), "/dev/mapper/%s", v.name);
	return export_to(&x, &v);
}

const struct dl_verb dl_verb_history_export = {
	.name = "history export",
	.args = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.brief = "export the last writes, to look at or to replay",
	.about =
"The last writes, discards and zeroings as they came, as many as the kernel has\n"
"memory for (--workload-kib of 'deltalog activate'). No content is kept. CSV has a\n"
"line each: time in seconds since 1970, to some ms; W, D or Z; bytes; first sector of\n"
"512 bytes; client, the lowest 16 bits of its cgroup's number. To replay:\n"
"fio --name=replay --read_iolog=FILE --replay_redirect=DEVICE --direct=1.",
	.run = run,
};
