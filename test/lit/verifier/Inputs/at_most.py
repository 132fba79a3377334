# SPDX-License-Identifier: MIT OR Apache-2.0
"""at_most.py REPORT PROGRAM=COUNT...: fails where a program of kbpf-verify's JSON was refused or took more instructions."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as report:
    programs = {program["program"]: program for program in json.load(report)}
for name, count in (limit.split("=") for limit in sys.argv[2:]):
    program = programs[name]
    if not program["accepted"] or program["processed_insns"] > int(count):
        sys.exit(f"{name}: {program}, at most {count}")
