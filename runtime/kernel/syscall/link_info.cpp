// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/syscall/link_info.h"
#include "kernel/perf_event.h"

namespace kbpf {
namespace {

Result<void> describe_perf_event(const Link &link, const kbpf_link_info &asked, kbpf_link_info &info) {
  enum : uint32_t { kKprobe = 3, kKretprobe = 4, kTracepoint = 5, kEvent = 6 }; // enum bpf_perf_event_type
  if (link.perf_event()->kind == Object::Kind::perf_event) {
    const kbpf_perf_event_attr &attr = static_cast<const PerfEvent *>(link.perf_event())->attr();
    info.perf_event.type = kEvent;
    info.perf_event.event.type = attr.type;
    info.perf_event.event.config = attr.config;
    info.perf_event.event.cookie = link.cookie();
    return {};
  }
  const ProbeEvent &event = *static_cast<const ProbeEvent *>(link.perf_event());
  if (const kbpf_event *reported = event.event()) {
    auto &tracepoint = info.perf_event.tracepoint;
    std::string_view name = reported->name;
    info.perf_event.type = kTracepoint;
    tracepoint.tp_name = asked.perf_event.tracepoint.tp_name;
    tracepoint.name_len = static_cast<uint32_t>(name.size() + 1);
    tracepoint.cookie = link.cookie();
    return copy_text(name, tracepoint.tp_name, asked.perf_event.tracepoint.name_len);
  }
  auto &probe = info.perf_event.kprobe;
  const probes::Target &target = event.target();
  std::string_view name = target.symbol.name;
  info.perf_event.type = event.is_return() ? kKretprobe : kKprobe;
  probe.func_name = asked.perf_event.kprobe.func_name;
  probe.name_len = static_cast<uint32_t>(name.size() + 1);
  probe.offset = static_cast<uint32_t>(target.address - target.symbol.address);
  probe.addr = target.address;
  probe.cookie = link.cookie();
  return copy_text(name, probe.func_name, asked.perf_event.kprobe.name_len);
}

Result<void> describe_places(const Link &link, const kbpf_link_info &asked, kbpf_link_info &info) {
  auto &multi = info.kprobe_multi;
  const auto &room = asked.kprobe_multi;
  if ((!room.addrs) != (!room.count) || (room.cookies && !room.count))
    return Error::invalid;
  multi.addrs = room.addrs;
  multi.cookies = room.cookies;
  multi.count = static_cast<uint32_t>(link.places().size());
  multi.flags = link.at_return() ? 1 : 0;
  for (uint32_t i = 0; i < std::min(room.count, multi.count); i++) {
    uint64_t address = link.places()[i].target.address;
    KBPF_TRY(UserPtr(room.addrs).offset(i * sizeof(address)).copy_out(&address, sizeof(address)));
    if (room.cookies)
      KBPF_TRY(UserPtr(room.cookies)
                   .offset(i * sizeof(uint64_t))
                   .copy_out(&link.places()[i].cookie, sizeof(uint64_t)));
  }
  return room.count && room.count < multi.count ? Error::no_space : Result<void>();
}

} // namespace

Result<void> copy_text(std::string_view text, uint64_t user, uint32_t room) {
  if (!user != !room)
    return Error::invalid;
  if (!user)
    return {};
  size_t count = std::min<size_t>(text.size(), room - 1);
  KBPF_TRY(UserPtr(user).copy_out(text.data(), count));
  KBPF_TRY(UserPtr(user).offset(count).copy_out("", 1));
  return count < text.size() ? Error::no_space : Result<void>();
}

Result<void> describe(const Link &link, kbpf_link_info &info) {
  const kbpf_link_info asked = info;
  info = {};
  info.type = static_cast<uint32_t>(link.type());
  info.id = link.id();
  info.prog_id = link.program().id();
  switch (link.type()) {
  case Link::Type::raw_tracepoint:
    info.raw_tracepoint.tp_name = asked.raw_tracepoint.tp_name;
    info.raw_tracepoint.tp_name_len = static_cast<uint32_t>(std::string_view(link.event()->name).size() + 1);
    info.raw_tracepoint.cookie = link.cookie();
    return copy_text(link.event()->name, asked.raw_tracepoint.tp_name, asked.raw_tracepoint.tp_name_len);
  case Link::Type::tracing:
    info.tracing.attach_type = link.program().tracing().attach_type;
    info.tracing.target_obj_id = KBPF_TRY(BtfObject::kernel())->id();
    info.tracing.target_btf_id = link.program().tracing().btf_id;
    info.tracing.cookie = link.cookie();
    return {};
  case Link::Type::perf_event:
    return describe_perf_event(link, asked, info);
  case Link::Type::kprobe_multi:
    return describe_places(link, asked, info);
  }
  return {};
}

} // namespace kbpf
