// SPDX-License-Identifier: MIT OR Apache-2.0
// Loops, functions that are called, and functions that helpers call back.
#include "generate.h"
#include "world.h"
#include <algorithm>

namespace kbpf::soundness {
using namespace test;

void Generator::counted_loop() {
  const Reg counter = kept();
  if (counter < R6 || ++loops_ > 3)
    return alu();
  add(mov64_imm(counter, 0));
  set(counter, {});
  clobber_scratch();
  const unsigned was_reserved = reserved_;
  reserved_ |= 1u << counter;
  const size_t start = code_.size();
  const unsigned rounds = 1 + random_.below(8);
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  set(counter, {Type::small, 0, static_cast<uint16_t>(rounds)});
  nesting_++;
  body(1 + random_.below(3));
  nesting_--;
  add(add64_imm(counter, 1));
  const int back = static_cast<int>(start) - static_cast<int>(code_.size()) - 1;
  switch (random_.below(3)) {
  case 0:
    add(jump_imm(KBPF_JMP_JLT, counter, rounds, back));
    break;
  case 1:
    add(jump_imm(KBPF_JMP_JNE, counter, rounds, back));
    break;
  default:
    add(jump32_imm(KBPF_JMP_JSLT, counter, rounds, back));
  }
  reserved_ = was_reserved;
  join(before);
  set(counter, {Type::small, 0, static_cast<uint16_t>(rounds)});
}

// From a number that is not known, but bounded, down.
void Generator::countdown_loop() {
  if (++loops_ > 3 || nesting_ > 2)
    return alu();
  const Reg start_at = small(7), counter = kept();
  if (counter < R6)
    return alu();
  add(mov64_reg(counter, start_at));
  clobber_scratch();
  set(counter, {});
  const unsigned was_reserved = reserved_;
  reserved_ |= 1u << counter;
  const size_t start = code_.size();
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  set(counter, {Type::small, 0, 7});
  nesting_++;
  body(1 + random_.below(2));
  nesting_--;
  add(add64_imm(counter, -1));
  add(jump_imm(KBPF_JMP_JSGT, counter, 0, static_cast<int>(start) - static_cast<int>(code_.size()) - 1));
  reserved_ = was_reserved;
  join(before);
  set(counter, {Type::number});
}

// may_goto ends it.
void Generator::endless_loop() {
  if (++loops_ > 3 || nesting_ > 2 || held_)
    return alu();
  clobber_scratch();
  const Reg sum = kept();
  add(mov64_imm(sum, 0));
  set(sum, {Type::number});
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  const size_t start = code_.size();
  if (random_.one_in(8)) { // jumps back, and so for ever once it does
    body(1 + random_.below(2));
    add(may_goto(static_cast<int>(start) - static_cast<int>(code_.size()) - 1));
    join(before);
    return;
  }
  add(may_goto(0));
  nesting_++;
  body(1 + random_.below(2));
  nesting_--;
  if (sum >= R6 && known_[sum].type == Type::number && !(reserved_ >> sum & 1))
    add(add64_imm(sum, 1));
  add(ja(static_cast<int>(start) - static_cast<int>(code_.size()) - 1));
  join(before);
  code_[start].off = static_cast<int16_t>(code_.size() - start - 1);
}

void Generator::iterator_loop() {
  if (++loops_ > 3 || nesting_ > 2 || objects_ >= 3 || in_callback_)
    return alu();
  const int at = -8 * (kSlots + 2 + 2 * static_cast<int>(objects_++));
  add(mov64_reg(R1, R10));
  add(add64_imm(R1, at));
  move_number(R2, random_.below(4));
  if (random_.one_in(3))
    add(mov64_reg(R3, small(9))), add(mov64_imm(R2, 0)), add(mov64_reg(R1, R10)), add(add64_imm(R1, at));
  else
    move_number(R3, 2 + random_.below(6));
  add(call_helper(0x20000));
  clobber_scratch();
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  const size_t start = code_.size();
  add(mov64_reg(R1, R10));
  add(add64_imm(R1, at));
  add(call_helper(0x20001));
  if (random_.one_in(16)) // asked again at its end, for ever
    add(jump_imm(KBPF_JMP_JEQ, R0, 0, static_cast<int>(start) - static_cast<int>(code_.size()) - 1));
  const size_t branch = branch_if_null(R0);
  clobber_scratch();
  const Reg element = fresh();
  add(load(KBPF_SIZE_W, element, R0, 0));
  set(element, {Type::number});
  nesting_++;
  held_++;
  body(1 + random_.below(2));
  held_--;
  nesting_--;
  add(ja(static_cast<int>(start) - static_cast<int>(code_.size()) - 1));
  join(before);
  clobber_scratch();
  land(branch);
  add(mov64_reg(R1, R10));
  add(add64_imm(R1, at));
  add(call_helper(0x20002));
  clobber_scratch();
}

void Generator::call_function() {
  if (pending_.size() >= 5)
    return alu();
  Pending pending{.call = 0, .kind = Pending::Kind::plain, .map = 0, .args = {}};
  const unsigned count = 1 + random_.below(3);
  for (unsigned i = 1; i <= count; i++) {
    Reg reg;
    const Reg to = static_cast<Reg>(i);
    if (random_.one_in(4)) {
      const int at = slot();
      add(mov64_reg(to, R10));
      add(add64_imm(to, at));
      pending.args[i] = {Type::stack, 0, 8};
      forget_slot(at);
    } else if (random_.one_in(4) && (find(Type::value, reg) || find(Type::context, reg)) && reg >= R6) {
      add(mov64_reg(to, reg));
      pending.args[i] = known_[reg];
    } else if (find(Type::number, reg) && (reg > to || reg == R0)) {
      add(mov64_reg(to, reg));
      pending.args[i] = known_[reg];
    } else {
      move_number(to, random_.word());
      pending.args[i] = {Type::number};
    }
    set(to, pending.args[i]);
  }
  pending.call = code_.size();
  add(call_subprogram(0));
  pending_.push_back(pending);
  clobber_scratch();
  set(R0, {Type::number});
}

void Generator::call_back() {
  if (pending_.size() >= 5 || nesting_ > 2)
    return alu();
  Pending pending{.call = 0, .kind = Pending::Kind::loop, .map = 0, .args = {}};
  const int at = slot();
  const bool has_context = !random_.one_in(4);
  const Known context = has_context ? Known{Type::stack, 0, 8} : Known{Type::number};
  int helper;
  if (random_.one_in(2)) {
    helper = 181; // loop
    const Reg count = small(5);
    add(mov64_reg(R1, count));
    if (!random_.one_in(3))
      move_number(R1, random_.below(5));
    pending.args[1] = {Type::number};
    pending.args[2] = context;
  } else {
    helper = 164; // for_each_map_elem
    static constexpr uint8_t kMapsToWalk[] = {kHash, kArray, kPerCpu};
    const uint8_t map = random_.pick(kMapsToWalk);
    add(ld_map(R1, map));
    pending.kind = Pending::Kind::for_each;
    pending.args[1] = {Type::map, map};
    pending.args[2] = {Type::memory, 0, 4};
    pending.args[3] = {Type::value, map};
    pending.args[4] = context;
  }
  pending.call = code_.size();
  add(ld_callback(R2, 0));
  if (has_context) {
    add(mov64_reg(R3, R10));
    add(add64_imm(R3, at));
  } else {
    add(mov64_imm(R3, 0));
  }
  add(mov64_imm(R4, 0));
  add(call_helper(helper));
  forget_slot(at);
  pending_.push_back(pending);
  clobber_scratch();
  set(R0, {Type::number});
}

} // namespace kbpf::soundness
