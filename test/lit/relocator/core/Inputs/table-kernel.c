// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel of equals-libbpf.c: for each question that a program can ask, a type that answers it otherwise than the program's own.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned u32;
typedef unsigned long long u64;

struct inner {
  long moved;
  short a;
  int b;
};
struct numbers {
  long before[3];
  u8 byte;
  u16 half;
  u32 word;
  u64 wide;
  u64 grown;
  u8 shrunk;
  long long signed_grown;
  signed char signed_shrunk;
  int turned_unsigned_wide;
  u64 now_unsigned;
  void *pointer;
  u64 was_pointer;
  _Bool flag;
  float real;
};
struct bits {
  u32 before;
  u32 a : 3;
  u32 b : 11;
  int c : 7;
  u32 crosses : 20;
  long long wide : 40;
  u32 was_field : 9;
  u32 now_field;
  u8 small : 2;
  int one : 1;
};
struct nested {
  int before;
  struct {
    int in_anonymous;
    union {
      long in_union;
      struct {
        short deep;
      };
    };
  };
  struct inner inner;
  struct inner *link;
  struct inner many[5];
  int table[3][6];
  union {
    int x;
    long y;
  } named;
  u16 turned;
  char text[16];
  struct inner rest[];
};
struct bare {
  int bare;
};
typedef struct {
  int before, x;
} anonymous_t;
typedef struct inner inner_t;
typedef int number_t;
typedef int (*callback_t)(struct inner *inner, u32 flags);
union choice {
  int number;
  char bytes[24];
};
enum state { IDLE = 3, BUSY = 40, NEGATIVE = -2, TOP = 0x7fffffff };
enum wide_enum { WIDE_ONE = 1, WIDE_HUGE = 0x123456789abcull, WIDE_TOP = 0xfedcba9876543210ull };
enum wide_signed { WIDE_MINUS = -0x123456789abcll, WIDE_PLUS = 5 };
enum was_wide { NARROW_NOW = 7 };
enum was_narrow { NOW_WIDE = 0x500000000ull };
struct same_twice {
  int before, x;
};
struct same_twice___copy {
  int before, x, y;
};
struct differs {
  int x;
};
struct differs___copy {
  int before, x;
};
enum torn { TORN = 1 };
enum torn___copy { TORN_COPY = 9 };
struct kinds {
  int was_struct;
  struct inner was_int;
  int *was_array;
  int was_pointer[2];
};
struct holder {
  struct missing_body *opaque;
  struct inner *inner;
  int (*call)(struct inner *, int);
  int list[4];
};

#define KEEP(type, number) type keep_##number
KEEP(struct numbers, 0);
KEEP(struct bits, 1);
struct nested keep_2 = {};
KEEP(struct bare, 3);
KEEP(anonymous_t, 4);
KEEP(inner_t, 5);
KEEP(number_t, 6);
KEEP(callback_t, 7);
KEEP(union choice, 8);
KEEP(enum state, 9);
KEEP(enum wide_enum, 11);
KEEP(enum wide_signed, 12);
KEEP(enum was_wide, 13);
KEEP(enum was_narrow, 14);
KEEP(struct same_twice, 15);
KEEP(struct same_twice___copy, 16);
KEEP(struct differs, 17);
KEEP(struct differs___copy, 18);
KEEP(enum torn, 19);
KEEP(enum torn___copy, 20);
KEEP(struct kinds, 21);
KEEP(struct holder, 22);
