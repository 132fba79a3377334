// SPDX-License-Identifier: MIT OR Apache-2.0
// Global functions (function_types.h). A call checks its arguments against the prototype and goes on behind
// it, with some number in r0; the function itself is walked once, from a state in which nothing is known of
// the arguments but their types.
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/stack_object.h"
#include "core/verifier/transformer.h"
#include <bit>

namespace kbpf {
namespace {

Kind known_to_exist(Kind kind) {
  switch (kind) {
  case Kind::map_value_or_null:
    return Kind::map_value;
  case Kind::memory_or_null:
    return Kind::memory;
  default:
    return kind;
  }
}

// The alignment in bytes, up to 8, that is known of the address. Nothing is known of a packet's.
uint32_t alignment_of(const Value &value) {
  if (value.is_in_packet())
    return 1;
  const Tnum start = offsets(value, 0, 1).start;
  return 1u << std::min(3, std::countr_zero(start.value | start.mask));
}

} // namespace

Result<void> Checker::check_global_call(const State &state, uint32_t function) {
  const RawProgram &program = analysis_.program;
  KBPF_TRY(check_unlocked(state, "a call of a function that is not static"));
  if (state.held && state.held->preempt_count)
    return refuse(
        state, RejectionId::unreleased_reference,
        "a call of a function that is not static while preemption is off: call bpf_preempt_enable first");
  KBPF_TRY(read_prototype(program, analysis_.global_functions, function, state.insn, analysis_.rejection));
  const FunctionType &type = analysis_.global_functions.types[function];
  for (unsigned i = 0; i < type.count; i++) {
    if (state.reg(i + 1).kind == Kind::uninitialised)
      return refuse(state, RejectionId::uninitialised_register,
                    "r{}, argument {} of global function {}, holds nothing", i + 1, i + 1,
                    function_name(program, function));
    KBPF_TRY(check_global_argument(state, i + 1, type.args[i], function_name(program, function)));
  }
  return {};
}

Result<void> Checker::check_global_argument(const State &state, unsigned reg, const ArgType &type,
                                            std::string_view function) {
  Value &value = state.frames[state.frame_count - 1]->regs[reg];
  const auto refuse_kind = [&](std::string_view wanted) {
    return refuse(state, RejectionId::global_function,
                  "r{}, argument {} of global function {}, is a {}: {} is needed", reg, reg, function,
                  kind_name(value.kind), wanted);
  };
  switch (type.kind) {
  case ArgType::Kind::number:
    return value.is_scalar() ? Result<void>() : refuse_kind("a number");
  case ArgType::Kind::context:
    if (value.kind != Kind::context || !value.number.is_constant(0))
      return refuse_kind("the context, at its start,");
    return {};
  case ArgType::Kind::dynptr:
    if (value.kind != Kind::dynptr_argument &&
        !(object_at(state, value) && object_at(state, value)->is_dynptr()))
      return refuse_kind("a pointer to a dynptr that was made");
    return {};
  case ArgType::Kind::object:
    return check_global_object(state, reg, type, function);
  case ArgType::Kind::memory:
    break;
  }
  rely_on(state, value); // that it is null, where it is
  if (value.is_null())
    return type.may_be_null ? Result<void>() : refuse_kind("a pointer that is not null");
  if (value.may_be_null() && !type.may_be_null)
    return refuse_as(Error::invalid, state, RejectionId::possibly_null,
                     "r{}, argument {} of global function {}, is a {}: compare it with null first", reg, reg,
                     function, kind_name(value.kind));
  if (!may_be_memory(value.kind))
    return refuse_kind("a pointer to memory");
  // Where it is not null, the memory has to be there.
  const Kind kind = value.kind;
  value.kind = known_to_exist(kind);
  const Result<void> result =
      type.size == 0 ? Result<void>()
                     : check_memory(state, reg, 0, type.size,
                                    {.reads = true, .writes = true, .by_helper = true, .is_atomic = false});
  value.kind = kind;
  note_alignment(state, value);
  if (!result.ok() && result.error() == Error::access_denied)
    return Error::invalid; // as Linux has it, whatever is wrong with the memory
  return result;
}

Result<void> Checker::check_global_object(const State &state, unsigned reg, const ArgType &type,
                                          std::string_view function) {
  const Value &value = state.reg(reg);
  const Btf &kernel = *analysis_.program.kernel_btf;
  const std::string_view name = kernel.name(kernel.type(type.type_id));
  if (type.may_be_null && value.is_null()) {
    rely_on(state, value);
    return {};
  }
  if (value.kind == Kind::btf_object_or_null && !type.may_be_null)
    return refuse(state, RejectionId::possibly_null, "r{}, argument {} of global function {}, may be null",
                  reg, reg, function);
  const bool is_object = value.kind == Kind::btf_object || value.kind == Kind::btf_object_or_null;
  const int64_t at = value.number.is_constant() ? static_cast<int64_t>(value.number.value()) : -1;
  if (is_object && !(value.trust & (trust::kUntrusted | trust::kUser | trust::kPerCpu)) && at >= 0 &&
      has_structure_at(kernel, value.type_id, static_cast<uint64_t>(at), name))
    return {};
  return refuse(state, RejectionId::global_function,
                "r{}, argument {} of global function {}, is a {}: a struct {} that can be trusted is needed",
                reg, reg, function, kind_name(value.kind), name);
}

void Checker::note_alignment(const State &state, const Value &value) {
  auto &alignment = analysis_.alignment;
  if (const uint32_t given = alignment_of(value); given < alignment.given) {
    alignment.given = given;
    alignment.given_insn = state.insn;
  }
}

Result<void> Checker::check_alignment() const {
  const auto &alignment = analysis_.alignment;
  if (alignment.needed <= alignment.given)
    return {};
  return reject(
      analysis_.rejection, RejectionId::misaligned_access, alignment.given_insn,
      "the memory given here is aligned to {} bytes only; the atomic operation at instruction {}, on "
      "memory given so, needs {}",
      alignment.given, alignment.needed_insn, alignment.needed);
}

Result<void> Transformer::call_global(State &state, uint32_t function) {
  FunctionType &type = analysis_.global_functions.types[function];
  type.is_called = true;
  for (unsigned i = 0; i < type.count; i++)
    if (type.args[i].kind == ArgType::Kind::memory)
      KBPF_TRY(initialise(state, state.reg(i + 1), 0, type.args[i].size));
  for (unsigned reg = 0; reg <= 5; reg++)
    state.reg(reg) = Value();
  state.reg(0) = Value::unknown();
  if (type.changes_packet)
    forget_packets(state);
  state.insn++;
  return {};
}

Result<void> Transformer::begin_global(State &state, uint32_t function) {
  const Subprogram &subprogram = analysis_.cfg.subprograms[function];
  const FunctionType &type = analysis_.global_functions.types[function];
  Frame *frame = pool_.push_frame(state, subprogram.first, 0);
  if (!frame)
    return Error::no_memory;
  for (unsigned i = 0; i < type.count; i++) {
    Value &value = frame->regs[i + 1];
    value.number = Scalar::constant(0);
    switch (type.args[i].kind) {
    case ArgType::Kind::number:
      value = Value::unknown();
      break;
    case ArgType::Kind::context:
      value.kind = Kind::context;
      break;
    case ArgType::Kind::dynptr:
      value.kind = Kind::dynptr_argument;
      value.id = analysis_.new_id();
      break;
    case ArgType::Kind::object:
      value = object_value(type.args[i].type_id, trust::kTrusted, type.args[i].may_be_null);
      break;
    case ArgType::Kind::memory:
      value.kind = type.args[i].may_be_null ? Kind::memory_or_null : Kind::memory;
      value.size = type.args[i].size;
      if (type.args[i].may_be_null)
        value.id = analysis_.new_id();
    }
  }
  state.insn = subprogram.first;
  return {};
}

} // namespace kbpf
