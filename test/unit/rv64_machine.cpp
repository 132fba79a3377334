// SPDX-License-Identifier: MIT OR Apache-2.0
#include "rv64_machine.h"
#include <bit>
#include <cstring>

namespace kbpf::test {
namespace {

constexpr uint32_t bits(uint32_t insn, unsigned high, unsigned low) {
  return insn >> low & ((1u << (high - low + 1)) - 1);
}
constexpr uint64_t extend(uint64_t value, unsigned width) {
  return static_cast<uint64_t>(static_cast<int64_t>(value << (64 - width)) >> (64 - width));
}
constexpr uint64_t word(uint64_t value) { return extend(value, 32); }
constexpr unsigned rd_of(uint32_t insn) { return bits(insn, 11, 7); }
constexpr unsigned rs1_of(uint32_t insn) { return bits(insn, 19, 15); }
constexpr unsigned rs2_of(uint32_t insn) { return bits(insn, 24, 20); }
constexpr unsigned funct3_of(uint32_t insn) { return bits(insn, 14, 12); }
constexpr uint64_t i_immediate(uint32_t insn) { return extend(insn >> 20, 12); }

template <typename T> T read(uint64_t address) {
  T value;
  memcpy(&value, reinterpret_cast<const void *>(address), sizeof value);
  return value;
}

// Where the divisor is zero or the quotient does not fit, as the M extension has it.
template <typename T> T quotient(T a, T b) {
  if (b == 0)
    return static_cast<T>(-1);
  if constexpr (static_cast<T>(-1) < 0)
    if (b == -1)
      return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(a));
  return a / b;
}
template <typename T> T remainder(T a, T b) {
  if (b == 0)
    return a;
  if constexpr (static_cast<T>(-1) < 0)
    if (b == -1)
      return 0;
  return a % b;
}

} // namespace

uint64_t Rv64Machine::call(uint64_t function, const std::array<uint64_t, 5> &arguments) {
  uint64_t outer_pc = pc_, outer_next = next_, outer_ra = x[kRa], outer_sp = x[kSp];
  x[kRa] = kReturnAddress;
  for (size_t i = 0; i < arguments.size(); i++)
    x[kA0 + i] = arguments[i];
  pc_ = function;
  run();
  if (error_)
    return 0;
  if (x[kSp] != outer_sp)
    stop("the stack pointer is not what it was");
  pc_ = outer_pc;
  next_ = outer_next;
  x[kRa] = outer_ra;
  return x[kA0];
}

void Rv64Machine::run() {
  while (!error_ && pc_ != kReturnAddress) {
    if (!is_code(pc_)) {
      leave();
      continue;
    }
    if (fuel_-- == 0)
      return stop("it does not end");
    step();
    if (!error_)
      pc_ = next_;
  }
}

void Rv64Machine::leave() {
  uint64_t result = 0, back = x[kRa];
  if (x[kSp] % 16)
    return stop("a call with a misaligned stack");
  if (!outside_(*this, pc_, result))
    return stop("a jump to nowhere");
  constexpr uint64_t kGarbage = 0xdead00000000beef;
  for (unsigned reg = 1; reg < 32; reg++) {
    bool is_kept = (reg >= kSp && reg <= 4) || reg == 8 || reg == 9 || (reg >= 18 && reg <= 27);
    if (!is_kept)
      x[reg] = kGarbage + reg;
  }
  x[kA0] = result;
  pc_ = back;
}

bool Rv64Machine::load(unsigned rd, unsigned funct3, uint64_t address) {
  switch (funct3) {
  case 0:
    return set(rd, extend(read<uint8_t>(address), 8)), true;
  case 1:
    return set(rd, extend(read<uint16_t>(address), 16)), true;
  case 2:
    return set(rd, word(read<uint32_t>(address))), true;
  case 3:
    return set(rd, read<uint64_t>(address)), true;
  case 4:
    return set(rd, read<uint8_t>(address)), true;
  case 5:
    return set(rd, read<uint16_t>(address)), true;
  case 6:
    return set(rd, read<uint32_t>(address)), true;
  }
  return false;
}

bool Rv64Machine::store(unsigned funct3, uint64_t address, uint64_t value) {
  if (funct3 > 3)
    return false;
  if (is_code(address) || is_code(address + (1u << funct3) - 1))
    return stop("a store to its code"), true;
  static_assert(std::endian::native == std::endian::little);
  memcpy(reinterpret_cast<void *>(address), &value, size_t{1} << funct3);
  return true;
}

bool Rv64Machine::operate(uint32_t insn, bool is_word) {
  const uint64_t a = x[rs1_of(insn)], b = x[rs2_of(insn)];
  const int64_t sa = static_cast<int64_t>(a), sb = static_cast<int64_t>(b);
  const uint32_t wa = static_cast<uint32_t>(a), wb = static_cast<uint32_t>(b);
  const int32_t swa = static_cast<int32_t>(wa), swb = static_cast<int32_t>(wb);
  auto give = [&](uint64_t value) { return set(rd_of(insn), is_word ? word(value) : value), true; };
  switch (bits(insn, 31, 25) << 3 | funct3_of(insn)) {
  case 0x00 << 3 | 0:
    return give(a + b);
  case 0x20 << 3 | 0:
    return give(a - b);
  case 0x00 << 3 | 1:
    return give(is_word ? wa << (b & 31) : a << (b & 63));
  case 0x00 << 3 | 5:
    return give(is_word ? wa >> (b & 31) : a >> (b & 63));
  case 0x20 << 3 | 5:
    return give(static_cast<uint64_t>(is_word ? swa >> (b & 31) : sa >> (b & 63)));
  case 0x01 << 3 | 0:
    return give(a * b);
  case 0x01 << 3 | 4:
    return give(static_cast<uint64_t>(is_word ? quotient(swa, swb) : quotient(sa, sb)));
  case 0x01 << 3 | 5:
    return give(is_word ? quotient(wa, wb) : quotient(a, b));
  case 0x01 << 3 | 6:
    return give(static_cast<uint64_t>(is_word ? remainder(swa, swb) : remainder(sa, sb)));
  case 0x01 << 3 | 7:
    return give(is_word ? remainder(wa, wb) : remainder(a, b));
  }
  if (is_word) {
    if (bits(insn, 31, 25) == 0x04 && funct3_of(insn) == 0) // add.uw
      return set(rd_of(insn), b + wa), true;
    if (bits(insn, 31, 20) == 0x080 && funct3_of(insn) == 4) // zext.h
      return set(rd_of(insn), a & 0xffff), true;
    return false;
  }
  switch (bits(insn, 31, 25) << 3 | funct3_of(insn)) {
  case 0x00 << 3 | 2:
    return give(sa < sb);
  case 0x00 << 3 | 3:
    return give(a < b);
  case 0x00 << 3 | 4:
    return give(a ^ b);
  case 0x00 << 3 | 6:
    return give(a | b);
  case 0x00 << 3 | 7:
    return give(a & b);
  case 0x10 << 3 | 2:
    return give(b + (a << 1));
  case 0x10 << 3 | 4:
    return give(b + (a << 2));
  case 0x10 << 3 | 6:
    return give(b + (a << 3));
  }
  return false;
}

bool Rv64Machine::operate_immediate(uint32_t insn, bool is_word) {
  const uint64_t a = x[rs1_of(insn)], immediate = i_immediate(insn);
  const unsigned rd = rd_of(insn), count = bits(insn, is_word ? 24 : 25, 20);
  const uint32_t low = static_cast<uint32_t>(a), high = bits(insn, 31, is_word ? 25 : 26) << is_word;
  auto give = [&](uint64_t value) { return set(rd, is_word ? word(value) : value), true; };
  const unsigned width = is_word ? 32 : 64;
  const uint64_t logical = is_word ? low : a;
  switch (funct3_of(insn)) {
  case 0:
    return give(a + immediate);
  case 1:
    if (!is_word && bits(insn, 31, 20) == 0x604)
      return give(extend(a, 8));
    if (!is_word && bits(insn, 31, 20) == 0x605)
      return give(extend(a, 16));
    return !(high >> is_word) && give(logical << count);
  case 5:
    if (!is_word && bits(insn, 31, 20) == 0x6b8)
      return give(__builtin_bswap64(a));
    switch (is_word ? bits(insn, 31, 25) : bits(insn, 31, 26) << 1) {
    case 0x00:
      return give(logical >> count);
    case 0x20:
      return give(static_cast<uint64_t>(is_word ? static_cast<int32_t>(low) >> count
                                                : static_cast<int64_t>(a) >> count));
    case 0x30:
      return give(count ? logical >> count | logical << (width - count) : logical);
    }
    return false;
  }
  if (is_word)
    return false;
  switch (funct3_of(insn)) {
  case 2:
    return give(static_cast<int64_t>(a) < static_cast<int64_t>(immediate));
  case 3:
    return give(a < immediate);
  case 4:
    return give(a ^ immediate);
  case 6:
    return give(a | immediate);
  default:
    return give(a & immediate);
  }
}

bool Rv64Machine::atomic(uint32_t insn) {
  const unsigned funct3 = funct3_of(insn);
  const uint64_t address = x[rs1_of(insn)], operand = x[rs2_of(insn)];
  if (funct3 != 2 && funct3 != 3)
    return false;
  if (address % (1u << funct3))
    return stop("a misaligned atomic"), true;
  const uint64_t old = funct3 == 3 ? read<uint64_t>(address) : word(read<uint32_t>(address));
  uint64_t value;
  switch (insn >> 27) {
  case 0x02: // lr
    reserved_ = address;
    return rs2_of(insn) == 0 && (set(rd_of(insn), old), true);
  case 0x03: // sc
    if (reserved_ != address)
      return set(rd_of(insn), 1), true;
    reserved_ = 0;
    set(rd_of(insn), 0);
    return store(funct3, address, operand);
  case 0x00:
    value = old + operand;
    break;
  case 0x01:
    value = operand;
    break;
  case 0x04:
    value = old ^ operand;
    break;
  case 0x08:
    value = old | operand;
    break;
  case 0x0c:
    value = old & operand;
    break;
  default:
    return false;
  }
  set(rd_of(insn), old);
  return store(funct3, address, value);
}

void Rv64Machine::step_system(uint32_t insn) {
  if ((insn & 0xfffff07f) == 0xc0102073) // rdtime
    set(rd_of(insn), time);
  else
    stop("an unknown instruction");
}

void Rv64Machine::step() {
  uint32_t insn = read<uint16_t>(pc_);
  if ((insn & 3) != 3) {
    next_ = pc_ + 2;
    return step_compressed(insn);
  }
  insn |= uint32_t{read<uint16_t>(pc_ + 2)} << 16;
  next_ = pc_ + 4;
  const unsigned rd = rd_of(insn);
  const uint64_t a = x[rs1_of(insn)], b = x[rs2_of(insn)];
  bool known = true;
  switch (insn & 0x7f) {
  case 0x33:
    known = operate(insn, false);
    break;
  case 0x3b:
    known = operate(insn, true);
    break;
  case 0x13:
    known = operate_immediate(insn, false);
    break;
  case 0x1b:
    known = operate_immediate(insn, true);
    break;
  case 0x03:
    known = load(rd, funct3_of(insn), a + i_immediate(insn));
    break;
  case 0x23:
    known = store(funct3_of(insn), a + extend(bits(insn, 31, 25) << 5 | bits(insn, 11, 7), 12), b);
    break;
  case 0x2f:
    known = atomic(insn);
    break;
  case 0x63: {
    const uint64_t distance = extend(bits(insn, 31, 31) << 12 | bits(insn, 7, 7) << 11 |
                                         bits(insn, 30, 25) << 5 | bits(insn, 11, 8) << 1,
                                     13);
    const unsigned kind = funct3_of(insn);
    const bool base = kind < 2   ? a == b
                      : kind < 6 ? static_cast<int64_t>(a) < static_cast<int64_t>(b)
                                 : a < b;
    known = kind != 2 && kind != 3;
    if (known && base != (kind & 1))
      next_ = pc_ + distance;
    break;
  }
  case 0x37:
    set(rd, word(insn & 0xfffff000));
    break;
  case 0x17:
    set(rd, pc_ + word(insn & 0xfffff000));
    break;
  case 0x67:
    known = funct3_of(insn) == 0;
    set(rd, next_);
    next_ = (a + i_immediate(insn)) & ~uint64_t{1};
    break;
  case 0x6f:
    set(rd, next_);
    next_ = pc_ + extend(bits(insn, 31, 31) << 20 | bits(insn, 19, 12) << 12 | bits(insn, 20, 20) << 11 |
                             bits(insn, 30, 21) << 1,
                         21);
    break;
  case 0x0f: // fences: there is one hart
    known = funct3_of(insn) == 0;
    break;
  case 0x73:
    return step_system(insn);
  default:
    known = false;
  }
  if (!known)
    stop("an unknown instruction");
}

// What the C extension reserves counts as unknown, too.
void Rv64Machine::step_compressed(uint32_t insn) {
  const unsigned rd = bits(insn, 11, 7), rs2 = bits(insn, 6, 2);
  const unsigned narrow = 8 + bits(insn, 9, 7), other = 8 + bits(insn, 4, 2);
  const uint32_t six = bits(insn, 12, 12) << 5 | bits(insn, 6, 2);
  const uint64_t immediate = extend(six, 6);
  const uint32_t word_offset = bits(insn, 5, 5) << 6 | bits(insn, 12, 10) << 3 | bits(insn, 6, 6) << 2;
  const uint32_t double_offset = bits(insn, 6, 5) << 6 | bits(insn, 12, 10) << 3;
  bool known = true;
  switch ((insn & 3) << 3 | insn >> 13) {
  case 0 << 3 | 0: { // c.addi4spn
    const uint32_t up =
        bits(insn, 10, 7) << 6 | bits(insn, 12, 11) << 4 | bits(insn, 5, 5) << 3 | bits(insn, 6, 6) << 2;
    known = up != 0;
    set(other, x[kSp] + up);
    break;
  }
  case 0 << 3 | 2:
    known = load(other, 2, x[narrow] + word_offset);
    break;
  case 0 << 3 | 3:
    known = load(other, 3, x[narrow] + double_offset);
    break;
  case 0 << 3 | 6:
    known = store(2, x[narrow] + word_offset, x[other]);
    break;
  case 0 << 3 | 7:
    known = store(3, x[narrow] + double_offset, x[other]);
    break;
  case 1 << 3 | 0:
    set(rd, x[rd] + immediate);
    break;
  case 1 << 3 | 1:
    known = rd != 0;
    set(rd, word(x[rd] + immediate));
    break;
  case 1 << 3 | 2:
    set(rd, immediate);
    break;
  case 1 << 3 | 3:
    known = six != 0;
    if (rd == kSp)
      x[kSp] += extend(bits(insn, 12, 12) << 9 | bits(insn, 4, 3) << 7 | bits(insn, 5, 5) << 6 |
                           bits(insn, 2, 2) << 5 | bits(insn, 6, 6) << 4,
                       10);
    else
      set(rd, immediate << 12);
    break;
  case 1 << 3 | 4: {
    uint64_t &to = x[narrow];
    const uint64_t from = x[other];
    switch (bits(insn, 11, 10)) {
    case 0:
      to >>= six;
      break;
    case 1:
      to = static_cast<uint64_t>(static_cast<int64_t>(to) >> six);
      break;
    case 2:
      to &= immediate;
      break;
    default:
      switch (bits(insn, 12, 12) << 2 | bits(insn, 6, 5)) {
      case 0:
        to -= from;
        break;
      case 1:
        to ^= from;
        break;
      case 2:
        to |= from;
        break;
      case 3:
        to &= from;
        break;
      case 4:
        to = word(to - from);
        break;
      case 5:
        to = word(to + from);
        break;
      default:
        known = false;
      }
    }
    break;
  }
  case 1 << 3 | 5:
    next_ = pc_ + extend(bits(insn, 12, 12) << 11 | bits(insn, 8, 8) << 10 | bits(insn, 10, 9) << 8 |
                             bits(insn, 6, 6) << 7 | bits(insn, 7, 7) << 6 | bits(insn, 2, 2) << 5 |
                             bits(insn, 11, 11) << 4 | bits(insn, 5, 3) << 1,
                         12);
    break;
  case 1 << 3 | 6:
  case 1 << 3 | 7:
    if ((x[narrow] == 0) == !(insn >> 13 & 1))
      next_ = pc_ + extend(bits(insn, 12, 12) << 8 | bits(insn, 6, 5) << 6 | bits(insn, 2, 2) << 5 |
                               bits(insn, 11, 10) << 3 | bits(insn, 4, 3) << 1,
                           9);
    break;
  case 2 << 3 | 0:
    set(rd, x[rd] << six);
    break;
  case 2 << 3 | 2:
    known = rd != 0 &&
            load(rd, 2, x[kSp] + (bits(insn, 3, 2) << 6 | bits(insn, 12, 12) << 5 | bits(insn, 6, 4) << 2));
    break;
  case 2 << 3 | 3:
    known = rd != 0 &&
            load(rd, 3, x[kSp] + (bits(insn, 4, 2) << 6 | bits(insn, 12, 12) << 5 | bits(insn, 6, 5) << 3));
    break;
  case 2 << 3 | 4:
    if (rs2) {
      set(rd, bits(insn, 12, 12) ? x[rd] + x[rs2] : x[rs2]);
    } else {
      known = rd != 0; // with bit 12, it would be a breakpoint
      uint64_t to = x[rd] & ~uint64_t{1};
      if (bits(insn, 12, 12))
        x[kRa] = next_;
      next_ = to;
    }
    break;
  case 2 << 3 | 6:
    known = store(2, x[kSp] + (bits(insn, 8, 7) << 6 | bits(insn, 12, 9) << 2), x[rs2]);
    break;
  case 2 << 3 | 7:
    known = store(3, x[kSp] + (bits(insn, 9, 7) << 6 | bits(insn, 12, 10) << 3), x[rs2]);
    break;
  default:
    known = false;
  }
  if (!known)
    stop("an unknown instruction");
}

} // namespace kbpf::test
