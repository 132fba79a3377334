// SPDX-License-Identifier: MIT OR Apache-2.0
// Makes programs on the themes that the verifier knows: numbers and their bounds, the stack, values of maps,
// packets, records, loops, functions, helpers that call back, objects on the stack, locks. Most are meant to
// be accepted; one in four is then changed at random, so that what is wrong by little comes by as well.
#pragma once
#include "../unit/insn_builders.h"
#include "random.h"
#include <vector>

namespace kbpf::soundness {

class Generator {
public:
  // The program with this number, always the same; it refers to World's maps.
  const std::vector<Insn> &make(uint64_t seed);
  // For loaders that must not learn the kernel's addresses: programs of packets, which call nothing that
  // tells them.
  void hide_addresses() { hides_ = true; }
  uint32_t type() const { return type_; } // of the program, as in bpf(2)

private:
  enum class Type : uint8_t {
    none,
    number,
    small,
    context,
    stack,
    value,
    maybe_value,
    packet,
    record,
    memory,
    map
  };
  struct Known { // of a register, as far as the generator follows
    Type type = Type::none;
    uint8_t map = 0;    // value
    uint16_t limit = 0; // small: the largest it is; stack, packet, record, memory: bytes from it on
    int16_t offset = 0; // value: from its start
    bool operator==(const Known &) const = default;
  };
  using Reg = test::Reg;
  bool hides_ = false;
  enum : unsigned { kMostInsns = 400 };

  void write_stack();
  void function(uint32_t index);
  void body(unsigned count);
  void snippet();
  void alu();
  void bound();
  void compare_and_branch();
  void store_stack();
  void load_stack();
  void load_context();
  void lookup();
  void use_value(Reg value);
  void use_memory(Reg base, unsigned bytes, bool writable);
  void global_data();
  void packet();
  void record();
  void counted_loop();
  void countdown_loop();
  void endless_loop();
  void iterator_loop();
  void call_function();
  void call_back();
  void variable_stack();
  void fill_stack();
  void queue();
  void lock();
  void dynptr();
  void atomic_operation();
  void timer();
  void pointer_games();
  void exit_early();
  void mutate();

  void add(Insn insn) { code_.push_back(insn); }
  void add(test::Insn2 pair) {
    code_.push_back(pair.first);
    code_.push_back(pair.second);
  }
  Reg fresh();              // a register that may be overwritten
  Reg kept();               // one of those, which calls keep
  Reg number();             // a register that holds a number, made where there is none
  Reg small(unsigned most); // one that holds a number up to that
  bool find(Type type, Reg &reg);
  int slot(); // a place of 8 bytes on the stack
  unsigned size() { return random_.pick(kSizes); }
  void set(Reg reg, Known known) { known_[reg] = known; }
  void clobber_scratch();
  void forget_slot(int at) { slots_[-at / 8 - 1] = {}; }
  size_t branch_if_null(Reg reg);
  size_t random_branch();
  void land(size_t branch); // the branch goes here
  void join(const Known (&before)[11]);
  void move_number(Reg to, uint64_t word);

  static constexpr unsigned kSizes[] = {KBPF_SIZE_B, KBPF_SIZE_H, KBPF_SIZE_W, KBPF_SIZE_DW};
  static constexpr int kSlots = 10; // of the stack, that programs use for numbers; objects lie below
  struct Pending {
    size_t call; // the instruction that names it
    enum class Kind : uint8_t { plain, loop, for_each, timer } kind;
    uint8_t map;
    Known args[6];
  };
  Random random_;
  std::vector<Insn> code_;
  uint32_t type_ = 2;
  Known known_[11];
  Known slots_[kSlots];
  unsigned reserved_ = 0, held_ = 0, nesting_ = 0, functions_ = 0, objects_ = 0, loops_ = 0;
  bool in_callback_ = false, locked_ = false;
  std::vector<Pending> pending_;
};

} // namespace kbpf::soundness
