// SPDX-License-Identifier: MIT OR Apache-2.0
namespace room {
template <typename T> struct Pair {
  T first, second;
};
enum class Kind { first = 1, second };
struct Base {
  Base() {}
  int base;
  char in_the_padding;
};
struct Empty {};
struct Derived : Empty, Base {
  Kind kind : 4;
  unsigned bits : 3;
  Derived &self;
  int Derived::*member;
  static int shared;
};
struct Big {
  long words[4];
};
struct Counted {
  Counted(const Counted &);
  long value;
};
#if UNIT == 3
Big by_values(Derived &derived, Pair<int> pair, Counted counted, Big big, Kind kind) {
  derived.kind = kind;
  derived.bits = static_cast<unsigned>(pair.first) & 7;
  big.words[0] = counted.value;
  return big;
}
long overloaded(int value) { return value + 1; }
long overloaded(long value) { return value + 2; }
#endif
} // namespace room

// Each of two units has its own.
namespace {
[[gnu::noinline]] long hidden_in_two(long value) { return value * UNIT; }
} // namespace
long ENTRY(long value) { return hidden_in_two(value + 1); }
