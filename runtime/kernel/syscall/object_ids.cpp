// SPDX-License-Identifier: MIT OR Apache-2.0
// Walking the ids of all programs, maps, links and BTF, and opening what has one.
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_get_id;

template <typename T> Result<int64_t> get_next_id(Call &call, const Registry<T> &registry) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, next_id)));
  if (attr.id >= INT32_MAX)
    return Error::invalid;
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  uint32_t next = registry.next(attr.id);
  if (!next)
    return Error::not_found;
  KBPF_TRY(call.user_attr().offset(offsetof(Attr, next_id)).copy_out(&next, sizeof(next)));
  return 0;
}

} // namespace

Result<int64_t> prog_get_next_id(Call &call) { return get_next_id(call, program_registry); }
Result<int64_t> map_get_next_id(Call &call) { return get_next_id(call, map_registry); }
Result<int64_t> btf_get_next_id(Call &call) { return get_next_id(call, btf_registry); }

Result<int64_t> prog_get_fd_by_id(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, id)));
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  return install_fd(KBPF_TRY(program_registry.open(attr.id)));
}

Result<int64_t> link_get_next_id(Call &call) { return get_next_id(call, link_registry); }

Result<int64_t> link_get_fd_by_id(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, id)));
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  return install_found_link(KBPF_TRY(link_registry.open(attr.id)));
}

Result<int64_t> btf_get_fd_by_id(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, open_flags)));
  if (attr.open_flags)
    return Error::invalid;
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  return install_fd(KBPF_TRY(btf_registry.open(attr.id)));
}

Result<int64_t> map_get_fd_by_id(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, open_flags)));
  if (attr.open_flags & ~(KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY))
    return Error::invalid;
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  const int access = KBPF_TRY(fd_access(attr.open_flags));
  return install_fd(KBPF_TRY(map_registry.open(attr.id)), access);
}

} // namespace kbpf::commands
