// SPDX-License-Identifier: MIT OR Apache-2.0
// TASK_FD_QUERY: what program a process's descriptor of a perf event or a link runs, and where.
#include "kernel/link.h"
#include "kernel/syscall/command.h"
#include "kernel/syscall/link_info.h"

namespace kbpf::commands {
namespace {

using Attr = kbpf_attr_task_fd_query;
enum FdType : uint32_t { kRawTracepoint, kTracepoint, kKprobe, kKretprobe };

struct Answer {
  uint32_t prog_id, type;
  std::string_view name;
  uint64_t offset, address;
};

// Errors: not_found (it has no program), not_supported (something else).
Result<Answer> look_at(Object &object) {
  if (object.kind == Object::Kind::link) {
    Link &link = static_cast<Link &>(object);
    if (link.type() != Link::Type::raw_tracepoint)
      return Error::not_supported;
    return Answer{link.program().id(), kRawTracepoint, link.event()->name, 0, 0};
  }
  if (object.kind != Object::Kind::probe_event)
    return Error::not_supported;
  ProbeEvent &event = static_cast<ProbeEvent &>(object);
  Ref<Program> program = event.program();
  if (!program)
    return Error::not_found;
  if (event.event())
    return Answer{program->id(), kTracepoint, event.event()->name, 0, 0};
  const probes::Target &target = event.target();
  return Answer{program->id(), event.is_return() ? kKretprobe : kKprobe, target.symbol.name,
                target.address - target.symbol.address, target.address};
}

} // namespace

Result<int64_t> task_fd_query(Call &call) {
  const Attr &attr = call.attr<Attr>();
  KBPF_TRY(call.check_unused(sizeof(Attr)));
  KBPF_TRY(require_capability(KBPF_CAP_SYS_ADMIN));
  if (attr.flags)
    return Error::invalid;
  Object *object = nullptr;
  if (int status = kbpf_port_task_fd_get(attr.pid, static_cast<int>(attr.fd), &object); status < 0)
    return status == -to_errno(Error::not_found) ? Error::not_found
           : status == -to_errno(Error::bad_fd)  ? Error::bad_fd
                                                 : Error::not_supported;
  Ref<Object> held = adopt_from_port(object);
  Answer answer = KBPF_TRY(look_at(*held));
  uint32_t length = static_cast<uint32_t>(answer.name.size());
  UserPtr user = call.user_attr();
  KBPF_TRY(user.offset(offsetof(Attr, buf_len)).copy_out(&length, sizeof(length)));
  Result<void> copied =
      attr.buf && attr.buf_len ? copy_text(answer.name, attr.buf, attr.buf_len) : Result<void>();
  if (!copied.ok() && copied.error() != Error::no_space)
    return copied.error();
  KBPF_TRY(user.offset(offsetof(Attr, prog_id)).copy_out(&answer.prog_id, sizeof(answer.prog_id)));
  KBPF_TRY(user.offset(offsetof(Attr, fd_type)).copy_out(&answer.type, sizeof(answer.type)));
  KBPF_TRY(user.offset(offsetof(Attr, probe_offset)).copy_out(&answer.offset, sizeof(answer.offset)));
  KBPF_TRY(user.offset(offsetof(Attr, probe_addr)).copy_out(&answer.address, sizeof(answer.address)));
  KBPF_TRY(std::move(copied));
  return 0;
}

} // namespace kbpf::commands
