// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects that a program allocates (bpf_obj_new), of structures of its own, and the lists and trees that own
// them. Only Linux has them. What a program has allocated, or taken out of a list or a tree, it holds until
// it gives it back, or hands it to a list, a tree or a field of a map's value. One that a list or a tree owns
// may be looked into for as long as the lock is held that lies beside the list; one that a field keeps, for
// as long as RCU protects it.
#include "core/btf/check.h"
#include "core/verifier/checker.h"
#include "core/verifier/held.h"
#include "core/verifier/memory.h"
#include "core/verifier/transformer.h"

namespace kbpf {
namespace {

using Field = RecordField::Kind;

constexpr const char *kFieldNames[] = {"kptr",          "kptr",          "kptr",        "kptr",
                                       "bpf_spin_lock", "bpf_timer",     "bpf_wq",      "bpf_refcount",
                                       "bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node"};
const char *field_name(Field kind) { return kFieldNames[static_cast<unsigned>(kind)]; }
static_assert(std::size(kFieldNames) == static_cast<unsigned>(Field::tree_node) + 1);

// The offset, where it is one number.
std::optional<int64_t> fixed_offset(const Value &value) {
  return value.number.is_constant() ? std::optional(static_cast<int64_t>(value.number.value()))
                                    : std::nullopt;
}

// Numbers, structures of numbers and arrays of numbers.
bool has_numbers_only(const Btf &types, uint32_t id, unsigned depth = 0) {
  constexpr unsigned kDeepest = 3;
  const auto is_number = [&](uint32_t of) {
    const BtfType type = types.type(types.strip_modifiers(of));
    return type.is(BtfKind::integer) || type.is_enum();
  };
  const BtfType structure = types.type(id);
  for (uint32_t i = 0; i < structure.count; i++) {
    const uint32_t member = types.strip_modifiers(structure.part<kbpf_btf_member>(i).type);
    const BtfType type = types.type(member);
    if (type.is_struct()) {
      if (depth == kDeepest || !has_numbers_only(types, member, depth + 1))
        return false;
    } else if (type.is(BtfKind::array)) {
      const auto array = type.part<kbpf_btf_array>();
      if (array.nelems == 0 || !is_number(array.type))
        return false;
    } else if (!is_number(member)) {
      return false;
    }
  }
  return true;
}

} // namespace

bool Analysis::are_types_refused() {
  if (!were_types_looked_at) {
    were_types_looked_at = true;
    for (uint32_t id = 1; id < program.btf->type_count() && !has_refused_type; id++)
      has_refused_type = program.btf->type(id).is(BtfKind::structure) &&
                         describe_object(*program.btf, id, kernel_types()).is_refused;
  }
  return has_refused_type;
}

const ObjectRecord &Analysis::object_record(uint32_t type) {
  for (const ObjectRecord &record : records)
    if (record.type_id == type)
      return record;
  ObjectRecord &record = records[next_record++ % records.size()];
  record = describe_object(*program.btf, type, kernel_types());
  return record;
}

bool holds_lock_of(const State &state, const Value &value) {
  if (!state.held || !state.held->lock.is_held)
    return false;
  const auto &lock = state.held->lock;
  if (value.kind == Kind::allocated)
    return lock.map == kObjectLock && lock.id == value.owner;
  return lock.map == value.map && lock.is_inner == value.is_inner && lock.id == value.id;
}

uint32_t helper_that_called(const Analysis &analysis, const State &state, uint32_t frame) {
  return static_cast<uint32_t>(analysis.insn(state.frames[frame]->return_to).imm);
}

Result<void> Checker::check_allocated(const State &state, unsigned reg, int64_t off, uint64_t size,
                                      const MemoryUse &use) {
  const Value &base = state.reg(reg);
  const std::string_view name = analysis_.local_name(base.type_id);
  if (analysis_.program.hides_addresses)
    return refuse(state, RejectionId::address_leak,
                  "r{} points to a struct {}, which only programs of loaders with CAP_PERFMON look into", reg,
                  name);
  const std::optional<int64_t> start = fixed_offset(base);
  if (!start)
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}: it points into a struct {}, at an offset that varies", size, reg, name);
  const int64_t at = *start + off;
  if (at < 0)
    return refuse(state, RejectionId::object_access,
                  "{} bytes at r{}, offset {}: before the start of a struct {}", size, reg, at, name);
  if (base.trust & trust::kPerCpu)
    return refuse(state, RejectionId::object_access,
                  "r{} points to a struct {} that each CPU has: ask bpf_this_cpu_ptr for one of them", reg,
                  name);
  if (use.writes && base.trust & trust::kUntrusted)
    return refuse(state, RejectionId::object_access,
                  "r{} points to a struct {} that may be gone: it may only be read", reg, name);
  if (use.is_atomic && at % static_cast<int64_t>(size) != 0)
    return refuse(state, RejectionId::misaligned_access, "{} bytes at r{}, offset {}, are not aligned", size,
                  reg, at);
  const bool is_own = !(base.trust & trust::kUntrusted); // of what may be anything, all may be read
  if (const RecordField *field =
          is_own ? analysis_.field_at(base, {true, at, at + static_cast<int64_t>(size), {}}) : nullptr)
    return refuse_as(Error::access_denied, state, RejectionId::special_field,
                     "{} bytes at r{}, offset {}: the {} of a struct {} lies there, which only helpers touch",
                     size, reg, at, field_name(field->kind), name);
  return check_member(state, reg, *analysis_.program.btf, base.type_id, static_cast<uint64_t>(at), size);
}

Result<void> Checker::check_local_type(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &id = state.reg(reg);
  const Btf *types = analysis_.program.btf;
  constexpr uint32_t kLargestPerCpu = 512; // bytes
  if (!id.is_scalar() || !id.number.is_constant() || id.number.value() > UINT32_MAX)
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r{}, an argument of {}, is no constant of 32 bits", reg, proto.c_name);
  if (!types || analysis_.records.empty())
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "{} is of use only where the program's types are known", proto.c_name);
  const uint32_t type = analysis_.local_type(id);
  const BtfType structure = types->type(type);
  if (!structure.is(BtfKind::structure))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r{}, an argument of {}, is not the id of a structure of the program's", reg,
                     proto.c_name);
  const ObjectRecord &record = analysis_.object_record(type);
  if (record.is_refused || analysis_.are_types_refused())
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "{} {} has fields of the kernel's that can't be there, or not so: a list without a "
                     "bpf_spin_lock, or what may come to own itself",
                     record.is_refused ? "struct" : "another type of the program's than struct",
                     analysis_.local_name(type));
  if (proto.number != kPerCpuNew)
    return {};
  if (structure.size_or_type > kLargestPerCpu)
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "struct {} has {} bytes; {} gives {} at most", analysis_.local_name(type),
                     structure.size_or_type, proto.c_name, kLargestPerCpu);
  if (record.count || !has_numbers_only(*types, type))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "struct {} has other members than numbers, which {} takes", analysis_.local_name(type),
                     proto.c_name);
  return {};
}

Result<void> Checker::check_returned_object(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null() || value.is_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  const Reference *reference =
      value.kind == Kind::allocated && state.held ? state.held->find(value.owner) : nullptr;
  if (!reference || reference->frame != callback_frame(state))
    return refuse(
        state, RejectionId::reference_not_held,
        "r{}, given to {}, is no object that was allocated, or taken out of a list or a tree, or not here",
        reg, proto.c_name);
  if (fixed_offset(value) != 0)
    return refuse(state, RejectionId::reference_not_held,
                  "r{}, given to {}, does not point to the object's start", reg, proto.c_name);
  const bool is_per_cpu = value.trust & trust::kPerCpu;
  if (is_per_cpu != (proto.number == kPerCpuDrop))
    return refuse(state, RejectionId::reference_not_held,
                  is_per_cpu ? "r{}, given to {}, is one that each CPU has, from bpf_percpu_obj_new"
                             : "r{}, given to {}, is none that each CPU has",
                  reg, proto.c_name);
  return {};
}

// The function finds the count from the object's start.
Result<void> Checker::check_counted(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null() || value.is_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  if (value.kind != Kind::allocated || value.trust & (trust::kPerCpu | trust::kUntrusted))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r{}, an argument of {}, is a {}: an allocated object is needed", reg, proto.c_name,
                     kind_name(value.kind));
  if (!analysis_.object_record(value.type_id).find(Field::refcount))
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r{}, an argument of {}, is a struct {}, which has no bpf_refcount", reg, proto.c_name,
                     analysis_.local_name(value.type_id));
  if (fixed_offset(value) != 0)
    return refuse_as(Error::invalid, state, RejectionId::helper_argument,
                     "r{}, given to {}, does not point to the object's start", reg, proto.c_name);
  return {};
}

Result<void> Checker::check_root(const State &state, unsigned reg, RecordField::Kind kind,
                                 const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  if (value.kind != Kind::map_value && !is_owned(state, value))
    return refuse(
        state, RejectionId::special_field,
        "r{}, given to {}, is a {}: the {} in a map's value, or in an object that is held, is needed", reg,
        proto.c_name, kind_name(value.kind), field_name(kind));
  const RecordField *field = analysis_.field_pointed_to(value);
  if (!field || field->kind != kind)
    return refuse(state, RejectionId::special_field, "r{}, given to {}, does not point to a {}", reg,
                  proto.c_name, field_name(kind));
  if (!holds_lock_of(state, value))
    return refuse(state, RejectionId::spin_lock,
                  "{} without the lock that lies beside the {} at r{}: call bpf_spin_lock first",
                  proto.c_name, field_name(kind), reg);
  if (const uint32_t f = callback_frame(state); f && helper_that_called(analysis_, state, f) == kTreeAdd &&
                                                (proto.number == kTreeAdd || proto.number == kTreeRemove))
    return refuse(state, RejectionId::callback,
                  "{} from a function that compares for a tree, which is being searched", proto.c_name);
  return {};
}

Result<void> Checker::check_node(const State &state, unsigned reg, RecordField::Kind kind,
                                 const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.may_be_null())
    return refuse(state, RejectionId::possibly_null, "r{}, given to {}, may be null", reg, proto.c_name);
  if (proto.number == kTreeRemove) {
    if (value.kind != Kind::allocated || !(value.trust & trust::kLent))
      return refuse(state, RejectionId::reference_not_held,
                    "r{}, given to {}, is a {}: one that a tree owns is needed", reg, proto.c_name,
                    kind_name(value.kind));
  } else {
    const Reference *reference = is_owned(state, value) ? state.held->find(value.owner) : nullptr;
    if (!reference || reference->frame != callback_frame(state))
      return refuse(
          state, RejectionId::reference_not_held,
          "r{}, given to {}, is no object that was allocated, or taken out of a list or a tree, or not here",
          reg, proto.c_name);
  }
  const RecordField *field = analysis_.field_pointed_to(value);
  if (!field || field->kind != kind)
    return refuse(state, RejectionId::special_field, "r{}, given to {}, does not point to a {} of struct {}",
                  reg, proto.c_name, field_name(kind), analysis_.local_name(value.type_id));
  const uint32_t at = field->offset;
  const RecordField &root = *analysis_.field_pointed_to(state.reg(1));
  if (value.type_id != root.type_id || at != root.node_offset)
    return refuse(
        state, RejectionId::special_field,
        "r{}, given to {}, points to offset {} of a struct {}: what is at r1 has nodes at offset {} of "
        "struct {}",
        reg, proto.c_name, at, analysis_.local_name(value.type_id), root.node_offset,
        analysis_.local_name(root.type_id));
  return {};
}

Result<void> Checker::check_per_cpu_object(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (value.trust == (trust::kPerCpu | trust::kRcu) && fixed_offset(value) == 0)
    return {};
  return refuse_as(
      Error::access_denied, state, RejectionId::helper_argument,
      "r{}, an argument of {}, is none that each CPU has, loaded from a map's value in a read section", reg,
      proto.c_name);
}

Result<void> Checker::check_field_of_lock(const State &state, unsigned reg, const HelperProto &proto) {
  const Value &value = state.reg(reg);
  if (!is_owned(state, value))
    return refuse_as(Error::access_denied, state, RejectionId::special_field,
                     "r{}, given to {}, points into an object that is not held", reg, proto.c_name);
  const RecordField *lock = analysis_.object_record(value.type_id).find(Field::spin_lock);
  if (!lock || fixed_offset(value) != int64_t{lock->offset})
    return refuse(state, RejectionId::special_field,
                  "r{}, given to {}, does not point to the bpf_spin_lock of struct {}", reg, proto.c_name,
                  analysis_.local_name(value.type_id));
  return check_lock(state, value, proto);
}

Result<void> Checker::check_kept_local_object(const State &state, unsigned reg, const RecordField &field) {
  const Value &value = state.reg(reg);
  const std::string_view wanted = analysis_.local_name(field.type_id);
  const bool is_held = field.kind != RecordField::Kind::untrusted;
  const uint16_t trust = field.kind == RecordField::Kind::per_cpu ? trust::kPerCpu : 0;
  const bool suits = value.trust == trust && (value.owner != 0 || !is_held);
  if ((value.kind != Kind::allocated && value.kind != Kind::allocated_or_null) || !suits ||
      value.type_id != field.type_id || fixed_offset(value) != 0)
    return refuse_as(Error::access_denied, state, RejectionId::special_field,
                     "r{} is a {}: offset {} keeps a pointer to a struct {} of the program's{}", reg,
                     kind_name(value.kind), field.offset, wanted, trust ? " that each CPU has" : "");
  return {};
}

Value Transformer::local_object(uint32_t type_id, uint16_t trust, bool may_be_null) {
  Value value = object_value(type_id, trust, may_be_null);
  value.kind = may_be_null ? Kind::allocated_or_null : Kind::allocated;
  return value;
}

Value Transformer::lent_node(const RecordField &root, bool may_be_null) {
  Value value = local_object(root.type_id, trust::kLent, may_be_null);
  value.number = Scalar::constant(root.node_offset);
  return value;
}

// What lies in lists and trees is lent, too.
Value Transformer::load_local_kptr(const State &state, const RecordField &field) {
  uint16_t trust = trust::kUntrusted;
  if (field.kind != RecordField::Kind::untrusted && in_read_section(analysis_, state)) {
    trust = trust::kRcu;
    if (field.kind == RecordField::Kind::per_cpu)
      trust |= trust::kPerCpu;
    else if (analysis_.object_record(field.type_id).has_node())
      trust |= trust::kLent;
  }
  return local_object(field.type_id, trust, true);
}

// The list or tree owns it from now on, and lends it for as long as its lock is held.
void Transformer::lend(State &state, const Value &node) {
  for_each_value(state, [&](Value &value) {
    if (value.kind != Kind::allocated || value.owner != node.owner)
      return;
    value.owner = 0;
    value.trust |= trust::kLent;
  });
  state.held->remove(node.owner);
}

Result<void> Transformer::set_allocated(State &state, const HelperProto &proto, const Value (&args)[5]) {
  Value &r0 = state.reg(0);
  if (proto.ret == KBPF_RET_ALLOCATED_OR_NULL) {
    r0 = local_object(analysis_.local_type(args[0]), proto.number == kPerCpuNew ? trust::kPerCpu : 0, true);
  } else if (proto.ret == KBPF_RET_COUNTED_OR_NULL) { // of somebody's, the count may have come to its end
    r0 = local_object(args[0].type_id, 0, args[0].trust != 0);
  } else {
    const RecordField root = *analysis_.field_pointed_to(args[0]);
    r0 = lent_node(root, true);
    if (proto.number == kTreeFirst)
      return {};
    r0.trust = 0;
  }
  r0.owner = r0.id ? r0.id : analysis_.new_id();
  return acquire(state, r0.owner, ReferenceKind::object);
}

} // namespace kbpf
