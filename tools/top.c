// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog top: what volumes do, as it happens. On a terminal the screen is drawn anew
 * for each round, and what was on it comes back in the end, whatever ends it; anywhere
 * else, on one that draws nothing, and with --batch, rounds are printed one behind the
 * other. Lines of a terminal are no longer than it is wide.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "err.h"
#include "human.h"
#include "interrupt.h"
#include "json.h"
#include "rates.h"
#include "terminal.h"
#include "verbs.h"

#define VOLUMES	64u
#define LABELS	13u	/* columns before what a line tells */

static uint64_t interval = 1, batch;
static bool once;

static const struct dl_opt opts[] = {
	DL_NUMBER("interval", DL_OPT_NUMBER, &interval, "SECONDS", 1, 3600,
		  "between two rounds; default: 1"),
	DL_NUMBER("batch", DL_OPT_NUMBER, &batch, "N", 1, 1000000000,
		  "print so many rounds, as lines, and end"),
	DL_FLAG("once", &once, "the same as --batch 1"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct top {
	int control;
	const char *const *names;	/* NULL at the end; none: all volumes */
	bool live;
	/* Two rounds, of which one is read next. */
	struct dl_reading *round[2];
	size_t nr[2];
	unsigned int now;
};

/* ---- reading */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all volumes one that goes meanwhile is left out; one that was named is missed. */
static int read_volume(struct top *t, const struct dl_dm_volume *v)
{
	struct dl_reading *r = &t->round[t->now][t->nr[t->now]];
	char line[DL_DM_STATUS];
	int rc;

	r->v = *v;
	r->at = seconds();
	r->off = dl_foreseen_off(v);
	rc = dl_foreseen_read(&r->f, t->control, v);
	if (rc == -ENODEV && !t->names[0])
		return 0;
	if (rc)
		return dl_control_failed(v, "reading the forecast", rc);
	if (t->names[0]) {
		rc = dl_volstat_read(&r->s, v->name);
		if (rc)
			return rc;
	} else if (dl_dm_status(v->name, line, sizeof(line)) ||
		   !dl_volstat_parse(&r->s, line)) {
		return 0;
	}
	t->nr[t->now]++;
	return 0;
}

static int each(const struct dl_dm_volume *v, void *ctx)
{
	struct top *t = ctx;

	return t->nr[t->now] < VOLUMES ? read_volume(t, v) : 0;
}

static int read_round(struct top *t)
{
	struct dl_dm_volume v;
	size_t i;
	int rc = 0;

	t->now ^= 1;
	t->nr[t->now] = 0;
	if (!t->names[0])
		return dl_dm_each(each, t);
	for (i = 0; !rc && t->names[i]; i++) {
		rc = dl_dm_get(t->names[i], &v);
		rc = rc ?: read_volume(t, &v);
	}
	return rc;
}

/* The same activation of the same volume, a round ago. */
static const struct dl_reading *before(const struct top *t, const struct dl_reading *r)
{
	const unsigned int was = t->now ^ 1;
	size_t i;

	for (i = 0; i < t->nr[was]; i++)
		if (!strcmp(t->round[was][i].v.name, r->v.name) &&
		    dl_volstat_value(&t->round[was][i].s, "log_bytes") <=
		    dl_volstat_value(&r->s, "log_bytes"))
			return &t->round[was][i];
	return NULL;
}

/* ---- showing */

static void print_round(FILE *f, const struct top *t)
{
	const struct dl_reading *r = t->round[t->now];
	struct timespec now;
	char when[40];
	size_t i;

	clock_gettime(CLOCK_REALTIME, &now);
	dl_human_time(when, sizeof(when), (uint64_t)now.tv_sec * 1000000000U);
	fprintf(f, "deltalog top  %s%s\n", when, t->live ? "  q: quit" : "");
	for (i = 0; i < t->nr[t->now]; i++) {
		fputc('\n', f);
		dl_rates_print(f, before(t, &r[i]), &r[i]);
	}
	if (!i)
		fputs("\nno active volumes\n", f);
}

static void stream_round(const struct top *t)
{
	const struct dl_reading *r = t->round[t->now];
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();
	size_t i;

	dl_json_u64(o, "time", (uint64_t)time(NULL));
	for (i = 0; i < t->nr[t->now]; i++)
		json_object_array_add(list, dl_rates_json(before(t, &r[i]), &r[i]));
	json_object_object_add(o, "volumes", list);
	dl_json_stream_element(o);
}

static struct winsize window(void)
{
	struct winsize w;

	/* Some terminals do not know. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || !w.ws_row || !w.ws_col)
		w = (struct winsize) { .ws_row = 24, .ws_col = 80 };
	return w;
}

/* How much of a line stays on it: it is broken behind a comma or a semicolon only. */
static size_t piece_of(const char *line, size_t length, size_t columns)
{
	size_t n;

	if (length <= columns)
		return length;
	for (n = columns + 1; n > 2; n--)
		if (line[n - 1] == ' ' && strchr(",;", line[n - 2]))
			return n;
	return length;
}

/* What is too long for a line goes on below. */
static void fold(FILE *f, const char *text, size_t columns)
{
	size_t length, piece, before;

	for (; *text; text += *text == '\n') {
		length = strcspn(text, "\n");
		before = 0;
		do {
			piece = piece_of(text, length, columns - before);
			/* Without the blank that it is broken at. */
			fprintf(f, "%*s%.*s\n", (int)before, "",
				(int)(piece - (piece < length)), text);
			text += piece;
			length -= piece;
			before = columns > LABELS ? LABELS : 0;
		} while (length);
	}
}

/* As many lines and columns as the window has; what does not fit is left out. */
static void draw(const char *text)
{
	struct winsize w = window();
	unsigned int row, length;

	fputs("\033[H", stdout);
	for (row = 1; row <= w.ws_row && *text; row++) {
		length = (unsigned int)strcspn(text, "\n");
		/* Behind a full line the last column would be cleared. */
		printf("%.*s%s%s", (int)(length < w.ws_col ? length : w.ws_col), text,
		       length < w.ws_col ? "\033[K" : "", row < w.ws_row ? "\r\n" : "");
		text += length + (text[length] == '\n');
	}
	if (row <= w.ws_row)
		fputs("\033[J", stdout);
}

/* Of a terminal that wide. Return: to be freed; NULL: no memory. */
static char *folded_round(const struct top *t, size_t columns)
{
	char *text = NULL, *folded = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f) {
		print_round(f, t);
		fclose(f);
	}
	f = text ? open_memstream(&folded, &size) : NULL;
	if (f) {
		fold(f, text, columns);
		fclose(f);
	}
	free(text);
	return folded;
}

static int show(const struct top *t)
{
	char *text;

	if (dl_json_wanted()) {
		stream_round(t);
		return 0;
	}
	if (!isatty(STDOUT_FILENO)) {
		print_round(stdout, t);
		fflush(stdout);
		return 0;
	}
	text = folded_round(t, window().ws_col);
	if (!text)
		return dl_err_nomem();
	if (t->live)
		draw(text);
	else
		fputs(text, stdout);
	fflush(stdout);
	free(text);
	return 0;
}

/* ---- the terminal */

static struct termios cooked;
static bool keys;		/* they are read one by one */

static void resized(int sig)
{
	(void)sig;
}

static void screen_begin(void)
{
	struct sigaction sa = { .sa_handler = resized };
	struct termios raw;

	sigaction(SIGWINCH, &sa, NULL);
	keys = isatty(STDIN_FILENO) && !tcgetattr(STDIN_FILENO, &cooked);
	if (keys) {
		raw = cooked;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		/* Stopped, it would leave the terminal as it is now. */
		raw.c_cc[VSUSP] = _POSIX_VDISABLE;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	/* Another screen, without a cursor. */
	fputs("\033[?1049h\033[?25l\033[2J", stdout);
}

static void screen_end(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &cooked);
}

/*
 * Wait for the next round. Signals come while it waits, and only then, so that none is
 * missed. Return: it is over.
 */
static bool pause_until(double until, const struct top *t)
{
	struct pollfd in = { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN };
	sigset_t some, before_that;
	bool over = false;
	char c;
	int n;

	sigemptyset(&some);
	sigaddset(&some, SIGINT);
	sigaddset(&some, SIGTERM);
	sigaddset(&some, SIGHUP);
	sigaddset(&some, SIGWINCH);
	sigprocmask(SIG_BLOCK, &some, &before_that);
	while (!over) {
		double left = until - seconds();
		struct timespec wait = { .tv_sec = (time_t)left };

		if (left <= 0 || dl_interrupt_seen())
			break;
		wait.tv_nsec = (long)((left - (double)wait.tv_sec) * 1e9);
		n = ppoll(&in, 1, &wait, &before_that);
		if (n > 0)
			over = read(STDIN_FILENO, &c, 1) != 1 || c == 'q' ||
				c == 'Q';
		else if (n < 0 && t->live && !dl_interrupt_seen())
			show(t);
	}
	sigprocmask(SIG_SETMASK, &before_that, NULL);
	return over || dl_interrupt_seen();
}

/* ---- */

static int rounds(struct top *t)
{
	uint64_t left = batch;
	double next = seconds();
	int rc = read_round(t);

	while (!rc) {
		/* On a screen something is there at once, without rates. */
		if (t->live)
			rc = show(t);
		next += (double)interval;
		if (rc || pause_until(next, t))
			return rc;
		rc = read_round(t);
		if (rc || t->live)
			continue;
		rc = show(t);
		if (!rc && ferror(stdout))
			rc = dl_err(DL_EXIT_FAILED, "cannot write the output");
		if (batch && !--left)
			return rc;
		if (!rc && !dl_json_wanted())
			putchar('\n');
	}
	return rc;
}

static int run_rounds(struct top *t)
{
	uint64_t asked = batch;
	struct dl_dm_volume v;
	uint32_t i;
	int rc = 0;

	/* Before anything is told of any. */
	for (i = 0; !rc && t->names[i]; i++)
		rc = dl_dm_get(t->names[i], &v);
	if (!rc)
		rc = dl_control_open(&t->control);
	if (rc)
		return rc;
	dl_interrupt_catch();
	if (t->live)
		screen_begin();
	if (dl_json_wanted()) {
		dl_json_stream_begin();
		dl_json_stream_open("rounds");
	}
	rc = rounds(t);
	if (dl_json_wanted()) {
		dl_json_stream_close();
		dl_json_stream_end();
	}
	if (t->live)
		screen_end();
	close(t->control);
	if (!rc && asked && dl_interrupt_seen())
		rc = dl_err(DL_EXIT_INTERRUPTED, "interrupted before all rounds were shown");
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct top t = { .names = args };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (once && batch)
		return dl_opt_usage(verb, groups, "--once is --batch 1; give one of them");
	if (once)
		batch = 1;
	if (dl_json_wanted() && !batch)
		return dl_opt_usage(verb, groups, "--json goes with --batch N or --once");
	rc = dl_dm_ready();
	if (rc)
		return rc;
	t.live = !batch && dl_terminal_draws(STDOUT_FILENO);
	t.round[0] = calloc(VOLUMES, sizeof(*t.round[0]));
	t.round[1] = calloc(VOLUMES, sizeof(*t.round[1]));
	rc = t.round[0] && t.round[1] ? run_rounds(&t) : dl_err_nomem();
	free(t.round[0]);
	free(t.round[1]);
	return rc;
}

const struct dl_verb dl_verb_top = {
	.name = "top",
	.args = "[VOLUME...]",
	.max_args = DL_OPT_MAX_ARGS - 1,
	.brief = "show what volumes do, as it happens",
	.about =
"Rates, what is foreseen against what came, segments and the pool, placeholders,\n"
"deltas, how far the origin is behind, and space. On a terminal q ends it; elsewhere\n"
"rounds are printed until it is interrupted.",
	.run = run,
};
