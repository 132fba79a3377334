// SPDX-License-Identifier: MIT OR Apache-2.0
// LINK_CREATE and its kin, RAW_TRACEPOINT_OPEN: programs at places, behind descriptors.
#include "kernel/link.h"
#include "kernel/log.h"
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {

using CreateAttr = kbpf_attr_link_create;

enum ProgType : uint32_t { kKprobe = 2, kTracepoint = 5, kPerfEvent = 7, kRawTracepoint = 17, kTracing = 26 };
enum AttachType : uint32_t { kAttachPerfEvent = 41, kAttachKprobeMulti = 42 };
constexpr uint32_t kMaxPlaces = 1u << 16;

Result<Ref<Link>> link_perf_event(const CreateAttr &attr, Ref<Program> program) {
  if (attr.flags)
    return Error::invalid;
  Ref<Object> object = KBPF_TRY(object_from_fd(attr.target_fd));
  if (!is_running_event(*object))
    return Error::bad_fd;
  Ref<RunningEvent> event = Ref<RunningEvent>::adopt(static_cast<RunningEvent *>(object.release()));
  return Link::to_perf_event(std::move(program), std::move(event), attr.perf_event.cookie);
}

// Place number index of a kprobe_multi link. Errors: those of find_probe_target, bad_address, too_big.
Result<Link::Place> read_place(const CreateAttr &attr, uint32_t index, bool at_return, TextSink &why) {
  const auto &multi = attr.kprobe_multi;
  char text[KBPF_MAX_NAME + 32];
  TextBuffer target(text, sizeof(text));
  target.append(at_return ? "kretprobe@exit$" : "kprobe$");
  uint64_t word = 0;
  KBPF_TRY(UserPtr(multi.syms ? multi.syms : multi.addrs)
               .offset(uint64_t{index} * sizeof(word))
               .copy_in(&word, sizeof(word)));
  if (multi.syms) {
    char name[KBPF_MAX_NAME];
    target.append(KBPF_TRY(UserPtr(word).copy_string(name, sizeof(name))));
  } else {
    print(target, "{x}", word);
  }
  Link::Place place{KBPF_TRY(find_probe_target(target.text(), why)), 0};
  if (multi.cookies)
    KBPF_TRY(
        UserPtr(multi.cookies).offset(uint64_t{index} * sizeof(word)).copy_in(&place.cookie, sizeof(word)));
  return place;
}

Result<Ref<Link>> link_kprobes(const CreateAttr &attr, Ref<Program> program) {
  constexpr uint32_t kReturn = 1;
  const auto &multi = attr.kprobe_multi;
  if (attr.flags || multi.flags & ~kReturn || !multi.cnt || !multi.syms == !multi.addrs)
    return Error::invalid;
  if (program->record().expected_attach_type != kAttachKprobeMulti)
    return Error::invalid;
  if (multi.cnt > kMaxPlaces)
    return Error::too_big;
  bool at_return = multi.flags & kReturn;
  Buffer places = KBPF_TRY(Buffer::create(multi.cnt * sizeof(Link::Place)));
  char buffer[kLogLine];
  TextBuffer why(buffer, sizeof(buffer));
  for (uint32_t i = 0; i < multi.cnt; i++)
    new (places.data() + i * sizeof(Link::Place)) Link::Place(KBPF_TRY(read_place(attr, i, at_return, why)));
  return Link::to_places(std::move(program), std::move(places), multi.cnt, at_return, why);
}

// A tracing program goes where it was loaded for.
Result<Ref<Link>> link_traced(Ref<Program> program, uint64_t cookie) {
  if (kbpf_event *event = program->tracing().event)
    return Link::to_event(std::move(program), *event, cookie);
  char buffer[kLogLine];
  TextBuffer why(buffer, sizeof(buffer));
  Result<Ref<Link>> link = Link::to_function(std::move(program), cookie, why);
  if (!link.ok() && !why.text().empty())
    log_info("not attached: {}", why.text().substr(0, why.text().find('\n')));
  return link;
}

Result<Ref<Link>> create(const CreateAttr &attr) {
  Ref<Program> program = KBPF_TRY(program_from_fd(attr.prog_fd));
  uint32_t type = program->type().number, expected = program->record().expected_attach_type;
  if (type == kKprobe && attr.attach_type == kAttachKprobeMulti)
    return link_kprobes(attr, std::move(program));
  if (type == kTracing) {
    if (attr.attach_type != expected || attr.flags || attr.target_fd || attr.tracing.target_btf_id)
      return Error::invalid;
    return link_traced(std::move(program), attr.tracing.cookie);
  }
  bool fits_perf_event =
      type == kTracepoint || type == kPerfEvent || (type == kKprobe && expected != kAttachKprobeMulti);
  if (fits_perf_event && attr.attach_type == kAttachPerfEvent)
    return link_perf_event(attr, std::move(program));
  return Error::invalid;
}

Result<Ref<Link>> link_from_fd(uint32_t fd) {
  Ref<Object> object = KBPF_TRY(object_from_fd(fd));
  if (object->kind != Object::Kind::link)
    return Error::invalid;
  return Ref<Link>::adopt(static_cast<Link *>(object.release()));
}

} // namespace

Result<int64_t> link_create(Call &call) {
  const CreateAttr &attr = call.attr<CreateAttr>();
  KBPF_TRY(call.check_unused(sizeof(CreateAttr)));
  return install_fd(KBPF_TRY(create(attr)));
}

// None of the links that there are can have another program, or outlive their place.
Result<int64_t> link_update(Call &call) {
  constexpr uint32_t kReplace = 1 << 2;
  const auto &attr = call.attr<kbpf_attr_link_update>();
  KBPF_TRY(call.check_unused(sizeof(attr)));
  if (attr.flags & ~kReplace)
    return Error::invalid;
  KBPF_TRY(link_from_fd(attr.link_fd));
  KBPF_TRY(program_from_fd(attr.new_prog_fd));
  return Error::invalid;
}

Result<int64_t> link_detach(Call &call) {
  const auto &attr = call.attr<kbpf_attr_link_detach>();
  KBPF_TRY(call.check_unused(sizeof(attr)));
  KBPF_TRY(link_from_fd(attr.link_fd));
  return Error::unsupported_operation;
}

Result<int64_t> raw_tracepoint_open(Call &call) {
  constexpr size_t kMaxEventName = 128;
  const auto &attr = call.attr<kbpf_attr_raw_tracepoint>();
  KBPF_TRY(call.check_unused(sizeof(attr)));
  Ref<Program> program = KBPF_TRY(program_from_fd(attr.prog_fd));
  if (program->type().number == kTracing)
    return attr.name ? Error::invalid : install_fd(KBPF_TRY(link_traced(std::move(program), attr.cookie)));
  if (program->type().number != kRawTracepoint)
    return Error::invalid;
  char name[kMaxEventName];
  kbpf_event *event = find_raw_event(KBPF_TRY(UserPtr(attr.name).copy_string(name, sizeof(name))));
  if (!event)
    return Error::not_found;
  return install_fd(KBPF_TRY(Link::to_event(std::move(program), *event, attr.cookie)));
}

} // namespace kbpf::commands
