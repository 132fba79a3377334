// SPDX-License-Identifier: MIT OR Apache-2.0
// Queues, locks, timers and dynptrs.
#include "generate.h"
#include "world.h"
#include <algorithm>

namespace kbpf::soundness {
using namespace test;

void Generator::queue() {
  const int at = -8 * static_cast<int>(2 + random_.below(kSlots - 2));
  add(mov64_reg(R2, R10));
  add(add64_imm(R2, at));
  add(ld_map(R1, kQueue));
  if (random_.one_in(2)) {
    add(mov64_imm(R3, 0));
    add(call_helper(87));
  } else {
    add(call_helper(random_.one_in(2) ? 88 : 89));
    slots_[-at / 8 - 1] = slots_[-at / 8 - 2] = {};
  }
  clobber_scratch();
  set(R0, {Type::number});
}

void Generator::lock() {
  if ((type_ != 3 && type_ != 6) || in_callback_ || pending_.size() > 4)
    return alu();
  const int key = slot();
  add(store_imm(KBPF_SIZE_W, R10, key, random_.below(4)));
  forget_slot(key);
  add(mov64_reg(R2, R10));
  add(add64_imm(R2, key));
  add(ld_map(R1, kLocked));
  add(call_helper(1));
  clobber_scratch();
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  const Reg value = kept();
  if (value < R6)
    return;
  add(mov64_reg(value, R0));
  const size_t branch = branch_if_null(value);
  const unsigned was_reserved = reserved_;
  reserved_ |= 1u << value;
  add(mov64_reg(R1, value));
  add(call_helper(93));
  clobber_scratch();
  set(value, {Type::value, kLocked});
  locked_ = true;
  use_value(value);
  body(random_.below(2));
  locked_ = false;
  add(mov64_reg(R1, value));
  add(call_helper(94));
  clobber_scratch();
  use_value(value);
  reserved_ = was_reserved;
  before[value] = {};
  join(before);
  known_[value] = {};
  land(branch);
}

void Generator::timer() {
  if ((type_ != 3 && type_ != 6) || pending_.size() >= 5 || in_callback_)
    return alu();
  const int key = slot();
  add(store_imm(KBPF_SIZE_W, R10, key, random_.below(4)));
  forget_slot(key);
  add(mov64_reg(R2, R10));
  add(add64_imm(R2, key));
  add(ld_map(R1, kTimed));
  add(call_helper(1));
  clobber_scratch();
  const size_t branch = branch_if_null(R0);
  add(mov64_reg(R1, R0));
  add(add64_imm(R1, 8));
  add(ld_callback(R2, 0));
  Pending pending{.call = code_.size() - 2, .kind = Pending::Kind::timer, .map = kTimed, .args = {}};
  pending.args[1] = {Type::map, kTimed};
  pending.args[2] = {Type::memory, 0, 4};
  pending.args[3] = {Type::value, kTimed};
  pending_.push_back(pending);
  add(call_helper(170));
  clobber_scratch();
  land(branch);
}

void Generator::dynptr() {
  if (objects_ >= 3 || held_ >= 3 || in_callback_ || nesting_ > 2)
    return alu();
  const int at = -8 * (kSlots + 2 + 2 * static_cast<int>(objects_++));
  const bool is_ring = random_.one_in(2);
  const unsigned bytes = 8 + random_.below(32);
  if (is_ring) {
    add(ld_map(R1, kRing));
    add(mov64_imm(R2, bytes));
    add(mov64_imm(R3, 0));
    add(mov64_reg(R4, R10));
    add(add64_imm(R4, at));
    add(call_helper(198));
  } else {
    add(ld_map_value(R1, kData, 0));
    add(mov64_imm(R2, 24));
    add(mov64_imm(R3, 0));
    add(mov64_reg(R4, R10));
    add(add64_imm(R4, at));
    add(call_helper(197));
  }
  clobber_scratch();
  held_++;
  const int buffer = -8 * kSlots;
  switch (random_.below(3)) {
  case 0:
    add(mov64_reg(R1, R10));
    add(add64_imm(R1, buffer));
    add(mov64_imm(R2, 1 + random_.below(16)));
    add(mov64_reg(R3, R10));
    add(add64_imm(R3, at));
    add(mov64_imm(R4, random_.below(12)));
    add(mov64_imm(R5, 0));
    add(call_helper(201));
    for (Known &slot : slots_)
      slot = {};
    break;
  case 1:
    add(mov64_reg(R1, R10));
    add(add64_imm(R1, at));
    add(mov64_imm(R2, random_.below(12)));
    add(mov64_reg(R3, R10));
    add(add64_imm(R3, buffer));
    add(mov64_imm(R4, 1 + random_.below(16)));
    add(mov64_imm(R5, 0));
    add(call_helper(202));
    break;
  default: {
    const unsigned part = 1 + random_.below(12);
    add(mov64_reg(R1, R10));
    add(add64_imm(R1, at));
    add(mov64_imm(R2, random_.below(8)));
    add(mov64_imm(R3, part));
    add(call_helper(203));
    clobber_scratch();
    const size_t branch = branch_if_null(R0);
    Known before[11];
    std::copy(std::begin(known_), std::end(known_), before);
    reserved_ |= 1;
    use_memory(R0, part, true);
    reserved_ &= ~1u;
    join(before);
    land(branch);
  }
  }
  clobber_scratch();
  nesting_++;
  body(random_.below(3));
  nesting_--;
  held_--;
  if (is_ring) {
    add(mov64_reg(R1, R10));
    add(add64_imm(R1, at));
    add(mov64_imm(R2, 0));
    add(call_helper(random_.one_in(2) ? 199 : 200));
    clobber_scratch();
  } else if (random_.one_in(2)) {
    add(store_imm(KBPF_SIZE_DW, R10, at + 8 * static_cast<int>(random_.below(2)), 0)); // which ends it
  }
}

} // namespace kbpf::soundness
