// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/object_types.h"
#include "core/btf/check.h"

namespace kbpf {
namespace {

constexpr uint32_t kMostSteps = 64; // structures in structures, one of them at an offset; check_references
                                    // allows half as many
constexpr uint32_t kPointerSize = 8;

uint16_t tag_of_pointer(const Btf &btf, const BtfType &pointer) {
  const BtfType target = btf.type(pointer.size_or_type);
  if (!target.is(BtfKind::type_tag))
    return 0;
  const std::string_view tag = btf.name(target);
  return tag == "user"     ? trust::kUser
         : tag == "percpu" ? trust::kPerCpu
         : tag == "rcu"    ? trust::kRcu
                           : uint16_t{0};
}

// One member and the bytes it takes. Of an array, what an element is.
struct Member {
  BtfType type; // of an element
  uint32_t id;
  uint64_t element_size; // bytes; 0: there is none
  uint64_t size;         // of all elements
};

// Nothing: the type has no size.
std::optional<Member> read_member(const Btf &btf, uint32_t id) {
  const Result<uint32_t> size = size_of(btf, id);
  if (!size.ok())
    return std::nullopt;
  Member member{{}, btf.strip_modifiers(id), *size, *size};
  for (uint32_t step = 0; step < kMostSteps; step++) {
    member.type = btf.type(member.id);
    if (!member.type.is(BtfKind::array))
      return member;
    const auto array = member.type.part<kbpf_btf_array>();
    member.element_size = array.nelems ? member.element_size / array.nelems : 0;
    member.id = btf.strip_modifiers(array.type);
  }
  return std::nullopt;
}

// Walks down to what the access finds.
class Walk {
public:
  Walk(const Btf &btf, uint32_t type, uint64_t offset, uint64_t size)
      : btf_(btf), type_(type), offset_(offset), size_(size) {}

  ObjectField run() {
    for (uint32_t step = 0; step < kMostSteps; step++) {
      type_ = btf_.strip_modifiers(type_);
      if (std::optional<ObjectField> found = enter(btf_.type(type_)))
        return *found;
    }
    return fault(ObjectField::Kind::not_structured);
  }

private:
  ObjectField fault(ObjectField::Kind kind) const { return {kind, type_, trust_, name_, members_}; }
  ObjectField number() const { return {ObjectField::Kind::number, 0, trust_, name_, members_}; }

  // Nothing: type_ and offset_ are those of a structure in the structure.
  std::optional<ObjectField> enter(const BtfType &type) {
    if (!type.is_struct())
      return fault(ObjectField::Kind::not_structured);
    if (type.is(BtfKind::union_type) && type.count != 1)
      trust_ |= trust::kUntrusted; // which of its members is there, nobody knows
    if (offset_ + size_ > type.size_or_type)
      return enter_flexible_array(type);
    members_ += type.count;
    for (uint32_t i = 0; i < type.count; i++) {
      const auto member = type.part<kbpf_btf_member>(i);
      const uint64_t start = type.bit_offset(member) / 8;
      if (offset_ + size_ <= start)
        break;
      if (const uint32_t bits = type.bitfield_size(member)) {
        const uint64_t end = (uint64_t{type.bit_offset(member)} + bits + 7) / 8;
        if (offset_ <= start && end <= offset_ + size_)
          return number();
        continue;
      }
      if (offset_ < start)
        break;
      if (next_begins_before(type, i, start)) // what is asked for
        continue;
      const std::optional<Member> found = read_member(btf_, member.type);
      if (!found)
        return fault(ObjectField::Kind::none);
      if (offset_ >= start + found->size || found->element_size == 0)
        continue;
      name_ = btf_.string(member.name_off);
      return enter_member(*found, start);
    }
    return fault(ObjectField::Kind::none);
  }

  // Members lie behind each other, but for those of unions: where the next one begins this one has ended.
  // Saves finding out the size of most.
  bool next_begins_before(const BtfType &type, uint32_t i, uint64_t start) const {
    if (i + 1u == type.count)
      return false;
    const auto next = type.part<kbpf_btf_member>(i + 1);
    const uint64_t next_start = type.bit_offset(next) / 8;
    return next_start > start && next_start <= offset_;
  }

  // Elements behind the structure's end: of numbers, or of structures that repeat.
  std::optional<ObjectField> enter_flexible_array(const BtfType &type) {
    if (type.count == 0)
      return fault(ObjectField::Kind::past_end);
    const auto last = type.part<kbpf_btf_member>(type.count - 1u);
    const BtfType array_type = btf_.type(btf_.strip_modifiers(last.type));
    const uint64_t start = type.bit_offset(last) / 8;
    if (!array_type.is(BtfKind::array) || array_type.part<kbpf_btf_array>().nelems != 0 || offset_ < start)
      return fault(ObjectField::Kind::past_end);
    const uint32_t element = btf_.strip_modifiers(array_type.part<kbpf_btf_array>().type);
    const BtfType element_type = btf_.type(element);
    if (element_type.is(BtfKind::integer))
      return number();
    if (!element_type.is_struct() || element_type.size_or_type == 0)
      return fault(ObjectField::Kind::past_end);
    offset_ = (offset_ - start) % element_type.size_or_type;
    type_ = element;
    return std::nullopt;
  }

  std::optional<ObjectField> enter_member(const Member &member, uint64_t start) {
    const uint64_t index = (offset_ - start) / member.element_size;
    const uint64_t element = start + index * member.element_size;
    if (member.type.is_struct()) {
      type_ = member.id;
      offset_ -= element;
      return std::nullopt;
    }
    if (member.type.is(BtfKind::pointer)) {
      if (size_ != kPointerSize || offset_ != element)
        return fault(ObjectField::Kind::partial);
      const uint32_t target = btf_.strip_modifiers(member.type.size_or_type);
      if (btf_.type(target).is_struct())
        return ObjectField{ObjectField::Kind::pointer, target,
                           static_cast<uint16_t>(trust_ | tag_of_pointer(btf_, member.type)), name_,
                           members_};
    }
    // Numbers of an array may be read as if they were one; so may those of a union.
    if (offset_ + size_ > start + member.size && !(trust_ & trust::kUntrusted))
      return fault(ObjectField::Kind::past_member);
    return number();
  }

  const Btf &btf_;
  uint32_t type_;
  uint64_t offset_;
  const uint64_t size_;
  uint16_t trust_ = 0;
  std::string_view name_;
  uint32_t members_ = 0;
};

// Members of which the kernel promises more than that they are pointers. type: the structure that the member
// points to.
struct TrustedMember {
  enum class Trust : uint8_t { rcu, rcu_or_null, trusted, trusted_or_null } trust;
  std::string_view parent, member;
};
using Trust = TrustedMember::Trust;
constexpr TrustedMember kTrustedMembers[] = {
    {Trust::rcu, "task_struct", "cpus_ptr"},
    {Trust::rcu, "task_struct", "cgroups"},
    {Trust::rcu, "task_struct", "real_parent"},
    {Trust::rcu, "task_struct", "group_leader"},
    {Trust::rcu, "cgroup", "kn"},
    {Trust::rcu, "css_set", "dfl_cgrp"},
    {Trust::rcu_or_null, "mm_struct", "exe_file"},
    {Trust::rcu_or_null, "sk_buff", "sk"},
    {Trust::rcu_or_null, "request_sock", "sk"},
    {Trust::trusted, "bpf_iter_meta", "seq"},
    {Trust::trusted, "bpf_iter__task", "meta"},
    {Trust::trusted, "bpf_iter__task", "task"},
    {Trust::trusted, "linux_binprm", "file"},
    {Trust::trusted, "file", "f_inode"},
    {Trust::trusted, "dentry", "d_inode"},
    {Trust::trusted_or_null, "socket", "sk"},
};

} // namespace

ObjectField field_at(const Btf &btf, uint32_t type, uint64_t offset, uint64_t size) {
  return Walk(btf, type, offset, size).run();
}

bool has_structure_at(const Btf &btf, uint32_t type, uint64_t offset, std::string_view wanted) {
  for (uint32_t step = 0; step < kMostSteps; step++) {
    type = btf.strip_modifiers(type);
    const BtfType structure = btf.type(type);
    if (!structure.is_struct())
      return false;
    if (offset == 0 && structure.is(BtfKind::structure) && btf.name(structure) == wanted)
      return true;
    bool found = false;
    for (uint32_t i = 0; i < structure.count && !found; i++) {
      const auto part = structure.part<kbpf_btf_member>(i);
      const uint64_t start = structure.bit_offset(part) / 8;
      const std::optional<Member> member = read_member(btf, part.type);
      if (offset < start || structure.bitfield_size(part) || !member || member->element_size == 0 ||
          offset >= start + member->size)
        continue;
      if (!member->type.is_struct())
        return false;
      offset = (offset - start) % member->element_size;
      type = member->id;
      found = true;
    }
    if (!found)
      return false;
  }
  return false;
}

FieldTrust trust_of_field(std::string_view parent, const ObjectField &field, bool in_read_section) {
  const TrustedMember *known = nullptr;
  for (const TrustedMember &member : kTrustedMembers)
    if (member.parent == parent && member.member == field.name)
      known = &member;
  if (known && known->trust == Trust::trusted)
    return {static_cast<uint16_t>(field.trust | trust::kTrusted), false};
  if (known && known->trust == Trust::trusted_or_null)
    return {static_cast<uint16_t>(field.trust | trust::kTrusted), true};
  if (!in_read_section) // it may be gone by now
    return {trust::kUntrusted, false};
  if (known && known->trust == Trust::rcu)
    return {static_cast<uint16_t>(field.trust | trust::kRcu), false};
  if (known && known->trust == Trust::rcu_or_null)
    return {static_cast<uint16_t>((field.trust | trust::kRcu) & ~trust::kUntrusted), true};
  if (field.trust & trust::kRcu)
    return {field.trust, true};
  return {field.trust, false};
}

namespace {

constexpr uint32_t kTracing = 26, kLsm = 29; // enum bpf_prog_type
constexpr uint32_t kTraceRawTp = 23, kTraceFexit = 25, kModifyReturn = 26, kLsmMac = 27, kTraceIter = 28,
                   kLsmCgroup = 43; // enum bpf_attach_type

// Tracepoints that are given no object on some of their paths: a digit for each argument, from the last; 1:
// it may be null, 2: it may be an error number (Linux: raw_tp_null_args).
struct NullArguments {
  std::string_view tracepoint;
  uint64_t digits;
};
constexpr NullArguments kNullArguments[] = {
    {"sched_pi_setprio", 0x10},
    {"sched_process_wait", 0x1},
    {"sched_stick_numa", 0x100},
    {"sched_swap_numa", 0x100},
    {"afs_make_fs_call", 0x10},
    {"afs_make_fs_calli", 0x10},
    {"afs_make_fs_call1", 0x10},
    {"afs_make_fs_call2", 0x10},
    {"afs_protocol_error", 0x1},
    {"afs_flock_ev", 0x10},
    {"cachefiles_lookup", 0x1 | 0x200},
    {"cachefiles_unlink", 0x1},
    {"cachefiles_rename", 0x1},
    {"cachefiles_prep_read", 0x1},
    {"cachefiles_mark_active", 0x1},
    {"cachefiles_mark_failed", 0x1},
    {"cachefiles_mark_inactive", 0x1},
    {"cachefiles_vfs_error", 0x1},
    {"cachefiles_io_error", 0x1},
    {"cachefiles_ondemand_open", 0x1},
    {"cachefiles_ondemand_copen", 0x1},
    {"cachefiles_ondemand_close", 0x1},
    {"cachefiles_ondemand_read", 0x1},
    {"cachefiles_ondemand_cread", 0x1},
    {"cachefiles_ondemand_fd_write", 0x1},
    {"cachefiles_ondemand_fd_release", 0x1},
    {"ext4_mballoc_discard", 0x10},
    {"ext4_mballoc_free", 0x10},
    {"fib_table_lookup", 0x100},
    {"signal_generate", 0x20},
    {"signal_deliver", 0x20},
    {"tmigr_update_events", 0x1},
    {"posix_lock_inode", 0x10},
    {"fcntl_setlk", 0x10},
    {"locks_remove_posix", 0x10},
    {"flock_lock_inode", 0x10},
    {"break_lease_noblock", 0x10},
    {"break_lease_block", 0x10},
    {"break_lease_unblock", 0x10},
    {"generic_delete_lease", 0x10},
    {"time_out_leases", 0x10},
    {"host1x_cdma_push_gather", 0x10000},
    {"mm_khugepaged_scan_pmd", 0x10},
    {"mm_collapse_huge_page_isolate", 0x1},
    {"mm_khugepaged_scan_file", 0x10},
    {"mm_khugepaged_collapse_file", 0x10},
    {"mm_page_alloc", 0x1},
    {"mm_page_pcpu_drain", 0x1},
    {"mm_page_alloc_zone_locked", 0x1},
    {"netfs_failure", 0x10},
    {"device_pm_callback_start", 0x10},
    {"qdisc_dequeue", 0x1000},
    {"rxrpc_recvdata", 0x1},
    {"rxrpc_resend", 0x10},
    {"rxrpc_tq", 0x10},
    {"rxrpc_client", 0x1},
    {"kfree_skb", 0x1000},
    {"xs_stream_read_data", 0x1},
    {"tcp_send_reset", 0x11},
};

// Hooks whose objects are on their way in or out (Linux: untrusted_lsm_hooks).
constexpr std::string_view kUntrustedHooks[] = {
    "bpf_lsm_bpf_map_free",       "bpf_lsm_bpf_prog_free",     "bpf_lsm_file_alloc_security",
    "bpf_lsm_file_free_security", "bpf_lsm_sk_alloc_security", "bpf_lsm_sk_free_security",
    "bpf_lsm_task_free",
};

// Hooks that answer yes or no (Linux: bool_lsm_hooks).
constexpr std::string_view kTruthHooks[] = {"bpf_lsm_xfrm_state_pol_flow_match", "bpf_lsm_audit_rule_known",
                                            "bpf_lsm_inode_xattr_skipcap"};

// Objects that iterators trust, by the type of iterator; all others are plain.
struct TrustedIterator {
  std::string_view function, argument;
};
constexpr TrustedIterator kTrustedIterators[] = {
    {"bpf_iter_task", "task"},     {"bpf_iter_task_vma", "task"}, {"bpf_iter_bpf_map", "map"},
    {"bpf_iter_tcp", "sk_common"}, {"bpf_iter_udp", "udp_sk"},    {"bpf_iter_unix", "unix_sk"},
    {"bpf_iter_cgroup", "cgroup"},
};

constexpr std::string_view kTracepointPrefix = "btf_trace_", kNullableSuffix = "__nullable";

} // namespace

bool is_traced_type(const RawProgram &program) {
  return program.type->number == kTracing || program.type->number == kLsm;
}

std::optional<TracedFunction> TracedFunction::of(const RawProgram &program) {
  const bool is_lsm = program.type->number == kLsm;
  if (!program.kernel_btf || program.attach_btf_id == 0 || !is_traced_type(program))
    return std::nullopt;
  const Btf &btf = *program.kernel_btf;
  const BtfType target = btf.type(program.attach_btf_id);
  BtfType prototype;
  std::string_view name = btf.name(target);
  if (target.is(BtfKind::function)) {
    prototype = btf.type(target.size_or_type);
  } else if (target.is(BtfKind::type_definition) && name.starts_with(kTracepointPrefix)) {
    const BtfType pointer = btf.type(btf.strip_modifiers(program.attach_btf_id));
    prototype = btf.type(btf.strip_modifiers(pointer.size_or_type));
    name.remove_prefix(kTracepointPrefix.size());
    if (!pointer.is(BtfKind::pointer) || prototype.count == 0)
      return std::nullopt;
  }
  if (!prototype.is(BtfKind::function_prototype))
    return std::nullopt;
  TracedFunction function(program, prototype, name);
  function.is_lsm_ = is_lsm;
  return function;
}

bool TracedFunction::skips_first() const { return attach_type_ == kTraceRawTp && !is_lsm_; }

uint32_t TracedFunction::words(uint32_t type) const {
  const Result<uint32_t> size = size_of(*btf_, type);
  return size.ok() && *size ? (*size + 7) / 8 : 1;
}

uint32_t TracedFunction::argument_bytes() const {
  uint64_t words_taken = 0;
  for (uint32_t i = skips_first(); i < prototype_.count; i++)
    words_taken += words(prototype_.part<kbpf_btf_param>(i).type);
  return static_cast<uint32_t>(words_taken * 8 <= UINT32_MAX ? words_taken * 8 : UINT32_MAX);
}

std::optional<ReturnRange> TracedFunction::return_range() const {
  constexpr int64_t kLowestError = -4095;
  const bool gives_nothing =
      btf_->type(btf_->strip_modifiers(prototype_.size_or_type)).is(BtfKind::void_type);
  if (attach_type_ == kLsmCgroup) // go on, or not
    return gives_nothing ? ReturnRange{1, 1} : ReturnRange{0, 1};
  if (attach_type_ != kLsmMac ||
      !btf_->type(btf_->strip_modifiers(prototype_.size_or_type)).is(BtfKind::integer))
    return std::nullopt;
  for (const std::string_view hook : kTruthHooks)
    if (hook == name_)
      return ReturnRange{0, 1, true};
  return ReturnRange{kLowestError, 0, true};
}

TracedArgument TracedFunction::argument_at(uint64_t offset) const {
  uint64_t start = 0;
  for (uint32_t i = skips_first(); i < prototype_.count; i++) {
    const auto parameter = prototype_.part<kbpf_btf_param>(i);
    const uint64_t end = start + uint64_t{words(parameter.type)} * 8;
    if (offset < end)
      return describe(parameter.type, i - skips_first(), btf_->string(parameter.name_off));
    start = end;
  }
  const bool gives_result = attach_type_ == kTraceFexit || attach_type_ == kModifyReturn ||
                            attach_type_ == kLsmMac || attach_type_ == kLsmCgroup;
  if (offset >= start + uint64_t{words(prototype_.size_or_type)} * 8 || !gives_result)
    return {TracedArgument::Kind::none};
  TracedArgument result = describe(prototype_.size_or_type, prototype_.count, {});
  result.is_result = true;
  return result;
}

TracedArgument TracedFunction::describe(uint32_t id, uint32_t index, std::string_view parameter) const {
  constexpr uint32_t kWord = 8;
  const BtfType type = btf_->type(btf_->strip_modifiers(id));
  if (type.is(BtfKind::integer))
    return {type.size_or_type <= kWord ? TracedArgument::Kind::number : TracedArgument::Kind::unreadable};
  if (type.is_enum() || type.is_struct())
    return {TracedArgument::Kind::number};
  if (!type.is(BtfKind::pointer))
    return {TracedArgument::Kind::unreadable};
  const uint32_t target_id = btf_->strip_modifiers(type.size_or_type);
  const BtfType target = btf_->type(target_id);
  if (type.size_or_type == 0 || target.is(BtfKind::integer)) // const void is something else to Linux
    return {TracedArgument::Kind::address};
  if (!target.is_struct())
    return {TracedArgument::Kind::unreadable};
  TracedArgument argument{TracedArgument::Kind::pointer, target_id,
                          static_cast<uint16_t>(tag_of_pointer(*btf_, type) & ~trust::kRcu)};
  set_trust(argument, index, parameter);
  return argument;
}

void TracedFunction::set_trust(TracedArgument &argument, uint32_t index, std::string_view parameter) const {
  argument.may_be_null = parameter.ends_with(kNullableSuffix);
  if (is_lsm_) {
    bool is_trusted = true;
    for (const std::string_view hook : kUntrustedHooks)
      is_trusted &= hook != name_;
    if (is_trusted)
      argument.trust |= trust::kTrusted;
  } else if (attach_type_ == kTraceRawTp) {
    argument.trust |= trust::kTrusted;
    for (const NullArguments &entry : kNullArguments) {
      const uint64_t digit = index < 16 ? entry.digits >> 4 * index & 0xf : 0;
      if (entry.tracepoint != name_ || digit == 0)
        continue;
      argument.may_be_null = true;
      if (digit == 2)
        argument.kind = TracedArgument::Kind::number;
    }
  } else if (attach_type_ == kTraceIter) {
    argument.may_be_null = parameter != "meta";
    bool is_trusted = parameter == "meta";
    for (const TrustedIterator &entry : kTrustedIterators)
      is_trusted |= entry.function == name_ && entry.argument == parameter;
    if (is_trusted)
      argument.trust |= trust::kTrusted;
  }
}

} // namespace kbpf
