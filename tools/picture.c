// SPDX-License-Identifier: GPL-2.0
/* Pictures in files. See picture.h. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "err.h"
#include "outfile.h"
#include "picture.h"

#define CONVERTER	"rsvg-convert"
#define NOT_THERE	127	/* of a child that could not be made the converter */

static bool ends(const char *path, const char *with)
{
	size_t n = strlen(path), m = strlen(with);

	return n > m && !strcmp(path + n - m, with);
}

/* As execvp() would find it. */
static bool have_converter(void)
{
	const char *dir = getenv("PATH"), *end;
	char path[4096];

	for (; dir; dir = *end ? end + 1 : NULL) {
		end = dir + strcspn(dir, ":");
		if (snprintf(path, sizeof(path), "%.*s/%s", (int)(end - dir), dir,
			     CONVERTER) < (int)sizeof(path) &&
		    !access(path, X_OK))
			return true;
	}
	return false;
}

static int no_converter(const char *path)
{
	return dl_err(DL_EXIT_FAILED,
		      "%s: " CONVERTER " is not there, which makes PNG of SVG; install the package librsvg2-bin, or have a file that ends with .svg",
		      path);
}

int dl_picture_check(const char *path)
{
	if (!strcmp(path, "-") || ends(path, ".svg"))
		return dl_outfile_try(path);
	if (!ends(path, ".png"))
		return dl_err(DL_EXIT_USAGE,
			      "--output is a file that ends with .svg or .png, or -; not '%s'",
			      path);
	return have_converter() ? dl_outfile_try(path) : no_converter(path);
}

/* ---- PNG */

static void __attribute__((noreturn)) convert(const char *path, int in)
{
	/* No shell, and no name that is taken for an option. */
	char file[4096];

	if (snprintf(file, sizeof(file), "%s%s", path[0] == '-' ? "./" : "", path) >=
	    (int)sizeof(file) || dup2(in, STDIN_FILENO) < 0)
		_exit(NOT_THERE);
	execlp(CONVERTER, CONVERTER, "--format=png", "--output", file, (char *)NULL);
	_exit(NOT_THERE);
}

static bool put_all(int fd, const char *p, size_t left)
{
	ssize_t n;

	while (left) {
		n = write(fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		left -= (size_t)n;
	}
	return true;
}

static int write_png(const char *path, const char *svg, size_t size)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, was;
	int ends_of[2], status;
	bool whole;
	pid_t pid;

	if (pipe(ends_of))
		return dl_err(DL_EXIT_FAILED, "no pipe: %s", strerror(errno));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ends_of[1]);
		convert(path, ends_of[0]);
	}
	close(ends_of[0]);
	/* That it ended early its status tells. */
	sigaction(SIGPIPE, &ignore, &was);
	whole = pid > 0 && put_all(ends_of[1], svg, size);
	close(ends_of[1]);
	sigaction(SIGPIPE, &was, NULL);
	if (pid < 0)
		return dl_err(DL_EXIT_FAILED, "no process: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return dl_err(DL_EXIT_FAILED, CONVERTER ": %s",
				      strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE)
		return no_converter(path);
	if (!WIFEXITED(status) || WEXITSTATUS(status) || !whole)
		return dl_err(DL_EXIT_FAILED, "%s: " CONVERTER " could not make it",
			      path);
	return 0;
}

/* ---- SVG */

int dl_picture_write(const char *path, const char *svg, size_t size)
{
	FILE *f;

	if (ends(path, ".png"))
		return write_png(path, svg, size);
	f = dl_outfile_open(path);
	if (!f)
		return DL_EXIT_FAILED;
	fwrite(svg, 1, size, f);
	return dl_outfile_close(f, path);
}
