/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Loads programs, each a file of bare instructions, and prints what bpf(BPF_PROG_LOAD) retires for each:
 * verification, and the JIT for what is accepted. For QEMU with -icount, where the figures repeat to the
 * instruction (verify.py). */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kMostBytes = 8 << 20 };
static char insns[kMostBytes];

static uint64_t counter(void) {
  uint64_t value;
  __asm__ volatile("rdinstret %0" : "=r"(value)::"memory");
  return value;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    const int file = open(argv[i], O_RDONLY);
    const ssize_t size = file < 0 ? -1 : read(file, insns, sizeof insns);
    if (size < 0)
      return perror(argv[i]), 1;
    close(file);
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
    attr.insns = (uintptr_t)insns;
    attr.insn_cnt = (uint32_t)((size_t)size / sizeof(struct bpf_insn));
    attr.license = (uintptr_t)"GPL";
    const uint64_t before = counter();
    const long fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
    const uint64_t after = counter();
    printf("%s %lu %s\n", argv[i], (unsigned long)(after - before), fd < 0 ? strerror(errno) : "loaded");
    if (fd >= 0)
      close((int)fd);
  }
  return 0;
}
