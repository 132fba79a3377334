#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs every test and ends with one line, "N passed, N failed": unit tests (under ASan and UBSan), those that start threads
once more (under TSan), the engines' tests on riscv64, lit (compiler and QEMU), fuzzers for a bounded time, the dependency and documentation checks.
Options: --only PART (unit, threads, target, lit, fuzz, rules), --filter REGEX (lit tests), --fuzz-seconds N,
--fuzz-seed N (0: another one each time)."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
ASAN = os.path.join(ROOT, "build-asan")
TSAN = os.path.join(ROOT, "build-tsan")
LIT = "/usr/lib/llvm-19/build/utils/lit/lit.py"
LIT_PASSES = ["PASS", "XFAIL", "FLAKYPASS"]
LIT_SKIPS = ["UNSUPPORTED", "SKIPPED", "EXCLUDED"]


class Tally:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, part, passed, failed, skipped, seconds):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        extra = f", {skipped} skipped" if skipped else ""
        print(f"{part}: {passed} passed, {failed} failed{extra} ({seconds:.0f} s)", flush=True)


def executables(folder):
    """Of a folder that has some: an empty one means that they were not built, which is no pass."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    paths = [os.path.join(folder, name) for name in names]
    found = [path for path in paths if os.access(path, os.X_OK) and os.path.isfile(path)]
    return found or sys.exit(f"{folder}: nothing to run; build first (scripts/build.sh)")


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def run_unit_tests(tally, part, paths):
    """GoogleTest executables; an executable that dies counts as one failure more than it reported."""
    for path in paths:
        start = time.time()
        with tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.json")
            result = run([path, "--gtest_brief=1", f"--gtest_output=json:{report}"], cwd=folder, timeout=900)
            passed = failed = 0
            if os.path.exists(report):
                with open(report, encoding="utf-8") as file:
                    data = json.load(file)
                failed = data["failures"]
                passed = data["tests"] - failed - data.get("disabled", 0)
            if result.returncode != 0:
                if failed == 0:
                    failed = 1
                print(result.stdout[-8000:])
            elif passed == 0:
                failed = 1
                print(f"{path}: ran no test")
        tally.add(f"{part} {os.path.basename(path)}", passed, failed, 0, time.time() - start)


def run_ctest(tally):
    """What ctest has beyond unit tests and lit: tests that run under qemu-riscv64."""
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        listing = run(["ctest", "--test-dir", BUILD, "-E", "^(unit\\.|lit$)", "--show-only=json-v1"])
        count = len(json.loads(listing.stdout)["tests"]) if listing.returncode == 0 else 0
        result = run(["ctest", "--test-dir", BUILD, "-E", "^(unit\\.|lit$)", "--output-on-failure",
                      "--output-junit", os.path.join(folder, "report.xml")])
        failed = result.stdout.count("***") if result.returncode else 0
        if (result.returncode and not failed) or not count:
            failed = count = max(count, 1)
        if failed:
            print(result.stdout[-8000:])
    tally.add("target", count - failed, failed, 0, time.time() - start)


def run_lit(tally, lit_filter):
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = [sys.executable, LIT, "-q", "-o", report, "-j2", os.path.join(BUILD, "test", "lit")]
        if lit_filter:
            command += ["--filter", lit_filter]
        result = run(command)
        counts = {}
        if os.path.exists(report):
            with open(report, encoding="utf-8") as file:
                for test in json.load(file)["tests"]:
                    counts[test["code"]] = counts.get(test["code"], 0) + 1
                    if test["code"] not in LIT_PASSES + LIT_SKIPS:
                        print(f"{test['code']}: {test['name']}\n{test['output'][-4000:]}")
    passed = sum(counts.pop(code, 0) for code in LIT_PASSES)
    skipped = sum(counts.pop(code, 0) for code in LIT_SKIPS)
    failed = sum(counts.values())
    if failed or result.returncode:
        print(result.stdout[-16000:])
        failed = max(failed, 1)
    elif passed == 0:
        failed = 1
        print("lit ran no test")
    tally.add("lit", passed, failed, skipped, time.time() - start)


READ_OBJECTS = ("relocator", "linker", "btf", "btf_check")


def run_fuzzers(tally, seconds, seed):
    """Each fuzzer first replays its committed corpus, then explores for a bounded time from a fixed seed, so that the same tree
    gives the same verdict; --fuzz-seed 0 explores anew. What it finds stays in the build folder."""
    for path in executables(os.path.join(ASAN, "bin", "fuzz")):
        name = os.path.basename(path)
        start = time.time()
        work = os.path.join(ASAN, "fuzz-work", name)
        os.makedirs(work, exist_ok=True)
        with tempfile.TemporaryDirectory() as new_inputs:
            words = ["-dict=" + os.path.join(ROOT, "fuzz", "dictionaries", "objects")] if name in READ_OBJECTS else []
            result = run([path, f"-seed={seed}", f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=4096",
                          *words, f"-artifact_prefix={work}/", new_inputs, os.path.join(ROOT, "fuzz", "corpus", name)])
        failed = 1 if result.returncode else 0
        if failed:
            print(result.stdout[-6000:])
        tally.add("fuzz " + name, 1 - failed, failed, 0, time.time() - start)


def run_rules(tally):
    """Checks of the tree itself: who includes whom, generated documents up to date."""
    start = time.time()
    passed = failed = 0
    for script in ("check_dependencies.py", "generate_docs.py"):
        command = [sys.executable, os.path.join(ROOT, "scripts", script)]
        result = run(command + (["--check"] if script == "generate_docs.py" else []))
        passed += result.returncode == 0
        failed += result.returncode != 0
        if result.returncode:
            print(result.stdout)
    tally.add("rules", passed, failed, 0, time.time() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=["unit", "threads", "target", "lit", "fuzz", "rules"])
    parser.add_argument("--filter", default="")
    parser.add_argument("--fuzz-seconds", type=int, default=20)
    parser.add_argument("--fuzz-seed", type=int, default=1)
    options = parser.parse_args()
    wanted = options.only or ["rules", "unit", "threads", "target", "fuzz", "lit"]
    tally = Tally()
    if "rules" in wanted:
        run_rules(tally)
    if "unit" in wanted:
        run_unit_tests(tally, "unit", executables(os.path.join(ASAN, "bin", "tests")))
    if "threads" in wanted:
        built = executables(os.path.join(TSAN, "bin", "tests"))
        run_unit_tests(tally, "threads", [path for path in built if os.path.basename(path).startswith("thread_")])
    if "target" in wanted:
        run_ctest(tally)
    if "fuzz" in wanted:
        run_fuzzers(tally, options.fuzz_seconds, options.fuzz_seed)
    if "lit" in wanted:
        run_lit(tally, options.filter)
    print(f"{tally.passed} passed, {tally.failed} failed")
    sys.exit(1 if tally.failed or not tally.passed else 0)


if __name__ == "__main__":
    main()
