// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel of the CO-RE tests. Offsets in bytes, bit fields in bits, behind each member.
struct mm {
  int before;          // 0
  struct task *owner;  // 8
};
struct task {
  int before[4];       // 0
  int pid;             // 16
  struct mm *mm;       // 24
  unsigned a : 3;      // bits 256 to 258
  unsigned b : 7;      // bits 259 to 265: in the word at 32
  int c : 5;           // bits 266 to 270
  long values[4];      // 40
  struct {
    int nested;        // 72
    union {
      short in_union;  // 76
      char other;
    };
  };
  unsigned long wide;  // 80
  long signed_wide;    // 88
  struct mm mms[2];    // 96
  char text[];         // 128
};
enum state { IDLE = 3, BUSY = 40, NEGATIVE = -2 };
enum huge { HUGE = 0x123456789abcull };
typedef struct mm mm_t;
struct ambiguous { int x; };
struct ambiguous___other { int before, x; };
struct task first_task;
enum state first_state;
enum huge first_huge;
mm_t first_mm;
struct ambiguous first_ambiguous;
struct ambiguous___other second_ambiguous;
int run(void) { return 0; }
