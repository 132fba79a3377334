// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel for tests: its BTF is what counts.
struct unreached {
  int x;
};
struct reached {
  char c;
  unsigned flag : 3, other : 13;
  long long_gap __attribute__((aligned(32)));
};
typedef struct {
  int anonymous;
} named_by_typedef;
enum colour { RED = -1, GREEN = 5 };
enum wide { WIDE = 1ull << 40 };
struct task {
  struct unreached *not_mentioned;
  struct reached *child;
  union {
    int in_union;
    char bytes[6];
  };
  named_by_typedef plain;
  int (*callback)(struct task *, ...);
  enum colour colour;
  struct {
    char byte;
    int word;
  } __attribute__((packed)) tight;
};
struct task first_task;
struct reached first_reached;
struct unreached first_unreached;
enum wide first_wide;
