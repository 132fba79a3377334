// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads tagged metadata of a process into one record: numbers, strings and tables of pairs of strings, each string behind
// the one before, so that the place in the record is a sum of lengths that are only bounded.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#ifndef STRINGS
#define STRINGS 12
#endif
#ifndef TABLES
#define TABLES 6
#endif
#ifndef PAIRS
#define PAIRS 16
#endif
#define NUMBERS 8
#define LENGTH 128
#define PAYLOAD (STRINGS * LENGTH + TABLES * PAIRS * LENGTH * 2 + LENGTH)

#ifdef UNROLL
#define LOOP _Pragma("clang loop unroll(full)")
#else
#define LOOP _Pragma("clang loop unroll(disable)")
#endif

struct place {
  u64 kind;
  u64 offset;
};
struct config {
  u64 base;
  struct place numbers[NUMBERS], strings[STRINGS], tables[TABLES];
};
struct raw_string {
  u16 size;
  u64 data;
};
struct raw_table {
  u64 tag;
  u64 count;
  struct {
    struct raw_string key, value;
  } pairs[PAIRS];
};
struct record {
  u32 pid;
  u64 total;
  long numbers[NUMBERS];
  u16 string_sizes[STRINGS];
  u16 counts[TABLES];
  struct {
    u16 key, value;
  } pair_sizes[TABLES][PAIRS];
  char payload[PAYLOAD];
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 64);
  __type(key, u32);
  __type(value, struct config);
} configs SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct record);
} records SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct raw_table);
} tables SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
  __uint(key_size, 4);
  __uint(value_size, 4);
} output SEC(".maps");

#define INLINE static inline __attribute__((always_inline))

INLINE u64 address_of(const struct place *place, u64 base) {
  u64 address = base + place->offset;
  switch (place->kind) {
  case 0:
    return 0;
  case 1:
    return place->offset;
  case 2:
    return address;
  case 3: {
    u64 pointer = 0;
    bpf_probe_read_user(&pointer, sizeof pointer, (void *)address);
    return pointer;
  }
  default: {
    struct {
      u64 module, offset;
    } pair = {};
    bpf_probe_read_user(&pair, sizeof pair, (void *)address);
    u64 table = 0;
    bpf_probe_read_user(&table, sizeof table, (void *)(base + pair.module * 16));
    return table ? table + pair.offset : 0;
  }
  }
}

INLINE u64 add_string(struct record *record, u64 at, const char *from, u16 *size) {
  if (at > PAYLOAD - LENGTH)
    return at;
  long got = bpf_probe_read_user_str(&record->payload[at], LENGTH, from);
  if (got <= 0 || got > LENGTH) {
    *size = 0;
    return at;
  }
  *size = got;
  return at + got;
}

INLINE u64 add_table(struct record *record, u64 at, struct raw_table *raw, const struct place *place, u64 base, u32 which) {
  u64 address = address_of(place, base);
  if (!address || bpf_probe_read_user(raw, sizeof *raw, (void *)address))
    return at;
  u64 count = raw->count;
  record->counts[which] = count;
  if (count > PAIRS)
    count = PAIRS;
  LOOP
  for (u32 i = 0; i < PAIRS; i++) {
    if (i >= count)
      break;
    at = add_string(record, at, (const char *)raw->pairs[i].key.data, &record->pair_sizes[which][i].key);
    at = add_string(record, at, (const char *)raw->pairs[i].value.data, &record->pair_sizes[which][i].value);
  }
  return at;
}

SEC("raw_tracepoint/sys_enter") int read_metadata(void *ctx) {
  u32 pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
  struct config *config = bpf_map_lookup_elem(&configs, &pid);
  struct record *record = bpf_map_lookup_elem(&records, &zero);
  struct raw_table *raw = bpf_map_lookup_elem(&tables, &zero);
  if (!config || !record || !raw)
    return 0;
  record->pid = pid;
  u64 at = 0;
  LOOP
  for (u32 i = 0; i < NUMBERS; i++) {
    u64 address = address_of(&config->numbers[i], config->base);
    if (address)
      bpf_probe_read_user(&record->numbers[i], sizeof(long), (void *)address);
  }
  LOOP
  for (u32 i = 0; i < STRINGS; i++) {
    u64 address = address_of(&config->strings[i], config->base);
    if (address)
      at = add_string(record, at, (const char *)address, &record->string_sizes[i]);
  }
  LOOP
  for (u32 i = 0; i < TABLES; i++)
    at = add_table(record, at, raw, &config->tables[i], config->base, i);
  record->total = at;
  u64 size = __builtin_offsetof(struct record, payload) + at;
  if (size <= sizeof *record)
    bpf_perf_event_output(ctx, &output, BPF_F_CURRENT_CPU, record, size);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
