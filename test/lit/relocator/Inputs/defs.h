// SPDX-License-Identifier: MIT OR Apache-2.0
// What the tests of the relocator need of libbpf's headers, without the headers.
#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))
#define __weak __attribute__((weak))
#define __uint(name, value) int (*name)[value]
#define __type(name, type) typeof(type) *name
#define __array(name, type) typeof(type) *name[]
#define __ulong(name, value) enum { name##_value = value } name
typedef unsigned int u32;
typedef unsigned long long u64;
#define GPL char license_text[] SEC("license") = "GPL"
#define HASH(map) \
  struct { \
    __uint(type, 1); \
    __uint(max_entries, 16); \
    __type(key, u32); \
    __type(value, u64); \
  } map SEC(".maps")
static void *(*const lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*const ktime_get_ns)(void) = (void *)5;
