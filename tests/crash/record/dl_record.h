/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What /dev/dl-record gives and takes; shared by the recorder and its reader.
 *
 * The recorder is a device-mapper target for tests:
 *
 *   <start> <len> dl-record <device> <offset> <number> <hold_us>
 *
 * It passes everything on to <device> from sector <offset> on, and, while it
 * records, notes every write, flush and discard twice in one stream that all
 * its devices share: when it was submitted, with its data, and when it was
 * done. <number> names the device in the stream. With <hold_us> greater than
 * zero a write is first held back for up to so many microseconds and those that
 * wait are released in random order, as the queue of a real device would.
 *
 * write(2) of 8-byte numbers puts marks into the stream; read(2) with an
 * offset reads it; ioctls start and stop it. Until it is started again, what
 * was recorded stays.
 *
 * That every event has its place in one stream is what dm-log-writes cannot
 * give: it notes a plain write only when the next flush comes, and two devices
 * only if they are one, which then share their flushes.
 */
#ifndef DL_RECORD_H
#define DL_RECORD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DL_RECORD_SUBMIT	1	/* data follows if DATA is set */
#define DL_RECORD_RELEASE	2	/* was held, goes to the device now */
#define DL_RECORD_DONE		3
#define DL_RECORD_MARK		4	/* id is the number written */

#define DL_RECORD_WRITE		(1 << 0)
#define DL_RECORD_FLUSH		(1 << 1)
#define DL_RECORD_FUA		(1 << 2)
#define DL_RECORD_DISCARD	(1 << 3)
#define DL_RECORD_ZEROES	(1 << 4)
#define DL_RECORD_DATA		(1 << 5)
#define DL_RECORD_ERROR		(1 << 6)	/* DONE with an error */

struct dl_record_event {
	__u64 id;		/* of the request; of a mark: its number */
	__u64 sector;		/* on the device named by number */
	__u32 sectors;
	__u16 flags;
	__u8  type;
	__u8  number;
};

struct dl_record_state {
	__u64 bytes;		/* recorded so far */
	__u32 events;
	__u32 overflow;		/* 1: the buffer was full, the rest is missing */
};

#define DL_RECORD_START	_IO('D', 0xd0)	/* forget the old stream, record */
#define DL_RECORD_STOP	_IO('D', 0xd1)
#define DL_RECORD_SEED	_IO('D', 0xd3)	/* of the order of release: argument */
#define DL_RECORD_STATE	_IOR('D', 0xd2, struct dl_record_state)

#endif
