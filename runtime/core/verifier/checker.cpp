// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/checker.h"
#include "abi/attr.h"
#include "core/isa/encoding.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/program_rules.h"
#include "core/verifier/stack_object.h"

namespace kbpf {
namespace {

constexpr uint32_t kArrayMap = 2;

// Only programs that see packets behind a redirection know where they leave.
bool is_egress_interface(const RawProgram &program, uint64_t offset, uint64_t size) {
  constexpr uint32_t kXdp = 6, kXdpDevmap = 33, kOffset = 20, kSize = 4;
  return program.type->number == kXdp && program.expected_attach_type == kXdpDevmap && offset == kOffset &&
         size == kSize;
}

} // namespace

// Takes obligations one by one, and none after the first that does not hold. Inlined where the kind is a
// constant, so that nothing is left of check_one's switch.
class Checker::Sink {
public:
  Sink(Checker &checker, const State &state) : checker_(checker), state_(state) {}
  [[gnu::always_inline]] void add(const Obligation &obligation) {
    if (result_.ok())
      result_ = checker_.check_one(state_, obligation);
  }
  Result<void> result() const { return result_; }

private:
  Checker &checker_;
  const State &state_;
  Result<void> result_;
};

bool Checker::is_plain_stack_access(const Insn &insn, const State &state, StackPlace &place) {
  const bool loads = insn.cls() == KBPF_CLASS_LDX, from_register = insn.cls() == KBPF_CLASS_STX;
  if (!loads && !(insn.cls() == KBPF_CLASS_ST || (from_register && !insn.is_atomic())))
    return false;
  const Value &base = state.reg(loads ? insn.src() : insn.dst());
  if (base.kind != Kind::stack || !base.number.is_constant())
    return false;
  const uint64_t below = -(base.number.value() + static_cast<uint64_t>(int64_t{insn.off})); // r10
  const unsigned size = insn.access_bytes();
  if (below - 1 >= KBPF_STACK_SIZE || below & (size - 1))
    return false;
  const uint32_t slot = static_cast<uint32_t>(below - 1) / 8;
  const Frame &frame = *state.frames[base.frame];
  const Subprogram &subprogram = analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(frame.first_insn)];
  InsnFacts &facts = analysis_.facts[state.insn];
  // The stack that was found so far is within the profile's.
  if (8 * (slot + 1) > subprogram.stack_depth || facts.follows_context || facts.faultable)
    return false;
  facts.follows_other = true;
  place = {base.frame, slot, -static_cast<int32_t>(below), size};
  if (!loads)
    return (!from_register || state.reg(insn.src()).is_scalar()) &&
           (slot >= frame.slot_count || frame.slots[slot].bytes[0] != ByteKind::object);
  if (slot >= frame.slot_count || insn.dst() == KBPF_REG_FP)
    return false;
  const StackSlot &content = frame.slots[slot];
  if (size != 8 || !content.is_whole(ByteKind::spill)) {
    const uint64_t mask = (~uint64_t{0} >> (64 - 8 * size)) << 8 * byte_of(place.offset);
    if (content.bytes[0] == ByteKind::object || !content.is_written(mask) ||
        (size != 8 && content.bytes[0] == ByteKind::spill && !content.spilled.is_scalar()))
      return false;
  }
  if (!(frame.written >> slot & 1))
    rely_on_slots(state, base.frame, uint64_t{1} << slot);
  return true;
}

Result<void> Checker::check_all(const State &state) {
  Sink sink(*this, state);
  for_each_obligation(analysis_.insn(state.insn), sink);
  return sink.result();
}

[[gnu::always_inline]] inline Result<void> Checker::check_initialised(const State &state, unsigned reg) {
  if (state.reg(reg).kind == Kind::uninitialised)
    return refuse(state, RejectionId::uninitialised_register, "r{} is read but holds nothing", reg);
  return {};
}

[[gnu::always_inline]] inline Result<void> Checker::check_one(const State &state,
                                                              const Obligation &obligation) {
  switch (obligation.kind) {
  case Obligation::Kind::initialised:
    return check_initialised(state, obligation.reg);
  case Obligation::Kind::not_r10:
    if (obligation.reg == KBPF_REG_FP)
      return refuse(state, RejectionId::frame_pointer_write, "r10 is read-only");
    return {};
  case Obligation::Kind::movable: {
    const Insn &insn = analysis_.insn(state.insn);
    const bool has_pointer =
        state.reg(obligation.reg).is_pointer() || (insn.src_is_reg() && state.reg(insn.src()).is_pointer());
    return has_pointer ? check_movable(state) : Result<void>();
  }
  case Obligation::Kind::constant:
    return check_constant(state);
  case Obligation::Kind::access:
    return check_access(state, obligation);
  case Obligation::Kind::reference:
    return check_reference(state);
  case Obligation::Kind::feature:
    return check_feature(state);
  case Obligation::Kind::helper:
    return check_helper(state);
  case Obligation::Kind::packet_load:
    return check_packet_load(state);
  case Obligation::Kind::return_value:
    return check_return(state);
  }
  return {};
}

Result<void> Checker::check_access(const State &state, const Obligation &obligation) {
  const Access access = obligation.access;
  if (analysis_.program.strict_alignment)
    KBPF_TRY(check_strict_alignment(state, obligation));
  if (access == Access::atomic)
    KBPF_TRY(check_atomic_result(state));
  KBPF_TRY(check_memory(state, obligation.reg, obligation.off, obligation.size,
                        {.reads = access != Access::write && access != Access::release,
                         .writes = access != Access::read && access != Access::acquire,
                         .by_helper = false,
                         .is_atomic = access != Access::read && access != Access::write}));
  if (access == Access::read || access == Access::write)
    KBPF_TRY(check_what_is_followed(state, obligation));
  return state.reg(obligation.reg).kind == Kind::stack ? check_spill(state, obligation) : Result<void>();
}

// Such operations are defined at run time, but nobody writes them on purpose; Linux refuses them too.
Result<void> Checker::check_constant(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const int32_t width = insn.cls() == KBPF_CLASS_ALU64 ? 64 : 32;
  switch (insn.code()) {
  case KBPF_ALU_DIV:
  case KBPF_ALU_MOD:
    if (insn.imm == 0)
      return refuse(state, RejectionId::constant_operand, "r{} is divided by 0", insn.dst());
    return {};
  case KBPF_ALU_LSH:
  case KBPF_ALU_RSH:
  case KBPF_ALU_ARSH:
    if (insn.imm < 0 || insn.imm >= width)
      return refuse(state, RejectionId::constant_operand, "r{} has {} bits and is shifted by {}", insn.dst(),
                    width, insn.imm);
    return {};
  default:
    return {};
  }
}

// What an operation gives back must not take the place of the address it works on: Linux counts that as read
// after the result is in.
Result<void> Checker::check_atomic_result(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const bool gives_back = insn.imm & KBPF_ATOMIC_FETCH;
  const unsigned result = insn.imm == KBPF_ATOMIC_CMPXCHG ? 0 : insn.src();
  if (!gives_back || result != insn.dst())
    return {};
  return refuse(state, RejectionId::atomic_target, "r{} would be both the address and the result", result);
}

Result<void> Checker::check_reference(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  uint32_t index = static_cast<uint32_t>(insn.imm);
  switch (insn.src()) {
  case 0:
    return {};
  case KBPF_PSEUDO_MAP_IDX:
  case KBPF_PSEUDO_MAP_IDX_VALUE:
  case KBPF_PSEUDO_ZCORE_FD_SLOT:
    break;
  case KBPF_PSEUDO_BTF_ID:
    return check_variable(state, index);
  case KBPF_PSEUDO_FUNC: // build_cfg has seen that a function is there
    if (!analysis_.program.profile->subprograms)
      return refuse(state, RejectionId::not_in_profile, "the profile {} has no functions besides the program",
                    analysis_.program.profile->name);
    if (const uint32_t function =
            analysis_.cfg.subprogram_at(static_cast<uint32_t>(function_target(state.insn, insn)));
        analysis_.is_global(function))
      return refuse(state, RejectionId::callback, "helpers call static functions only, and {} is global",
                    function_name(analysis_.program, function));
    return {};
  default:
    return refuse(state, RejectionId::unsupported_reference, "ld_imm64 with src {} can't be resolved here",
                  insn.src());
  }
  if (index >= analysis_.program.maps.size())
    return refuse(state, RejectionId::unknown_map, "map {} was asked for, {} were given", index,
                  analysis_.program.maps.size());
  const MapRef &map = analysis_.program.maps[index];
  if (insn.src() == KBPF_PSEUDO_ZCORE_FD_SLOT && map.fd_slot == 0)
    return refuse(state, RejectionId::unsupported_reference, "map {} has no fd slot", index);
  KBPF_TRY(check_usable_map(state, index));
  analysis_.usable_maps |= Analysis::map_bit(index);
  constexpr uint32_t kOneWay = KBPF_MAP_F_RDONLY_PROG | KBPF_MAP_F_WRONLY_PROG;
  if (map.fields == SpecialFields() && map.record.empty() && map.constants.empty() &&
      !(map.map_flags & kOneWay))
    analysis_.plain_values |= Analysis::map_bit(index);
  if (insn.src() != KBPF_PSEUDO_MAP_IDX_VALUE)
    return {};
  uint32_t offset = static_cast<uint32_t>(analysis_.insn(state.insn + 1).imm);
  if (map.type != kArrayMap || map.max_entries != 1 || map.value_address == 0)
    return refuse(state, RejectionId::unsupported_reference,
                  "map {} is no array of one element, so its value has no fixed address", index);
  if (offset >= map.value_size)
    return refuse_as(Error::invalid, state, RejectionId::map_value_out_of_bounds,
                     "offset {} in map {}, whose value has {} bytes", offset, index, map.value_size);
  return {};
}

Result<void> Checker::check_feature(const State &state) {
  const Insn &insn = analysis_.insn(state.insn);
  const Profile &profile = *analysis_.program.profile;
  if (!insn.is_call()) {
    const bool ordered = insn.is_load_acquire() || insn.is_store_release();
    const bool there = insn.is_may_goto()      ? profile.may_goto
                       : insn.is_packet_load() ? profile.packet_loads
                       : ordered               ? profile.ordered_accesses
                                               : profile.atomics;
    if (there)
      return {};
    return refuse(state, RejectionId::not_in_profile, "the profile {} has no {}", profile.name,
                  insn.is_may_goto()      ? "may_goto"
                  : insn.is_packet_load() ? "packet loads of classic BPF"
                  : ordered               ? "load-acquire and store-release"
                                          : "atomic operations");
  }
  if (insn.src() == KBPF_PSEUDO_KFUNC_CALL)
    return refuse(state, RejectionId::unsupported_reference, "kernel function {} can't be resolved here",
                  insn.imm);
  if (!profile.subprograms)
    return refuse(state, RejectionId::not_in_profile, "the profile {} has no calls between functions",
                  profile.name);
  const uint32_t function = analysis_.cfg.subprogram_at(static_cast<uint32_t>(jump_target(state.insn, insn)));
  return analysis_.is_global(function) ? check_global_call(state, function) : Result<void>();
}

Result<void> Checker::check_return(const State &state) {
  const Value &r0 = state.reg(0);
  // A function whose result nobody reads may leave r0 alone.
  if (state.frame_count == 1 || state.frame().is_callback)
    KBPF_TRY(check_initialised(state, 0));
  if (state.frame().is_callback)
    return check_callback_return(state);
  if (state.frame_count == 1) {
    const bool is_program = state.frame().first_insn == 0;
    KBPF_TRY(check_nothing_is_held(state, is_program ? "the program ends" : "the function ends"));
    if (!is_program && !r0.is_scalar())
      return refuse(state, RejectionId::return_value, "a global function returns a number; r0 is a {}",
                    kind_name(r0.kind));
    return is_program ? check_program_return(state) : Result<void>();
  }
  if (r0.kind == Kind::stack)
    return refuse(state, RejectionId::return_value,
                  r0.frame == state.frame_count - 1
                      ? "r0 points into the stack frame that the function leaves"
                      : "r0 points into the stack: a function does not return such an address");
  return {};
}

Result<void> Checker::check_program_return(const State &state) {
  const RawProgram &program = analysis_.program;
  const std::optional<ReturnRange> range =
      analysis_.traced && analysis_.traced->return_range()
          ? analysis_.traced->return_range()
          : return_range(program.type->number, program.expected_attach_type);
  if (!range)
    return {};
  const Value &r0 = state.reg(0);
  if (!r0.is_scalar())
    return refuse(state, RejectionId::return_value, "the program returns {} to {}; r0 is a {}", range->least,
                  range->most, kind_name(r0.kind));
  rely_on(state, r0);
  const int64_t least = range->is_half ? r0.number.r32.smin : r0.number.r64.smin,
                most = range->is_half ? r0.number.r32.smax : r0.number.r64.smax;
  if (least < range->least || most > range->most)
    return refuse(state, RejectionId::return_value, "the program returns {} to {}; r0 may be {} to {}",
                  range->least, range->most, least, most);
  return {};
}

// Where the kernel was asked for it: every access at a multiple of its size, whatever it goes to. Packets lie
// two bytes off, so that what follows an Ethernet header is aligned.
Result<void> Checker::check_strict_alignment(const State &state, const Obligation &access) {
  constexpr uint64_t kPacketOffset = 2;
  const Value &base = state.reg(access.reg);
  if (!base.is_pointer() || access.size == 1)
    return {};
  uint64_t constant = static_cast<uint64_t>(int64_t{access.off});
  if (base.is_in_packet())
    constant += kPacketOffset + static_cast<uint64_t>(int64_t{base.delta});
  const Tnum start = add(base.number.bits, Tnum::constant(constant));
  if (((start.value | start.mask) & (access.size - 1u)) == 0)
    return {};
  return refuse(state, RejectionId::misaligned_access,
                "{} bytes at r{} plus {} may not be aligned; strict alignment was asked for", access.size,
                access.reg, access.off);
}

Result<void> Checker::check_memory(const State &state, unsigned reg, int64_t off, uint64_t size,
                                   const MemoryUse &use) {
  const Value &base = state.reg(reg);
  if (use.by_helper && !may_be_memory(base.kind)) {
    if (base.is_scalar() && base.number.is_constant())
      return refuse(state, RejectionId::helper_argument,
                    "r{} is the number {}: a pointer to memory is needed", reg,
                    static_cast<int64_t>(base.number.value()));
    return refuse(state, RejectionId::helper_argument, "r{} is a {}: a pointer to memory is needed", reg,
                  kind_name(base.kind));
  }
  // As in Linux: what else was added may make up for it, but seldom does.
  if (base.moved_down &&
      (base.kind == Kind::map_value || base.kind == Kind::memory || base.kind == Kind::map_key))
    return refuse(state,
                  base.kind == Kind::memory ? RejectionId::granted_memory_out_of_bounds
                                            : RejectionId::map_value_out_of_bounds,
                  "{} bytes at r{}: it was moved by a number that may be negative; check its lower bound, or "
                  "make it unsigned",
                  size, reg);
  if (use.is_atomic && base.is_pointer() && base.kind != Kind::stack && base.kind != Kind::map_value &&
      base.kind != Kind::map_value_or_null && base.kind != Kind::memory &&
      base.kind != Kind::memory_or_null && base.kind != Kind::allocated &&
      base.kind != Kind::allocated_or_null)
    return refuse(
        state, RejectionId::atomic_target,
        "an atomic operation on what r{} points to, a {}: the stack, values of maps and records have them",
        reg, kind_name(base.kind));
  switch (base.kind) {
  case Kind::stack:
    return check_stack(state, reg, off, size, use);
  case Kind::map_value:
    return check_map_value(state, reg, off, size, use);
  case Kind::memory:
    return check_granted(state, reg, off, size, use);
  case Kind::context:
    return check_context(state, reg, off, size, use);
  case Kind::fd_slot:
    return check_fd_slot(state, reg, off, size, use);
  case Kind::packet:
  case Kind::packet_meta:
    return check_packet(state, reg, off, size, use);
  case Kind::packet_end:
    return refuse(state, RejectionId::opaque_pointer, "r{} is the packet's end: there is nothing behind it",
                  reg);
  case Kind::map_value_or_null:
  case Kind::memory_or_null:
  case Kind::map_or_null:
  case Kind::object_or_null:
  case Kind::btf_object_or_null:
  case Kind::allocated_or_null:
    return refuse(state, RejectionId::possibly_null, "r{} is a {}: compare it with null first", reg,
                  kind_name(base.kind));
  case Kind::map:
    return check_map_header(state, reg, off, size, use);
  case Kind::object:
    return check_socket(state, reg, off, size, use);
  case Kind::btf_object:
    return check_btf_object(state, reg, off, size, use);
  case Kind::allocated:
    return check_allocated(state, reg, off, size, use);
  case Kind::function:
    return refuse(state, RejectionId::opaque_pointer, "r{} is a function: only helpers call it", reg);
  case Kind::dynptr_argument:
    return refuse(state, RejectionId::opaque_pointer, "r{} points to a dynptr: only helpers look into it",
                  reg);
  case Kind::map_key:
    return check_map_key(state, reg, off, size, use);
  case Kind::scalar:
    if (is_taken_for_pointer(base) && use.reads && !use.writes && !use.by_helper)
      return {};
    break;
  case Kind::uninitialised:
  case Kind::dynptr: // in slots of the stack only
  case Kind::iterator:
    break;
  }
  if (base.number.is_constant())
    return refuse(state, RejectionId::not_a_pointer, "r{} is the number {}, no pointer", reg,
                  static_cast<int64_t>(base.number.value()));
  return refuse(state, RejectionId::not_a_pointer, "r{} is a number, no pointer", reg);
}

Result<void> Checker::check_stack(const State &state, unsigned reg, int64_t off, uint64_t size,
                                  const MemoryUse &use) {
  const Value &base = state.reg(reg);
  OffsetRange at = offsets(base, off, size);
  if (at.is_bounded && !use.by_helper && !at.is_aligned(size))
    return refuse(state, RejectionId::misaligned_access,
                  "{} bytes at r{}, offset {} in the stack, are not aligned", size, reg, at.first);
  int64_t bottom =
      -static_cast<int64_t>(std::min<uint32_t>(analysis_.program.profile->stack_size, KBPF_STACK_SIZE));
  if (!at.is_bounded || at.first < bottom || at.end > 0 || at.first == 0) // nothing lies at 0, as in Linux
    return refuse_as(at.is_bounded && at.first >= bottom && at.first < 0 ? Error::invalid
                                                                         : Error::access_denied,
                     state, RejectionId::stack_out_of_bounds,
                     at.is_bounded ? "{} bytes at r{}: offsets {} to {}, the frame is {} to -1"
                                   : "{} bytes at r{}: its offset in the stack has no bounds",
                     size, reg, at.first, at.end - 1, bottom);
  if (use.by_helper && analysis_.program.hides_addresses)
    KBPF_TRY(check_stack_leak(state, reg, at, use));
  const Frame &frame = *state.frames[base.frame];
  for (int64_t offset = at.first; offset < at.end && has_object(frame, at.first, at.end); offset++)
    if (std::optional<StackObject> object = object_at(state, base.frame, offset);
        object && (use.reads || object->has_to_be_released() || (use.by_helper && !use.makes_object)))
      // As in Linux: what helpers read or fill, and what is read, is denied.
      return refuse_as(use.makes_object || (use.writes && use.reads == use.by_helper) ? Error::invalid
                                                                                      : Error::access_denied,
                       state, RejectionId::stack_object,
                       "{} bytes at r{}, offset {} in the stack: {} lies there, which only helpers touch",
                       size, reg, at.first, object->is_dynptr() ? "a dynptr" : "an iterator");
  // The deepest byte touched is the depth of the function's frame.
  Subprogram &subprogram = analysis_.cfg.subprograms[analysis_.cfg.subprogram_at(frame.first_insn)];
  uint16_t depth = static_cast<uint16_t>((-at.first + 7) / 8 * 8);
  subprogram.stack_depth = std::max(subprogram.stack_depth, depth);
  if (!use.reads || at.first >= at.end)
    return {};
  const uint32_t top = slot_of(at.end - 1), low = slot_of(at.first); // slots, the first and the last of them
  const uint64_t slots = (~uint64_t{0} >> (63 - low)) & (~uint64_t{0} << top);
  if (slots & ~frame.written)
    rely_on_slots(state, base.frame, slots);
  // Bytes that the program did not write are some number; the engine clears them.
  const bool is_written =
      top == low && top < frame.slot_count &&
      frame.slots[top].is_written((~uint64_t{0} >> (64 - 8 * (at.end - at.first))) << 8 * byte_of(at.first));
  if (!subprogram.zero_stack && !is_written)
    for (int64_t offset = at.first; offset < at.end && !subprogram.zero_stack; offset++)
      if (byte_at(frame, offset) == ByteKind::uninitialised) {
        subprogram.zero_stack = true;
        analysis_.note_unwritten_read({true, state.insn, static_cast<uint32_t>(at.end - at.first),
                                       static_cast<uint32_t>(offset - at.first)});
      }
  return {};
}

Result<void> Checker::check_map_value(const State &state, unsigned reg, int64_t off, uint64_t size,
                                      const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const MapRef &map = analysis_.map(base);
  OffsetRange at = offsets(base, off, size);
  if (!at.is_bounded)
    return refuse(state, RejectionId::map_value_out_of_bounds,
                  "{} bytes at r{}: its offset in the value of map {} has no bounds", size, reg, base.map);
  if (use.is_atomic && !at.is_aligned(size))
    return refuse(state, RejectionId::misaligned_access,
                  "{} bytes at r{}, offset {} in a map value, are not aligned", size, reg, at.first);
  if (at.first < 0 || at.end > static_cast<int64_t>(map.value_size))
    return refuse(state, RejectionId::map_value_out_of_bounds,
                  "{} bytes at r{}: offsets {} to {} in the value of map {}, which has {} bytes", size, reg,
                  at.first, at.end - 1, base.map, map.value_size);
  KBPF_TRY(check_no_special_field(state, reg, off, size));
  if (!map.record.empty())
    KBPF_TRY(check_kptr_access(state, reg, at, use));
  if (use.writes && map.map_flags & KBPF_MAP_F_RDONLY_PROG)
    return refuse(state, RejectionId::map_access_forbidden, "programs may not write to map {}", base.map);
  if (use.reads && map.map_flags & KBPF_MAP_F_WRONLY_PROG)
    return refuse(state, RejectionId::map_access_forbidden, "programs may not read from map {}", base.map);
  return {};
}

// Kernels rewrite what goes through some pointers, an access to the context or to an object: it has to be of
// one kind on every path.
Result<void> Checker::check_what_is_followed(const State &state, const Obligation &access) {
  InsnFacts &facts = analysis_.facts[state.insn];
  const Value &base = state.reg(access.reg);
  if (base.kind == Kind::btf_object || base.kind == Kind::object || base.is_scalar() ||
      (base.kind == Kind::allocated && base.trust & trust::kUntrusted))
    facts.faultable = true;
  else if (base.kind == Kind::context)
    facts.follows_context = true;
  else
    facts.follows_other = true;
  if (facts.faultable && (facts.follows_context || facts.follows_other))
    return refuse(state, RejectionId::opaque_pointer,
                  "the load follows a pointer to an object of the kernel on one path, and another one on "
                  "another");
  if (facts.follows_context && facts.follows_other)
    return refuse(state, RejectionId::context_access,
                  "the access follows a pointer to the context on one path, and another one on another");
  facts.loads_packet_address |= analysis_.is_packet_address(base, access.off);
  return {};
}

Result<void> Checker::check_context(const State &state, unsigned reg, int64_t off, uint64_t size,
                                    const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const ContextInfo &context = *analysis_.program.type->context;
  if (use.by_helper)
    return refuse(state, RejectionId::helper_argument,
                  "r{} points to the context: copy what is needed to the stack", reg);
  if (!base.number.is_constant(0))
    return refuse(state, RejectionId::context_access,
                  "r{} points no more to the context's start: access fields by constant offsets from it",
                  reg);
  if (analysis_.traced)
    return check_traced_argument(state, off, size, use);
  uint64_t at = static_cast<uint64_t>(off);
  if (analysis_.socket_at(off) && size == sizeof(uint64_t) && !use.writes)
    return {};
  const ContextField *field = context.field_at(at);
  if (is_egress_interface(analysis_.program, at, size) && !use.writes)
    return {};
  if (!field)
    return refuse(state, RejectionId::context_access, "{} has no field at offset {}", context.name,
                  static_cast<int64_t>(at));
  if (!sees_field(analysis_.program.type->number, analysis_.program.expected_attach_type, field->offset))
    return refuse(state, RejectionId::context_access, "{}.{} is not there for programs that are attached so",
                  context.name, field->name);
  if (size > field->size || at % size != 0 || at + size > uint64_t{field->offset} + field->size)
    return refuse(state, RejectionId::context_access, "{} bytes at offset {} are no part of {}.{}", size, at,
                  context.name, field->name);
  if (use.writes &&
      !(field->access.writable &&
        writes_field(analysis_.program.type->number, analysis_.program.expected_attach_type, field->offset)))
    return refuse(state, RejectionId::context_access, "{}.{} is read-only", context.name, field->name);
  if (field->access.kind != FieldAccess::Kind::number && analysis_.insn(state.insn).mode() == KBPF_MODE_MEMSX)
    return refuse(state, RejectionId::context_access, "{}.{} is an address and can't be sign-extended",
                  context.name, field->name);
  const bool in_pieces = use.writes ? field->access.writable_in_pieces : field->access.readable_in_pieces;
  if (size != field->size && !in_pieces)
    return refuse(state, RejectionId::context_access, "{}.{} is accessed whole only, {} bytes at once",
                  context.name, field->name, field->size);
  if (at != field->offset && field->access.pieces_begin_it)
    return refuse(state, RejectionId::context_access, "pieces of {}.{} are read from its start only",
                  context.name, field->name);
  analysis_.context_bytes = std::max(analysis_.context_bytes, static_cast<uint32_t>(at + size));
  return {};
}

bool Checker::is_plain_context_load(const Insn &insn, const Value &base, InsnFacts &facts) {
  if (base.kind != Kind::context)
    return false;
  const RawProgram &program = analysis_.program;
  if (insn.mode() != KBPF_MODE_MEM || insn.dst() == KBPF_REG_FP || !base.number.is_constant(0) ||
      facts.faultable || facts.follows_other || program.strict_alignment || analysis_.traced ||
      analysis_.socket_at(insn.off))
    return false;
  const uint64_t at = static_cast<uint64_t>(int64_t{insn.off}), size = insn.access_bytes();
  const ContextField *field = program.type->context->field_at(at);
  if (!field || field->access.kind != FieldAccess::Kind::number || at & (size - 1) ||
      at + size > uint64_t{field->offset} + field->size ||
      (size != field->size && !field->access.readable_in_pieces) || field->access.pieces_begin_it ||
      !sees_field(program.type->number, program.expected_attach_type, field->offset))
    return false;
  facts.follows_context = true;
  analysis_.context_bytes = std::max(analysis_.context_bytes, static_cast<uint32_t>(at + size));
  return true;
}

bool Checker::is_plain_memory_access(const Insn &insn, const Value &base, InsnFacts &facts) const {
  const bool loads = insn.cls() == KBPF_CLASS_LDX;
  if (insn.mode() != KBPF_MODE_MEM || facts.faultable || facts.follows_context ||
      analysis_.program.strict_alignment)
    return false;
  const int64_t size = insn.access_bytes();
  if (base.kind == Kind::map_value && !base.is_inner && !base.moved_down && base.number.is_constant() &&
      analysis_.plain_values & Analysis::map_bit(base.map)) {
    const uint64_t at = base.number.value() + static_cast<uint64_t>(int64_t{insn.off}),
                   end = analysis_.program.maps[base.map].value_size;
    const bool is_within = at < end && end - at >= static_cast<uint64_t>(size);
    facts.follows_other |= is_within;
    return is_within;
  }
  if (base.kind == Kind::packet) {
    const int64_t first = int64_t{base.delta} + insn.off;
    if (base.number.r64.smin < 0 || first < 0 || first + size > base.range ||
        (!loads && !writes_packets(analysis_.program.type->number)))
      return false;
  } else if (base.kind == Kind::map_value) {
    const MapRef &map = analysis_.map(base);
    const OffsetRange at = offsets(base, insn.off, static_cast<uint64_t>(size));
    if (base.moved_down || !at.is_bounded || at.first < 0 || at.end > static_cast<int64_t>(map.value_size) ||
        map.fields != SpecialFields() || !map.record.empty() || !map.constants.empty() ||
        map.map_flags & (loads ? KBPF_MAP_F_WRONLY_PROG : KBPF_MAP_F_RDONLY_PROG))
      return false;
  } else {
    return false;
  }
  facts.follows_other = true;
  return true;
}

Result<void> Checker::check_packet(const State &state, unsigned reg, int64_t off, uint64_t size,
                                   const MemoryUse &use) {
  const Value &base = state.reg(reg);
  if (use.writes && !writes_packets(analysis_.program.type->number))
    return refuse(state, RejectionId::context_access, "programs of type {} may read the packet, not write it",
                  analysis_.program.type->name);
  if (base.number.r64.smin < 0)
    return refuse(state, RejectionId::packet_out_of_bounds,
                  "r{} may lie before the packet: what was added to it may be as low as {}", reg,
                  base.number.r64.smin);
  const int64_t first = base.delta + off;
  if (first < 0 || first + static_cast<int64_t>(size) > base.range)
    return refuse_as(
        base.kind == Kind::packet && base.range == 0 && base.past_end != PastEnd::unknown
            ? Error::invalid
            : Error::access_denied,
        state, RejectionId::packet_out_of_bounds,
        "{} bytes at r{}: offset {} in a packet, of which {} bytes are known to exist; compare a "
        "pointer behind what you access with data_end first",
        size, reg, first, base.range);
  return {};
}

Result<void> Checker::check_fd_slot(const State &state, unsigned reg, int64_t off, uint64_t size,
                                    const MemoryUse &use) {
  constexpr int64_t kSlotSize = 4;
  OffsetRange at = offsets(state.reg(reg), off, size);
  if (use.by_helper || use.writes)
    return refuse(state, RejectionId::helper_argument,
                  "r{} points to the fd of a map: load the fd from it first", reg);
  if (!at.is_bounded || at.first < 0 || at.end > kSlotSize)
    return refuse(state, RejectionId::map_value_out_of_bounds,
                  "{} bytes at r{}, offset {} in the {} bytes of a map's fd", size, reg, at.first, kSlotSize);
  return {};
}

} // namespace kbpf
