// SPDX-License-Identifier: MIT OR Apache-2.0
// /sys/kernel/tracing/events: SYSTEM/EVENT/{id,format,enable}. There are hundreds, and few are ever looked
// at, so each level is made when somebody first looks into it. The directories of probes that processes make
// (kprobe_events.cpp) come and go.
#include "refkernel/linux/fs/event_files.h"
#include "refkernel/linux/events.h"
#include "refkernel/linux/fs/control_file.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/kprobe_events.h"
#include "refkernel/linux/fs/ram_directory.h"

namespace refkernel {

namespace {

kbpf_event &event_of(uint64_t argument) { return *reinterpret_cast<kbpf_event *>(argument); }

void generate_id(kbpf::TextSink &sink, uint64_t argument) {
  kbpf::print(sink, "{}\n", event_of(argument).id);
}

void generate_format(kbpf::TextSink &sink, uint64_t argument) {
  const kbpf_event &event = event_of(argument);
  EventFormatRoom room;
  const EventFormat format = event_format(event, room);
  write_event_format(sink, event.name, event.id, format.fields, format.print);
}

// Events are not written to the trace ring as text: they are for programs, and stay off.
void generate_enable(kbpf::TextSink &sink, uint64_t) { sink.append("0\n"); }
SysResult<void> obey_enable(std::string_view line, uint64_t) {
  return line == "0" ? SysResult<void>() : line == "1" ? Errno::enotsup : Errno::einval;
}
constexpr Orders kEnableOrders{generate_enable, obey_enable};

} // namespace

void write_event_format(kbpf::TextSink &sink, std::string_view name, uint32_t id, std::string_view fields,
                        std::string_view print) {
  kbpf::print(sink, "name: {}\nID: {}\nformat:\n", name, id);
  auto field = [&](std::string_view declaration, std::string_view offset, std::string_view size,
                   bool is_signed) {
    kbpf::print(sink, "\tfield:{};\toffset:{};\tsize:{};\tsigned:{};\n", declaration, offset, size,
                is_signed ? 1u : 0u);
  };
  field("unsigned short common_type", "0", "2", false);
  field("unsigned char common_flags", "2", "1", false);
  field("unsigned char common_preempt_count", "3", "1", false);
  field("int common_pid", "4", "4", true);
  sink.append("\n");
  std::string_view rest = fields;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() + 1);
    const size_t first = line.find(';'), second = line.find(';', first + 1), third = line.find(';', second + 1);
    std::string_view declaration = line.substr(0, first);
    bool is_signed = !declaration.starts_with("unsigned") && declaration.find('[') == std::string_view::npos &&
                     third == std::string_view::npos;
    field(declaration, line.substr(first + 1, second - first - 1),
          line.substr(second + 1, third == std::string_view::npos ? third : third - second - 1), is_signed);
  }
  kbpf::print(sink, "\nprint fmt: {}\n", print);
}

SysResult<Ref<Inode>> make_enable_file() { return make_control_file(kTraceFs, 0644, kEnableOrders, 0); }

namespace {

// events itself (no system), a system's directory, or an event's; with none of all, one of a probe or of a
// group of them, which is filled from outside.
class EventDirectory final : public HeapObject<EventDirectory, RamDirectoryBase> {
public:
  EventDirectory(const char *system, kbpf_event *event, bool filled = false)
      : HeapObject(kTraceFs, 0755u), system_(system), event_(event), filled_(filled) {}
  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    KBPF_TRY(fill());
    return RamDirectoryBase::lookup(name);
  }
  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    KBPF_TRY(fill());
    return RamDirectoryBase::list(offset, sink);
  }
  bool empty() override { return false; }
  SysResult<void> remove(std::string_view) override { return Errno::eperm; }
  SysResult<Ref<Inode>> make_file(uint32_t) override { return Errno::eperm; }
  SysResult<Ref<Inode>> make_directory(uint32_t) override { return Errno::eperm; }
  SysResult<void> add(std::string_view name, Ref<Inode> inode) {
    KBPF_TRY(fill());
    return RamDirectoryBase::insert(name, std::move(inode));
  }
  // Takes name out; true where nothing is left.
  bool forget(std::string_view name) {
    (void)RamDirectoryBase::remove(name).ok();
    return RamDirectoryBase::empty();
  }

private:
  SysResult<void> add_directory(std::string_view name, const char *system, kbpf_event *event) {
    auto *made = try_make<EventDirectory>(system, event);
    if (!made)
      return Errno::enomem;
    SysResult<void> added = insert(name, Ref<Inode>::adopt(made));
    return !added.ok() && added.error() == Errno::eexist ? SysResult<void>() : std::move(added);
  }
  SysResult<void> fill() {
    if (filled_)
      return {};
    if (event_) {
      uint64_t argument = reinterpret_cast<uintptr_t>(event_);
      KBPF_TRY(insert("id", KBPF_TRY(make_generated_file(kTraceFs, 0444, generate_id, argument))));
      KBPF_TRY(insert("format", KBPF_TRY(make_generated_file(kTraceFs, 0444, generate_format, argument))));
      KBPF_TRY(insert("enable", KBPF_TRY(make_enable_file())));
    }
    for (kbpf_event *event = event_ ? nullptr : kbpf_event_first(); event; event = event->next) {
      if (!system_)
        KBPF_TRY(add_directory(event->system, event->system, nullptr));
      else if (std::string_view(system_) == event->system)
        KBPF_TRY(add_directory(event->name, system_, event));
    }
    filled_ = true;
    return {};
  }

  const char *const system_;
  kbpf_event *const event_;
  bool filled_; // by namespace_lock
};

void generate_available(kbpf::TextSink &sink, uint64_t) {
  for (kbpf_event *event = kbpf_event_first(); event; event = event->next)
    kbpf::print(sink, "{}:{}\n", event->system, event->name);
}

} // namespace

SysResult<Ref<Inode>> make_event_directory() {
  auto *made = try_make<EventDirectory>(nullptr, nullptr, true);
  if (!made)
    return Errno::enomem;
  return Ref<Inode>::adopt(made);
}

SysResult<void> add_to_event_directory(Inode &directory, std::string_view name, Ref<Inode> inode) {
  return static_cast<EventDirectory &>(directory).add(name, std::move(inode));
}

void forget_event(Inode &events, std::string_view group, std::string_view name) {
  SysResult<Ref<Inode>> found = static_cast<EventDirectory &>(events).lookup(group);
  if (!found.ok())
    return;
  EventDirectory &directory = static_cast<EventDirectory &>(**found);
  if (SysResult<Ref<Inode>> event = directory.lookup(name); event.ok())
    (*event)->as_directory()->removed = true;
  if (directory.forget(name)) {
    directory.removed = true;
    static_cast<EventDirectory &>(events).forget(group);
  }
}

SysResult<void> add_event_files(Inode &tracing) {
  auto *events = try_make<EventDirectory>(nullptr, nullptr);
  if (!events)
    return Errno::enomem;
  Ref<Inode> made = Ref<Inode>::adopt(events);
  KBPF_TRY(add_entry(tracing, "events", made));
  KBPF_TRY(add_kprobe_files(tracing, *made));
  return add_entry(tracing, "available_events", make_generated_file(kTraceFs, 0444, generate_available, 0));
}

} // namespace refkernel
