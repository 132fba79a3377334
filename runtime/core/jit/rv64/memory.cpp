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
Reg Lowering::exact_address(uint8_t base, int32_t offset, Reg temp) {
  if (base == KBPF_REG_FP)
    emit_.add_constant(temp, sp, int64_t{offset} + layout_->bpf_stack, temp);
  else if (offset == 0)
    return native(base);
  else
    emit_.add_constant(temp, native(base), offset, temp);
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
  if (insn.cls() == KBPF_CLASS_STX && insn.mode() == KBPF_MODE_ATOMIC)
    return lower_atomic(insn, insn.src());
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

void Lowering::lower_atomic(const Insn &insn, uint8_t value) {
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
  if (insn.imm == KBPF_ATOMIC_STORE_REL) {
    Reg stored = read(insn.src(), t1);
    Address to = address(insn.dst(), insn.off, t0);
    emit_.insn(encode::fence(encode::kRead | encode::kWrite, encode::kWrite));
    emit_.store(width_of(insn), stored, to.base, to.offset);
    return;
  }
  if (insn.size() != KBPF_SIZE_W && insn.size() != KBPF_SIZE_DW)
    return refuse();
  bool is64 = insn.size() == KBPF_SIZE_DW;
  Reg src = read(value, t1);
  Reg target = exact_address(insn.dst(), insn.off, t0);
  if (insn.imm == KBPF_ATOMIC_CMPXCHG) {
    compare_exchange(is64, target, src);
    return;
  }
  // Without fetch no order is promised, and the old value is dropped.
  bool fetch = insn.imm & KBPF_ATOMIC_FETCH;
  if (fetch && insn.src() == KBPF_REG_FP)
    return refuse();
  Reg old = fetch ? native(insn.src()) : zero;
  uint32_t order = fetch ? kOrdered : 0;
  switch (insn.imm) {
  case KBPF_ATOMIC_ADD:
  case KBPF_ATOMIC_ADD | KBPF_ATOMIC_FETCH:
    emit_.insn(encode::amoadd(is64, order, old, src, target));
    break;
  case KBPF_ATOMIC_OR:
  case KBPF_ATOMIC_OR | KBPF_ATOMIC_FETCH:
    emit_.insn(encode::amoor(is64, order, old, src, target));
    break;
  case KBPF_ATOMIC_AND:
  case KBPF_ATOMIC_AND | KBPF_ATOMIC_FETCH:
    emit_.insn(encode::amoand(is64, order, old, src, target));
    break;
  case KBPF_ATOMIC_XOR:
  case KBPF_ATOMIC_XOR | KBPF_ATOMIC_FETCH:
    emit_.insn(encode::amoxor(is64, order, old, src, target));
    break;
  case KBPF_ATOMIC_XCHG:
    emit_.insn(encode::amoswap(is64, order, old, src, target));
    break;
  default:
    return refuse();
  }
  if (fetch)
    finish_old_value(insn.src(), old, is64);
}

// r0 becomes the old value, which was exchanged for src where it equalled r0. Both sides of a 32-bit
// comparison are sign-extended, as lr.w does it.
void Lowering::compare_exchange(bool is64, Reg address, Reg src) {
  Reg expected = is64 ? native(0) : read_sign_extended(0, t5);
  emit_.insn(encode::lr(is64, kOrdered, t2, address));
  emit_.branch(Condition::ne, t2, expected, 12);
  emit_.insn(encode::sc(is64, encode::kRelease, t6, src, address));
  emit_.branch(Condition::ne, t6, zero, -12);
  finish_old_value(0, t2, is64);
}

// The old value of an atomic operation, in a register where a 32-bit one is sign-extended, becomes a BPF
// register.
void Lowering::finish_old_value(uint8_t reg, Reg old, bool is64) {
  bool as_it_is = is64 || upper_half_unused();
  if (as_it_is)
    emit_.mv(native(reg), old);
  else
    emit_.zext_w(native(reg), old);
  set_extension(reg, !as_it_is ? kZero : is64 ? kUnknown : kSign);
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
    bool is_short = kByRegister ? insn.src() != KBPF_REG_FP : insn.imm == 0 || !self.layout_->constant_count;
    if (fits_signed(to.offset, 12) && is_short) [[likely]] {
      Reg value = kByRegister ? self.native(insn.src()) : insn.imm ? t1 : zero;
      if (!kByRegister && insn.imm)
        self.emit_.load_immediate(t1, insn.imm);
      return self.emit_.store(width_of(kForm), value, to.base, to.offset);
    }
  }
  self.store(insn);
}
KBPF_INSTANTIATE(lower_load, KBPF_CLASS_LDX)
KBPF_INSTANTIATE(lower_store, KBPF_CLASS_ST)
KBPF_INSTANTIATE(lower_store, KBPF_CLASS_STX)

} // namespace kbpf::rv64
