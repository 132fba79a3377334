// SPDX-License-Identifier: MIT OR Apache-2.0
// What a program may not do whose loader must not learn where the kernel's memory lies: make a number of an
// address, or put one where user space reads it. The rules are those of Linux for processes without
// CAP_PERFMON, but for what hardens against speculation there.
#include "core/verifier/checker.h"
#include "core/verifier/memory.h"

namespace kbpf {
namespace {

// Equal to null on no path, so that the comparison says nothing.
bool is_never_null(const Value &value) {
  switch (value.kind) {
  case Kind::map:
  case Kind::map_value:
  case Kind::map_key:
  case Kind::memory:
  case Kind::object:
  case Kind::allocated:
    return true;
  case Kind::btf_object:
    return is_trusted(value);
  default:
    return false;
  }
}

// What a slot keeps.
const char *kept_name(const Value &spilled) {
  return spilled.kind == Kind::uninitialised ? "pointer to what is gone" : kind_name(spilled.kind);
}

bool is_equality(const Insn &insn) { return insn.code() == KBPF_JMP_JEQ || insn.code() == KBPF_JMP_JNE; }

// Of a pointer into the packet with its end, or of its start with one into what lies before it.
bool is_packet_comparison(const Insn &insn, const Value &dst, const Value &src) {
  if (insn.cls() != KBPF_CLASS_JMP || !insn.src_is_reg())
    return false;
  const bool orders = insn.code() == KBPF_JMP_JGT || insn.code() == KBPF_JMP_JGE ||
                      insn.code() == KBPF_JMP_JLT || insn.code() == KBPF_JMP_JLE;
  const auto are = [&](Kind one, Kind other) {
    return (dst.kind == one && src.kind == other) || (dst.kind == other && src.kind == one);
  };
  return orders && (are(Kind::packet, Kind::packet_end) || are(Kind::packet_meta, Kind::packet));
}

} // namespace

Result<void> Checker::check_leaks(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  if (insn.is_alu())
    return check_computed_leak(state);
  if (insn.cls() == KBPF_CLASS_LDX || insn.cls() == KBPF_CLASS_ST || insn.cls() == KBPF_CLASS_STX)
    return check_stored_leak(state);
  if (insn.is_exit())
    return check_returned_leak(state);
  if (insn.is_call())
    return insn.src() == 0 ? check_leak_to_helper(state) : Result<void>();
  return insn.is_jump() ? check_compared_leak(state) : Result<void>();
}

// Whole addresses are copied, and moved by numbers; check_movable sees to the rest.
Result<void> Checker::check_computed_leak(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const bool one_operand = insn.code() == KBPF_ALU_END || insn.code() == KBPF_ALU_NEG;
  const bool src_is_pointer = insn.src_is_reg() && !one_operand && state.reg(insn.src()).is_pointer();
  const bool dst_is_pointer = insn.code() != KBPF_ALU_MOV && state.reg(insn.dst()).is_pointer();
  if (!src_is_pointer && !dst_is_pointer)
    return {};
  const unsigned pointer = dst_is_pointer ? insn.dst() : insn.src();
  const std::string_view kind = kind_name(state.reg(pointer).kind);
  if (insn.code() == KBPF_ALU_MOV && (insn.cls() == KBPF_CLASS_ALU || insn.off != 0))
    return refuse(state, RejectionId::address_leak, "a part of r{}, a {}, is copied: it would be a number",
                  pointer, kind);
  const bool moves_function =
      insn.code() != KBPF_ALU_MOV && state.reg(pointer).kind == Kind::function; // which makes it a number
  if (insn.cls() == KBPF_CLASS_ALU || one_operand || moves_function)
    return refuse(state, RejectionId::address_leak, "a number would be computed from r{}, a {}", pointer,
                  kind);
  if (src_is_pointer && dst_is_pointer)
    return refuse(state, RejectionId::address_leak,
                  "a number would be computed from r{} and r{}, which are both addresses", insn.dst(),
                  insn.src());
  return {};
}

Result<void> Checker::check_stored_leak(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const bool loads = insn.cls() == KBPF_CLASS_LDX || insn.is_load_acquire();
  const bool atomic = insn.cls() == KBPF_CLASS_STX && insn.is_atomic();
  const unsigned address = loads ? insn.src() : insn.dst();
  const Value &base = state.reg(address);
  const bool stores_register = insn.cls() == KBPF_CLASS_STX && !loads;
  const bool orders = atomic && (insn.is_load_acquire() || insn.is_store_release());
  const bool updates = atomic && !orders;
  for (const unsigned reg : {unsigned{insn.src()}, 0u}) {
    if (reg == 0 && insn.src() != 0 && !(updates && insn.imm == KBPF_ATOMIC_CMPXCHG))
      break;
    if (stores_register && state.reg(reg).is_pointer() && (updates || base.kind != Kind::stack) &&
        base.is_pointer())
      return refuse(state, RejectionId::address_leak, "r{}, a {}, would be stored {} r{}, a {}", reg,
                    kind_name(state.reg(reg).kind), updates ? "by an atomic operation to" : "in memory at",
                    address, kind_name(base.kind));
  }
  if (base.kind != Kind::stack)
    return {};
  return check_stack_leak(
      state, address, offsets(base, insn.off, insn.access_bytes()),
      {.reads = loads || updates, .writes = !loads, .by_helper = false, .is_atomic = updates});
}

// Bytes of the stack: where they are is known, they were written, and those that keep an address are read and
// written as a whole, by loads and stores.
Result<void> Checker::check_stack_leak(const State &state, unsigned reg, const OffsetRange &at,
                                       const MemoryUse &use) {
  const Value &base = state.reg(reg);
  if (!at.is_bounded)
    return {}; // refused anyhow
  if (!base.number.is_constant())
    return refuse(state, RejectionId::address_leak,
                  "r{} points to a place in the stack that varies: addresses may be kept there", reg);
  const Frame &frame = *state.frames[base.frame];
  const bool whole = at.end - at.first == 8 && at.first % 8 == 0 && !use.by_helper && !use.is_atomic;
  for (int64_t offset = at.first; offset < at.end && offset < 0; offset++) {
    const uint32_t slot = slot_of(offset);
    if (slot >= kMaxSlots)
      continue;
    const ByteKind kind = byte_at(frame, offset);
    if (use.reads && kind == ByteKind::uninitialised)
      return refuse(state, RejectionId::stack_uninitialised,
                    "the byte at offset {} in the stack is read, and no path to here has written it", offset);
    const bool keeps_address = kind == ByteKind::spill && !frame.slots[slot].spilled.is_scalar();
    if (keeps_address && !whole)
      return refuse(state, RejectionId::address_leak,
                    use.reads ? "the stack at offset {} is read, where a {} is kept"
                              : "a part of the stack at offset {} is overwritten, where a {} is kept",
                    offset, kept_name(frame.slots[slot].spilled));
  }
  return {};
}

Result<void> Checker::check_compared_leak(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  if (insn.code() == KBPF_JMP_JA || insn.is_may_goto())
    return {};
  const Value &dst = state.reg(insn.dst());
  if (!insn.src_is_reg() && !dst.is_pointer())
    return {};
  static constexpr std::string_view kText = "r{}, a {}, is compared, which tells about the address";
  if (insn.src_is_reg()) {
    const Value &src = state.reg(insn.src());
    if (is_packet_comparison(insn, dst, src))
      return {};
    if (src.is_pointer())
      return refuse(state, RejectionId::address_leak, kText, insn.src(), kind_name(src.kind));
    if (!dst.is_pointer() || (insn.cls() == KBPF_CLASS_JMP && is_equality(insn) &&
                              src.number.is_constant(0) && is_never_null(dst)))
      return {};
  } else if (insn.cls() == KBPF_CLASS_JMP && is_equality(insn) && insn.imm == 0 &&
             (dst.may_be_null() || is_never_null(dst))) {
    return {};
  }
  return refuse(state, RejectionId::address_leak, kText, insn.dst(), kind_name(dst.kind));
}

Result<void> Checker::check_returned_leak(const State &state) {
  const Value &r0 = state.reg(0);
  if (state.frame_count != 1 || !r0.is_pointer())
    return {};
  return refuse(state, RejectionId::address_leak, "the program returns r0, a {}", kind_name(r0.kind));
}

Result<void> Checker::check_leak_to_helper(const State &state) {
  const HelperProto *helper =
      analysis_.program.profile->helper(static_cast<uint32_t>(analysis_.insn(state.insn).imm));
  if (!helper)
    return {};
  if (helper->flags & KBPF_HELPER_PERFMON)
    return refuse(state, RejectionId::helper_not_allowed,
                  "{} may tell addresses of the kernel, which the program's loader must not learn",
                  helper->c_name);
  for (unsigned i = 0; i < 5; i++)
    if (helper->args[i] == KBPF_ARG_ANY_SCALAR && state.reg(i + 1).is_pointer())
      return refuse(state, RejectionId::address_leak, "r{}, a {}, is handed to {} as a number", i + 1,
                    kind_name(state.reg(i + 1).kind), helper->c_name);
  return {};
}

} // namespace kbpf
