// SPDX-License-Identifier: MIT OR Apache-2.0
#include "generate.h"
#include "core/verifier/held.h"
#include "world.h"
#include <algorithm>

namespace kbpf::soundness {
using namespace test;
namespace {

constexpr unsigned kValueBytes[kMaps] = {48, 40, 24, 32, 0, 0, 16, 32, 24, 8, 32};
constexpr unsigned kBinary[] = {KBPF_ALU_ADD, KBPF_ALU_SUB, KBPF_ALU_MUL, KBPF_ALU_DIV,
                                KBPF_ALU_OR,  KBPF_ALU_AND, KBPF_ALU_LSH, KBPF_ALU_RSH,
                                KBPF_ALU_MOD, KBPF_ALU_XOR, KBPF_ALU_ARSH};
constexpr unsigned kJumps[] = {KBPF_JMP_JEQ,  KBPF_JMP_JNE,  KBPF_JMP_JGT,  KBPF_JMP_JGE,
                               KBPF_JMP_JLT,  KBPF_JMP_JLE,  KBPF_JMP_JSGT, KBPF_JMP_JSGE,
                               KBPF_JMP_JSLT, KBPF_JMP_JSLE, KBPF_JMP_JSET};

unsigned bytes_of(unsigned size) {
  return size == KBPF_SIZE_B ? 1 : size == KBPF_SIZE_H ? 2 : size == KBPF_SIZE_W ? 4 : 8;
}
bool is_shift(unsigned code) { return code == KBPF_ALU_LSH || code == KBPF_ALU_RSH || code == KBPF_ALU_ARSH; }

} // namespace

const std::vector<Insn> &Generator::make(uint64_t seed) {
  random_ = Random(seed);
  code_.clear();
  pending_.clear();
  functions_ = 0;
  static constexpr uint32_t kTypes[] = {2, 2, 3, 6, 6, 17};
  type_ = random_.pick(kTypes);
  function(0);
  for (uint32_t i = 0; i < pending_.size(); i++)
    function(i + 1);
  if (random_.one_in(4))
    mutate();
  return code_;
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

void Generator::store_stack() {
  const int at = slot();
  const unsigned width = size(), bytes = bytes_of(width);
  const int inner = at + static_cast<int>(bytes * random_.below(8 / bytes));
  Reg reg;
  Known stored;
  if (random_.one_in(4) && (find(Type::value, reg) || find(Type::context, reg) || find(Type::packet, reg))) {
    add(store_reg(KBPF_SIZE_DW, R10, at, reg));
    slots_[-at / 8 - 1] = known_[reg];
    return;
  }
  if (random_.one_in(4)) {
    add(store_imm(width, R10, inner, static_cast<int32_t>(random_.word())));
    stored = {Type::number};
  } else {
    reg = number();
    add(store_reg(width, R10, inner, reg));
    stored = width == KBPF_SIZE_DW ? known_[reg] : Known{Type::number};
  }
  slots_[-at / 8 - 1] = stored;
}

void Generator::load_stack() {
  const int at = slot();
  const Known there = slots_[-at / 8 - 1];
  const bool is_address = there.type != Type::number && there.type != Type::small && there.type != Type::none;
  const Reg reg = fresh();
  if (is_address || random_.one_in(3)) {
    add(load(KBPF_SIZE_DW, reg, R10, at));
    set(reg, there.type == Type::none ? Known{Type::number} : there);
    return;
  }
  const unsigned width = size(), bytes = bytes_of(width);
  const int inner = at + (random_.one_in(2) ? 0 : static_cast<int>(bytes * random_.below(8 / bytes)));
  add(width != KBPF_SIZE_DW && random_.one_in(4) ? load_signed(width, reg, R10, inner)
                                                 : load(width, reg, R10, inner));
  set(reg, {Type::number});
}

void Generator::load_context() {
  Reg context;
  if (!find(Type::context, context))
    return alu();
  const Reg reg = fresh();
  if (type_ == 2) {
    const unsigned width = size(), bytes = bytes_of(width);
    add(load(width, reg, context, static_cast<int>(bytes * random_.below(288 / bytes))));
  } else if (type_ == 6) {
    add(load(KBPF_SIZE_W, reg, context, random_.one_in(2) ? 12 : 16));
  } else if (type_ == 3) {
    static constexpr int kFields[] = {0, 4, 8, 16, 48, 52};
    add(load(KBPF_SIZE_W, reg, context, random_.pick(kFields)));
  } else {
    add(load(KBPF_SIZE_DW, reg, context, static_cast<int>(8 * random_.below(12))));
  }
  set(reg, {Type::number});
}

void Generator::use_memory(Reg base, unsigned bytes, bool writable) {
  if (bytes == 0)
    return;
  const unsigned width = size(), count = bytes_of(width);
  const unsigned room = bytes >= count ? bytes - count + 1 : 1;
  int off = static_cast<int>(random_.below(room));
  if (!random_.one_in(4))
    off = off / static_cast<int>(count) * static_cast<int>(count);
  if (random_.one_in(60))
    off += static_cast<int>(random_.below(9)) - 4;
  if (writable && random_.one_in(2)) {
    if (random_.one_in(3))
      add(store_imm(width, base, off, static_cast<int32_t>(random_.word())));
    else
      add(store_reg(width, base, off, number()));
  } else {
    const Reg to = fresh();
    add(width != KBPF_SIZE_DW && random_.one_in(4) ? load_signed(width, to, base, off)
                                                   : load(width, to, base, off));
    set(to, {Type::number});
  }
}

void Generator::use_value(Reg value) {
  const Known known = known_[value];
  const unsigned bytes = kValueBytes[known.map];
  const int first = known.map == kLocked ? 4 : known.map == kTimed ? 24 : 0;
  for (unsigned i = 0, n = 1 + random_.below(3); i < n; i++) {
    if (known_[value] != known)
      return;
    const int room = static_cast<int>(bytes) - known.offset;
    if (random_.one_in(2) && first == 0 && room > 0) {
      use_memory(value, static_cast<unsigned>(room), known.map != kConstants);
      continue;
    }
    if (first != 0) {
      const int off = first + 4 * static_cast<int>(random_.below((bytes - static_cast<unsigned>(first)) / 4));
      if (random_.one_in(2)) {
        add(store_imm(KBPF_SIZE_W, value, off - known.offset, static_cast<int32_t>(random_.word())));
      } else {
        const Reg to = fresh();
        add(load(KBPF_SIZE_W, to, value, off - known.offset));
        set(to, {Type::number});
      }
      continue;
    }
    // At an offset that varies.
    if (room < 2)
      return;
    const Reg by = small(random_.below(static_cast<uint32_t>(room)));
    const Reg moved = fresh();
    if (moved == by || moved == value || known_[value] != known)
      return;
    add(mov64_reg(moved, value));
    add(add64_reg(moved, by));
    const unsigned limit = known_[by].limit;
    set(moved, {});
    reserved_ |= 1u << moved;
    if (static_cast<unsigned>(room) > limit)
      use_memory(moved, static_cast<unsigned>(room) - limit, known.map != kConstants);
    reserved_ &= ~(1u << moved);
  }
}

void Generator::lookup() {
  static constexpr uint8_t kMapsToLookUp[] = {kHash, kHash,          kArray, kArray,    kPerCpu,
                                              kLru,  kArrayOfArrays, kData,  kConstants};
  uint8_t map = random_.pick(kMapsToLookUp);
  const int key = slot();
  if (map == kLru) {
    add(store_reg(KBPF_SIZE_DW, R10, key, number()));
  } else if (random_.one_in(2)) {
    add(store_imm(KBPF_SIZE_W, R10, key, random_.below(6)));
  } else {
    add(store_reg(KBPF_SIZE_W, R10, key, small(7)));
  }
  forget_slot(key);
  slots_[-key / 8 - 1] = {};
  add(mov64_reg(R2, R10));
  add(add64_imm(R2, key));
  add(ld_map(R1, map));
  if (random_.one_in(5) && map != kArrayOfArrays) { // update or remove instead
    const int from = -8 * static_cast<int>(kSlots);
    if (random_.one_in(3)) {
      add(call_helper(3));
    } else {
      add(mov64_reg(R3, R10));
      add(add64_imm(R3, from));
      add(mov64_imm(R4, 0));
      add(call_helper(2));
    }
    clobber_scratch();
    set(R0, {Type::number});
    return;
  }
  add(call_helper(1));
  clobber_scratch();
  size_t branches[2];
  unsigned count = 0;
  const auto save = [&](Known(&to)[11]) { std::copy(std::begin(known_), std::end(known_), to); };
  Known before[11];
  save(before);
  if (map == kArrayOfArrays) {
    branches[count++] = branch_if_null(R0);
    add(store_imm(KBPF_SIZE_W, R10, key, random_.below(6)));
    add(mov64_reg(R2, R10));
    add(add64_imm(R2, key));
    add(mov64_reg(R1, R0));
    add(call_helper(1));
    map = kQueue; // values of 16 bytes, like those
  }
  Reg value = R0;
  if (random_.one_in(2)) {
    value = kept();
    add(mov64_reg(value, R0));
    if (random_.one_in(3)) { // the copy learns from the comparison too
      set(value, {});
      add(jump_imm(KBPF_JMP_JEQ, R0, 0, 0));
      branches[count++] = code_.size() - 1;
    } else {
      branches[count++] = branch_if_null(value);
    }
  } else {
    branches[count++] = branch_if_null(R0);
  }
  set(value, {Type::value, map});
  const unsigned was_reserved = reserved_;
  if (value != R0)
    reserved_ |= 1u << value;
  use_value(value);
  nesting_++;
  body(random_.below(3));
  nesting_--;
  if (value != R0 && known_[value] == Known{Type::value, map})
    use_value(value);
  reserved_ = was_reserved;
  if (value != R0)
    before[value] = {};
  join(before);
  for (unsigned i = 0; i < count; i++)
    land(branches[i]);
}

void Generator::global_data() {
  const uint8_t map = random_.one_in(3) ? kConstants : kData;
  const Reg reg = fresh();
  const int offset = static_cast<int>(random_.below(kValueBytes[map]));
  add(ld_map_value(reg, map, offset));
  set(reg, {Type::value, map, 0, static_cast<int16_t>(offset)});
  use_value(reg);
}

void Generator::packet() {
  Reg context;
  if ((type_ != 6 && type_ != 3) || !find(Type::context, context))
    return alu();
  const int data_at = type_ == 6 ? 0 : 76, end_at = type_ == 6 ? 4 : 80;
  const Reg data = random_.one_in(2) ? kept() : fresh();
  Reg end = fresh(), moved = fresh();
  if (data == end || data == moved || end == moved || data == context || end == context || moved == context)
    return alu();
  add(load(KBPF_SIZE_W, data, context, data_at));
  add(load(KBPF_SIZE_W, end, context, end_at));
  set(data, {});
  set(end, {});
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  add(mov64_reg(moved, data));
  set(moved, {});
  before[moved] = {};
  const unsigned was_reserved = reserved_;
  const bool varies = random_.one_in(3);
  if (varies) {
    reserved_ |= 1u << data | 1u << end | 1u << moved;
    const Reg by = small(random_.one_in(4) ? 4000 : 31);
    add(add64_reg(moved, by));
    add(mov64_reg(data, moved)); // bytes from there on
  }
  const unsigned bytes = 1 + random_.below(32);
  add(add64_imm(moved, bytes));
  unsigned known = bytes;
  size_t branch;
  switch (random_.below(4)) {
  case 0:
    add(jump_reg(KBPF_JMP_JGT, moved, end, 0));
    break;
  case 1:
    add(jump_reg(KBPF_JMP_JLT, end, moved, 0));
    break;
  case 2:
    add(jump_reg(KBPF_JMP_JGE, moved, end, 0));
    known++;
    break;
  default:
    add(jump_reg(KBPF_JMP_JLE, end, moved, 0));
    known++;
  }
  branch = code_.size() - 1;
  reserved_ = was_reserved | 1u << data;
  for (unsigned i = 0, n = 1 + random_.below(3); i < n; i++)
    use_memory(data, known, true);
  set(data, {Type::packet, 0, static_cast<uint16_t>(known)});
  nesting_++;
  body(random_.below(3));
  nesting_--;
  if (known_[data].type == Type::packet)
    use_memory(data, known, true);
  reserved_ = was_reserved;
  before[data] = {};
  join(before);
  known_[data] = {};
  land(branch);
}

void Generator::record() {
  if (held_ >= 3 || in_callback_)
    return alu();
  const unsigned bytes = 1 + random_.below(64);
  add(ld_map(R1, kRing));
  add(mov64_imm(R2, bytes));
  add(mov64_imm(R3, 0));
  add(call_helper(131));
  clobber_scratch();
  Known before[11];
  std::copy(std::begin(known_), std::end(known_), before);
  const Reg reg = kept();
  if (reg < R6)
    return;
  add(mov64_reg(reg, R0));
  const size_t branch = branch_if_null(random_.one_in(2) ? reg : R0);
  const unsigned was_reserved = reserved_;
  reserved_ |= 1u << reg;
  set(reg, {Type::record, 0, static_cast<uint16_t>(bytes)});
  held_++;
  nesting_++;
  for (unsigned i = 0, n = 1 + random_.below(3); i < n; i++)
    use_memory(reg, bytes, true);
  body(random_.below(3));
  nesting_--;
  held_--;
  reserved_ = was_reserved;
  add(mov64_reg(R1, reg));
  add(mov64_imm(R2, 0));
  add(call_helper(random_.one_in(2) ? 132 : 133));
  clobber_scratch();
  set(reg, {});
  before[reg] = {};
  join(before);
  land(branch);
}

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
  if (random_.one_in(2)) {
    const Reg count = small(5);
    add(mov64_reg(R1, count));
    if (!random_.one_in(3))
      move_number(R1, random_.below(5));
    add(ld_callback(R2, 0));
    pending.call = code_.size() - 2;
    if (has_context) {
      add(mov64_reg(R3, R10));
      add(add64_imm(R3, at));
    } else {
      add(mov64_imm(R3, 0));
    }
    add(mov64_imm(R4, 0));
    add(call_helper(181));
    pending.args[1] = {Type::number};
    pending.args[2] = has_context ? Known{Type::stack, 0, 8} : Known{Type::number};
  } else {
    static constexpr uint8_t kMapsToWalk[] = {kHash, kArray, kPerCpu};
    const uint8_t map = random_.pick(kMapsToWalk);
    add(ld_map(R1, map));
    add(ld_callback(R2, 0));
    pending.call = code_.size() - 2;
    if (has_context) {
      add(mov64_reg(R3, R10));
      add(add64_imm(R3, at));
    } else {
      add(mov64_imm(R3, 0));
    }
    add(mov64_imm(R4, 0));
    add(call_helper(164));
    pending.kind = Pending::Kind::for_each;
    pending.args[1] = {Type::map, map};
    pending.args[2] = {Type::memory, 0, 4};
    pending.args[3] = {Type::value, map};
    pending.args[4] = has_context ? Known{Type::stack, 0, 8} : Known{Type::number};
  }
  forget_slot(at);
  pending_.push_back(pending);
  clobber_scratch();
  set(R0, {Type::number});
}

// At a place of the stack that is not known exactly.
void Generator::variable_stack() {
  const unsigned width = random_.one_in(2) ? KBPF_SIZE_B : size(), bytes = bytes_of(width);
  const Reg by = small(24);
  const unsigned limit = known_[by].limit;
  const Reg moved = fresh(), scaled = fresh();
  if (moved == by || scaled == moved)
    return alu();
  const int base = -8 * kSlots + 8 * static_cast<int>(random_.below(3));
  if (scaled != by)
    add(mov64_reg(scaled, by));
  else if (reserved_ >> by & 1)
    return alu();
  if (bytes > 1) {
    add(alu64_imm(KBPF_ALU_AND, scaled, static_cast<int>(limit & ~(bytes - 1))));
  }
  set(scaled, {Type::small, 0, static_cast<uint16_t>(limit)});
  add(mov64_reg(moved, R10));
  add(add64_reg(moved, scaled));
  set(moved, {});
  reserved_ |= 1u << moved;
  const Reg value = number();
  reserved_ &= ~(1u << moved);
  if (random_.one_in(2)) {
    add(store_reg(width, moved, base, value));
    for (Known &slot : slots_)
      slot = {};
  } else {
    const Reg to = fresh();
    add(load(width, to, moved, base));
    set(to, {Type::number});
  }
}

// Helpers fill memory, as much as another argument says.
void Generator::fill_stack() {
  const unsigned most = 1 + random_.below(24);
  Reg base;
  const bool in_value =
      random_.one_in(4) && find(Type::value, base) && known_[base].map == kHash && base >= R6;
  const int at = -8 * kSlots + static_cast<int>(random_.below(16));
  if (random_.one_in(2)) {
    const Reg size = small(most);
    add(mov64_reg(R2, size));
  } else {
    add(mov64_imm(R2, most));
  }
  if (in_value) {
    add(mov64_reg(R1, base));
  } else {
    add(mov64_reg(R1, R10));
    add(add64_imm(R1, at));
    for (Known &slot : slots_)
      slot = {};
  }
  switch (random_.below(4)) {
  case 0: {
    add(mov64_imm(R3, 0));
    add(mov64_reg(R4, R10));
    add(add64_imm(R4, slot()));
    add(alu64_imm(KBPF_ALU_OR, R2, 1));
    add(call_helper(105)); // reads the text, fills a number
    break;
  }
  case 1:
    add(mov64_imm(R2, most));
    add(call_helper(16));
    break;
  default:
    add(mov64_imm(R3, 0));
    add(call_helper(random_.one_in(2) ? 113 : 115));
  }
  clobber_scratch();
  set(R0, {Type::number});
}

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

void Generator::atomic_operation() {
  static constexpr int kOperations[] = {KBPF_ATOMIC_ADD,
                                        KBPF_ATOMIC_OR,
                                        KBPF_ATOMIC_AND,
                                        KBPF_ATOMIC_XOR,
                                        KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH,
                                        KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH,
                                        KBPF_ATOMIC_XCHG,
                                        KBPF_ATOMIC_CMPXCHG};
  const int operation = random_.pick(kOperations);
  const unsigned width = random_.one_in(2) ? KBPF_SIZE_W : KBPF_SIZE_DW;
  const int bytes = static_cast<int>(bytes_of(width));
  Reg base;
  int off;
  if (random_.one_in(2) && find(Type::value, base) && known_[base].map == kHash && known_[base].offset == 0) {
    off = bytes * static_cast<int>(random_.below(48u / static_cast<unsigned>(bytes)));
  } else {
    base = R10;
    off = slot();
    slots_[-off / 8 - 1] = {Type::number};
  }
  if (operation == KBPF_ATOMIC_CMPXCHG && known_[R0].type != Type::number && known_[R0].type != Type::small) {
    if (base == R0)
      return;
    move_number(R0, random_.word());
  }
  reserved_ |= 1u << base;
  const Reg src = number();
  reserved_ &= ~(1u << base & 0xffu);
  if (src == base || (reserved_ >> src & 1))
    return;
  add(atomic(width, operation, base, off, src));
  if (operation == KBPF_ATOMIC_CMPXCHG)
    set(R0, {Type::number});
  else if (operation & KBPF_ATOMIC_FETCH)
    set(src, {Type::number});
}

// Addresses are moved, compared, cut, and subtracted.
void Generator::pointer_games() {
  Reg reg;
  const Reg to = fresh();
  if (!find(Type::value, reg) && !find(Type::stack, reg) && !find(Type::memory, reg) &&
      !find(Type::record, reg)) {
    add(mov64_reg(to, R10));
    add(alu64_reg(KBPF_ALU_SUB, to, R10));
    set(to, {Type::number});
    return;
  }
  const Known known = known_[reg];
  if (known.type == Type::stack || known.type == Type::memory || known.type == Type::record) {
    reserved_ |= 1u << reg;
    const bool was_reserved = false;
    use_memory(reg, known.limit, known.type != Type::memory);
    if (!was_reserved && reg < R6)
      reserved_ &= ~(1u << reg);
    else if (known.type != Type::record)
      reserved_ &= ~(1u << reg);
    return;
  }
  if (to == reg)
    return;
  switch (random_.below(4)) {
  case 0:
    add(mov64_reg(to, reg));
    add(alu64_reg(KBPF_ALU_SUB, to, reg));
    set(to, {Type::number});
    break;
  case 1: {
    const int by = static_cast<int>(random_.below(40)) - 8;
    add(mov64_reg(to, reg));
    add(add64_imm(to, by));
    set(to, known.map == kLocked || known.map == kTimed
                ? Known{}
                : Known{known.type, known.map, 0, static_cast<int16_t>(known.offset + by)});
    if (known.offset + by < 0)
      set(to, {});
    break;
  }
  case 2:
    add(jump_imm(random_.one_in(2) ? KBPF_JMP_JNE : KBPF_JMP_JEQ, reg, 0, 0));
    break;
  default:
    use_value(reg);
  }
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
