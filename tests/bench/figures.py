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
    "crypt": "crypt",
    "thin": "thin",
    "thin-snap": "thin+snap",
    "no-snap": "no snapshot",
    "block": "whole pages",
    "static": "static",
    "bit": "bits",
    "packed": "compressed",
    "sealed": "AES-GCM",
    "chacha": "ChaCha20",
    US: "deltalog",
}


@dataclass(frozen=True)
class Aim:
    """@bound is for this target's value, divided by @of's if there is one."""

    op: str
    bound: float
    of: tuple = ()

    def text(self):
        digits = 0 if self.bound >= 100 else 3 if 0 < self.bound < 0.1 else 2
        bound = f"{self.bound:,.{digits}f}"
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

    def of(self, part):
        """The same round of another part."""
        return Reader(self.results, part, self.rnd)


def job(variant, key, attr):
    return lambda r, t: r(variant, t, key, attr)


def per_io(key, variant="vm"):
    """Guest time is the instruction count: ns per I/O are instructions."""

    def get(r, t):
        iops = r(variant, t, key, "iops")
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


# ---- the timeline ----

# Throughput may fall to 0.98: so much more may a write cost.
SAME_COST = 1 / 0.98


def many(key, attr=None, scale=1.0):
    """With many snapshots; beside it without any, and the peers with one."""

    def get(r, t):
        if t == US:
            v = r("many", t, key, attr)
        elif t == "no-snap":
            v = r("none", US, key, attr)
        else:
            v = r.of("fsync")("fua1", t, key, attr)
        return v * scale if v is not None else None

    return get


def with_many(key, scale=1.0):
    """A number that only many snapshots have."""
    return lambda r, t: many(key, None, scale)(r, t) if t == US else None


def space(key, before=None, scale=1.0):
    """With a snapshot, or when it is gone; and @before there was one."""

    def get(r, t):
        name = {US: key, "no-snap": before}.get(t)
        v = r("space", US, name) if name else None
        return v * scale if v is not None else None

    return get


def since_snapshot(keys):
    """Bytes per user byte since a snapshot was made; @keys are added."""

    def get(r, t):
        name = f"{US}-snap" if t == US else t
        parts, user = [r("b512-p1", name, k) for k in keys], r("b512-p1", name, "user")
        return sum(parts) / user if user and None not in parts else None

    return get


def past_io(key, without=None, peers=None):
    """Instructions with snapshots; @without: what a volume without any did, under
    what name; @peers: what the peers did in the part `instr`."""

    def get(r, t):
        if t in (US, "linear"):
            iops = r("vm", t, key, "iops")
        elif t == "no-snap":
            iops = r("vm", t, without, "iops") if without else None
        else:
            iops = r.of("instr")("vm", t, peers, "iops") if peers else None
        return 1e9 / iops if iops else None

    return get


def rewind_time(form, start):
    """In ms: the kernel's call, and with @start the program that makes it."""

    def get(r, t):
        took, begin = r("uml", t, f"rewind_{form}"), r("uml", t, "start")
        if took is None or begin is None:
            return None
        return (took + (begin if start else 0)) / 1e6

    return get


# ---- granularity ----


def grained(kind, part="", key="log", scale=1.0):
    """@key's count for each byte that was written, from the first write on or later."""

    def get(r, t):
        counted, user = r(kind, t, key + part), r(kind, t, "user")
        return counted / user * scale if counted is not None and user else None

    return get


def per_write(kind, part, key):
    """How many for a write; each is of 4 KiB."""
    return grained(kind, part, key, 4096.0)


def whole(kind, part):
    """Which part of the writes was recorded as whole pages."""

    def get(r, t):
        if t != US:
            return None
        user = r(kind, t, "user")
        rest = [r(kind, t, k + part) for k in ("deltas", "rewritten", "unchanged")]
        return 1 - sum(rest) * 4096 / user if user and None not in rest else None

    return get


def grains():
    out = []
    for kind, what, bound in (("bytes64", "64 bytes, each somewhere", 0.065),
                              ("run64", "64 bytes in a run", 0.035),
                              ("bits20", "20 bits, each somewhere", 0.03),
                              ("random", "all bytes", 1.05)):
        out += [
            Figure(f"grain.{kind}", f"{what}: log", "written", grained(kind), "lower",
                   Aim("<=", bound), chart=True),
            Figure(f"grain.{kind}.later", "  as many writes later", "written",
                   grained(kind, "_later"), "lower", Aim("<=", bound)),
        ]
        if kind == "random":
            continue
        out += [
            Figure(f"grain.{kind}.whole", "  recorded whole; of the first", "writes",
                   whole(kind, ""), "lower"),
            Figure(f"grain.{kind}.whole.later", "  the same, of those later", "writes",
                   whole(kind, "_later"), "lower"),
        ]
    return out


def data_bases():
    out = []
    for fs in ("ext4", "xfs"):
        for mode, what in (("wal", "write-ahead log"), ("delete", "rollback journal")):
            v = f"{fs}-{mode}"
            out += [
                Figure(f"grain-sqlite.{v}", f"{fs}, {what}", "written",
                       quotient(v, "log_bytes", "user_bytes"), "lower",
                       Aim("<=", 1 / 3, ("block",)), chart=True),
                Figure(f"grain-sqlite.{v}.deltas", "  recorded as deltas", "of 4 KiB",
                       quotient(v, "deltas", "user_bytes", 4096.0)),
                Figure(f"grain-sqlite.{v}.user", "  written to the volume", "B/transaction",
                       quotient(v, "user_bytes", "transactions"), "lower"),
            ]
    return out


def pgbench():
    out = []
    for fs in ("ext4", "xfs"):
        v = f"pg-{fs}"
        out += [
            Figure(f"grain-pgbench.{fs}.log", f"{fs}: log", "written",
                   quotient(v, "log_bytes", "user_bytes"), "lower",
                   Aim("<=", 1 / 3, ("block",)), chart=True),
            Figure(f"grain-pgbench.{fs}.run", "  of that until the checkpoint", "written",
                   quotient(v, "log_bytes_run", "user_bytes_run"), "lower"),
            Figure(f"grain-pgbench.{fs}.deltas", "  recorded as deltas", "of 4 KiB",
                   quotient(v, "deltas", "user_bytes", 4096.0)),
            Figure(f"grain-pgbench.{fs}.user", "  written to the volume", "B/transaction",
                   quotient(v, "user_bytes", "transactions"), "lower"),
            Figure(f"grain-pgbench.{fs}.count", "  transactions", "",
                   lambda r, t, v=v: r(v, t, "transactions")),
            Figure(f"grain-pgbench.{fs}.tps", f"{fs}: speed", "transactions/s",
                   lambda r, t, v=v: r(v, t, "tps"), aim=Aim(">=", 1.0, ("block",)), chart=True),
        ]
    for fs in ("ext4", "xfs"):
        out.append(Figure(f"grain-pgbench.{fs}.sqlite", f"{fs}: SQLite, write-ahead log",
                          "transactions/s",
                          quotient(f"vm-{fs}-wal", "transactions", "took", 1e9),
                          aim=Aim(">=", 1.0, ("block",))))
    return out


# ---- foresight ----


def plain(variant, key):
    return lambda r, t: r(variant, t, key)


def saved(work, key):
    """Of what was written for the same workload without it."""
    return Figure(f"fusion.{work}.{key}", f"  {'records' if key == 'seq' else 'log bytes'}", "",
                  plain(f"fusion-{work}", key), "lower", of=("static",))


def precise(work):
    """Of the sectors for which room was kept, how many were filled."""

    def get(r, t):
        kept = r(f"fusion-{work}", t, "placeholder_sectors")
        # So few that they cost nothing say nothing of how well it guesses.
        return r(f"fusion-{work}", t, "fused_sectors") / kept if (kept or 0) >= 64 else None

    return get


def fusions():
    out = []
    for work, what in (("seq512", "512 bytes, in order"), ("streams", "four streams of 1 KiB"),
                       ("strided", "512 bytes of every page"), ("random", "512 bytes at random"),
                       ("xfs", "small files, XFS"), ("ext4-1k", "small files, ext4 of 1 KiB"),
                       ("replay", "recorded workload")):
        out += [
            Figure(f"fusion.{work}", f"{what}: room filled", "of that kept", precise(work),
                   aim=Aim(">=", 0.8), chart=True),
            saved(work, "seq"), saved(work, "log_bytes"),
        ]
    return out


def bursts():
    """Writes that waited for an allocation, and how long the slowest took."""
    never = Aim("<=", 0)
    out = [
        Figure("burst.stalls", "bursts 4 s apart: stalled writes", "", plain("burst", "stalls_burst"),
               "lower", never),
        Figure("burst.p999", "  p99.9", "us", job("burst", "burst", "p999"), "lower",
               Aim("<=", 0.5, ("static",)), chart=True),
    ]
    for gap in (1, 2, 10):
        out.append(Figure(f"burst.stalls{gap}", f"bursts {gap} s apart: stalled writes", "",
                          plain("burst", f"stalls_every_{gap}"), "lower", never))
    for name in ("steady", "random"):
        out += [
            Figure(f"burst.{name}", f"{name}, without a pause", "writes/s",
                   job("burst", name, "iops"), aim=Aim(">=", 0.98, ("static",))),
            Figure(f"burst.{name}.p99", "  p99", "us", job("burst", name, "p99"), "lower",
                   Aim("<=", 1.02, ("static",))),
            Figure(f"burst.{name}.p999", "  p99.9", "us", job("burst", name, "p999"), "lower",
                   Aim("<=", 1.02, ("static",))),
        ]
    return out


def orders():
    out = []
    for work, aim in (("hot", Aim("<=", 0.8, ("static",))), ("zipf", None), ("uniform", None)):
        of = () if aim else ("static",)
        v = f"order-{work}"
        out += [
            Figure(f"order.{work}", f"{work}: origin", "MB", scaled(v, "origin", 1e-6), "lower",
                   aim, of, chart=True),
            Figure(f"order.{work}.log", "  log", "MB", scaled(v, "log", 1e-6), "lower",
                   of=("static",)),
            Figure(f"order.{work}.lag", "  oldest record that the origin lacked", "s",
                   scaled(v, "lag_max_ms", 1e-3), "lower", of=("static",)),
        ]
    return out


def scaled(variant, key, scale):
    def get(r, t):
        v = r(variant, t, key)
        return v * scale if v is not None else None

    return get


def foresight_costs():
    out = []
    for key, what in (("write", "4 KiB"), ("rewrite", "4 KiB, written before")):
        out.append(Figure(f"foresight.{key}", what, "instructions", per_io(key), "lower",
                          Aim("<=", 1.02, ("static",))))
    for key, what in (("seq512", "512 bytes, in order"), ("seq1k", "1 KiB, in order"),
                      ("rand1k", "1 KiB at random")):
        out.append(Figure(f"foresight.{key}", what, "instructions", per_io(key, "small"), "lower",
                          Aim("<=", 1.03, ("static",))))
    return out


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
        "grain", "grain", "Bytes to the log per user byte, small changes of pages",
        "counted by the block layer; 4096 pages drawn by Zipf, 32 in flight, fsync every 32; log blocks of 512 B",
        ("writecache", "block", US),
        tuple(grains()) + (
            Figure("grain.long", "64 bytes, settled meanwhile: log", "written",
                   grained("long", "_later"), "lower"),
            Figure("grain.long.whole", "  recorded whole", "writes", whole("long", "_later"),
                   "lower"),
            Figure("grain.long.rebased", "  whole, for reconcile", "of a write",
                   per_write("long", "_later", "rebased"), "lower"),
            Figure("grain.long.origin", "  origin", "written",
                   grained("long", "_later", "origin_bytes"), "lower"),
            Figure("grain.long.cycles", "  reconcile cycles", "",
                   lambda r, t: r("long", t, "cycles_later"), aim=Aim(">=", 1)),
        ),
    ),
    Section(
        "grain-reads", "grain", "Device reads for a read of a page with a long chain of deltas",
        "counted by the block layer, past any cache; simulated time", (US,),
        (
            Figure("grain-reads.chain", "deltas on the page", "deltas",
                   lambda r, t: r("reads", t, "chain")),
        ) + tuple(
            Figure(f"grain-reads.{when}", title, "reads",
                   both("reads", (f"log_{when}", f"origin_{when}"), "reads"), "lower",
                   Aim("<=", bound))
            for when, title, bound in (("hot", "just written", 0),
                                       ("again", "after taking the volume down and up", 0),
                                       ("settled", "when it is settled", 1))),
    ),
    Section(
        "grain-instr", "grain", "Instructions per 4 KiB write, 64 bytes of it changed",
        "stock kernel in QEMU -icount over brd; 2048 pages drawn by Zipf, 32 in flight; "
        "system calls and the device's copy included, the program that writes is not",
        ("linear", "writecache", "crypt", "block", "sealed", "chacha", "packed", US),
        (
            Figure("grain-instr.write", "write of a page in the log", "instructions",
                   quotient("vm", "took", "writes"), "lower", Aim("<=", 30000), chart=True),
            Figure("grain-instr.deltas", "  recorded as deltas", "of a write",
                   quotient("vm", "deltas", "writes")),
            Figure("grain-instr.packed", "  a page compressed (text, all of it new)", "bytes",
                   lambda r, t: r("vm", t, "bytes") if t == "packed" else None),
        ) + tuple(
            # Before there were deltas such a write took 12,878.
            Figure(f"grain-instr.fio.{key}", f"fio, all recorded whole: {what}", "instructions",
                   lambda r, t, key=key: per_io(key, "fio")(r, "block") if t == US else None,
                   "lower", aim)
            for key, what, aim in (("write", "write", Aim("<=", 12878 * 1.05)),
                                   ("rewrite", "again", None))
        ),
    ),
    Section(
        "grain-sqlite", "grain", "Bytes to the log per user byte, SQLite with small transactions",
        "its own counters; simulated time, devices as for fsync; deltalog: with the policy a volume has by default",
        ("block", "bit", "packed", US), tuple(data_bases()),
    ),
    Section(
        "grain-pgbench", "grain", "PostgreSQL: bytes to the log per user byte, and speed",
        "stock kernel in QEMU -icount: a nanosecond is an instruction, and devices take 20 us; "
        "pgbench, scale 1, one client, between two checkpoints",
        ("block", "bit", "packed", US), tuple(pgbench()),
    ),
    Section(
        "snapshots", "snapshots", "Many snapshots alive",
        "simulated time, devices as for fsync, log of 1 GiB; snapshot and thin+snap: with one; space: 64 MiB overwritten since",
        ("snap4", "thin-snap", "no-snap", US),
        (
            Figure("snapshots.alive", "alive meanwhile", "snapshots", with_many("alive"),
                   aim=Aim(">=", 1000)),
            Figure("snapshots.max", "  as the log has room for", "snapshots", with_many("most")),
            Figure("snapshots.fsync.t1", "write and fsync, 1 thread", "writes/s",
                   many("t1", "iops"), aim=Aim(">=", 0.98, ("no-snap",)), chart=True),
            Figure("snapshots.fsync.t16", "write and fsync, 16 threads", "writes/s",
                   many("t16", "iops"), aim=Aim(">=", 0.98, ("no-snap",)), chart=True),
            Figure("snapshots.create.frames", "making one more", "log writes",
                   with_many("create_frames"), "lower", Aim("<=", 1)),
            Figure("snapshots.create.bytes", "  written to the log", "bytes",
                   with_many("create_bytes"), "lower"),
            Figure("snapshots.create.time", "  returns after", "us",
                   with_many("create_ns", 1e-3), "lower"),
            Figure("snapshots.delete.time", "deleting one of them returns after", "us",
                   with_many("delete_ns", 1e-3), "lower", Aim("<=", 1000)),
            Figure("space.held", "log held for one snapshot", "MiB",
                   space("past_before", None, 2.0**-20), "lower"),
            Figure("space.delete.time", "deleting it returns after", "us",
                   space("delete_ns", None, 1e-3), "lower", Aim("<=", 1000)),
            Figure("space.left", "log held when that is swept", "MiB",
                   space("past_after", None, 2.0**-20), "lower", Aim("<=", 0)),
            Figure("space.used", "log in use; before it was made", "MiB",
                   space("used_after", "used_start", 2.0**-20), "lower",
                   Aim("<=", 1.0, ("no-snap",))),
            Figure("space.back.time", "  so again after", "us",
                   space("back_ns", None, 1e-3), "lower"),
        ),
    ),
    Section(
        "past-bytes", "bytes", "Bytes moved per user byte, the same, a snapshot just made",
        "counted by the block layer; deltalog over an origin full of data; thin is all on the fast device",
        ("snap4", "snap64", "thin-snap", US),
        (
            Figure("past-bytes.log", "log, until it is settled", "written",
                   lambda r, t: since_snapshot(("log",))(r, t) if t == US else None,
                   "lower", Aim("<=", 1.05)),
            Figure("past-bytes.written", "all devices, settled", "written",
                   since_snapshot(("all_written",)), "lower", Aim("<=", 3.1), chart=True),
            Figure("past-bytes.read", "all devices, settled", "read",
                   # Besides, the few samples of the origin that were written are read again.
                   since_snapshot(("all_read",)), "lower", Aim("<=", 1.001), chart=True),
            Figure("past-bytes.origin", "  of that from the origin", "read",
                   lambda r, t: since_snapshot(("origin_read",))(r, t) if t == US else None,
                   "lower"),
            Figure("past-bytes.moved", "all devices, settled", "read+written",
                   since_snapshot(("all_read", "all_written")), "lower", Aim("<=", 4.1), chart=True),
        ),
    ),
    Section(
        "past", "past", "Instructions per 4 KiB, 32 in flight, with many snapshots",
        "stock kernel in QEMU -icount over brd; snapshot and thin+snap: with one; views beside reads of a volume without any",
        ("linear", "snap4", "thin-snap", "no-snap", US),
        (
            Figure("past.alive", "alive meanwhile", "snapshots",
                   lambda r, t: r("vm", t, "alive") if t == US else None, aim=Aim(">=", 1000)),
            Figure("past.write", "write, nothing in the log", "instructions",
                   past_io("write", "write"), "lower", Aim("<=", SAME_COST, ("no-snap",)), chart=True),
            Figure("past.rewrite", "write again", "instructions",
                   past_io("rewrite", "rewrite", "rewrite"), "lower",
                   Aim("<=", SAME_COST, ("no-snap",))),
            Figure("past.since", "write again, first since one", "instructions",
                   past_io("since", "since", "write"), "lower",
                   Aim("<=", SAME_COST, ("no-snap",)), chart=True),
            Figure("past.reread", "read, in the log", "instructions",
                   past_io("reread", "reread"), "lower", of=("no-snap",)),
            Figure("past.settled", "read, settled", "instructions",
                   lambda r, t: past_io("read" if t == "linear" else "settled")(r, t),
                   "lower", Aim("<=", 1.05, ("linear",)), chart=True),
            Figure("past.view.same", "view: as the volume, in the log", "instructions",
                   past_io("view-same", "reread"), "lower", Aim("<=", 1.25, ("no-snap",)), chart=True),
            Figure("past.view.replaced", "view: replaced, in the log", "instructions",
                   past_io("view-replaced", "reread"), "lower", Aim("<=", 1.25, ("no-snap",)), chart=True),
            Figure("past.view.replaced.settled", "  settled since", "instructions",
                   past_io("view-then-settled", "reread"), "lower", Aim("<=", 1.25, ("no-snap",))),
            Figure("past.view.kept", "view: kept from the origin", "instructions",
                   past_io("view-kept", "reread"), "lower", Aim("<=", 1.25, ("no-snap",))),
            Figure("past.view.origin", "view: in the origin, now replaced", "instructions",
                   past_io("view-origin", "read"), "lower", Aim("<=", 1.25, ("no-snap",)), chart=True),
            Figure("past.view.settled", "view: in the origin, as the volume", "instructions",
                   past_io("view-settled", "read"), "lower", Aim("<=", 1.25, ("no-snap",))),
            Figure("past.rewind", "rewind, for a page changed", "instructions",
                   lambda r, t: quotient("vm", "rewind", "changed")(r, t) if t == US else None,
                   "lower"),
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
        "burst", "foresight", "Segments by foresight: 12 MiB at a time, 64 KiB each, one in flight",
        "simulated time: log of 64 MiB, 20 us, origin 8 ms per request; steady: 64 KiB, random: 4 KiB, 32 in flight",
        ("static", US), tuple(bursts()),
    ),
    Section(
        "outlook", "foresight", "Space by foresight: 40 MiB every 5 s, a log of 96 MiB, 70 % as mark",
        "simulated time: devices as for fsync; 4 KiB at random, 32 in flight; the second half of 20 bursts",
        ("static", US),
        (
            Figure("outlook.deferred", "writes that waited for room", "", plain("space", "deferred"),
                   "lower", Aim("<=", 0.99, ("static",)), chart=True),
            Figure("outlook.p999", "  p99.9", "us", job("space", "bursts", "p999"), "lower",
                   of=("static",)),
            Figure("outlook.origin", "  origin", "MB", scaled("space", "origin_bytes", 1e-6), "lower",
                   of=("static",)),
        ),
    ),
    Section(
        "order", "foresight", "Order of settling: 500 writes of 4 KiB a second for 3 min, a log of 24 MiB",
        "simulated time: devices as for fsync; hot: 9 writes in 10 to a tenth of 64 MiB; static is oldest first",
        ("static", US), tuple(orders()),
    ),
    Section(
        "fusion", "foresight", "Fusion: what room is kept for and filled, and what that saves",
        "simulated time: log 20 us, origin 8 ms per request; counted by the target",
        ("static", US), tuple(fusions()),
    ),
    Section(
        "foresight", "foresight", "Instructions per write, 32 in flight, without and with",
        "stock kernel in QEMU -icount over brd; 4 KiB: all of foresight; less: fusion",
        ("static", US), tuple(foresight_costs()),
    ),
    Section(
        "rewind", "rewind", "Rewind of a volume of 64 GiB by 1 GiB of changes in random pages",
        "user-mode Linux at its own speed, host time; what is read then was checked to be what was there",
        (US,),
        (
            Figure("rewind.log", "changes in the log: the message", "ms",
                   rewind_time("log", True), "lower", Aim("<=", 100), chart=True),
            Figure("rewind.log.kernel", "  of that in the kernel", "ms",
                   rewind_time("log", False), "lower"),
            Figure("rewind.origin", "changes in the origin: the message", "ms",
                   rewind_time("origin", True), "lower", Aim("<=", 100), chart=True),
            Figure("rewind.origin.kernel", "  of that in the kernel", "ms",
                   rewind_time("origin", False), "lower"),
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
