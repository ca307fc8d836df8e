# SPDX-License-Identifier: GPL-2.0
"""What `make bench` shows: every figure, where it comes from, and its aim.

A section is one instrument's measurement with its own targets as columns. A
figure takes one number per target out of one round. Where a part is run in
several rounds the first is shown, and how far the others are from it says
whether the instrument repeats; figures in host time take the median instead.
"""

from dataclasses import dataclass, field

US = "deltalog"

NAMES = {
    "raw-log": "raw log",
    "raw-origin": "raw origin",
    "linear": "linear",
    "writecache": "writecache",
    "snap4": "snapshot 4K",
    "snap64": "snapshot 64K",
    "thin": "thin",
    "thin-snap": "thin+snap",
    US: "deltalog",
}


@dataclass(frozen=True)
class Aim:
    """@bound is for this target's value, divided by @of's if there is one."""

    op: str
    bound: float
    of: tuple = ()

    def text(self):
        bound = f"{self.bound:,.2f}" if self.bound < 100 else f"{self.bound:,.0f}"
        names = " or ".join(NAMES[t] for t in self.of)
        return f"{self.op} {bound}" + (f" x {names}" if names else "")

    def met(self, value):
        return value >= self.bound if self.op == ">=" else value <= self.bound


@dataclass(frozen=True)
class Figure:
    id: str
    title: str
    unit: str
    get: object  # (round's reader, target) -> number or None
    better: str = "higher"
    aim: object = None
    # What this target is compared with when there is no aim: names of targets.
    of: tuple = ()
    chart: bool = False


@dataclass(frozen=True)
class Section:
    id: str
    part: str
    title: str
    how: str
    targets: tuple
    figures: tuple = field(default_factory=tuple)
    host_time: bool = False


class Reader:
    """One round of one part, with None for whatever is not there."""

    def __init__(self, results, part, rnd):
        self.results, self.part, self.rnd = results, part, rnd

    def __call__(self, variant, target, key, attr=None):
        got = self.results.get(self.part, variant, self.rnd, target, key)
        if got is None or attr is None:
            return got
        return getattr(got, attr)


def job(variant, key, attr):
    return lambda r, t: r(variant, t, key, attr)


def per_io(key):
    """Guest time is the instruction count: ns per I/O are instructions."""

    def get(r, t):
        iops = r("vm", t, key, "iops")
        return 1e9 / iops if iops else None

    return get


def settled(r, t):
    """Instructions to write a page once and again, and to settle it, per page."""
    settle, wrote = r("vm", t, "settle"), r("vm", t, "write", "ios")
    return settle / wrote if settle and wrote else None


def quotient(variant, key, by, scale=1.0):
    def get(r, t):
        a, b = r(variant, t, key), r(variant, t, by)
        return a / b * scale if a is not None and b else None

    return get


def both(variant, keys, by):
    def get(r, t):
        parts = [r(variant, t, k) for k in keys]
        total = r(variant, t, by)
        return sum(parts) / total if total and None not in parts else None

    return get


def distinct(r, t):
    """Origin bytes per byte of distinct pages; each page was written 4 times."""
    user, origin = r("b512-p4", t, "user"), r("b512-p4", t, "origin")
    return origin / (user / 4) if user and origin is not None else None


def counters(r, t):
    """The target's own log bytes per log byte that the block layer counted."""
    own, seen = r("b512-p1", t, "own_log"), r("b512-p1", t, "log")
    return own / seen if own and seen else None


def scale(prefix):
    """The second writer's gain, from each count's best round: what else the
    host does can only make a round slower."""

    def get(r, t):
        best = []
        for writers in (1, 2):
            rates = []
            while (iops := r("vm", f"{t}.{len(rates) + 1}", f"{prefix}w{writers}", "iops")):
                rates.append(iops)
            best.append(max(rates, default=None))
        return best[1] / best[0] if all(best) else None

    return get


def activation(form, key, scale_by):
    def get(r, t):
        v = r(f"{form}", f"{t}.{form}", key)
        return v * scale_by if v is not None else None

    return get


def memory_growth(key, by, scale_by):
    """What each @by of a larger log adds to @key; fixed parts drop out."""

    def get(r, t):
        small, large = r("g16", t, key), r("g32", t, key)
        n, m = r("g16", t, by), r("g32", t, by)
        if None in (small, large, n, m) or n == m:
            return None
        return (large - small) * scale_by / (m - n)

    return get


def fsyncs(variant, ident, what, aim):
    out = []
    for n in (1, 4, 16, 32):
        who = "1 thread" if n == 1 else f"{n} threads"
        out.append(Figure(
            f"fsync.{ident}.t{n}", f"{who}{what}", "writes/s",
            job(variant, f"t{n}", "iops"), of=("raw-log",), chart=n in (1, 16) and not what,
            aim=aim if n == 1 else None))
    return out


def sequentials():
    out = []
    for d in (4, 8):
        v = f"d{d}"
        out += [
            Figure(f"seq.{v}.fits", f"log has room, {d} in flight", "MiB/s",
                   job(v, "fits", "mib_s"), aim=Aim(">=", 0.9, ("raw-log",)), chart=d == 8),
            Figure(f"seq.{v}.full", f"log full, {d} in flight", "MiB/s",
                   job(v, "full", "mib_s"), aim=Aim(">=", 0.95, ("raw-origin",)), chart=d == 8),
            Figure(f"seq.{v}.full.p999", "  p99.9", "ms",
                   lambda r, t, v=v: ms(r(v, t, "full", "p999")), "lower", of=("raw-origin",)),
            Figure(f"seq.{v}.full.max", "  longest", "ms",
                   lambda r, t, v=v: ms(r(v, t, "full", "max")), "lower", of=("raw-origin",)),
        ]
    return out


def ms(us):
    return us / 1e3 if us is not None else None


def latencies():
    out = []
    for key, what in (("d1", "1 in flight"), ("d32", "32 in flight"),
                      ("full1", "log full, 1 in flight"), ("full32", "log full, 32 in flight")):
        for attr, name in (("p50", "median"), ("p99", "p99"), ("p999", "p99.9"), ("max", "longest")):
            title = f"{what}: {name}" if attr == "p50" else f"  {name}"
            out.append(Figure(f"latency.{key}.{attr}", title, "us",
                              job("sim", key, attr), "lower",
                              chart=attr == "p999" and key != "d1"))
    return out


SECTIONS = (
    Section(
        "fsync", "fsync", "4 KiB random writes, each followed by fsync",
        "simulated time: log 20 us, origin 8 ms per request, volatile caches; thin is all on the fast device",
        ("raw-log", "raw-origin", "writecache", "snap4", "thin", "thin-snap", US),
        tuple(fsyncs("fua1", "fua", "", Aim(">=", 1.0, ("raw-log",))) +
              fsyncs("fua0", "nofua", ", log without FUA", Aim(">=", 1.0, ("raw-log",)))),
    ),
    Section(
        "seq", "seq", "1 MiB sequential writes",
        "simulated time: one request of up to 16 KiB at a time, log 1,953 MiB/s, origin 156 MiB/s; log of 384 MiB",
        ("raw-log", "raw-origin", "writecache", "snap4", US), tuple(sequentials()),
    ),
    Section(
        "latency", "latency", "4 KiB random writes without fsync",
        "simulated time: devices as for fsync; log of 64 MiB",
        ("raw-log", "raw-origin", "writecache", "snap4", US), tuple(latencies()),
    ),
    Section(
        "instr", "instr", "Instructions per 4 KiB, 32 in flight",
        "stock kernel in QEMU -icount over brd; fio, system calls and the device's copy included",
        ("raw-log", "linear", "writecache", "snap4", "thin", "thin-snap", US),
        (
            Figure("instr.write", "write (snapshots: first since)", "instructions", per_io("write"),
                   "lower", Aim("<=", 13000), chart=True),
            Figure("instr.rewrite", "write again", "instructions", per_io("rewrite"),
                   "lower", of=("linear",), chart=True),
            Figure("instr.read", "read, not in the log", "instructions", per_io("read"),
                   "lower", Aim("<=", 1.05, ("linear",)), chart=True),
            Figure("instr.reread", "read, in the log", "instructions", per_io("reread"),
                   "lower", of=("linear",), chart=True),
            Figure("instr.settle", "bring a page to the origin", "instructions", settled, "lower"),
        ),
    ),
    Section(
        "bytes", "bytes", "Bytes moved per user byte, 4 KiB random writes, 32 in flight",
        "counted by the block layer; snapshots just made; thin is all on the fast device",
        ("linear", "writecache", "snap4", "snap64", "thin-snap", US),
        (
            Figure("bytes.log", "log, blocks of 512 B", "written", quotient("b512-p1", "log", "user"),
                   "lower", Aim("<=", 1.05)),
            Figure("bytes.log4k", "log, blocks of 4 KiB", "written", quotient("b4096-p1", "log", "user"),
                   "lower", Aim("<=", 1.05)),
            Figure("bytes.written", "all devices, settled", "written",
                   quotient("b512-p1", "all_written", "user"), "lower", chart=True),
            Figure("bytes.read", "all devices, settled", "read",
                   quotient("b512-p1", "all_read", "user"), "lower"),
            Figure("bytes.moved", "all devices, settled", "read+written",
                   both("b512-p1", ("all_read", "all_written"), "user"), "lower", chart=True),
            Figure("bytes.distinct", "origin, per byte of distinct page", "written",
                   distinct, "lower", Aim("<=", 1.0), chart=True),
            Figure("bytes.counters", "own count of log bytes / counted", "ratio", counters, "lower"),
        ),
    ),
    Section(
        "memory", "memory", "Memory that grows with the log",
        "user-mode Linux; difference between a log of 16 GiB and one of 32 GiB; the last: all of it",
        (US,),
        (
            Figure("memory.page", "for each page the log can hold", "bytes",
                   memory_growth("memory", "records_max", 1.0), "lower", Aim("<=", 40.0)),
            Figure("memory.gib", "for each GiB of log", "MiB",
                   memory_growth("memory", "gib", 2.0**-20), "lower", Aim("<=", 12.0)),
            Figure("memory.kernel", "  as the kernel counts it", "MiB",
                   memory_growth("kernel_kib", "gib", 2.0**-10), "lower"),
            Figure("memory.all", "in all, log of 1 GiB, idle", "MiB",
                   quotient("g1", "memory", "gib", 2.0**-20), "lower", Aim("<=", 12.0)),
        ),
    ),
    Section(
        "scaling", "scaling", "Two writers on two processors, 4 KiB random writes over brd",
        "stock kernel in QEMU, host time, best of interleaved rounds; 2.00 is perfect",
        ("raw-log", "linear", "writecache", US),
        (
            Figure("scaling.d32", "two / one, 32 in flight each", "times", scale(""),
                   aim=Aim(">=", 0.9, ("linear",)), chart=True),
            Figure("scaling.d1", "two / one, 1 in flight each", "times", scale("sync-"),
                   of=("linear",)),
        ),
        host_time=True,
    ),
    Section(
        "activation", "activation", "Activation after a crash, 1 GiB of log not in the origin",
        "user-mode Linux at its own speed, host time",
        ("writecache", "snap4", US),
        (
            Figure("activation.seq", "1 MiB sequential writes", "s",
                   activation("seq", "activation", 1e-9), "lower", Aim("<=", 2.0), chart=True),
            Figure("activation.fsync", "4 KiB writes, each durable alone", "s",
                   activation("fsync", "activation", 1e-9), "lower", Aim("<=", 2.0), chart=True),
            Figure("activation.memory", "memory in all, its own count", "MiB",
                   activation("fsync", "memory", 2.0**-20), "lower"),
        ),
        host_time=True,
    ),
)
