# SPDX-License-Identifier: GPL-2.0
"""Reads what the benchmark's guests said (lib.sh says how they say it).

A file is named PART.VARIANT.TARGET.ROUND; one guest may speak of several
targets. What is kept is, by (part, variant, round, target): numbers, those of
`@v` lines under their keys, and fio jobs under their names, each a Job.
"""

import json
import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """One fio job group; latencies in microseconds."""

    iops: float
    mib_s: float
    ios: int
    p50: float
    p99: float
    p999: float
    max: float

    @staticmethod
    def of(job):
        side = job["write"] if job["write"]["total_ios"] else job["read"]
        lat = side["clat_ns"]
        percentile = {float(k): v for k, v in lat.get("percentile", {}).items()}
        worst = lat["max"] / 1e3

        def at(p):
            # A percentile is the upper end of a histogram's bucket, which may
            # lie above the largest value that was seen.
            return min(percentile.get(p, 0) / 1e3, worst)

        return Job(
            iops=side["iops"],
            mib_s=side["bw_bytes"] / 2**20,
            ios=side["total_ios"],
            p50=at(50.0),
            p99=at(99.0),
            p999=at(99.9),
            max=worst,
        )


class Results:
    def __init__(self):
        self.data = {}
        self.env = {}
        self.failed = []

    def rounds(self, part, variant):
        return sorted({k[2] for k in self.data if k[:2] == (part, variant)})

    def get(self, part, variant, rnd, target, key):
        """A number or a Job, or None if that was not measured."""
        return self.data.get((part, variant, rnd, target), {}).get(key)

    def put(self, part, variant, rnd, target, key, value):
        self.data.setdefault((part, variant, rnd, target), {})[key] = value

    def read(self, path):
        part, variant, _, rnd = os.path.basename(path).split(".")
        lines = iter(open(path, errors="replace").read().splitlines())
        for line in lines:
            word = line.split(" ", 3)
            if word[0] == "@v" and len(word) == 4:
                self.put(part, variant, rnd, word[2], word[1], float(word[3]))
            elif word[0] == "@env" and len(word) >= 3:
                self.env[word[1]] = line.split(" ", 2)[2]
            elif word[0] == "@fail":
                self.failed.append(f"{part} {variant} {line[6:]}")
            elif word[0] == "@fio":
                text = []
                for line in lines:
                    if line == "@end":
                        break
                    text.append(line)
                self._fio(part, variant, rnd, word[1], "\n".join(text))

    def _fio(self, part, variant, rnd, target, text):
        try:
            # What fio has to say before its JSON is in the same file.
            jobs = json.loads(text[text.index("{"):])["jobs"]
        except ValueError:
            self.failed.append(f"{part} {variant} {target}: fio's JSON is not whole")
            return
        for job in jobs:
            self.put(part, variant, rnd, target, job["jobname"], Job.of(job))


def collect(folder):
    results = Results()
    for name in sorted(os.listdir(folder)):
        if name.count(".") == 3:
            results.read(os.path.join(folder, name))
    return results
