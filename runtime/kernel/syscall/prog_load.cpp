// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_LOAD: bare instructions, whose maps are descriptors in the code or in fd_array.
#include "kernel/program_loader.h"
#include "kernel/syscall/command.h"
#include "kernel/syscall/license.h"
#include "kernel/syscall/user_log.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_prog_load;

constexpr uint32_t kStrictAlignment = 1, kAnyAlignment = 2; // prog_flags; alignment is always checked
constexpr uint32_t kLogLevels = 3, kLogStats = 4, kLogFixed = 8;
constexpr uint32_t kMaxLogSize = UINT32_MAX >> 2;

bool log_is_valid(const Attr &attr) {
  return (attr.log_buf != 0) == (attr.log_size != 0) && (!attr.log_buf || attr.log_level) &&
         !(attr.log_level & ~(kLogLevels | kLogStats | kLogFixed)) && attr.log_size <= kMaxLogSize;
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
  if (attr.prog_flags & ~(kStrictAlignment | kAnyAlignment) || attr.prog_ifindex || attr.attach_btf_id ||
      attr.attach_prog_fd || attr.core_relo_cnt || attr.prog_token_fd)
    return Error::invalid;
  if (!is_valid_object_name(attr.prog_name) || !log_is_valid(attr))
    return Error::invalid;
  return {};
}

Result<Ref<Program>> load(const Attr &attr, TextSink *log) {
  char license[kMaxLicense];
  std::string_view license_text = KBPF_TRY(UserPtr(attr.license).copy_string(license, sizeof(license)));
  if (attr.insn_cnt == 0 || attr.insn_cnt > KBPF_MAX_INSNS)
    return Error::too_big;
  const ProgTypeInfo *type = kKbpfProfile.prog_type(attr.prog_type);
  if (!type)
    return Error::invalid;
  if (attr.func_info_cnt || attr.line_info_cnt)
    return Error::bad_fd; // no descriptor of this kernel holds BTF

  ProgramLoader::Owner loader = KBPF_TRY(ProgramLoader::create());
  std::span<Insn> insns = KBPF_TRY(loader->allocate_insns(attr.insn_cnt));
  KBPF_TRY(UserPtr(attr.insns).copy_in(insns.data(), insns.size_bytes()));
  for (uint32_t i = 0; i < attr.fd_array_cnt; i++) {
    uint32_t fd = 0;
    KBPF_TRY(UserPtr(attr.fd_array).offset(uint64_t{i} * sizeof(fd)).copy_in(&fd, sizeof(fd)));
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
  ProgramLoader::Options options{
      &kKbpfProfile, type, is_gpl_compatible(license_text), false, attr.log_level & kLogLevels, log};
  return loader->load(insns, attr.prog_name, options);
}

} // namespace

Result<int64_t> prog_load(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, fd_array_cnt)));
  KBPF_TRY(check_attr(attr));
  KBPF_TRY(require_permission());

  UserLog log(UserPtr(attr.log_buf), attr.log_size,
              attr.log_level & kLogFixed ? UserLog::Keep::beginning : UserLog::Keep::end);
  Result<Ref<Program>> program = load(attr, attr.log_level ? &log : nullptr);
  if (attr.log_level) {
    Result<void> finished = log.finish();
    constexpr size_t kTrueSize = offsetof(Attr, log_true_size);
    uint32_t true_size = log.true_size();
    if (call.size() >= kTrueSize + sizeof(true_size))
      KBPF_TRY(call.user_attr().offset(kTrueSize).copy_out(&true_size, sizeof(true_size)));
    KBPF_TRY(std::move(finished));
  }
  return install_fd(KBPF_TRY(std::move(program)));
}

} // namespace kbpf::commands
