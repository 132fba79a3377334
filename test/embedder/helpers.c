/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Helpers of a kernel that embeds the runtime, written in C, as an embedder would: two that take and give memory and
 * one number each, and one with a fault, for a look at its backtrace. */
#include "kernel/kbpf.h"
#include <stddef.h>

/* What programs call from probes must not be probed. */
#define NOPROBE __attribute__((section(".text.noprobe")))

/* 32-bit FNV-1a of size bytes, mixed with seed. */
NOPROBE static uint64_t mykernel_hash(uint64_t data, uint64_t size, uint64_t seed, uint64_t r4, uint64_t r5) {
  const unsigned char *bytes = (const unsigned char *)(uintptr_t)data;
  uint32_t hash = 0x811c9dc5u ^ (uint32_t)seed;
  (void)r4;
  (void)r5;
  for (uint64_t i = 0; i < size; i++)
    hash = (hash ^ bytes[i]) * 0x01000193u;
  return hash;
}

/* Writes "mykernel" and as many zeros as there is room for; 8, or -7 (E2BIG) where there is less. */
NOPROBE static uint64_t mykernel_name(uint64_t buffer, uint64_t size, uint64_t r3, uint64_t r4, uint64_t r5) {
  static const char kName[8] = {'m', 'y', 'k', 'e', 'r', 'n', 'e', 'l'};
  char *out = (char *)(uintptr_t)buffer;
  (void)r3;
  (void)r4;
  (void)r5;
  for (uint64_t i = 0; i < size; i++)
    out[i] = i < sizeof kName ? kName[i] : 0;
  return size < sizeof kName ? (uint64_t)-7 : sizeof kName;
}

NOPROBE static uint64_t mykernel_crash(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5) {
  (void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
  *(volatile uint32_t *)8 = 1;
  return 0;
}

KBPF_KERNEL_HELPER(KBPF_FIRST_KERNEL_HELPER, mykernel_hash, INTEGER, MEM_READ, SIZE, ANY_SCALAR, NONE, NONE, ~0ull, 0,
                   "__u32 mykernel_hash(const void *data, __u32 size, __u32 seed)", "a hash of data");
KBPF_KERNEL_HELPER(KBPF_FIRST_KERNEL_HELPER + 1, mykernel_name, SIZED_INTEGER, MEM_WRITE, SIZE, NONE, NONE, NONE,
                   ~0ull, KBPF_HELPER_GPL_ONLY, "long mykernel_name(void *buffer, __u32 size)",
                   "the kernel's name; its length, or -E2BIG");

KBPF_KERNEL_HELPER(KBPF_FIRST_KERNEL_HELPER + 2, mykernel_crash, INTEGER, NONE, NONE, NONE, NONE, NONE, ~0ull, 0,
                   "long mykernel_crash(void)", "stores to address 8, which is not mapped");

int register_helpers(void) {
  int error = kbpf_register_helper(&kbpf_kernel_helper_mykernel_hash);
  if (!error)
    error = kbpf_register_helper(&kbpf_kernel_helper_mykernel_name);
  return error ? error : kbpf_register_helper(&kbpf_kernel_helper_mykernel_crash);
}
