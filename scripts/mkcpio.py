#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Packs a cpio archive (format newc) for the reference kernel's initramfs: mkcpio.py OUTPUT HOST[:GUEST]...

HOST is a file or directory of this machine, GUEST its place in the guest (default: /NAME of HOST). The archive depends
on names, modes and contents only: times and owners are zero, entries are sorted."""
import os
import stat
import sys


class Archive:
    def __init__(self):
        self.entries = {}  # guest path without leading slash -> (mode, data)

    def add_parents(self, path):
        while path := os.path.dirname(path):
            self.entries.setdefault(path, (stat.S_IFDIR | 0o755, b""))

    def add(self, host, guest):
        guest = os.path.normpath(guest).strip("/")
        info = os.lstat(host)
        permissions = stat.S_IMODE(info.st_mode)
        if stat.S_ISDIR(info.st_mode):
            if guest not in ("", "."):
                self.entries[guest] = (stat.S_IFDIR | permissions, b"")
            for name in sorted(os.listdir(host)):
                self.add(os.path.join(host, name), os.path.join(guest, name))
        elif stat.S_ISLNK(info.st_mode):
            self.entries[guest] = (stat.S_IFLNK | 0o777, os.readlink(host).encode())
        else:
            with open(host, "rb") as file:
                self.entries[guest] = (stat.S_IFREG | permissions, file.read())
        self.add_parents(guest)

    def write(self, output):
        for number, path in enumerate(sorted(self.entries), start=1):
            mode, data = self.entries[path]
            write_entry(output, number, mode, path, data)
        write_entry(output, 0, 0, "TRAILER!!!", b"")


def write_entry(output, number, mode, path, data):
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = [number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(name), 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    for part in (header + name, data):
        output.write(part + b"\0" * (-len(part) % 4))


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    archive = Archive()
    for argument in sys.argv[2:]:
        host, _, guest = argument.partition(":")
        archive.add(host, guest or "/" + os.path.basename(os.path.normpath(host)))
    with open(sys.argv[1], "wb") as output:
        archive.write(output)


if __name__ == "__main__":
    main()
