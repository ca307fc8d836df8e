#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends messages to a mapped device, and says how long the kernel took.

Usage: message.py [--count N] [--write] NAME WORD...

Sends WORD... to device NAME N times, with the number of the time, from 1 on,
in place of each {}. --write writes the device's first 4 KiB before each, past the
caches. Prints the least, the median and the longest time, in ns, of the calls
alone: no program is started for a message, which would take longer than most.
"""

import argparse
import fcntl
import mmap
import os
import statistics
import struct
import sys
import time

DM_TARGET_MSG = 0xC138FD0E
HEAD = struct.Struct("=3I7IQ128s129s7s")  # struct dm_ioctl
PAGE = 4096


def message(control, name, text):
    """Time of the call, in ns."""
    body = struct.pack("=Q", 0) + text.encode() + b"\0"
    head = HEAD.pack(4, 0, 0, 2 * PAGE, HEAD.size, 0, 0, 0, 0, 0, 0,
                     name.encode(), b"", b"")
    buf = bytearray((head + body).ljust(2 * PAGE, b"\0"))
    start = time.monotonic_ns()
    try:
        fcntl.ioctl(control, DM_TARGET_MSG, buf)
    except OSError as e:
        sys.exit(f"{name}: {text}: {e.strerror}")
    return time.monotonic_ns() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("name")
    parser.add_argument("words", nargs="+")
    args = parser.parse_args()
    page = mmap.mmap(-1, PAGE)
    control = os.open("/dev/mapper/control", os.O_RDWR)
    volume = os.open(f"/dev/mapper/{args.name}", os.O_RDWR | os.O_DIRECT) if args.write else -1
    took = []
    for n in range(1, args.count + 1):
        if args.write:
            page[:] = n.to_bytes(8, "little") * (PAGE // 8)
            os.pwrite(volume, page, 0)
        text = " ".join(args.words).replace("{}", str(n))
        took.append(message(control, args.name, text))
    print(min(took), round(statistics.median(took)), max(took))


if __name__ == "__main__":
    main()
