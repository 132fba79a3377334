/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Loads programs, each a file of bare instructions, and prints what bpf(BPF_PROG_LOAD) retires for each, how
 * many microseconds of that the kernel's log gives to verification, and how many instructions that processed.
 * Maps that they name are a hash table of ours.
 * For QEMU with -icount shift=0, where an instruction takes a nanosecond and the figures repeat (verify.py). */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMostBytes = 8 << 20, kLogStats = 4 };
static _Alignas(struct bpf_insn) char insns[kMostBytes];
static char text[4096];

static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}

static int make_map(void) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_HASH;
  attr.key_size = attr.value_size = 8;
  attr.max_entries = 1024;
  return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
}

static void name_map(size_t size, int map) {
  struct bpf_insn *insn = (struct bpf_insn *)insns, *end = insn + size / sizeof *insn;
  for (; insn < end; insn++)
    if (insn->code == (BPF_LD | BPF_DW | BPF_IMM) && insn->src_reg == BPF_PSEUDO_MAP_FD)
      insn->imm = map;
}

/* The program is gone again afterwards. Gives what the call retired. */
static uint64_t load(size_t size, unsigned log_level, int *error) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attr.insns = (uintptr_t)insns;
  attr.insn_cnt = (uint32_t)(size / sizeof(struct bpf_insn));
  attr.license = (uintptr_t)"GPL";
  attr.log_level = log_level;
  attr.log_buf = log_level ? (uintptr_t)text : 0;
  attr.log_size = log_level ? sizeof text : 0;
  const uint64_t before = counter();
  const long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
  const uint64_t after = counter();
  *error = fd < 0 ? errno : 0;
  if (fd >= 0)
    close((int)fd);
  return after - before;
}

int main(int argc, char **argv) {
  const int map = make_map();
  if (map < 0)
    return perror("map"), 1;
  for (int i = 1; i < argc; i++) {
    const int file = open(argv[i], O_RDONLY);
    const ssize_t size = file < 0 ? -1 : read(file, insns, sizeof insns);
    if (size < 0)
      return perror(argv[i]), 1;
    close(file);
    name_map((size_t)size, map);
    int error;
    if (i == 1) /* the first load reads the kernel's types, too */
      load((size_t)size, 0, &error);
    const uint64_t retired = load((size_t)size, 0, &error);
    load((size_t)size, kLogStats, &error);
    const char *line = strstr(text, "verification time ");
    const char *count = strstr(text, "processed ");
    unsigned long time, processed;
    if (!line || sscanf(line, "verification time %lu usec", &time) != 1 || !count ||
        sscanf(count, "processed %lu insns", &processed) != 1)
      return printf("%s: no time, or no count, in the log: %s\n", argv[i], text), 1;
    printf("%s %lu %lu %lu %s\n", argv[i], (unsigned long)retired, time, processed, error ? strerror(error) : "loaded");
  }
  return 0;
}
