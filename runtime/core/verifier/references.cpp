// SPDX-License-Identifier: MIT OR Apache-2.0
// Things that a program takes and gives back, and the memory that helpers grant: ring-buffer records.
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"

namespace kbpf {

Result<void> Checker::check_granted(const State &state, unsigned reg, int64_t off, uint64_t size,
                                    const MemoryUse &use) {
  const Value &base = state.reg(reg);
  OffsetRange at = offsets(base, off, size);
  if (!at.is_bounded)
    return refuse(state, RejectionId::granted_memory_out_of_bounds,
                  "{} bytes at r{}: its offset in the memory has no bounds", size, reg);
  if (use.is_atomic && !at.is_aligned(size))
    return refuse(state, RejectionId::misaligned_access, "{} bytes at r{}, offset {}, are not aligned", size,
                  reg, at.first);
  if (at.first < 0 || at.end > static_cast<int64_t>(base.size))
    return refuse(state, RejectionId::granted_memory_out_of_bounds,
                  "{} bytes at r{}: offsets {} to {} in memory of {} bytes", size, reg, at.first, at.end - 1,
                  base.size);
  if (use.writes && base.is_read_only)
    return refuse(state, RejectionId::granted_memory_out_of_bounds,
                  "{} bytes at r{}: the memory may only be read", size, reg);
  if (!use.is_atomic)
    return {};
  // Records are aligned; of what a caller or a dynptr gives, only how it was come by says it.
  const Reference *record = state.held ? state.held->find(base.owner) : nullptr;
  if ((!record || record->kind != ReferenceKind::record) && size > analysis_.alignment.needed) {
    analysis_.alignment.needed = static_cast<uint32_t>(size);
    analysis_.alignment.needed_insn = state.insn;
  }
  return {};
}

Result<void> Checker::check_record_argument(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind == Kind::memory_or_null)
    return refuse(state, RejectionId::possibly_null, "r{}, the record given to {}, may be null", reg,
                  proto.c_name);
  const Reference *reference =
      value.kind == Kind::memory && state.held ? state.held->find(value.owner) : nullptr;
  if (!reference || reference->kind != ReferenceKind::record)
    return refuse_as(value.kind == Kind::memory ? Error::invalid : Error::access_denied, state,
                     RejectionId::reference_not_held,
                     "r{}, given to {}, is a {}: a record that bpf_ringbuf_reserve gave is needed", reg,
                     proto.c_name, kind_name(value.kind));
  if (reference->frame != callback_frame(state))
    return refuse(
        state, RejectionId::reference_not_held,
        "r{}, given to {}, was acquired outside of the function that a helper calls, perhaps more than "
        "once",
        reg, proto.c_name);
  if (!value.number.is_constant(0))
    return refuse(state, RejectionId::reference_not_held,
                  "r{}, given to {}, does not point to the record's start", reg, proto.c_name);
  return {};
}

// A socket has the fields that Linux shows of it; other objects that no BTF describes have none.
Result<void> Checker::check_socket(const State &state, unsigned reg, int64_t off, uint64_t size,
                                   const MemoryUse &use) {
  const Value &base = state.reg(reg);
  constexpr uint64_t kQueueBytes = 4; // all that programs see of an XDP socket
  if (base.object_class == ObjectClass::xdp_socket && off == 0 && size == kQueueBytes && !use.writes &&
      !use.by_helper)
    return {};
  if (!is_socket(base.object_class) || use.by_helper)
    return refuse(state, RejectionId::opaque_pointer,
                  "r{} is an object of the kernel: only helpers look into it", reg);
  const ContextInfo &layout =
      socket_layout(base.object_class == ObjectClass::socket       ? SocketKind::full
                    : base.object_class == ObjectClass::tcp_socket ? SocketKind::tcp
                                                                   : SocketKind::common);
  if (use.writes)
    return refuse(state, RejectionId::opaque_pointer, "r{} is a {}, which may only be read", reg,
                  layout.name);
  const uint64_t at = static_cast<uint64_t>(off);
  const ContextField *field = layout.field_at(at);
  const bool is_field = field && at % size == 0 && at + size <= uint64_t{field->offset} + field->size &&
                        (size == field->size || field->access.readable_in_pieces);
  // The field of the port has 4 bytes, and the port 2.
  constexpr uint64_t kBehindPort = 50, kPortFieldEnd = 52;
  const bool is_padding =
      base.object_class != ObjectClass::tcp_socket && at >= kBehindPort && at < kPortFieldEnd;
  if (is_field && !is_padding)
    return {};
  return refuse(state, RejectionId::opaque_pointer, "{} bytes at offset {} are no field of a {}", size,
                static_cast<int64_t>(at), layout.name);
}

Result<void> Checker::check_map_header(const State &state, unsigned reg, int64_t off, uint64_t size,
                                       const MemoryUse &use) {
  const ContextInfo *header = analysis_.program.profile->map_header;
  if (!header || use.writes || analysis_.program.hides_addresses)
    return refuse(state, RejectionId::opaque_pointer, "r{} is a map: only helpers look into it", reg);
  const uint64_t at = static_cast<uint64_t>(off);
  const ContextField *field = header->field_at(at);
  if (field && at + size <= uint64_t{field->offset} + field->size &&
      (size == field->size || field->access.readable_in_pieces))
    return {};
  return refuse(state, RejectionId::opaque_pointer,
                "{} bytes at offset {} are no field of what a map begins with", size, off);
}

Result<void> Checker::check_socket_argument(const State &state, unsigned reg, const HelperProto &proto) {
  if (!(proto.flags & KBPF_HELPER_RELEASES))
    return {};
  const Value &value = state.reg(reg);
  const Reference *reference = state.held ? state.held->find(value.owner) : nullptr;
  if (!reference || reference->kind != ReferenceKind::object || reference->frame != callback_frame(state))
    return refuse(state, RejectionId::reference_not_held, "r{}, given to {}, was not acquired, or not here",
                  reg, proto.c_name);
  return {};
}

Result<void> Checker::check_nothing_is_held(const State &state, std::string_view what) {
  if (holds_nothing(state))
    return {};
  // A function that a helper calls answers for what it took itself.
  const uint32_t frame = callback_frame(state);
  for (uint32_t i = 0; i < state.held->count; i++)
    if (state.held->references[i].frame == frame)
      return refuse(state, RejectionId::unreleased_reference,
                    "{} while what was acquired at instruction {} has not been given back", what,
                    state.held->references[i].insn);
  // Locks and read sections may be the caller's, which answers for them.
  return frame ? Result<void>() : check_no_section(state, what);
}

Result<void> Checker::check_no_section(const State &state, std::string_view what) {
  if (holds_nothing(state))
    return {};
  KBPF_TRY(check_unlocked(state, what));
  if (state.held->preempt_count)
    return refuse(state, RejectionId::unreleased_reference,
                  "{} without bpf_preempt_enable, after bpf_preempt_disable at instruction {}", what,
                  state.held->preempt_insn);
  if (state.held->rcu)
    return refuse(state, RejectionId::unreleased_reference, "{} without bpf_rcu_read_unlock", what);
  return {};
}

} // namespace kbpf
