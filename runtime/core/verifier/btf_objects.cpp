// SPDX-License-Identifier: MIT OR Apache-2.0
// Pointers to objects of the kernel whose types are known: what may be read through them, what comes of it,
// and which helpers take them. Only helpers write to such objects. A pointer may be bad although it has a
// type, as one that was found in an object is: every load through one is of those that read zero where they
// fault (InsnFacts::faultable).
#include "core/btf/check.h"
#include "core/profile/context_names.h"
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/precision.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

// Offset of an access in an object, where it is one number and not negative.
std::optional<uint64_t> fixed_offset(const Value &base, int64_t off) {
  if (!base.number.is_constant())
    return std::nullopt;
  const int64_t at = static_cast<int64_t>(base.number.value()) + off;
  return at < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(at));
}

struct ObjectArgument {
  uint32_t helper, argument;
  std::string_view structure; // empty: it is none
  bool may_be_null;
};
struct ObjectResult {
  uint32_t helper;
  std::string_view structure;
  uint16_t trust;
};
constexpr bool NEVER = false, MAYBE = true;
constexpr uint16_t TRUSTED = trust::kTrusted, PLAIN = 0;
constexpr ObjectArgument kArguments[] = {
#define KBPF_OBJECT_ARG(helper, argument, structure, null) {helper, argument, #structure, null},
#include "abi/objects.def"
};
constexpr ObjectResult kResults[] = {
#define KBPF_OBJECT_RESULT(helper, structure, trust) {helper, #structure, trust},
#include "abi/objects.def"
};

ObjectArgument find_argument(const HelperProto &proto, uint32_t argument) {
  if (proto.number >= kFirstKernelFunction)
    return {proto.number, argument, proto.structures[argument - 1],
            proto.args[argument - 1] == KBPF_ARG_OBJECT_OR_NULL};
  for (const ObjectArgument &entry : kArguments)
    if (entry.helper == proto.number && entry.argument == argument)
      return entry;
  return {};
}

} // namespace

bool Analysis::is_per_cpu(uint32_t variable) {
  const Btf &btf = *program.kernel_btf;
  if (per_cpu_section == 0)
    per_cpu_section = btf.find(".data..percpu", BtfKind::data_section) + 1;
  const BtfType section = btf.type(per_cpu_section - 1);
  for (uint32_t i = 0; i < section.count; i++)
    if (section.part<kbpf_btf_var_secinfo>(i).type == variable)
      return true;
  return false;
}

bool sleeps(const Analysis &analysis, const State &state) {
  return analysis.program.sleepable || is_work(state.held);
}

bool in_read_section(const Analysis &analysis, const State &state) {
  return !sleeps(analysis, state) || (state.held && (state.held->rcu || state.held->lock.is_held));
}

bool is_object_argument(const HelperProto &proto, uint32_t argument) {
  return !find_argument(proto, argument).structure.empty();
}

bool takes_map_as_object(const Value &value, const HelperProto &proto, uint32_t argument) {
  return value.kind == Kind::map && find_argument(proto, argument).structure == "bpf_map";
}

bool takes_null_object(const HelperProto &proto, uint32_t argument) {
  return find_argument(proto, argument).may_be_null;
}

bool Checker::is_taken_for_pointer(const Value &value) const {
  return analysis_.program.follows_numbers && !analysis_.traced && is_traced_type(analysis_.program) &&
         value.is_scalar() && !value.number.is_constant();
}

Result<void> Checker::check_variable(const State &state, uint32_t id) {
  const RawProgram &program = analysis_.program;
  if (!program.kernel_btf || !program.variable_address)
    return refuse(state, RejectionId::unsupported_reference,
                  "variables of the kernel can't be resolved here");
  const BtfType variable = program.kernel_btf->type(id);
  if (!variable.is(BtfKind::variable) || !size_of(*program.kernel_btf, variable.size_or_type).ok())
    return refuse(state, RejectionId::unsupported_reference, "type {} of the kernel is no variable", id);
  if (!program.variable_address(id))
    return refuse(state, RejectionId::unsupported_reference, "the kernel has no variable {}",
                  program.kernel_btf->name(variable));
  return {};
}

// The type is one that the program was compiled against, and the kernel's by CO-RE.
Result<void> Checker::check_cast(const State &state, const HelperProto &proto) {
  const Value &type = state.reg(2);
  const Btf *btf = analysis_.program.kernel_btf;
  if (type.is_scalar())
    rely_on(state, type);
  if (!btf || !type.is_scalar() || !type.number.is_constant() || type.number.value() > UINT32_MAX ||
      !btf->type(static_cast<uint32_t>(type.number.value())).is(BtfKind::structure))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r2, an argument of {}, is not the id of a structure of the kernel", proto.c_name);
  return {};
}

// Kernel functions say themselves what they need.
Result<void> Checker::check_trusted(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  const bool is_held = state.held && value.owner && state.held->find(value.owner);
  if (proto.flags & KBPF_HELPER_RELEASES) {
    if (!is_held || !value.number.is_constant(0))
      return refuse(state, RejectionId::reference_not_held,
                    "r{}, given to {}, is not what was acquired, or points no more to its start", reg,
                    proto.c_name);
    return check_socket_argument(state, reg, proto);
  }
  const bool suffices =
      is_held || is_trusted(value) || (proto.flags & KBPF_HELPER_RCU_ARGS && value.trust == trust::kRcu);
  if (!(proto.flags & (KBPF_HELPER_TRUSTED_ARGS | KBPF_HELPER_RCU_ARGS)) || suffices)
    return {};
  return refuse(state, RejectionId::helper_argument,
                "r{}, an argument of {}, points to a struct {} that is neither trusted nor acquired", reg,
                proto.c_name, analysis_.structure_name(value));
}

Result<void> Checker::check_btf_object(const State &state, unsigned reg, int64_t off, uint64_t size,
                                       const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const std::string_view name = analysis_.structure_name(base);
  if (!analysis_.program.gpl_compatible)
    return refuse(
        state, RejectionId::object_access,
        "r{} points to a struct {} of the kernel, which programs under a GPL-compatible licence may "
        "look into",
        reg, name);
  if (!base.number.is_constant())
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}: it points into a struct {}, at an offset that varies", size, reg, name);
  const std::optional<uint64_t> at = fixed_offset(base, off);
  if (!at)
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: before the start of a struct {}", size, reg,
                  static_cast<int64_t>(base.number.value()) + off, name);
  if (base.trust & (trust::kUser | trust::kPerCpu))
    return refuse(state, RejectionId::object_access, "r{} points to {}: {}", reg,
                  base.trust & trust::kUser ? "memory of a process" : "a struct that each CPU has",
                  base.trust & trust::kUser ? "copy it with bpf_probe_read_user"
                                            : "ask bpf_per_cpu_ptr for one of them");
  if (use.writes)
    return refuse(state, RejectionId::object_access, "r{} points to a struct {}: it may only be read", reg,
                  name);
  return check_member(state, reg, *analysis_.program.kernel_btf, base.type_id, *at, size);
}

// size bytes at an offset in a structure of the kernel's or of the program's.
Result<void> Checker::check_member(const State &state, unsigned reg, const Btf &types, uint32_t type,
                                   uint64_t at, uint64_t size) {
  const ObjectField field = field_at(types, type, at, size);
  constexpr uint64_t kMostMembers = uint64_t{1}
                                    << 30; // a thousand for each instruction that is walked at most
  analysis_.searched_members += field.members;
  if (analysis_.searched_members > kMostMembers)
    return refuse(state, RejectionId::too_complex, "{} members of structures were searched without an end",
                  analysis_.searched_members);
  const std::string_view where = types.name(types.type(field.type));
  switch (field.kind) {
  case ObjectField::Kind::number:
  case ObjectField::Kind::pointer:
    return {};
  case ObjectField::Kind::past_end:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: behind the end of struct {}", size, reg, at, where);
  case ObjectField::Kind::past_member:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: more than member {} of struct {} has", size, reg, at,
                  field.name, where);
  case ObjectField::Kind::partial:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: member {} of struct {} is a pointer, which is read as a whole",
                  size, reg, at, field.name, where);
  case ObjectField::Kind::none:
  case ObjectField::Kind::not_structured:
    break;
  }
  return refuse_as(Error::invalid, state, RejectionId::object_access,
                   "{} bytes at r{}, offset {}: struct {} has no member there", size, reg, at, where);
}

// Helpers read what is trusted to be there, and write to none of it.
Result<void> Checker::check_object_memory(const State &state, unsigned reg, bool is_read,
                                          const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.kind != Kind::btf_object || (is_read && value.trust == trust::kTrusted))
    return {};
  return refuse(state, RejectionId::helper_argument,
                "r{} points into a struct {} of the kernel, which {} does not take as memory: copy what is "
                "needed to the "
                "stack",
                reg, analysis_.structure_name(value), proto.c_name);
}

Result<void> Checker::check_traced_argument(const State &state, int64_t off, uint64_t size,
                                            const MemoryUse &use) {
  const TracedFunction &traced = *analysis_.traced;
  constexpr int64_t kMostBytes = 96; // twelve arguments
  if (use.writes)
    return refuse(state, RejectionId::context_access, "arguments of {} are read-only", traced.name());
  if (off < 0 || off >= kMostBytes || off % 8 != 0)
    return refuse(state, RejectionId::context_access,
                  "{} bytes at offset {}: {} has no argument that begins there", size, off, traced.name());
  const TracedArgument argument = traced.argument_at(static_cast<uint64_t>(off));
  switch (argument.kind) {
  case TracedArgument::Kind::none:
    return refuse(state, RejectionId::context_access, "{} has no argument at offset {}: they take {} bytes",
                  traced.name(), off, traced.argument_bytes());
  case TracedArgument::Kind::unreadable:
    return refuse(state, RejectionId::context_access,
                  "the argument of {} at offset {} is of a type that programs do not get", traced.name(),
                  off);
  case TracedArgument::Kind::pointer:
  case TracedArgument::Kind::address:
    if (size != sizeof(uint64_t))
      return refuse(state, RejectionId::context_access,
                    "the argument of {} at offset {} is a pointer: read 8 bytes, not {}", traced.name(), off,
                    size);
    break;
  case TracedArgument::Kind::number:
    break;
  }
  analysis_.context_bytes = std::max(analysis_.context_bytes, static_cast<uint32_t>(off) + 8);
  return {};
}

Result<void> Checker::check_btf_argument(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (is_taken_for_pointer(value) || takes_map_as_object(value, proto, reg))
    return {};
  if (proto.number == kPerCpuPtr || proto.number == kThisCpuPtr) {
    if (value.kind == Kind::btf_object && value.trust & trust::kPerCpu && value.number.is_constant(0))
      return {};
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, is a {}: a variable that each CPU has is needed", reg,
                  proto.c_name, kind_name(value.kind));
  }
  const ObjectArgument wanted = find_argument(proto, reg);
  if (wanted.structure.empty())
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, is of a type that is not known here", reg, proto.c_name);
  if (value.is_null() && wanted.may_be_null)
    return {};
  const bool takes_both = wanted.may_be_null && proto.number < kFirstKernelFunction; // not yet tested
  if (value.kind == Kind::btf_object_or_null && !takes_both)
    return refuse(state, RejectionId::possibly_null, "r{}, an argument of {}, may be null", reg,
                  proto.c_name);
  if (value.kind != Kind::btf_object && value.kind != Kind::btf_object_or_null)
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, is a {}: a struct {} is needed", reg, proto.c_name,
                  kind_name(value.kind), wanted.structure);
  if (value.trust & (trust::kUntrusted | trust::kUser | trust::kPerCpu))
    return refuse(
        state, RejectionId::helper_argument,
        "r{}, an argument of {}, points to a struct {} that may be gone: nothing says that it can be trusted",
        reg, proto.c_name, analysis_.structure_name(value));
  const std::optional<uint64_t> at = fixed_offset(value, 0);
  if (!at || !has_structure_at(*analysis_.program.kernel_btf, value.type_id, *at, wanted.structure))
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, points into a struct {}, where no struct {} is", reg, proto.c_name,
                  analysis_.structure_name(value), wanted.structure);
  return check_trusted(state, reg, proto);
}

Value Transformer::kernel_object(std::string_view structure, uint16_t trust, bool may_be_null) {
  const uint32_t type = analysis_.program.kernel_btf ? analysis_.structure(structure) : 0;
  if (type != 0)
    return object_value(type, trust, may_be_null);
  Value value; // only kernel functions know what it is
  value.kind = may_be_null ? Kind::object_or_null : Kind::object;
  value.object_class = structure == "task_struct" ? ObjectClass::task : ObjectClass::other;
  value.id = may_be_null ? analysis_.new_id() : 0;
  value.number = Scalar::constant(0);
  return value;
}

Value Transformer::object_value(uint32_t type_id, uint16_t trust, bool may_be_null) {
  Value value;
  value.kind = may_be_null ? Kind::btf_object_or_null : Kind::btf_object;
  value.type_id = type_id;
  value.trust = trust;
  value.id = may_be_null ? analysis_.new_id() : 0;
  value.number = Scalar::constant(0);
  return value;
}

Value Transformer::load_argument(const OffsetRange &at, unsigned size) {
  const TracedArgument argument = analysis_.traced->argument_at(static_cast<uint64_t>(at.first));
  if (argument.kind == TracedArgument::Kind::pointer)
    return object_value(argument.type, argument.trust, argument.may_be_null);
  Scalar number;
  if (const std::optional<ReturnRange> range = analysis_.traced->return_range();
      argument.is_result && range && range->is_half) {
    number.r64.smin = range->least; // what a hook has decided is what it may decide
    number.r64.smax = range->most;
    number.r32.smin = static_cast<int32_t>(range->least);
    number.r32.smax = static_cast<int32_t>(range->most);
    if (!number.normalise())
      number = Scalar();
  }
  return Value::scalar(zero_extend(number, size * 8));
}

Value Transformer::load_member(const State &state, const Value &base, const OffsetRange &at, unsigned size) {
  const ObjectField field =
      field_at(*analysis_.program.kernel_btf, base.type_id, static_cast<uint64_t>(at.first), size);
  if (field.kind != ObjectField::Kind::pointer)
    return Value::scalar(Scalar::zero_extended(size * 8));
  if (base.trust & trust::kUntrusted) // what was found by way of anything may be anything
    return object_value(field.type, trust::kUntrusted, false);
  if (!is_trusted(base) && !(base.trust & trust::kRcu))
    return object_value(field.type, field.trust & static_cast<uint16_t>(~trust::kRcu), false);
  const FieldTrust found =
      trust_of_field(analysis_.structure_name(base), field, in_read_section(analysis_, state));
  return object_value(field.type, found.trust, found.may_be_null);
}

Value Transformer::variable_value(uint32_t id) {
  const Btf &btf = *analysis_.program.kernel_btf;
  const uint32_t type = btf.strip_modifiers(btf.type(id).size_or_type);
  if (analysis_.is_per_cpu(id))
    return object_value(type, trust::kPerCpu, false);
  return variable_in_place(type, false);
}

// One that is where it is: an object, or memory that may only be read.
Value Transformer::variable_in_place(uint32_t type, bool may_be_null) {
  const Btf &btf = *analysis_.program.kernel_btf;
  if (btf.type(type).is_struct())
    return object_value(type, 0, may_be_null);
  Value value;
  value.kind = may_be_null ? Kind::memory_or_null : Kind::memory;
  value.size = *size_of(btf, type); // check_variable has seen that there is one
  value.is_read_only = true;
  value.id = may_be_null ? analysis_.new_id() : 0;
  value.number = Scalar::constant(0);
  return value;
}

std::optional<Value> Transformer::object_result(const HelperProto &proto, const Value (&args)[5]) {
  if ((proto.number == kPerCpuPtr || proto.number == kThisCpuPtr) && args[0].kind == Kind::allocated)
    return local_object(args[0].type_id, trust::kRcu, proto.number == kPerCpuPtr);
  if (!analysis_.program.kernel_btf)
    return std::nullopt;
  if (proto.number == kReadOnlyCast)
    return object_value(static_cast<uint32_t>(args[1].number.value()), trust::kUntrusted, false);
  if ((proto.number == kPerCpuPtr || proto.number == kThisCpuPtr) && args[0].kind == Kind::btf_object)
    return variable_in_place(args[0].type_id, proto.number == kPerCpuPtr);
  if (proto.number == kCastToKernelContext) {
    const std::string_view name = context_names(analysis_.program.type->number).kernel;
    const uint32_t type = name.empty() ? 0 : analysis_.program.kernel_btf->find(name, BtfKind::structure);
    return type ? std::optional(object_value(type, trust::kTrusted, false)) : std::nullopt;
  }
  const bool may_be_null = proto.ret == KBPF_RET_OBJECT_OR_NULL;
  if (!proto.structures[HelperProto::kResult].empty())
    return kernel_object(proto.structures[HelperProto::kResult], 0, may_be_null);
  for (const ObjectResult &entry : kResults) {
    if (entry.helper != proto.number)
      continue;
    const uint32_t type = analysis_.structure(entry.structure);
    return type ? std::optional(object_value(type, entry.trust, may_be_null)) : std::nullopt;
  }
  return std::nullopt;
}

} // namespace kbpf
