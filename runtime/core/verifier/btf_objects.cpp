// SPDX-License-Identifier: MIT OR Apache-2.0
// Pointers to objects of the kernel whose types are known: what may be read through them, what comes of it,
// and which helpers take them. Only helpers write to such objects. A pointer may be bad although it has a
// type, as one that was found in an object is: every load through one is of those that read zero where they
// fault (InsnFacts::faultable).
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

bool is_null(const Value &value) { return value.is_scalar() && value.number.is_constant(0); }

// Offset of an access in an object, where it is one number and not negative.
std::optional<uint64_t> fixed_offset(const Value &base, int64_t off) {
  if (!base.number.is_constant())
    return std::nullopt;
  const int64_t at = static_cast<int64_t>(base.number.value()) + off;
  return at < 0 ? std::nullopt : std::optional(static_cast<uint64_t>(at));
}

struct ObjectArgument {
  uint32_t helper, argument;
  std::string_view structure;
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

const ObjectArgument *find_argument(uint32_t helper, uint32_t argument) {
  for (const ObjectArgument &entry : kArguments)
    if (entry.helper == helper && entry.argument == argument)
      return &entry;
  return nullptr;
}

} // namespace

bool in_read_section(const Analysis &analysis, const State &state) {
  return !analysis.program.sleepable || (state.held && (state.held->rcu || state.held->lock.is_held));
}

bool is_object_argument(uint32_t helper, uint32_t argument) { return find_argument(helper, argument); }

bool takes_null_object(uint32_t helper, uint32_t argument) {
  const ObjectArgument *entry = find_argument(helper, argument);
  return entry && entry->may_be_null;
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
  const ObjectField field = field_at(*analysis_.program.kernel_btf, base.type_id, *at, size);
  const std::string_view where =
      analysis_.program.kernel_btf->name(analysis_.program.kernel_btf->type(field.type));
  switch (field.kind) {
  case ObjectField::Kind::number:
  case ObjectField::Kind::pointer:
    return {};
  case ObjectField::Kind::past_end:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: behind the end of struct {}", size, reg, *at, where);
  case ObjectField::Kind::past_member:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: more than member {} of struct {} has", size, reg, *at,
                  field.name, where);
  case ObjectField::Kind::partial:
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: member {} of struct {} is a pointer, which is read as a whole",
                  size, reg, *at, field.name, where);
  case ObjectField::Kind::none:
  case ObjectField::Kind::not_structured:
    break;
  }
  return refuse(state, RejectionId::object_access,
                "{} bytes at r{}, offset {}: struct {} has no member there", size, reg, *at, where);
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
  const ObjectArgument *wanted = find_argument(proto.number, reg);
  if (!wanted)
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, is of a type that is not known here", reg, proto.c_name);
  if (is_null(value) && wanted->may_be_null)
    return {};
  if (value.kind == Kind::btf_object_or_null && !wanted->may_be_null)
    return refuse(state, RejectionId::possibly_null, "r{}, an argument of {}, may be null", reg,
                  proto.c_name);
  if (value.kind != Kind::btf_object && value.kind != Kind::btf_object_or_null)
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, is a {}: a struct {} is needed", reg, proto.c_name,
                  kind_name(value.kind), wanted->structure);
  if (value.trust & (trust::kUntrusted | trust::kUser | trust::kPerCpu))
    return refuse(
        state, RejectionId::helper_argument,
        "r{}, an argument of {}, points to a struct {} that may be gone: nothing says that it can be trusted",
        reg, proto.c_name, analysis_.structure_name(value));
  const std::optional<uint64_t> at = fixed_offset(value, 0);
  if (!at || !has_structure_at(*analysis_.program.kernel_btf, value.type_id, *at, wanted->structure))
    return refuse(state, RejectionId::helper_argument,
                  "r{}, an argument of {}, points into a struct {}, where no struct {} is", reg, proto.c_name,
                  analysis_.structure_name(value), wanted->structure);
  return {};
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
  if (argument.kind != TracedArgument::Kind::pointer)
    return Value::scalar(Scalar::zero_extended(size * 8));
  return object_value(argument.type, argument.trust, argument.may_be_null);
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

std::optional<Value> Transformer::object_result(const HelperProto &proto) {
  if (!analysis_.program.kernel_btf)
    return std::nullopt;
  for (size_t i = 0; i < std::size(kResults); i++) {
    if (kResults[i].helper != proto.number)
      continue;
    const uint32_t type = analysis_.structure(i, kResults[i].structure);
    if (type == 0)
      return std::nullopt;
    return object_value(type, kResults[i].trust, proto.ret == KBPF_RET_OBJECT_OR_NULL);
  }
  return std::nullopt;
}

} // namespace kbpf
