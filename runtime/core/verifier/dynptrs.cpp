// SPDX-License-Identifier: MIT OR Apache-2.0
// Slices of dynptrs (bpf_dynptr_slice): memory that is the packet's, or a copy of it in a buffer of the
// program's. Those of packets end when a helper may move the packet, those of records with the record. Where
// the buffer lies in the stack, what is written to the slice may be written there (Value::range: so many
// bytes below the frame's top).
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/program_rules.h"
#include "core/verifier/stack_object.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

const Value *find(const HelperProto &proto, const Value (&args)[5], kbpf_arg_type type) {
  for (unsigned i = 0; i < 5; i++)
    if (proto.args[i] == type)
      return &args[i];
  return nullptr;
}

} // namespace

Result<void> Checker::check_constant(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (!value.is_scalar() || !value.number.is_constant())
    return refuse(state, RejectionId::helper_argument, "r{}, an argument of {}, is not a constant", reg,
                  proto.c_name);
  return {};
}

Result<void> Checker::check_slice_buffer(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &buffer = state.reg(reg);
  KBPF_TRY(check_constant_size(state, reg + 1, proto));
  if (proto.ret == KBPF_RET_WRITABLE_SLICE_OR_NULL && !writes_slices(analysis_.program.type->number))
    return refuse(state, RejectionId::context_access,
                  "programs of type {} may not write to packets, as {} is for", analysis_.program.type->name,
                  proto.c_name);
  if (buffer.is_null())
    return {};
  if (buffer.owner != 0)
    return refuse(state, RejectionId::helper_argument,
                  "r{}, the buffer of {}, may go before the slice does: use the stack or a map's value", reg,
                  proto.c_name);
  if (buffer.kind == Kind::stack && !buffer.number.is_constant())
    return refuse(state, RejectionId::helper_argument,
                  "r{}, the buffer of {}, is not at a fixed place of the stack", reg, proto.c_name);
  return check_sized_memory(state, reg, KBPF_ARG_MEM_READ_WRITE, KBPF_ARG_SIZE_OR_ZERO, proto);
}

StackObject Transformer::dynptr_of(const State &state, const HelperProto &proto,
                                   const Value (&args)[5]) const {
  const Value &pointer = *find(proto, args, KBPF_ARG_DYNPTR);
  StackObject object = *object_at(state, pointer); // the checker has seen that it is there
  if (pointer.kind == Kind::dynptr_argument && analysis_.makes_packet_dynptrs)
    object.kind = StackObjectKind::skb_dynptr; // it may be
  return object;
}

void Transformer::set_slice(State &state, const HelperProto &proto, const Value (&args)[5]) {
  const StackObject dynptr = dynptr_of(state, proto, args);
  const Value *buffer = find(proto, args, KBPF_ARG_BUFFER_OR_NULL);
  Value &r0 = state.reg(0);
  r0.kind = Kind::memory_or_null;
  r0.size = static_cast<uint32_t>(find(proto, args, KBPF_ARG_CONSTANT_SIZE)->number.value());
  r0.is_read_only = proto.ret == KBPF_RET_SLICE_OR_NULL;
  r0.id = analysis_.new_id();
  // Packets and values of maps stay; so do slices when their dynptr is overwritten, as in Linux.
  r0.owner = dynptr.has_to_be_released() ? dynptr.id : 0;
  r0.number = Scalar::constant(0);
  r0.slice = dynptr.is_to_packet() || buffer->is_in_packet() ? Value::kMovingSlice : Value::kSlice;
  if (buffer->kind != Kind::stack)
    return;
  r0.frame = buffer->frame;
  r0.range = static_cast<uint16_t>(-static_cast<int64_t>(buffer->number.value()));
}

void Transformer::write_to_buffer(State &state, const Value &slice) {
  if (slice.range == 0 || slice.is_read_only)
    return;
  const int64_t first = -int64_t{slice.range};
  overwrite_stack(*state.frames[slice.frame], first, first + slice.size, Overwritten::perhaps);
}

void forget_slices_of_buffer(State &state, uint32_t frame, int64_t first, int64_t end) {
  forget_addresses(state, [&](const Value &value) { return is_slice_of_buffer(value, frame, first, end); });
}

} // namespace kbpf
