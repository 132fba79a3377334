# SPDX-License-Identifier: MIT OR Apache-2.0
"""Talks with a program as somebody at a terminal does: converse.py SCRIPT COMMAND [ARGS]...
Each line of SCRIPT is "SEND TEXT" (a line; ^C, ^Z and ^D stand for those keys, and are sent without a line end) or "EXPECT TEXT",
which waits until the program has printed TEXT behind what an earlier EXPECT found. Prints all that the program printed, and
ends with its status; 1 where a text did not come within half a minute."""
import os
import select
import subprocess
import sys
import time

SECONDS = 30
KEYS = {"^C": b"\3", "^Z": b"\32", "^D": b"\4"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        steps = [line.rstrip("\n").partition(" ") for line in file if line.strip()]
    program = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    unread = b""

    def more(deadline):
        nonlocal unread
        ready = select.select([program.stdout], [], [], max(0, deadline - time.monotonic()))[0]
        data = os.read(program.stdout.fileno(), 65536) if ready else b""
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        unread += data
        return bool(data)

    for verb, _, text in steps:
        if verb == "SEND":
            program.stdin.write(KEYS.get(text, text.encode() + b"\n"))
            program.stdin.flush()
            continue
        deadline = time.monotonic() + SECONDS
        while text.encode() not in unread:
            if not more(deadline):
                program.terminate()
                program.wait()
                sys.exit(f"\nconverse: the program did not print: {text}")
        unread = unread.split(text.encode(), 1)[1]
    program.stdin.close()
    while more(time.monotonic() + SECONDS):
        pass
    sys.exit(program.wait())


main()
