// SPDX-License-Identifier: GPL-2.0
/*
 * Writes files and fsyncs each, for ever, and says so when it is done: the
 * client to whom something was promised.
 *
 * Usage: keep FROM TO CUT TEXT <LIST
 *
 * LIST is what sha256sum prints, paths relative to FROM. The files are copied
 * to TO one at a time, under numbers, over and over. Each is fsynced, and so is
 * TO; then "@kept NUMBER SUM" is printed. After CUT files TEXT is printed: whoever
 * reads it cuts the power.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIST_MAX	4096
#define LINE		512
#define SUM		64

static char list[LIST_MAX][LINE];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void copy(int from, int to)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			err(1, "write");
	if (n < 0)
		err(1, "read");
}

/* Line @i of the list becomes file @number. */
static void keep(int from, int to, unsigned int i, unsigned int number)
{
	const char *path = list[i] + SUM + 2;
	char name[16];
	int in, out;

	in = openat(from, path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		err(1, "%s", path);
	snprintf(name, sizeof(name), "%u", number);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		err(1, "%s", name);
	copy(in, out);
	close(in);
	if (fsync(out) || fsync(to))
		err(1, "fsync of %s", name);
	close(out);
	printf("@kept %u %.*s\n", number, SUM, list[i]);
}

int main(int argc, char **argv)
{
	unsigned int nr = 0, number, cut;
	double start;
	int from, to;

	if (argc != 5)
		errx(2, "usage: keep FROM TO CUT TEXT <LIST");
	cut = (unsigned int)atoi(argv[3]);
	from = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || to < 0)
		err(1, "%s or %s", argv[1], argv[2]);
	while (nr < LIST_MAX && fgets(list[nr], LINE, stdin)) {
		list[nr][strcspn(list[nr], "\n")] = '\0';
		if (strlen(list[nr]) > SUM + 2)
			nr++;
	}
	if (!nr)
		errx(1, "nothing to copy");
	setvbuf(stdout, NULL, _IOLBF, 0);
	start = now();
	for (number = 1; ; number++) {
		keep(from, to, number % nr, number);
		if (number != cut)
			continue;
		printf("= files written and fsynced\t%u, %.0f a second\n",
		       number, number / (now() - start));
		printf("%s\n", argv[4]);
	}
}
