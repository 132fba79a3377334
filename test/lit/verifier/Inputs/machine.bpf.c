/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A state machine over the bytes that a process writes, as some 50,000 instructions of branches: the request line and
 * the headers of HTTP, one block for each byte. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define BYTES 448

enum state { METHOD, PATH, QUERY, VERSION, NAME, SPACE, VALUE, LINE, BODY, BAD };
struct seen {
  __u8 bytes[BYTES];
  __u32 method, path, query, headers, length, body;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct seen);
} buffers SEC(".maps");

#define STEP(i)                                                                                              \
  {                                                                                                          \
    const __u8 byte = s->bytes[i];                                                                           \
    asm volatile("" : "+r"(state), "+r"(hash), "+r"(number)); /* each block by itself */                      \
    switch (state) {                                                                                         \
    case METHOD:                                                                                             \
      hash = hash * 31 + byte;                                                                               \
      if (byte == ' ') {                                                                                     \
        s->method = hash;                                                                                    \
        hash = 0;                                                                                            \
        state = PATH;                                                                                        \
      } else if (byte < 'A' || byte > 'Z') {                                                                 \
        state = BAD;                                                                                         \
      }                                                                                                      \
      break;                                                                                                 \
    case PATH:                                                                                               \
      hash = hash * 31 + byte;                                                                               \
      if (byte == ' ' || byte == '?') {                                                                      \
        s->path = hash;                                                                                      \
        hash = 0;                                                                                            \
        state = byte == ' ' ? VERSION : QUERY;                                                               \
      }                                                                                                      \
      break;                                                                                                 \
    case QUERY:                                                                                              \
      hash = hash * 31 + byte;                                                                               \
      if (byte == ' ') {                                                                                     \
        s->query = hash;                                                                                     \
        hash = 0;                                                                                            \
        state = VERSION;                                                                                     \
      }                                                                                                      \
      break;                                                                                                 \
    case VERSION:                                                                                            \
      if (byte == '\n')                                                                                      \
        state = NAME;                                                                                        \
      break;                                                                                                 \
    case NAME:                                                                                               \
      if (byte == ':') {                                                                                     \
        state = SPACE;                                                                                       \
      } else if (byte == '\r') {                                                                             \
        state = LINE;                                                                                        \
      } else {                                                                                               \
        hash = (hash ^ (byte | 32)) * 16777619;                                                              \
      }                                                                                                      \
      break;                                                                                                 \
    case SPACE:                                                                                              \
      if (byte == ' ')                                                                                       \
        break;                                                                                               \
      number = 0;                                                                                            \
      state = VALUE; /* fall through */                                                                      \
    case VALUE:                                                                                              \
      if (byte >= '0' && byte <= '9') {                                                                      \
        number = number * 10 + (byte - '0');                                                                 \
      } else if (byte == '\n') {                                                                             \
        s->headers++;                                                                                        \
        if (hash == 0x5a1c0f3d)                                                                              \
          s->length = number;                                                                                \
        hash = 0;                                                                                            \
        state = NAME;                                                                                        \
      }                                                                                                      \
      break;                                                                                                 \
    case LINE:                                                                                               \
      state = byte == '\n' ? BODY : BAD;                                                                     \
      break;                                                                                                 \
    case BODY:                                                                                               \
      s->body++;                                                                                             \
      break;                                                                                                 \
    default:                                                                                                 \
      break;                                                                                                 \
    }                                                                                                        \
  }
#define STEPS4(i) STEP(i) STEP((i) + 1) STEP((i) + 2) STEP((i) + 3)
#define STEPS16(i) STEPS4(i) STEPS4((i) + 4) STEPS4((i) + 8) STEPS4((i) + 12)
#define STEPS64(i) STEPS16(i) STEPS16((i) + 16) STEPS16((i) + 32) STEPS16((i) + 48)

/* In two parts, for no branch reaches over all of it. */
static __noinline int first_part(struct seen *s, int begin) {
  __u32 hash = 0, number = 0;
  enum state state = begin;
  STEPS64(0) STEPS64(64) STEPS64(128) STEPS16(192) STEPS16(208)
  return state;
}
static __noinline int second_part(struct seen *s, int begin) {
  __u32 hash = 0, number = 0;
  enum state state = begin;
  STEPS64(224) STEPS64(288) STEPS64(352) STEPS16(416) STEPS16(432)
  return state;
}

SEC("kprobe/vfs_write")
int machine(void *ctx) {
  __u32 zero = 0;
  struct seen *s = bpf_map_lookup_elem(&buffers, &zero);
  if (!s)
    return 0;
  bpf_probe_read_user(s->bytes, sizeof(s->bytes), ctx);
  return second_part(s, first_part(s, METHOD));
}

char _license[] SEC("license") = "GPL";
