// SPDX-License-Identifier: GPL-2.0
/* What the kernel foresees. See foreseen.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "foreseen.h"
#include "human.h"
#include "sysfs.h"

#include <sys/sysmacros.h>

#define PIECE	64u

int dl_foreseen_read(struct dl_foreseen *f, int fd, const struct dl_dm_volume *v)
{
	struct dl_ctl_forecast a = { .major = v->major, .minor = v->minor };
	int rc;

	f->nr = 0;
	do {
		if (f->nr + PIECE > DL_FORESEEN_MAX)
			return -E2BIG;
		a.count = PIECE;
		a.buffer = (uintptr_t)&f->e[f->nr];
		rc = dl_control_call(fd, DL_CTL_FORECAST, &a);
		if (rc)
			return rc;
		f->nr += a.count;
	} while (a.cursor);
	return 0;
}

bool dl_foreseen_off(const struct dl_dm_volume *v)
{
	char is[16];

	return dl_sysfs_read(makedev(v->major, v->minor), "deltalog/tunables/foresight",
			     is, sizeof(is)) && !strcmp(is, "off");
}

const struct dl_ctl_forecast_entry *dl_foreseen_of(const struct dl_foreseen *f,
						   uint32_t series, uint32_t ms)
{
	size_t i;

	for (i = 0; i < f->nr; i++)
		if (f->e[i].series == series && f->e[i].horizon_ms == ms)
			return &f->e[i];
	return NULL;
}

const char *dl_foreseen_name(char *buf, size_t size, uint32_t series)
{
	static const char *const names[] = {
		[DL_CTL_SERIES_WRITES] = "writes",
		[DL_CTL_SERIES_BYTES] = "bytes",
		[DL_CTL_SERIES_NEW] = "new",
		[DL_CTL_SERIES_SIZE] = "size",
		[DL_CTL_SERIES_SHARE] = "share",
		[DL_CTL_SERIES_LOG] = "log",
	};

	if (series < sizeof(names) / sizeof(names[0]))
		return names[series];
	snprintf(buf, size, "series %u", series);
	return buf;
}

const char *dl_foreseen_pace(char *buf, size_t size, uint32_t ms)
{
	if (ms < 1000)
		snprintf(buf, size, "%u ms", ms);
	else if (ms < 60000)
		snprintf(buf, size, "%u s", ms / 1000);
	else
		snprintf(buf, size, "%u min", ms / 60000);
	return buf;
}

const char *dl_foreseen_amount(char *buf, size_t size, uint32_t series, uint64_t v)
{
	switch (series) {
	case DL_CTL_SERIES_BYTES:
	case DL_CTL_SERIES_NEW:
	case DL_CTL_SERIES_LOG:
	case DL_CTL_SERIES_SIZE:
		return dl_human_bytes(buf, size, v);
	case DL_CTL_SERIES_SHARE:
		snprintf(buf, size, "%.1f %%", (double)v * 100 / 65536);
		return buf;
	default:
		snprintf(buf, size, "%llu", (unsigned long long)v);
		return buf;
	}
}

double dl_foreseen_relative(const struct dl_ctl_forecast_entry *e)
{
	return e->naive ? (double)e->error / e->naive : -1;
}

unsigned int dl_foreseen_sure(const struct dl_ctl_forecast_entry *e)
{
	return dl_human_percent(e->confidence, 255);
}
