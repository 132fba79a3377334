// SPDX-License-Identifier: MIT OR Apache-2.0
// A profiler's walk of an interpreter's frames: reads frame, code object and names from a process, with a bounded loop,
// hashes what it sees, and goes on behind a tail call where the stack is deeper.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#ifndef FRAMES
#define FRAMES 40
#endif
#define NAME 48
#define SYMBOLS 4096
#define WALKS 4

struct offsets {
  int frame_back, frame_code, frame_line, code_file, code_name, code_first, string_size, string_data, type_name;
  int version;
};
struct symbol {
  char class_name[32];
  char name[NAME];
  char file[NAME];
  int line;
};
struct event {
  u32 pid, tid;
  int kernel_stack, user_stack;
  int status, depth;
  int symbols[FRAMES * WALKS];
  char comm[16];
};
struct walk {
  struct event event;
  u64 frame;
  struct symbol symbol;
  u32 rounds;
  u32 cpu;
  struct offsets offsets;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, struct offsets);
} processes SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct walk);
} walks SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, SYMBOLS);
  __type(key, struct symbol);
  __type(value, int);
} symbols SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u32);
} next_symbol SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} events SEC(".maps");

int again(void *ctx);
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __array(values, int(void *));
} more SEC(".maps") = {.values = {[0] = (void *)&again}};

#define INLINE static inline __attribute__((always_inline))

INLINE u64 pointer_at(u64 address) {
  u64 value = 0;
  return bpf_probe_read_user(&value, sizeof value, (void *)address) ? 0 : value;
}

INLINE int read_string(char *to, u32 size, u64 string, const struct offsets *offsets) {
  u32 length = 0;
  bpf_probe_read_user(&length, sizeof length, (void *)(string + offsets->string_size));
  if (length >= size)
    length = size - 1;
  long got = bpf_probe_read_user_str(to, size, (void *)(string + offsets->string_data));
  return got > 0 ? got : -1;
}

INLINE int symbol_of(struct walk *walk, u64 frame, u64 code) {
  struct symbol *symbol = &walk->symbol;
  const struct offsets *offsets = &walk->offsets;
  __builtin_memset(symbol, 0, sizeof *symbol);
  u64 name = pointer_at(code + offsets->code_name);
  u64 file = pointer_at(code + offsets->code_file);
  if (!name || !file)
    return -1;
  if (read_string(symbol->name, NAME, name, offsets) < 0 || read_string(symbol->file, NAME, file, offsets) < 0)
    return -2;
  char first[8] = {};
  bpf_probe_read_user(first, sizeof first, (void *)(code + offsets->code_first));
  if (first[0] == 's' && first[1] == 'e' && first[2] == 'l' && first[3] == 'f') {
    u64 type = pointer_at(pointer_at(frame + 24) + 8);
    bpf_probe_read_user_str(symbol->class_name, sizeof symbol->class_name, (void *)pointer_at(type + offsets->type_name));
  } else if (first[0] == 'c' && first[1] == 'l' && first[2] == 's') {
    u64 type = pointer_at(frame + 24);
    bpf_probe_read_user_str(symbol->class_name, sizeof symbol->class_name, (void *)pointer_at(type + offsets->type_name));
  }
  bpf_probe_read_user(&symbol->line, sizeof symbol->line, (void *)(frame + offsets->frame_line));
  int *known = bpf_map_lookup_elem(&symbols, symbol);
  if (known)
    return *known;
  u32 zero = 0;
  u32 *next = bpf_map_lookup_elem(&next_symbol, &zero);
  if (!next)
    return -3;
  int id = *next * 64 + (walk->cpu & 63);
  if (bpf_map_update_elem(&symbols, symbol, &id, BPF_NOEXIST) == 0)
    __sync_fetch_and_add(next, 1);
  return id;
}

INLINE int step(struct walk *walk) {
  u64 code = pointer_at(walk->frame + walk->offsets.frame_code);
  if (!code)
    return 1;
  int id = symbol_of(walk, walk->frame, code);
  u32 at = walk->event.depth;
  if (at >= FRAMES * WALKS)
    return 2;
  walk->event.symbols[at] = id;
  walk->event.depth = at + 1;
  walk->frame = pointer_at(walk->frame + walk->offsets.frame_back);
  return walk->frame == 0;
}

INLINE void submit(struct walk *walk, int status) {
  walk->event.status = status;
  bpf_ringbuf_output(&events, &walk->event, sizeof walk->event, 0);
}

SEC("perf_event") int again(void *ctx) {
  u32 zero = 0;
  struct walk *walk = bpf_map_lookup_elem(&walks, &zero);
  if (!walk)
    return 0;
#ifdef UNROLL
#pragma clang loop unroll(full)
#else
#pragma clang loop unroll(disable)
#endif
  for (int i = 0; i < FRAMES; i++) {
    int done = step(walk);
    if (done) {
      submit(walk, done);
      return 0;
    }
  }
  if (++walk->rounds < WALKS)
    bpf_tail_call(ctx, &more, 0);
  submit(walk, 3);
  return 0;
}

SEC("perf_event") int start(void *ctx) {
  u32 zero = 0;
  u64 id = bpf_get_current_pid_tgid();
  u32 pid = id >> 32;
  struct offsets *offsets = bpf_map_lookup_elem(&processes, &pid);
  struct walk *walk = bpf_map_lookup_elem(&walks, &zero);
  if (!offsets || !walk)
    return 0;
  walk->offsets = *offsets;
  walk->event.pid = pid;
  walk->event.tid = id;
  walk->event.depth = 0;
  walk->rounds = 0;
  walk->cpu = bpf_get_smp_processor_id();
  bpf_get_current_comm(walk->event.comm, sizeof walk->event.comm);
  u64 state = pointer_at(bpf_get_current_task() & ~0xffful);
  for (int i = 0; i < 8 && state; i++) {
    if (pointer_at(state + 16) == (u32)id) {
      walk->frame = pointer_at(state + 24);
      break;
    }
    state = pointer_at(state + 8);
  }
  bpf_tail_call(ctx, &more, 0);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
