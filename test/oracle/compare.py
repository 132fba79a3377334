# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares two files of verdicts (linux_load.c, judge_batch.cpp) and groups what differs; then, of what both refuse, reasons that are not of
the same kind (reasons.py).

usage: compare.py LINUX OURS [EXAMPLES]"""
import collections
import re
import sys

import reasons


def read(path):
    verdicts = {}
    for line in open(path, errors="replace"):
        fields = line.rstrip("\n").split("\t")
        if len(fields) >= 6:
            verdicts[fields[0]] = fields[1:]
    return verdicts


def shape(message):
    return re.sub(r"-?\b(0x)?[0-9a-f]*\d[0-9a-f]*\b|[rR]\d+(_w)?", "N", message.split(") ", 1)[-1] if message else "")[-110:]


linux, ours = read(sys.argv[1]), read(sys.argv[2])
examples = int(sys.argv[3]) if len(sys.argv) > 3 else 3
both = [n for n in linux if n in ours]
groups = collections.defaultdict(list)
counts = collections.Counter()
more = []
for name in both:
    a, b = linux[name], ours[name]
    counts[a[0], b[0]] += 1
    if a[0] != b[0]:
        reason = b[1] + " " + shape(b[4]) if b[0] == "refused" else shape(a[4])
        groups[f"Linux {a[0]}, ours {b[0]}: {reason}"].append(name)
    elif a[0] == "accepted" and int(b[2]) > int(a[2]):
        more.append((int(b[2]) - int(a[2]), name, a[2], b[2]))
print("Linux accepts", sum(v for k, v in counts.items() if k[0] == "accepted"), "of which ours", counts["accepted", "accepted"])
print("Linux refuses", sum(v for k, v in counts.items() if k[0] == "refused"), "of which ours", counts["refused", "refused"])
print("instructions processed where both accept:", sum(int(linux[n][2]) for n in both if linux[n][0] == ours[n][0] == "accepted"),
      sum(int(ours[n][2]) for n in both if linux[n][0] == ours[n][0] == "accepted"), "; more than Linux:", len(more), sorted(more)[-3:])
for reason, names in sorted(groups.items(), key=lambda g: -len(g[1])):
    print(f"{len(names):5} {reason}   {' '.join(names[:examples])}")
pairs = collections.defaultdict(list)
for name in both:
    a, b = linux[name], ours[name]
    if a[0] == b[0] == "refused":
        kind, ids = reasons.kind(a[4]) or ("?" + shape(a[4]), set())
        if b[1] not in ids:
            pairs[f"{b[1]} and {kind}"].append(name)
wrong = collections.defaultdict(list)
for name in both:
    a, b = linux[name], ours[name]
    kind = reasons.kind(a[4])
    if a[0] == b[0] == "refused" and kind and b[1] in kind[1] and len(b) > 6 and a[1] != b[6]:
        wrong[f"errno {b[6]}, Linux {a[1]}: {b[1]} and {kind[0]}"].append(name)
for pair, names in sorted(wrong.items(), key=lambda p: -len(p[1])):
    print(f"{len(names):5} {pair}   {' '.join(names[:examples])}")
print("refused by both for other reasons:", sum(map(len, pairs.values())))
for pair, names in sorted(pairs.items(), key=lambda p: -len(p[1])):
    print(f"{len(names):5} {pair}   {' '.join(names[:examples])}")
