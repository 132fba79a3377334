// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/probes/named.h"
#include "kernel/probes/events.h"
#include "kernel/probes/target.h"

namespace kbpf {
namespace {

using probes::AttachKind;
using probes::NamedPlace;

Result<kbpf_event *> find(const NamedPlace &place, TextSink &why) {
  const size_t slash = place.name.find('/');
  kbpf_event *event = nullptr;
  if (place.kind != AttachKind::tracepoint)
    event = find_raw_event(place.name);
  else if (slash != std::string_view::npos)
    event = find_event(place.name.substr(0, slash), place.name.substr(slash + 1));
  if (event)
    return event;
  print(why, "there is no event {}\n", place.name);
  return Error::not_found;
}

} // namespace

Result<void> attach_named(Ref<Program> program, std::string_view target, TextSink &why) {
  const NamedPlace place = KBPF_TRY(probes::split_target(target, why));
  if (!probes::is_event(place.kind))
    return attach_probe(std::move(program), target, why);
  kbpf_event *event = KBPF_TRY(find(place, why));
  if (program->type().number != place.prog_type) {
    print(why, "{}: a program of type {} cannot be attached there\n", place.name, program->type().name);
    return Error::invalid;
  }
  Result<void> attached = attach_event(*event, std::move(program), {});
  if (!attached.ok())
    print(why, "{}: {}\n", place.name,
          attached.error() == Error::already_exists ? "this program is attached there already"
          : attached.error() == Error::invalid      ? "the program was loaded for another place"
                                                    : to_text(attached.error()));
  return attached;
}

Result<void> detach_named(const Program &program, std::string_view target, TextSink &why) {
  const NamedPlace place = KBPF_TRY(probes::split_target(target, why));
  if (!probes::is_event(place.kind))
    return detach_probe(&program, target, why);
  Result<void> detached = detach_event(*KBPF_TRY(find(place, why)), {}, &program);
  if (!detached.ok())
    print(why, "{}: not attached there\n", place.name);
  return detached;
}

} // namespace kbpf
