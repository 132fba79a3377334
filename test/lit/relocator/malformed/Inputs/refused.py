# SPDX-License-Identifier: MIT OR Apache-2.0
# Gives bpfcc an object that it must refuse: refused.py BPFCC OBJECT [OPTION...]. Passes on what it says, if it exits with 1, leaves no
# output and names the object in front of each error.
import os
import subprocess
import sys

bpfcc, source, *options = sys.argv[1:]
output = source + ".out"
if os.path.exists(output):
    os.remove(output)
run = subprocess.run([bpfcc, source, "-o", output, *options], stderr=subprocess.PIPE, text=True, errors="replace")
sys.stdout.write(run.stderr)
errors = [line for line in run.stderr.splitlines() if "error: " in line]
if run.returncode != 1:
    sys.exit(f"exit code {run.returncode}")
if os.path.exists(output):
    sys.exit("an output is left")
if not errors or any(not line.startswith(source + ": error: ") for line in errors):
    sys.exit("an error does not name the object")
