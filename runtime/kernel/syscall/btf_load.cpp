// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_BTF_LOAD: a process's type information, checked and kept.
#include "kernel/syscall/command.h"
#include "kernel/syscall/user_log.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_btf_load;

Result<Ref<BtfObject>> load(const Attr &attr, TextSink *log) {
  if (attr.btf_size > KBPF_BTF_MAX_SIZE)
    return Error::too_big;
  if (attr.btf_size == 0)
    return Error::invalid;
  Buffer bytes = KBPF_TRY(Buffer::create(attr.btf_size));
  KBPF_TRY(UserPtr(attr.btf).copy_in(bytes.data(), bytes.size()));
  return BtfObject::load(std::move(bytes), log);
}

} // namespace

Result<int64_t> btf_load(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(Attr, btf_token_fd)));
  if (attr.btf_flags || attr.btf_token_fd)
    return Error::invalid;
  KBPF_TRY(require_capability(KBPF_CAP_BPF));
  LogRequest request{attr.btf_log_level, attr.btf_log_size, attr.btf_log_buf,
                     offsetof(Attr, btf_log_true_size)};
  UserLog log = KBPF_TRY(request.open());
  Result<Ref<BtfObject>> object = load(attr, attr.btf_log_level ? &log : nullptr);
  KBPF_TRY(request.close(call, log));
  return install_fd(KBPF_TRY(std::move(object)));
}

} // namespace kbpf::commands
