// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel to check targets against: a plain function, one that is inlined away, one that is there in a compiler's
// copy only, one of two that have the same name, and a method.
extern "C" {
volatile int state;
__attribute__((noinline)) int do_open(int x) { return state += x; }
static inline __attribute__((always_inline)) int tiny_helper(int x) { return x * state; }
int calls_tiny(int x) { return tiny_helper(x) + tiny_helper(state); }
__attribute__((noinline)) int do_close(int x) __asm__("do_close.isra.0");
int do_close(int x) { return state -= x; }
}
__attribute__((noinline)) int twin(int x) { return state ^= x; }
__attribute__((noinline)) int twin(long x) { return state |= static_cast<int>(x); }
namespace fs {
struct File {
  int read(int size) const;
};
__attribute__((noinline)) int File::read(int size) const { return state &= size; }
} // namespace fs
