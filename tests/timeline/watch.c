// SPDX-License-Identifier: GPL-2.0
/*
 * Noticing that nothing goes on any more.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../model/util.h"
#include "schedule.h"

#define STEP_SECONDS	20u
#define STEPS		15u	/* without a beat */

static atomic_uint beats;
static void (*on_hung)(void *ctx);
static void *on_hung_ctx;

void watch_beat(void)
{
	atomic_fetch_add(&beats, 1);
}

static void *watch(void *arg)
{
	unsigned int last = 0, still = 0, now;

	(void)arg;
	for (;;) {
		sleep(STEP_SECONDS);
		now = atomic_load(&beats);
		still = now == last ? still + 1 : 0;
		last = now;
		if (still < STEPS)
			continue;
		on_hung(on_hung_ctx);
		still = 0;
	}
	return NULL;
}

void watch_start(void (*hung)(void *ctx), void *ctx)
{
	pthread_t thread;

	on_hung = hung;
	on_hung_ctx = ctx;
	if (pthread_create(&thread, NULL, watch, NULL))
		die("cannot start a thread");
}
