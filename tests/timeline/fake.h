/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume with snapshots in memory, as simple as it can be, and, if wanted,
 * wrong in one of several ways.
 */
#ifndef DLT_FAKE_H
#define DLT_FAKE_H

#include "volume.h"

/* name, what is wrong */
#define FAKE_FAULTS(X) \
	X(NONE, "nothing is wrong") \
	X(STALE_VIEW, "a snapshot lacks the write just before it") \
	X(STALE_SECTOR, "a snapshot has an older version of one sector") \
	X(LATER_WRITE, "a view shows a later write") \
	X(LATER_SECTOR, "a view shows one sector of a later write") \
	X(LATER_ZERO, "a view shows later zeros") \
	X(DRAIN_LEAK, "after a drain a view follows the origin in one page") \
	X(RESTART_LEAK, "after a restart a view shows a page of the present") \
	X(CRASH_LEAK, "after a crash a view shows a page of the present") \
	X(DELETE_LEAK, "a deletion takes a page of the next older snapshot") \
	X(VIEW_SHIFT, "reads of a view that end within a page are off by one") \
	X(VIEW_ERROR, "a sector of a view cannot be read after a drain") \
	X(READ_BESIDE, "a view shows the present now and then to another thread") \
	X(LOST_SNAPSHOT, "the last snapshot is lost in a crash") \
	X(LOST_DELETE, "a deleted snapshot is back after a crash") \
	X(LOST_RENAME, "a new name is lost in a restart") \
	X(NEW_SEQ, "a snapshot has another seq after a restart") \
	X(SAME_ID, "an id is used again") \
	X(LOST_FLUSH, "a flushed write is lost in a crash") \
	X(HOLE, "a write is lost in a crash, a later one is not") \
	X(DRAIN_MISS, "a drain misses a page") \
	X(PRESENT, "after a drain the volume shows a page as it was before") \
	X(RACE_TORN, "a snapshot beside writes has a later write, not the one before") \
	X(KEPT_PAST, "log space stays in use after the last snapshot") \
	X(READ_ONLY, "the volume goes read-only when there is no space") \
	X(NO_SPACE, "no space, though there is no snapshot") \
	X(CRC, "a checksum does not match") \
	X(VIEW_COUNT, "views are not counted") \
	X(BUSY_DELETE, "a snapshot with a view can be deleted") \
	X(WRITABLE, "a view can be made writable") \
	X(DETACH, "a volume with snapshots is detached") \
	X(REWIND_LOG, "a rewind reverts only what the origin lacks") \
	X(REWIND_ZERO, "a rewind leaves one sector that was zeroed since") \
	X(REWIND_KEPT, "a rewind keeps one page as it is after it") \
	X(REWIND_TARGET, "a rewind changes a page of the snapshot it goes to") \
	X(REWIND_BETWEEN, "a rewind changes a page of a snapshot made between") \
	X(REWIND_LOSES, "a rewind loses a snapshot made between") \
	X(REWIND_HALF, "a rewind in flight in a crash happens in half") \
	X(REWIND_NAME, "a rewind in flight in a crash only makes the snapshot") \
	X(REWIND_UNDONE, "a rewind that returned is undone in a crash") \
	X(REWIND_DELETE, "deleting what it was rewound to before a drain takes a page") \
	X(REWIND_ROOM, "a rewind without room changes something") \
	X(REWIND_BUSY, "a volume that is not suspended can be rewound") \
	X(REWIND_TWICE, "it is rewound before the last rewind has settled") \
	X(REWIND_PENDING, "a rewind never settles") \
	X(REWIND_ID, "the second id of a rewind is used again") \
	X(DIFF_MISS, "a diff lacks a sector") \
	X(DIFF_RESTART, "a diff lacks a page after a restart") \
	X(DIFF_SELF, "the diff of a snapshot and itself has a sector") \
	X(MOMENT_LATER, "a moment shows a later write") \
	X(MOMENT_HOLE, "between moments a later write is there, not the one before") \
	X(MOMENT_REFUSED, "a moment is refused that the window has") \
	X(MOMENT_CRASH, "a moment shows what is after a crash") \
	X(MOMENT_LOST, "a window that may not move is lost in a crash") \
	X(MOMENT_OLD, "a moment that the window has left is not refused") \
	X(MOMENT_HELD, "a view of a moment changes when the window moves") \
	X(PICK_PRESENT, "a pick shows the present") \
	X(PICK_LAST, "a pick is listed as if it were of now") \
	X(PICK_TIME, "a pick has the time of now") \
	X(PICK_LOST, "a pick is lost in a crash") \
	X(REWIND_MOMENT, "a rewind to a moment goes to the one before") \
	X(REWIND_NOWHERE, "a rewind to a moment changes nothing") \
	X(WINDOW_RULES, "the rules of a window are lost in a restart") \
	X(WINDOW_BACK, "a window goes further back after a restart") \
	X(WINDOW_FULL, "no space, though a window may be made shorter") \
	X(RULE_STALE, "a snapshot made by rule lacks a write before it") \
	X(RULE_LATER, "a snapshot made by rule shows a later write") \
	X(RULE_EARLY, "a snapshot made by rule is dropped before its time") \
	X(RULE_LATE, "a snapshot made by rule is never dropped") \
	X(RULE_OFTEN, "a snapshot is made by rule though none is due") \
	X(RULE_NEVER, "no snapshot is made by rule") \
	X(RULE_RENAMED, "a snapshot made by rule and renamed is dropped all the same") \
	X(RULE_NAME, "a snapshot made by rule and renamed is still the rules'") \
	X(RULE_CRASH, "a snapshot made by rule is lost in a crash") \
	X(WAIT_FAILS, "a write that is to wait for room fails") \
	X(WAIT_LOST, "a write that waited for room is lost") \
	X(WAIT_EVER, "a write that waits for room is not woken")

enum fault {
#define X(name, text) FAULT_##name,
	FAKE_FAULTS(X)
#undef X
	NR_FAULTS
};

struct volume *fake_new(enum fault which, uint64_t seed);
void fake_free(struct volume *v);

#endif
