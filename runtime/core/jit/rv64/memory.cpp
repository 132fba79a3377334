// SPDX-License-Identifier: MIT OR Apache-2.0
// Lowering of memory accesses, constants and atomics. Accesses are plain ones, aligned or not: QEMU and
// application cores do unaligned accesses in hardware, on others the firmware emulates them (slowly) through
// a trap. Atomics must be aligned, as everywhere.
#include "core/jit/rv64/constant.h"
#include "core/jit/rv64/lower.h"

namespace kbpf::rv64 {
namespace {

constexpr Width width_of(const Insn &insn) {
  switch (insn.size()) {
  case KBPF_SIZE_B:
    return Width::b;
  case KBPF_SIZE_H:
    return Width::h;
  case KBPF_SIZE_W:
    return Width::w;
  default:
    return Width::d;
  }
}

constexpr uint32_t kOrdered = encode::kAcquire | encode::kRelease;

// The instruction that does an atomic operation, without registers, by imm; 0: there is none.
constexpr std::array<uint32_t, 256> amos(bool is64) {
  using namespace encode;
  std::array<uint32_t, 256> all{};
  for (uint32_t order : {0u, kOrdered}) { // without fetch none is promised, and the old value is dropped
    const unsigned fetch = order ? KBPF_ATOMIC_FETCH : 0;
    all[KBPF_ATOMIC_ADD | fetch] = amoadd(is64, order, zero, zero, zero);
    all[KBPF_ATOMIC_OR | fetch] = amoor(is64, order, zero, zero, zero);
    all[KBPF_ATOMIC_AND | fetch] = amoand(is64, order, zero, zero, zero);
    all[KBPF_ATOMIC_XOR | fetch] = amoxor(is64, order, zero, zero, zero);
  }
  all[KBPF_ATOMIC_XCHG] = amoswap(is64, kOrdered, zero, zero, zero);
  return all;
}
constexpr std::array<uint32_t, 256> kAmos[] = {amos(false), amos(true)};
constexpr uint32_t amo_of(int32_t operation, bool is64) {
  const uint32_t index = static_cast<uint32_t>(operation);
  return index < kAmos[is64].size() ? kAmos[is64][index] : 0;
}

} // namespace

Lowering::Address Lowering::address(uint8_t base, int32_t offset, Reg temp) {
  Address whole = address_as_it_is(base, offset);
  if (fits_signed(whole.offset, 12))
    return whole;
  int32_t upper = (whole.offset + 0x800) >> 12;
  emit_.lui(temp, upper);
  emit_.add(temp, temp, whole.base);
  return {temp, whole.offset - upper * 4096};
}

// For instructions that have no offset.
[[gnu::always_inline]] inline Reg Lowering::exact_address(uint8_t base, int32_t offset, Reg temp) {
  Address whole = address_as_it_is(base, offset);
  if (whole.offset == 0)
    return whole.base;
  if (fits_signed(whole.offset, 12)) [[likely]]
    emit_.addi(temp, whole.base, whole.offset);
  else
    emit_.add_constant(temp, whole.base, whole.offset, temp);
  return temp;
}

std::optional<Reg> Lowering::held_constant(uint64_t value) const {
  for (unsigned i = 0; i < layout_->constant_count; i++)
    if (layout_->constants[i].value == value)
      return layout_->constants[i].reg;
  return std::nullopt;
}

Reg Lowering::constant_operand(int64_t value, Reg temp) {
  if (auto held = held_constant(static_cast<uint64_t>(value)))
    return *held;
  constant(temp, static_cast<uint64_t>(value));
  return temp;
}

void Lowering::constant(Reg rd, uint64_t value) {
  if (is_long_constant(value) || !emit_.li(rd, value))
    constant_from_memory(rd, value);
}

[[gnu::always_inline]] inline void Lowering::load_from(const Insn &insn, Address from) {
  bool is_signed = insn.mode() == KBPF_MODE_MEMSX;
  Width width = width_of(insn);
  if (width == Width::w && upper_half_unused())
    is_signed = true; // lw has a compressed form, lwu has none
  emit_.load(width, is_signed, native(insn.dst()), from.base, from.offset);
  bool is_short = width == Width::b || width == Width::h;
  set_extension(insn.dst(), is_signed           ? kSign
                            : is_short          ? kZeroAndSign
                            : width == Width::w ? kZero
                                                : kUnknown);
}

void Lowering::load(const Insn &insn) {
  bool is_signed = insn.mode() == KBPF_MODE_MEMSX;
  if ((!is_signed && insn.mode() != KBPF_MODE_MEM) || (is_signed && insn.size() == KBPF_SIZE_DW))
    return refuse();
  Address from = address(insn.src(), insn.off, t0);
  uint32_t position = emit_.position();
  load_from(insn, from);
  if (!(mark_ & mark::kMayFault))
    return;
  if (next_fault_ == plan_.faults.size())
    return refuse();
  plan_.faults[next_fault_++] = {
      .fault = position, .resume = emit_.position(), .zero_register = native(insn.dst())};
}

void Lowering::store(const Insn &insn) {
  if (insn.mode() != KBPF_MODE_MEM)
    return refuse();
  Reg value = zero;
  if (insn.cls() == KBPF_CLASS_STX) {
    value = read(insn.src(), t1);
  } else if (insn.imm != 0) {
    value = constant_operand(insn.imm, t1);
  }
  Address to = address(insn.dst(), insn.off, t0);
  emit_.store(width_of(insn), value, to.base, to.offset);
}

// The old value of an atomic operation, in a register where a 32-bit one is sign-extended, becomes a BPF
// register.
[[gnu::always_inline]] inline void Lowering::finish_old_value(uint8_t reg, Reg old, bool is64) {
  bool as_it_is = is64 || upper_half_unused();
  if (as_it_is)
    emit_.mv(native(reg), old);
  else
    emit_.zext_w(native(reg), old);
  set_extension(reg, !as_it_is ? kZero : is64 ? kUnknown : kSign);
}

// r0 becomes the old value, which was exchanged for src where it equalled r0. Both sides of a 32-bit
// comparison are sign-extended, as lr.w does it. src and address: fields of an instruction, as rs2 and rs1.
[[gnu::always_inline]] inline void Lowering::compare_exchange(bool is64, uint32_t address, uint32_t src) {
  using namespace encode;
  Reg expected = native(0);
  if (!is64 && !(extension(0) & kSign)) {
    emit_.insn(addiw(t5, expected, 0));
    expected = t5;
  }
  emit_.insn(lr(is64, kOrdered, t2, zero) | address);
  emit_.insn(bne(t2, expected, 12));
  emit_.insn(sc(is64, kRelease, t6, zero, zero) | address | src);
  emit_.insn(bne(t6, zero, -12));
  finish_old_value(0, t2, is64);
}

void Lowering::lower_atomic(const Insn &insn, uint8_t value) {
  const bool fetch = insn.imm & KBPF_ATOMIC_FETCH, is64 = insn.size() == KBPF_SIZE_DW;
  const bool compares = insn.imm == KBPF_ATOMIC_CMPXCHG;
  const uint32_t amo = compares ? 0 : amo_of(insn.imm, is64);
  if (!amo && !compares)
    return lower_ordered(insn, value);
  if ((!is64 && insn.size() != KBPF_SIZE_W) || (amo && fetch && insn.src() == KBPF_REG_FP))
    return refuse();
  const uint32_t src = read(value, t1) << 20, target = exact_address(insn.dst(), insn.off, t0) << 15;
  if (compares)
    return compare_exchange(is64, target, src);
  Reg old = fetch ? native(insn.src()) : zero;
  emit_.insn(amo | old << 7 | target | src);
  if (fetch)
    finish_old_value(insn.src(), old, is64);
}

// Loads that acquire and stores that release.
void Lowering::lower_ordered(const Insn &insn, uint8_t value) {
  if (insn.imm == KBPF_ATOMIC_LOAD_ACQ) {
    if (insn.dst() == KBPF_REG_FP)
      return refuse();
    Address from = address(insn.src(), insn.off, t0);
    emit_.load(width_of(insn), false, native(insn.dst()), from.base, from.offset);
    emit_.insn(encode::fence(encode::kRead, encode::kRead | encode::kWrite));
    bool is_short = insn.access_bytes() < 4;
    set_extension(insn.dst(), is_short ? kZeroAndSign : insn.size() == KBPF_SIZE_W ? kZero : kUnknown);
    return;
  }
  if (insn.imm != KBPF_ATOMIC_STORE_REL)
    return refuse();
  Reg stored = read(value, t1);
  Address to = address(insn.dst(), insn.off, t0);
  emit_.insn(encode::fence(encode::kRead | encode::kWrite, encode::kWrite));
  emit_.store(width_of(insn), stored, to.base, to.offset);
}

// The usual ones, with no operand in r10 and a short offset.
template <uint8_t size> [[gnu::always_inline]] inline void Lowering::lower_atomic_form(const Insn &insn) {
  constexpr bool kIs64 = size == KBPF_SIZE_DW;
  const uint32_t amo = amo_of(insn.imm, kIs64), fields = assignment_->fields[insn.regs];
  if (!amo || (!kIs64 && size != KBPF_SIZE_W) || fields & Assignment::kFramePointer ||
      !fits_signed(insn.off, 12))
    return lower_atomic(insn, insn.src());
  uint32_t encoded = amo | (fields & Assignment::kRs2);
  if (insn.off) {
    emit_.insn(encode::addi(t0, zero, insn.off) | (fields & Assignment::kRs1));
    encoded |= t0 << 15;
  } else {
    encoded |= fields & Assignment::kRs1;
  }
  if (!(insn.imm & KBPF_ATOMIC_FETCH))
    return emit_.insn(encoded);
  const uint32_t old = (fields >> 13 & Assignment::kRd) | (fields >> 5 & Assignment::kRs1);
  emit_.insn(encoded | (old & Assignment::kRd));
  if (kIs64 || upper_half_unused())
    return set_extension(insn.src(), kIs64 ? kUnknown : kSign);
  set_extension(insn.src(), kZero);
  emit_.zext_in_place(old);
}

// The usual ways call nothing, as in lower_alu().
template <uint8_t opcode> void Lowering::lower_load(Lowering &self, const Insn &insn) {
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr bool kIsValid =
      kForm.mode() == KBPF_MODE_MEM || (kForm.mode() == KBPF_MODE_MEMSX && kForm.size() != KBPF_SIZE_DW);
  if constexpr (kIsValid) {
    Address from = self.address_as_it_is(insn.src(), insn.off);
    if (fits_signed(from.offset, 12) && !(self.mark_ & mark::kMayFault)) [[likely]] {
      Insn known = insn;
      known.opcode = opcode;
      return self.load_from(known, from);
    }
  }
  self.load(insn);
}
template <uint8_t opcode> void Lowering::lower_store(Lowering &self, const Insn &insn) {
  constexpr Insn kForm{.opcode = opcode, .regs = 0, .off = 0, .imm = 0};
  constexpr bool kByRegister = kForm.cls() == KBPF_CLASS_STX;
  if constexpr (kForm.mode() == KBPF_MODE_MEM) {
    Address to = self.address_as_it_is(insn.dst(), insn.off);
    bool is_short = !kByRegister || insn.src() != KBPF_REG_FP;
    if (fits_signed(to.offset, 12) && is_short) [[likely]] {
      Reg value = kByRegister ? self.native(insn.src()) : insn.imm ? self.immediate_operand(insn.imm) : zero;
      return self.emit_.store(width_of(kForm), value, to.base, to.offset);
    }
  }
  if constexpr (kByRegister && kForm.mode() == KBPF_MODE_ATOMIC)
    self.lower_atomic_form<kForm.size()>(insn);
  else
    self.store(insn);
}
KBPF_INSTANTIATE(lower_load, KBPF_CLASS_LDX)
KBPF_INSTANTIATE(lower_store, KBPF_CLASS_ST)
KBPF_INSTANTIATE(lower_store, KBPF_CLASS_STX)

} // namespace kbpf::rv64
