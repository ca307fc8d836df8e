// SPDX-License-Identifier: GPL-2.0
/* Interrupts: SIGINT, SIGTERM and SIGHUP. */
#include <signal.h>
#include <stddef.h>

#include "interrupt.h"

static volatile sig_atomic_t seen;

static void on_signal(int sig)
{
	(void)sig;
	seen = 1;
}

/*
 * Without SA_RESTART: an ioctl that waits has to end. What was ignored when we
 * were started (nohup) goes on to be.
 */
static void handle(void (*handler)(int sig))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = handler }, old;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
}

void dl_interrupt_catch(void)
{
	handle(on_signal);
}

void dl_interrupt_default(void)
{
	handle(SIG_DFL);
}

void dl_interrupt_ignore(void)
{
	handle(SIG_IGN);
}

bool dl_interrupt_seen(void)
{
	return seen;
}
