// SPDX-License-Identifier: GPL-2.0
/* The granularity map as it was when a snapshot was made. See grains.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "grains.h"
#include "human.h"
#include "imprint.h"
#include "pin.h"
#include "snaps.h"

#define PIECE	1024u

static int none(const char *where, const char *snapshot)
{
	return dl_err(DL_EXIT_NAME,
		      "%s: no map was kept with snapshot %s: it is of a past moment or of an older release, or there was no room; its content is not concerned",
		      where, snapshot);
}

static void begin(struct dl_grains *g, const char *snapshot, uint64_t time_ns,
		  uint64_t sectors)
{
	char when[40];

	g->snapshot = snapshot;
	g->sectors = sectors;
	snprintf(g->as_of, sizeof(g->as_of), "at snapshot %s, %s", snapshot,
		 dl_human_time(when, sizeof(when), time_ns));
}

static int read_map(struct dl_grains *g, int fd, const struct dl_dm_volume *v,
		    const struct dl_snap *snap)
{
	struct dl_ctl_region piece[PIECE];
	struct dl_ctl_regions a = {
		.major = v->major, .minor = v->minor,
		.buffer = (uintptr_t)piece, .snapshot = snap->id,
	};
	int rc;

	do {
		a.count = PIECE;
		rc = dl_control_call(fd, DL_CTL_GRANULARITY, &a);
		if (rc == -ENOENT)
			return dl_snaps_missing(v->name, snap->name);
		if (rc == -ENODATA)
			return none(v->name, snap->name);
		if (rc)
			return dl_control_failed(v, "reading the granularity map",
						 rc);
		rc = dl_grains_add(g, piece, a.count);
	} while (!rc && a.cursor);
	g->known = a.known;
	dl_grains_sort(g);
	return rc;
}

int dl_grains_past(struct dl_grains *g, const struct dl_dm_volume *v,
		   const char *snapshot)
{
	struct dl_snap snap;
	int fd, rc;

	memset(g, 0, sizeof(*g));
	rc = dl_snaps_need(v->name, snapshot, &snap);
	rc = rc ?: dl_control_open(&fd);
	if (rc)
		return rc;
	begin(g, snapshot, snap.time_ns, v->sectors);
	rc = read_map(g, fd, v, &snap);
	close(fd);
	return rc;
}

/* ---- of a log */

static bool find_pin(struct dl_pin *pin, const struct dl_logcp *cp,
		     const char *name)
{
	u32 i;

	for (i = 0; i < cp->nr_pins; i++)
		if (dl_pin_unpack(pin, &cp->pins[i]) == DL_OK &&
		    !strcmp(pin->name, name))
			return true;
	return false;
}

static bool find_imprint(struct dl_imprint *im, const struct dl_logcp *cp,
			 u64 id)
{
	size_t at = 0;

	while (dl_imprint_get(im, cp->imprints, cp->imprints_bytes, &at) == DL_OK)
		if (im->id == id)
			return true;
	return false;
}

static int add(struct dl_grains *g, const struct dl_imprint *im)
{
	struct dl_imprint_region r;
	struct dl_ctl_region e;
	int rc = 0;
	u32 i;

	for (i = 0; !rc && i < im->nr; i++) {
		dl_imprint_unpack(&r, im->region[i]);
		e = (struct dl_ctl_region) {
			.start = r.region * DL_CTL_REGION_SECTORS,
			.rate = r.rate, .delta = ((u32)r.delta + 7) / 8,
			.rule = DL_CTL_REGION_NO_RULE, .level = r.level,
			.flags = r.sequential ? DL_CTL_REGION_SEQUENTIAL : 0,
		};
		rc = dl_grains_add(g, &e, 1);
	}
	g->known = im->known;
	dl_grains_sort(g);
	return rc;
}

int dl_grains_past_of_log(struct dl_grains *g, const char *path,
			  const struct dl_super *sb, const struct dl_logcp *cp,
			  const char *snapshot)
{
	struct dl_imprint im;
	struct dl_pin pin;

	memset(g, 0, sizeof(*g));
	if (!find_pin(&pin, cp, snapshot))
		return dl_err(DL_EXIT_NAME,
			      "log %s: its last checkpoint has no snapshot '%s'; if the volume was not deactivated since, activate it and use 'deltalog map VOLUME %s'",
			      path, snapshot, snapshot);
	if (!find_imprint(&im, cp, pin.id))
		return none(path, snapshot);
	begin(g, snapshot, pin.time_ns, sb->volume_sectors);
	return add(g, &im);
}
