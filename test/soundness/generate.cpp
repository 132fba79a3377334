// SPDX-License-Identifier: MIT OR Apache-2.0
#include "generate.h"
#include "world.h"
#include <algorithm>

namespace kbpf::soundness {
using namespace test;
namespace {

constexpr unsigned kBinary[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_MUL, KBPF_ALU_DIV,
                                KBPF_ALU_OR,  KBPF_ALU_AND, KBPF_ALU_LSH, KBPF_ALU_RSH,
                                KBPF_ALU_MOD, KBPF_ALU_XOR, KBPF_ALU_ARSH};
constexpr unsigned kJumps[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JGT,  KBPF_JMP_JGE,
                               KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT, KBPF_JMP_JSGE,
                               KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JSET};

bool is_shift(unsigned code) { return code == KBPF_ALU_LSH || code == KBPF_ALU_RSH || code == KBPF_ALU_ARSH; }

} // namespace

const std::vector<Insn> &Generator::make(uint64_t seed) {
  random_ = Random(seed);
  code_.clear();
  pending_.clear();
  functions_ = 0;
  static constexpr uint32_t kTypes[] = {2, 2, 3, 6, 6, 17}, kPacketTypes[] = {3, 6, 6};
  type_ = hides_ ? random_.pick(kPacketTypes) : random_.pick(kTypes);
  function(0);
  for (uint32_t i = 0; i < pending_.size(); i++)
    function(i + 1);
  if (random_.one_in(4))
    mutate();
  return code_;
}

// Bytes that nobody wrote are not read where addresses are hidden.
void Generator::write_stack() {
  constexpr int kLowest = 112;
  for (int at = 8; hides_ && at <= kLowest; at += 8)
    add(store_imm(KBPF_SIZE_DW, R10, -at, 0));
}

// A function begins with its arguments in r1 to r5, as its call said.
void Generator::function(uint32_t index) {
  std::fill(std::begin(known_), std::end(known_), Known());
  std::fill(std::begin(slots_), std::end(slots_), Known());
  reserved_ = held_ = nesting_ = objects_ = loops_ = 0;
  in_callback_ = locked_ = false;
  if (index == 0) {
    add(mov64_reg(R9, R1));
    reserved_ = 1u << R9;
    set(R1, {Type::context});
    set(R9, {Type::context});
    write_stack();
    load_context();
    body(4 + random_.below(14));
    if (random_.one_in(2))
      add(mov64_imm(R0, 0));
    else
      add(mov64_reg(R0, number()));
    add(exit_insn());
    return;
  }
  const Pending pending = pending_[index - 1];
  const size_t start = code_.size();
  code_[pending.call].imm = static_cast<int32_t>(start - pending.call - 1);
  std::copy_n(pending.args, 6, known_);
  in_callback_ = pending.kind != Pending::Kind::plain;
  write_stack();
  body(1 + random_.below(6));
  if (in_callback_) {
    Reg reg;
    if (pending.kind != Pending::Kind::timer && random_.one_in(2) && find(Type::number, reg)) {
      add(mov64_reg(R0, reg));
      add(and64_imm(R0, 1));
    } else {
      add(mov64_imm(R0, 0));
    }
  } else {
    add(mov64_reg(R0, number()));
  }
  add(exit_insn());
}

void Generator::body(unsigned count) {
  for (unsigned i = 0; i < count && code_.size() < kMostInsns; i++)
    snippet();
}

void Generator::snippet() {
  if (locked_)
    return alu();
  switch (random_.below(34)) {
  case 0:
  case 1:
  case 2:
  case 3:
  case 4:
    return alu();
  case 5:
  case 6:
    return bound();
  case 7:
  case 8:
  case 9:
    return compare_and_branch();
  case 10:
  case 11:
  case 12:
    return store_stack();
  case 13:
  case 14:
  case 15:
    return load_stack();
  case 16:
    return load_context();
  case 17:
  case 18:
    return lookup();
  case 19:
    return global_data();
  case 20:
    return packet();
  case 21:
    return record();
  case 22:
    return nesting_ < 3 ? counted_loop() : alu();
  case 23:
    return random_.one_in(2) ? countdown_loop() : endless_loop();
  case 24:
    return iterator_loop();
  case 25:
    return call_function();
  case 26:
    return call_back();
  case 27:
    return variable_stack();
  case 28:
    return fill_stack();
  case 29:
    return random_.one_in(2) ? queue() : timer();
  case 30:
    return lock();
  case 31:
    return dynptr();
  case 32:
    return atomic_operation();
  default:
    return random_.one_in(3) ? exit_early() : pointer_games();
  }
}

Reg Generator::fresh() {
  for (;;)
    if (const Reg reg = static_cast<Reg>(random_.below(10)); !(reserved_ >> reg & 1))
      return reg;
}

Reg Generator::kept() {
  for (int tries = 0; tries < 8; tries++)
    if (const Reg reg = static_cast<Reg>(6 + random_.below(4)); !(reserved_ >> reg & 1))
      return reg;
  return fresh();
}

bool Generator::find(Type type, Reg &reg) {
  const unsigned start = random_.below(10);
  for (unsigned i = 0; i < 10; i++) {
    reg = static_cast<Reg>((start + i) % 10);
    if (known_[reg].type == type || (type == Type::number && known_[reg].type == Type::small))
      return true;
  }
  return false;
}

void Generator::move_number(Reg to, uint64_t word) {
  if (static_cast<int64_t>(word) == static_cast<int32_t>(word))
    add(mov64_imm(to, static_cast<int32_t>(word)));
  else
    add(ld_imm64(to, word));
  set(to, word < 64 ? Known{Type::small, 0, static_cast<uint16_t>(word)} : Known{Type::number});
}

Reg Generator::number() {
  Reg reg;
  if (!random_.one_in(6) && find(Type::number, reg))
    return reg;
  reg = fresh();
  move_number(reg, random_.word());
  return reg;
}

Reg Generator::small(unsigned most) {
  Reg reg;
  if (find(Type::small, reg) && known_[reg].limit <= most)
    return reg;
  const Reg from = number();
  reg = fresh();
  if (reg != from)
    add(random_.one_in(3) ? mov32_reg(reg, from) : mov64_reg(reg, from));
  unsigned mask = 1;
  while (mask * 2 + 1 <= most)
    mask = mask * 2 + 1;
  if (most == 0)
    mask = 0;
  if (random_.one_in(3) && most)
    add(alu64_imm(KBPF_ALU_MOD, reg, most + 1)), mask = most;
  else
    add(random_.one_in(3) ? alu32_imm(KBPF_ALU_AND, reg, mask) : and64_imm(reg, mask));
  set(reg, {Type::small, 0, static_cast<uint16_t>(mask)});
  return reg;
}

int Generator::slot() { return -8 * static_cast<int>(1 + random_.below(kSlots)); }

void Generator::clobber_scratch() {
  for (unsigned reg = 0; reg <= 5; reg++)
    known_[reg] = {};
}

void Generator::join(const Known (&before)[11]) {
  for (unsigned reg = 0; reg < 11; reg++)
    if (!(known_[reg] == before[reg])) {
      const auto is_number = [](const Known &known) {
        return known.type == Type::number || known.type == Type::small;
      };
      known_[reg] = is_number(known_[reg]) && is_number(before[reg]) ? Known{Type::number} : Known{};
    }
}

void Generator::land(size_t branch) { code_[branch].off = static_cast<int16_t>(code_.size() - branch - 1); }

size_t Generator::branch_if_null(Reg reg) {
  add(jump_imm(KBPF_JMP_JEQ, reg, 0, 0));
  return code_.size() - 1;
}

size_t Generator::random_branch() {
  const Reg a = number();
  const unsigned code = random_.pick(kJumps);
  if (random_.one_in(3)) {
    const Reg b = number();
    add(random_.one_in(2) ? jump_reg(code, a, b, 0) : jump32_reg(code, a, b, 0));
  } else {
    const auto imm = static_cast<int32_t>(random_.word());
    add(random_.one_in(2) ? jump_imm(code, a, imm, 0) : jump32_imm(code, a, imm, 0));
  }
  return code_.size() - 1;
}

void Generator::alu() {
  Reg dst = number();
  if (reserved_ >> dst & 1) {
    const Reg copy = fresh();
    add(mov64_reg(copy, dst));
    dst = copy;
  }
  Known result{Type::number};
  const bool is_64 = !random_.one_in(3);
  switch (random_.below(8)) {
  case 0: {
    static constexpr int kBits[] = {8, 16, 32};
    const int bits = random_.pick(kBits);
    const Reg src = number();
    add(is_64 || bits == 32 ? movsx64_reg(dst, src, bits) : movsx32_reg(dst, src, bits));
    break;
  }
  case 1: {
    static constexpr int kBits[] = {16, 32, 64};
    const int bits = random_.pick(kBits);
    add(random_.one_in(3) ? bswap(dst, bits) : random_.one_in(2) ? to_be(dst, bits) : to_le(dst, bits));
    break;
  }
  case 2:
    add(is_64 ? neg64(dst) : neg32(dst));
    break;
  case 3: {
    const Reg src = number();
    add(is_64 ? mov64_reg(dst, src) : mov32_reg(dst, src));
    if (is_64)
      result = known_[src];
    break;
  }
  case 4:
  case 5: {
    const unsigned code = random_.pick(kBinary);
    const int off = (code == KBPF_ALU_DIV || code == KBPF_ALU_MOD) && random_.one_in(3);
    const Reg src = is_shift(code) && !random_.one_in(4) ? small(is_64 ? 63 : 31) : number();
    if (known_[dst].type == Type::none || reserved_ >> dst & 1)
      return;
    add(is_64 ? alu64_reg(code, dst, src, off) : alu32_reg(code, dst, src, off));
    break;
  }
  default: {
    const unsigned code = random_.pick(kBinary);
    const int off = (code == KBPF_ALU_DIV || code == KBPF_ALU_MOD) && random_.one_in(3);
    auto imm = static_cast<int32_t>(random_.word());
    if (is_shift(code))
      imm = static_cast<int32_t>(random_.below(is_64 ? 64 : 32));
    else if ((code == KBPF_ALU_DIV || code == KBPF_ALU_MOD) && imm == 0)
      imm = 7;
    add(is_64 ? alu64_imm(code, dst, imm, off) : alu32_imm(code, dst, imm, off));
    if (code == KBPF_ALU_AND && imm >= 0 && imm < 64)
      result = {Type::small, 0, static_cast<uint16_t>(imm)};
  }
  }
  set(dst, result);
}

// A number is compared with its bounds before more is done with it.
void Generator::bound() {
  const Reg reg = number();
  const Known before_bound = known_[reg];
  const uint16_t limit = static_cast<uint16_t>(random_.below(40));
  size_t branches[2];
  unsigned count = 0;
  const bool is_64 = !random_.one_in(4);
  const auto skip_if = [&](unsigned code, int imm) {
    add(is_64 ? jump_imm(code, reg, imm, 0) : jump32_imm(code, reg, imm, 0));
    branches[count++] = code_.size() - 1;
  };
  if (random_.one_in(3)) {
    skip_if(KBPF_JMP_JSLT, 0);
    skip_if(KBPF_JMP_JSGT, limit);
  } else if (random_.one_in(2)) {
    skip_if(KBPF_JMP_JGT, limit);
  } else {
    skip_if(KBPF_JMP_JGE, limit + 1);
  }
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  if (is_64)
    set(reg, {Type::small, 0, limit});
  nesting_++;
  body(1 + random_.below(3));
  nesting_--;
  if (known_[reg].type == Type::small)
    set(reg, before_bound);
  join(before);
  for (unsigned i = 0; i < count; i++)
    land(branches[i]);
}

void Generator::compare_and_branch() {
  const size_t branch = random_branch();
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  nesting_++;
  body(1 + random_.below(3));
  nesting_--;
  if (random_.one_in(2)) {
    Known after[11];
    std::copy(std::begin(known_), std::end(known_), after);
    add(ja(0));
    const size_t over = code_.size() - 1;
    land(branch);
    std::copy(std::begin(before), std::end(before), known_);
    body(1 + random_.below(2));
    join(after);
    land(over);
    return;
  }
  join(before);
  land(branch);
}

void Generator::exit_early() {
  if (held_ || nesting_ == 0)
    return alu();
  const size_t branch = random_branch();
  add(mov64_imm(R0, 0));
  add(exit_insn());
  land(branch);
}

// A small change, which most programs do not survive.
void Generator::mutate() {
  for (unsigned i = 0, n = 1 + random_.below(3); i < n; i++) {
    Insn &insn = code_[random_.below(static_cast<uint32_t>(code_.size()))];
    if (insn.opcode == 0)
      continue;
    switch (random_.below(7)) {
    case 0:
      insn.imm += static_cast<int32_t>(random_.below(3)) - 1;
      break;
    case 1:
      insn.imm = static_cast<int32_t>(random_.word());
      break;
    case 2:
      insn.off = static_cast<int16_t>(insn.off + static_cast<int>(random_.below(3)) - 1);
      break;
    case 3:
      insn.off = static_cast<int16_t>(insn.off + (random_.one_in(2) ? 8 : -8));
      break;
    case 4:
      insn.set_regs(static_cast<uint8_t>(random_.below(11)), insn.src());
      break;
    case 5:
      insn.set_regs(insn.dst(), static_cast<uint8_t>(random_.below(11)));
      break;
    default:
      if (insn.is_jump_class() && !insn.is_call() && !insn.is_exit() && insn.code() != KBPF_JMP_JA)
        insn.opcode = static_cast<uint8_t>((insn.opcode & 0x0f) | random_.pick(kJumps));
      else if (insn.is_alu() && insn.code() != KBPF_ALU_END)
        insn.opcode ^= KBPF_CLASS_ALU ^ KBPF_CLASS_ALU64;
      else if (insn.cls() == KBPF_CLASS_LDX || insn.cls() == KBPF_CLASS_ST)
        insn.opcode = static_cast<uint8_t>((insn.opcode & ~0x18) | size());
    }
  }
}

} // namespace kbpf::soundness
