/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The first and only process of a Linux: what its JIT makes of the programs of programs.c, and what it costs.
 * Prints run NAME INSTRUCTIONS BYTES RESULT      one run of the program, beyond the empty program; BYTES of
 * machine code compile KIND INSNS INSTRUCTIONS         of the JIT alone: loading with it less loading without
 * it counted by rdinstret, under QEMU with -icount. A program's 256 bytes of input are the value of an array,
 * whose address stands in front of the program; what that takes is in the empty program, too. Plain numbers
 * of Linux's interface. */
#include "programs_bpf.h" /* struct program { name, code, bytes } programs[]; by compute.py */
#define CODE_HELPER 7     /* get_prandom_u32 */
#include "straight_code.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAP_CREATE = 0, MAP_UPDATE = 2, PROG_LOAD = 5, TEST_RUN = 10, OBJECT_INFO = 15 };
enum { TYPE_ARRAY = 2, TYPE_SCHED_CLS = 3, PSEUDO_MAP_VALUE = 2, RUNS = 9, REPEAT = 128 };

static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}
static long bpf(int command, void *attr, unsigned size) { return syscall(280, command, attr, size); }
static void end(void) {
  fflush(stdout);
  reboot(RB_POWER_OFF);
  _exit(1);
}
static void need(long result, const char *what) {
  if (result >= 0)
    return;
  printf("failed %s: %s\n", what, strerror(errno));
  end();
}
static int map;

static void fill_input(void) {
  static uint8_t input[256]; /* as measure.cpp fills it */
  for (unsigned i = 0; i < sizeof input; i++)
    input[i] = (uint8_t)(i * 7 + 3);
  for (uint32_t i = 0; i < 16; i++) {
    uint32_t value = i * 60 + 5;
    memcpy(input + i * 4, &value, 4);
  }
  uint32_t key = 0;
  struct {
    uint32_t map, pad;
    uint64_t key, value, flags;
  } attr = {.map = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)input};
  need(bpf(MAP_UPDATE, &attr, sizeof attr), "map update");
}

static void use_jit(int on) {
  FILE *file = fopen("/proc/sys/net/core/bpf_jit_enable", "w");
  if (!file || fprintf(file, "%d\n", on) < 0 || fclose(file) != 0)
    need(-1, "bpf_jit_enable");
}

static struct code_slot slots[1 << 16];

/* Loads the code, with the address of its input in front of it or without. */
static long load(const void *code, size_t bytes, int has_input) {
  struct code_slot *at = slots;
  if (has_input) {
    at = code_put(at, 0x18, 1, PSEUDO_MAP_VALUE, 0, map);
    at = code_put(at, 0, 0, 0, 0, 0);
  }
  memcpy(at, code, bytes);
  struct {
    uint32_t type, count;
    uint64_t insns, license;
    uint32_t log_level, log_size;
    uint64_t log;
    uint32_t version, flags;
    uint8_t rest[72];
  } attr = {.type = TYPE_SCHED_CLS,
            .count = (uint32_t)(at - slots) + (uint32_t)(bytes / 8),
            .insns = (uintptr_t)slots,
            .license = (uintptr_t)"GPL"};
  return bpf(PROG_LOAD, &attr, sizeof attr);
}

static uint32_t jited_bytes(long fd) {
  struct {
    uint32_t type, id;
    uint8_t tag[8];
    uint32_t jited, translated;
    uint8_t rest[208];
  } info = {0};
  struct {
    uint32_t fd, size;
    uint64_t info;
  } attr = {(uint32_t)fd, sizeof info, (uintptr_t)&info};
  need(bpf(OBJECT_INFO, &attr, sizeof attr), "program info");
  return info.jited;
}

/* The least of many runs: the others have a timer tick in them. */
static uint64_t cost_of_runs(long fd, uint32_t repeat, uint32_t *result) {
  static char packet[64];
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < RUNS; i++) {
    struct {
      uint32_t fd, result, size_in, size_out;
      uint64_t in, out;
      uint32_t repeat, duration;
      uint8_t rest[32];
    } attr = {.fd = (uint32_t)fd, .size_in = sizeof packet, .in = (uintptr_t)packet, .repeat = repeat};
    fill_input();
    uint64_t before = counter();
    long failed = bpf(TEST_RUN, &attr, sizeof attr);
    uint64_t cost = counter() - before;
    need(failed, "test run");
    *result = attr.result;
    if (cost < least)
      least = cost;
  }
  return least;
}

static void measure_programs(void) {
  uint64_t empty = 0;
  uint32_t prefix_bytes = 0;
  for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
    const struct program *program = &programs[i];
    long fd = load(program->code, program->bytes, 1);
    need(fd, program->name);
    uint32_t result, ignored;
    uint64_t once = cost_of_runs(fd, 1, &result);
    uint64_t many = cost_of_runs(fd, REPEAT, &ignored);
    uint64_t run = (many - once) / (REPEAT - 1);
    if (i == 0) { /* the empty one */
      long plain = load(program->code, program->bytes, 0);
      need(plain, "empty program");
      empty = run;
      prefix_bytes = jited_bytes(fd) - jited_bytes(plain);
      close((int)plain);
    }
    printf("run %s %ld %u %x\n", program->name, (long)(run - empty), jited_bytes(fd) - prefix_bytes, result);
    close((int)fd);
  }
}

static uint64_t cost_of_loading(const void *code, size_t bytes) {
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < 5; i++) {
    uint64_t before = counter();
    long fd = load(code, bytes, 1);
    uint64_t cost = counter() - before;
    need(fd, "load");
    close((int)fd);
    if (cost < least)
      least = cost;
  }
  return least;
}

static void measure_compilation(void) {
  static struct code_slot code[1 << 15];
  for (unsigned kind = 0; kind < CODE_FOR_LINUX; kind++)
    for (size_t repeats = 100; repeats <= 200; repeats += 100) { /* the verifier gives up on many branches */
      size_t length = code_length((enum code_kind)kind, repeats);
      code_fill(code, (enum code_kind)kind, repeats);
      use_jit(0);
      uint64_t without = cost_of_loading(code, 8 * length);
      use_jit(1);
      printf("compile %s %zu %lu\n", code_names[kind], length, cost_of_loading(code, 8 * length) - without);
    }
}

int main(void) {
  mkdir("/proc", 0755);
  need(mount("proc", "/proc", "proc", 0, NULL), "mount");
  sleep(5); /* what the kernel does in the background after its start */
  struct {
    uint32_t type, key, value, entries;
    uint8_t rest[56];
  } attr = {TYPE_ARRAY, 4, 256, 1, {0}};
  need(map = (int)bpf(MAP_CREATE, &attr, sizeof attr), "map");
  use_jit(1);
  measure_programs();
  measure_compilation();
  end();
}
