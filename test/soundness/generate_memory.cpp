// SPDX-License-Identifier: MIT OR Apache-2.0
// Loads and stores: the stack, contexts, values of maps, packets, records, and what is done to their
// addresses.
#include "generate.h"
#include "world.h"
#include <algorithm>

namespace kbpf::soundness {
using namespace test;
namespace {

constexpr unsigned kValueBytes[kMaps] = {48, 40, 24, 32, 0, 0, 16, 32, 24, 8, 32};

unsigned bytes_of(unsigned size) {
  return size == KBPF_SIZE_B ? 1 : size == KBPF_SIZE_H ? 2 : size == KBPF_SIZE_W ? 4 : 8;
}

} // namespace

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
  switch (hides_ ? 0 : random_.below(4)) {
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

} // namespace kbpf::soundness
