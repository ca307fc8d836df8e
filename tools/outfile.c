// SPDX-License-Identifier: GPL-2.0
/* Files that are written. See outfile.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "outfile.h"

static int cannot_be_made(const char *path)
{
	return dl_err(DL_EXIT_FAILED, "%s: cannot be made: %s", path, strerror(errno));
}

/* What is written here is a picture or figures, and no disk is to hold those. */
static int not_a_disk(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") && !stat(path, &st) && S_ISBLK(st.st_mode))
		return dl_err(DL_EXIT_FAILED,
			      "%s: is a block device, which is not written to: name a file", path);
	return 0;
}

int dl_outfile_try(const char *path)
{
	struct stat st;
	bool there;
	int fd = not_a_disk(path);

	if (fd)
		return fd;
	if (!strcmp(path, "-"))
		return 0;
	there = !stat(path, &st);
	/* To open a pipe waits for its reader, and to close it again is its end. */
	if (there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return access(path, W_OK) ? cannot_be_made(path) : 0;
	fd = open(path, O_WRONLY | O_CLOEXEC | (there ? 0 : O_CREAT | O_EXCL), 0666);
	/* A symbolic link to what is not there yet. */
	if (fd < 0 && !there && errno == EEXIST)
		return 0;
	if (fd < 0)
		return cannot_be_made(path);
	close(fd);
	if (!there)
		unlink(path);
	return 0;
}

FILE *dl_outfile_open(const char *path)
{
	FILE *f;

	if (not_a_disk(path))
		return NULL;
	f = strcmp(path, "-") ? fopen(path, "we") : stdout;
	if (!f)
		cannot_be_made(path);
	return f;
}

int dl_outfile_close(FILE *f, const char *path)
{
	bool failed = fflush(f) || ferror(f);

	if (f != stdout)
		failed |= fclose(f) != 0;
	if (failed)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be written: %s", path,
			      strerror(errno));
	return 0;
}
