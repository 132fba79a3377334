// SPDX-License-Identifier: MIT OR Apache-2.0
// A link that could not be attached or get an id takes the way of every other: its last reference undoes what
// was done.
#include "kernel/link.h"

namespace kbpf {

constinit Registry<Link> link_registry;

Result<Ref<Link>> Link::create(Type type, Ref<Program> program) {
  Link *link = allocate_object<Link>(type, std::move(program));
  if (!link)
    return Error::no_memory;
  return Ref<Link>::adopt(link);
}

Result<void> Link::publish() {
  KBPF_TRY(link_registry.add(this, id_)); // last: from now on others may open it
  return {};
}

Result<Ref<Link>> Link::to_event(Ref<Program> program, kbpf_event &event, uint64_t cookie) {
  Ref<Link> link = KBPF_TRY(create(Type::raw_tracepoint, std::move(program)));
  link->cookie_ = cookie;
  KBPF_TRY(attach_event(event, Ref<Program>::share(link->program_.get()), link->owner()));
  link->event_ = &event;
  KBPF_TRY(link->publish());
  return Result<Ref<Link>>(std::move(link));
}

Result<Ref<Link>> Link::to_perf_event(Ref<Program> program, Ref<RunningEvent> event, uint64_t cookie) {
  Ref<Link> link = KBPF_TRY(create(Type::perf_event, std::move(program)));
  KBPF_TRY(event->set_program(Ref<Program>::share(link->program_.get()), cookie));
  link->cookie_ = cookie;
  link->perf_ = std::move(event);
  KBPF_TRY(link->publish());
  return Result<Ref<Link>>(std::move(link));
}

Result<Ref<Link>> Link::to_places(Ref<Program> program, Buffer places, uint32_t count, bool at_return,
                                  TextSink &why) {
  Ref<Link> link = KBPF_TRY(create(Type::kprobe_multi, std::move(program)));
  link->at_return_ = at_return;
  KBPF_TRY(link->attach_places(std::move(places), count, why));
  KBPF_TRY(link->publish());
  return Result<Ref<Link>>(std::move(link));
}

Result<Ref<Link>> Link::to_function(Ref<Program> program, uint64_t cookie, TextSink &why) {
  Buffer place = KBPF_TRY(Buffer::create(sizeof(Place)));
  new (place.data()) Place{KBPF_TRY(probes::target_of(program->tracing(), why)), cookie};
  Ref<Link> link = KBPF_TRY(create(Type::tracing, std::move(program)));
  link->cookie_ = cookie;
  KBPF_TRY(link->attach_places(std::move(place), 1, why));
  KBPF_TRY(link->publish());
  return Result<Ref<Link>>(std::move(link));
}

Result<void> Link::attach_places(Buffer places, uint32_t count, TextSink &why) {
  charge_ = KBPF_TRY(MemoryCharge::take(places.size()));
  places_ = std::move(places);
  const Place *first = reinterpret_cast<const Place *>(places_.data());
  for (; place_count_ < count; place_count_++) {
    const Place &place = first[place_count_];
    KBPF_TRY(attach_at(place.target, Ref<Program>::share(program_.get()), {this, place.cookie}, why));
  }
  return {};
}

void Link::destroy() {
  if (id_)
    link_registry.remove(id_);
  if (event_)
    (void)detach_event(*event_, owner()).ok();
  if (perf_)
    perf_->take_program();
  char buffer[64];
  TextBuffer why(buffer, sizeof(buffer));
  for (const Place &place : places())
    (void)detach_at(place.target, owner(), why).ok();
  wait_for_readers();
  free_object(this);
}

} // namespace kbpf
