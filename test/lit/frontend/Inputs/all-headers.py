# SPDX-License-Identifier: MIT OR Apache-2.0
"""Prints an #include of each header below a folder, but for BPF's own and vmlinux.h. all-headers.py FOLDER [backwards]"""
import glob
import os
import sys

root = sys.argv[1]
paths = [os.path.relpath(path, root) for path in glob.glob(root + "/**/*.h", recursive=True)]
names = [path for path in paths if not path.startswith(("bpf/", "kbpf/", "vmlinux"))]
for name in sorted(names, reverse=len(sys.argv) > 2):
    print(f"#include <{name}>")
