// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_LOAD: bare instructions, whose maps are descriptors in the code or in fd_array.
#include "core/verifier/program_rules.h"
#include "kernel/helpers/registered.h"
#include "kernel/program_loader.h"
#include "kernel/syscall/command.h"
#include "kernel/syscall/license.h"
#include "kernel/syscall/user_log.h"
#include <algorithm>

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_prog_load;

// prog_flags. The stack and atomic operations are always aligned, other accesses where it is asked for; as in
// Linux, kAnyAlignment wins. The three tests of Linux's verifier ask nothing of this one.
constexpr uint32_t kStrictAlignment = 1, kAnyAlignment = 2, kTestUpperHalves = 4, kTestStates = 8,
                   kSleepable = 16, kTestInvariants = 128;
constexpr uint32_t kKnownFlags =
    kStrictAlignment | kAnyAlignment | kTestUpperHalves | kTestStates | kSleepable | kTestInvariants;
constexpr uint32_t kKprobe = 2, kSyscall = 31; // program types that may be sleepable
constexpr uint32_t kTracing = 26;
constexpr uint32_t kSchedCls = 3, kXdp = 6; // those of networks

// The caller's array of records, each record_size bytes: longer ones have zeros behind what is known here.
// Errors: invalid (a size that no version has), too_big (something behind), bad_address, no_memory.
template <typename T> Result<std::span<const T>> copy_records(uint64_t address, uint32_t count,
                                                              uint32_t record_size, Arena &memory,
                                                              std::string_view what, TextSink *log) {
  constexpr uint32_t kMaxRecord = 252;
  if (count == 0)
    return std::span<const T>();
  if (record_size < sizeof(T) || record_size > kMaxRecord || record_size % sizeof(uint32_t)) {
    if (log)
      print(*log, "invalid {} rec size {}\n", what, record_size);
    return Error::invalid;
  }
  std::span<T> records = count <= KBPF_MAX_INSNS ? memory.make_array<T>(count) : std::span<T>();
  if (!records.data())
    return count <= KBPF_MAX_INSNS ? Error::no_memory : Error::invalid;
  for (uint32_t i = 0; i < count; i++) {
    std::byte bytes[kMaxRecord];
    KBPF_TRY(UserPtr(address).offset(uint64_t{i} * record_size).copy_in(bytes, record_size));
    if (std::any_of(bytes + sizeof(T), bytes + record_size,
                    [](std::byte byte) { return byte != std::byte{0}; })) {
      if (log)
        print(*log, "nonzero tailing record in {}\n", what);
      return Error::too_big;
    }
    memcpy(&records[i], bytes, sizeof(T));
  }
  return std::span<const T>(records);
}

// The types of the program's functions and its lines, where the caller gives them.
Result<void> describe(ProgramLoader &loader, const Attr &attr, std::span<const Insn> insns, TextSink *log) {
  if (!attr.func_info_cnt && !attr.line_info_cnt)
    return {};
  Ref<BtfObject> btf = KBPF_TRY(btf_from_fd(attr.prog_btf_fd));
  if (btf->is_kernel())
    return Error::access_denied;
  ProgramInfo info;
  info.functions = KBPF_TRY(copy_records<kbpf_func_info>(
      attr.func_info, attr.func_info_cnt, attr.func_info_rec_size, loader.scratch(), "func_info", log));
  info.lines = KBPF_TRY(copy_records<kbpf_line_info>(
      attr.line_info, attr.line_info_cnt, attr.line_info_rec_size, loader.scratch(), "line_info", log));
  return loader.describe(std::move(btf), info, insns, log);
}

// What of the kernel's types the program is for, by the rules of Linux. attach_prog_fd is a descriptor of
// those types, or 0; programs that trace or replace others are not here.
Result<TracingTarget> find_target(const Attr &attr, TextSink *log) {
  if (attr.attach_prog_fd) {
    Result<Ref<Object>> object = object_from_fd(attr.attach_prog_fd);
    if (!object.ok())
      return Error::invalid;
    if ((*object)->kind == Object::Kind::program)
      return Error::not_supported;
    if ((*object)->kind != Object::Kind::btf || !attr.attach_btf_id)
      return Error::invalid;
    if (!static_cast<BtfObject &>(**object).is_kernel())
      return Error::not_supported;
  }
  if (attr.prog_type != kTracing)
    return attr.attach_btf_id || attr.attach_prog_fd ? Error::invalid
                                                     : Result<TracingTarget>(TracingTarget{});
  Result<Ref<BtfObject>> kernel = BtfObject::kernel();
  if (!kernel.ok()) {
    if (log)
      log->append("this kernel has no BTF of its own\n");
    return Error::invalid;
  }
  return find_tracing_target(*KBPF_TRY((*kernel)->types()), attr.expected_attach_type, attr.attach_btf_id,
                             log);
}

// The map that an ld_imm64 names.
Result<Ref<Map>> referenced_map(const Attr &attr, const Insn &insn) {
  if (insn.src() == KBPF_PSEUDO_MAP_FD || insn.src() == KBPF_PSEUDO_MAP_VALUE)
    return map_from_fd(static_cast<uint32_t>(insn.imm));
  if (!attr.fd_array || insn.imm < 0)
    return Error::invalid;
  uint32_t fd = 0;
  KBPF_TRY(
      UserPtr(attr.fd_array).offset(static_cast<uint64_t>(insn.imm) * sizeof(fd)).copy_in(&fd, sizeof(fd)));
  return map_from_fd(fd);
}

Result<void> check_attr(const Attr &attr) {
  if (attr.prog_flags & ~kKnownFlags || attr.prog_ifindex || attr.core_relo_cnt || attr.prog_token_fd)
    return Error::invalid;
  if (!is_valid_object_name(attr.prog_name))
    return Error::invalid;
  return {};
}

Result<Ref<Program>> load(const Attr &attr, const LogRequest &request, TextSink *log) {
  char license[kMaxLicense];
  std::string_view license_text = KBPF_TRY(UserPtr(attr.license).copy_string(license, sizeof(license)));
  if (attr.insn_cnt == 0 || attr.insn_cnt > KBPF_MAX_INSNS)
    return Error::too_big;
  const ProgTypeInfo *type = kernel_profile().prog_type(attr.prog_type);
  if (!type)
    return Error::invalid;
  if (type->number == kSchedCls || type->number == kXdp)
    KBPF_TRY(require_capability(KBPF_CAP_NET_ADMIN));
  const bool hides_addresses = !has_capability(KBPF_CAP_PERFMON);
  if (hides_addresses && sees_addresses(type->number))
    return Error::not_permitted;
  bool sleepable = attr.prog_flags & kSleepable;
  // Of other types that may sleep this kernel runs none; of the rest the verifier says so.
  if (sleepable && type->number != kKprobe && type->number != kSyscall &&
      may_sleep(type->number, attr.expected_attach_type)) {
    if (log)
      print(*log, "a program of type {} cannot be sleepable\n", type->name);
    return Error::invalid;
  }

  const TracingTarget tracing = KBPF_TRY(find_target(attr, log));
  ProgramLoader::Owner loader = KBPF_TRY(ProgramLoader::create());
  std::span<Insn> insns = KBPF_TRY(loader->allocate_insns(attr.insn_cnt));
  KBPF_TRY(UserPtr(attr.insns).copy_in(insns.data(), insns.size_bytes()));
  KBPF_TRY(describe(*loader, attr, insns, log));
  for (uint32_t i = 0; i < attr.fd_array_cnt; i++) {
    uint32_t fd = 0;
    KBPF_TRY(UserPtr(attr.fd_array).offset(uint64_t{i} * sizeof(fd)).copy_in(&fd, sizeof(fd)));
    Ref<Object> object = KBPF_TRY(object_from_fd(fd));
    if (object->kind == Object::Kind::btf)
      continue; // kernel functions would be named by it
    KBPF_TRY(loader->add_map(KBPF_TRY(map_from_fd(fd))));
  }
  KBPF_TRY(ProgramLoader::resolve_maps(insns, [&](const Insn &insn) -> Result<uint32_t> {
    Result<Ref<Map>> map = referenced_map(attr, insn);
    if (!map.ok()) {
      if (log)
        print(*log, "fd {} is not pointing to valid bpf_map\n", insn.imm);
      return map.error();
    }
    return loader->add_map(*std::move(map));
  }));
  ProgramLoader::Options options{&kernel_profile(),   type, is_gpl_compatible(license_text), sleepable,
                                 request.verbosity(), log,  attr.expected_attach_type};
  options.strict_alignment = (attr.prog_flags & (kStrictAlignment | kAnyAlignment)) == kStrictAlignment;
  options.hides_addresses = hides_addresses;
  options.log_stats = request.wants_stats();
  options.tracing = tracing;
  return loader->load(insns, attr.prog_name, options);
}

} // namespace

Result<int64_t> prog_load(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, fd_array_cnt)));
  KBPF_TRY(check_attr(attr));
  LogRequest request{attr.log_level, attr.log_size, attr.log_buf, offsetof(Attr, log_true_size)};
  UserLog log = KBPF_TRY(request.open());
  KBPF_TRY(require_capability(KBPF_CAP_BPF));
  Result<Ref<Program>> program = load(attr, request, attr.log_level ? &log : nullptr);
  KBPF_TRY(request.close(call, log));
  return install_fd(KBPF_TRY(std::move(program)));
}

} // namespace kbpf::commands
