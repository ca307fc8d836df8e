// SPDX-License-Identifier: GPL-2.0
/*
 * First process of a VM's initramfs: loads the modules listed in /modules (one
 * path a line, in order), mounts the host's root read-only over 9p, makes it the
 * root, and runs the program that the kernel's command line names: dl_init=PATH.
 *
 * Linked statically, so that the initramfs needs nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void die(const char *what, const char *arg)
{
	fprintf(stderr, "dl-lab: stage1: %s %s: %s\n", what, arg, strerror(errno));
	exit(1);
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die("open", path);
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		die("load", path);
	close(fd);
}

int main(void)
{
	const char *init = getenv("dl_init");
	char path[256];
	FILE *list;

	if (!init)
		init = "/bin/sh";
	list = fopen("/modules", "re");
	if (!list)
		die("open", "/modules");
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = '\0';
		load(path);
	}
	fclose(list);

	mkdir("/root", 0755);
	if (mount("dlroot", "/root", "9p", MS_RDONLY,
		  "trans=virtio,version=9p2000.L,msize=512000,cache=loose"))
		die("mount", "the host's root");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot("."))
		die("enter", "the host's root");
	execl(init, init, (char *)NULL);
	die("run", init);
	return 1;
}
