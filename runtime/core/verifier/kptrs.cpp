// SPDX-License-Identifier: MIT OR Apache-2.0
// Pointers to objects of the kernel that values of maps keep (record_fields.h). One that is kept untrusted is
// stored and loaded like a number, and may be anything when it is loaded. One that is held changes hands by
// bpf_kptr_xchg only: what is put in is given back, what comes out has to be; a load gives what RCU protects,
// or else something untrusted.
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

constexpr int64_t kSize = 8; // bytes of such a field

} // namespace

const RecordField *Analysis::field_at(const Value &base, const OffsetRange &at) {
  if (!at.is_bounded)
    return nullptr;
  if (base.kind == Kind::allocated)
    return field_in(object_record(base.type_id).all(), at.first, at.end);
  return base.kind == Kind::map_value ? field_in(map(base).record, at.first, at.end) : nullptr;
}

const RecordField *Analysis::field_pointed_to(const Value &value) {
  const OffsetRange at = offsets(value, 0, 1);
  const RecordField *field = at.is_exact(1) ? field_at(value, at) : nullptr;
  return field && at.first == int64_t{field->offset} ? field : nullptr;
}

Result<void> Checker::check_kptr_access(const State &state, unsigned reg, const OffsetRange &at,
                                        const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const RecordField *field = analysis_.field_at(base, at);
  if (!field)
    return {};
  const Insn &insn = analysis_.insn(state.insn);
  const char *fault = nullptr;
  if (use.by_helper)
    fault = "helpers do not touch it";
  else if (!field->is_pointer())
    fault = "only functions of the kernel touch it";
  else if (field->kind == RecordField::Kind::unusable)
    fault = "it points to a type that Linux 6.12 has no destructor for, or that is not the kernel's";
  else if (!at.is_exact(kSize) || at.first != int64_t{field->offset})
    fault = "it is accessed as a whole, at a fixed offset";
  else if (use.is_atomic || insn.mode() != KBPF_MODE_MEM)
    fault = "it is loaded and stored, and nothing else";
  else if (use.writes && field->kind != RecordField::Kind::untrusted)
    fault = "what is put there is held: bpf_kptr_xchg does that";
  if (fault)
    return refuse_as(
        Error::access_denied, state, RejectionId::special_field,
        "{} bytes at r{}, offset {}: the value's {} lies there, and {}", at.end - at.first, reg, at.first,
        field->is_pointer() ? "pointer to an object of the kernel" : "list, tree, count or work", fault);
  if (!use.writes)
    return {};
  if (insn.cls() == KBPF_CLASS_ST)
    return insn.imm == 0
               ? Result<void>()
               : Result<void>(refuse_as(Error::access_denied, state, RejectionId::special_field,
                                        "offset {} of the value keeps a pointer to an object of the kernel, "
                                        "or 0; {} is stored",
                                        at.first, insn.imm));
  const Value &value = state.reg(insn.src());
  return value.is_null() ? Result<void>() : check_kept_object(state, insn.src(), *field);
}

Result<void> Checker::check_kept_object(const State &state, unsigned reg, const RecordField &field) {
  const Value &value = state.reg(reg);
  if (field.is_local)
    return check_kept_local_object(state, reg, field);
  const bool is_held = field.kind == RecordField::Kind::held;
  const uint16_t forbidden = trust::kUser | trust::kPerCpu | (is_held ? trust::kUntrusted : 0);
  const BtfType wanted = analysis_.program.kernel_btf->type(field.type_id);
  const std::string_view name = analysis_.program.kernel_btf->name(wanted);
  if ((value.kind != Kind::btf_object && value.kind != Kind::btf_object_or_null) || value.trust & forbidden)
    return refuse_as(Error::access_denied, state, RejectionId::special_field,
                     "r{} is a {}: offset {} of the value keeps a pointer to a struct {} of the kernel", reg,
                     kind_name(value.kind), field.offset, name);
  const int64_t at = value.number.is_constant() ? static_cast<int64_t>(value.number.value()) : -1;
  const bool suits = is_held ? at == 0 && value.type_id == field.type_id
                             : at >= 0 && has_structure_at(*analysis_.program.kernel_btf, value.type_id,
                                                           static_cast<uint64_t>(at), name);
  if (!suits)
    return refuse_as(
        Error::access_denied, state, RejectionId::special_field,
        "r{} points into a struct {}, where offset {} of the value keeps a pointer to a struct {}", reg,
        analysis_.structure_name(value), field.offset, name);
  return {};
}

// bpf_kptr_xchg's first argument: the field; its second: what is held, or null.
Result<void> Checker::check_kptr_field(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  if (value.kind != Kind::map_value && !is_owned(state, value))
    return refuse_as(
        Error::access_denied, state, RejectionId::special_field,
        "r{}, given to {}, is a {}: a field of a map's value, or of an allocated object, is needed", reg,
        proto.c_name, kind_name(value.kind));
  const OffsetRange at = offsets(value, 0, kSize);
  const RecordField *field = analysis_.field_at(value, at);
  if (!field || !at.is_exact(kSize) || at.first != int64_t{field->offset} ||
      (field->kind != RecordField::Kind::held && field->kind != RecordField::Kind::per_cpu))
    return refuse_as(
        at.is_exact(kSize) ? Error::access_denied : Error::invalid, state, RejectionId::special_field,
        "r{}, given to {}, does not point to a field that keeps a held object (__kptr)", reg, proto.c_name);
  return {};
}

Result<void> Checker::check_kptr_value(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.is_null())
    return {};
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  const RecordField &field = *analysis_.field_at(state.reg(1), offsets(state.reg(1), 0, kSize));
  const Reference *reference = state.held && value.owner ? state.held->find(value.owner) : nullptr;
  if (!reference || reference->kind != ReferenceKind::object || reference->frame != callback_frame(state))
    return refuse_as(value.is_scalar() ? Error::access_denied : Error::invalid, state,
                     RejectionId::reference_not_held, "r{}, given to {}, was not acquired, or not here", reg,
                     proto.c_name);
  return check_kept_object(state, reg, field);
}

Value Transformer::load_kptr(const State &state, const RecordField &field) {
  if (field.is_local)
    return load_local_kptr(state, field);
  const bool is_protected = field.kind == RecordField::Kind::held && in_read_section(analysis_, state);
  return object_value(field.type_id, is_protected ? trust::kRcu : trust::kUntrusted, true);
}

Result<void> Transformer::exchange_kptr(State &state, const Value (&args)[5]) {
  const RecordField field = *analysis_.field_at(args[0], offsets(args[0], 0, kSize));
  if (args[1].owner)
    release_reference(state, args[1].owner);
  Value &r0 = state.reg(0);
  if (field.is_local)
    r0 = local_object(field.type_id, field.kind == RecordField::Kind::per_cpu ? trust::kPerCpu : 0, true);
  else
    r0 = object_value(field.type_id, 0, true);
  r0.owner = r0.id;
  return acquire(state, r0.owner, ReferenceKind::object);
}

} // namespace kbpf
