# SPDX-License-Identifier: MIT OR Apache-2.0
"""Compares verdicts of the corpus with what is expected of each case: name, Linux's verdict, ours, its id, the value
returned, and the instructions that both walked.

usage: check_corpus.py EXPECTED OURS            exit 1 where they differ
       check_corpus.py EXPECTED OURS LINUX      writes EXPECTED from two files of verdicts"""
import sys


def verdicts(path):
    return {fields[0]: fields[1:] for fields in (line.rstrip("\n").split("\t") for line in open(path, errors="replace"))
            if len(fields) >= 6}


def row(name, ours, linux_verdict, linux_processed):
    verdict, id, processed, _, message = ours[:5]
    return [name, linux_verdict, verdict, id if verdict == "refused" else "-", message if verdict == "accepted" else "-",
            processed, linux_processed]


ours = verdicts(sys.argv[2])
if len(sys.argv) > 3:
    linux = verdicts(sys.argv[3])
    with open(sys.argv[1], "w") as out:
        for name, fields in ours.items():
            out.write("\t".join(row(name, fields, linux[name][0], linux[name][2])) + "\n")
    sys.exit()
wrong = 0
expected = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]
for fields in expected:
    name = fields[0]
    got = row(name, ours[name], fields[1], fields[6]) if name in ours else [name, "missing"]
    if got != fields:
        wrong += 1
        print("expected", *fields, sep=" ")
        print("     got", *got, sep=" ")
if len(expected) != len(ours):
    sys.exit(f"{len(ours)} cases, {len(expected)} expected")
agreed = sum(fields[1] == fields[2] for fields in expected)
print(f"{len(expected)} cases; Linux agrees on {agreed}; {wrong} differ from what is expected")
sys.exit(wrong != 0)
