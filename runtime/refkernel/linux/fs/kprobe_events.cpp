// SPDX-License-Identifier: MIT OR Apache-2.0
// The language is that of Linux's kprobe_events, without fetch arguments: nothing here would record them.
//   p[:[GROUP/][EVENT]] PLACE        a probe; PLACE is FUNCTION[+OFFSET], FUNCTION%return or an address
//   r[MAXACTIVE][:[GROUP/][EVENT]] FUNCTION
//   -:[GROUP/]EVENT                  deletes it, unless a perf event has it open (EBUSY)
#include "refkernel/linux/fs/kprobe_events.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/fs/control_file.h"
#include "refkernel/linux/fs/devices.h"
#include "refkernel/linux/fs/event_files.h"
#include "refkernel/machine/symbols.h"
#include <cstring>

namespace refkernel {

namespace {

constexpr uint32_t kFirstProbeId = 4096;
constexpr size_t kMaxName = 64, kMaxPlace = 512; // MAX_EVENT_NAME_LEN, KSYM_NAME_LEN
constexpr uint64_t kMaxActive = 4096;
constexpr std::string_view kDefaultGroup = "kprobes";

struct TraceProbe final : RefCounted {
  uint32_t id = 0;
  bool is_return = false;
  char group[kMaxName] = {}, name[kMaxName] = {};
  char place[kMaxPlace] = {};     // as it was written, without %return
  std::atomic<uint32_t> users{0}; // perf events
  TraceProbe *next = nullptr;
};

// Taken before namespace_lock.
Mutex probes_lock;
TraceProbe *first_probe = nullptr; // in the order of making; the list has a reference of each
uint32_t next_id = kFirstProbeId;
Inode *events_directory = nullptr;

template <typename Match> TraceProbe *find_probe(Match &&match) { // with probes_lock
  TraceProbe *probe = first_probe;
  while (probe && !match(*probe))
    probe = probe->next;
  return probe;
}
TraceProbe *probe_of(uint64_t id) {
  return find_probe([id](const TraceProbe &probe) { return probe.id == id; });
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A name as Linux allows it: of a C identifier's characters, in a group's also '-'.
bool is_name(std::string_view text, bool of_group) {
  if (text.empty() || text.size() >= kMaxName || is_digit(text.front()))
    return false;
  for (char c : text)
    if (!is_letter(c) && !is_digit(c) && !(of_group && c == '-'))
      return false;
  return true;
}

void store(char *to, std::string_view text) { // to has room, and is zero
  memcpy(to, text.data(), text.size());
}

// GROUP/EVENT, GROUP/ or EVENT; what is not said stays empty.
struct Naming {
  std::string_view group, event;
};
Naming split_name(std::string_view text) {
  const size_t slash = text.find_first_of("/.");
  if (slash == std::string_view::npos)
    return {{}, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

// The name that Linux gives a probe without one: p_FUNCTION_OFFSET.
void invent_name(TraceProbe &probe, std::string_view symbol, uint64_t offset) {
  kbpf::TextBuffer name(probe.name, sizeof(probe.name));
  kbpf::print(name, "{}_{}_{}", probe.is_return ? "r" : "p", symbol, offset);
  for (char *c = probe.name; *c; ++c)
    if (!is_letter(*c) && !is_digit(*c))
      *c = '_';
}

bool parse_number(std::string_view text, uint64_t &value) {
  const bool hex = text.starts_with("0x");
  if (hex)
    text.remove_prefix(2);
  if (text.empty() || text.size() > 16)
    return false;
  value = 0;
  for (char c : text) {
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c))
      value = value * (hex ? 16 : 10) + static_cast<uint64_t>(c - '0');
    else if (hex && lower >= 'a' && lower <= 'f')
      value = value * 16 + static_cast<uint64_t>(lower - 'a' + 10);
    else
      return false;
  }
  return true;
}

// FUNCTION[+OFFSET] or an address: what the runtime calls it, and its parts for the name.
struct Place {
  std::string_view symbol; // empty: an address, which offset then is
  uint64_t offset = 0;
};
SysResult<Place> parse_place(std::string_view text) {
  Place place;
  if (parse_number(text, place.offset))
    return place;
  const size_t plus = text.rfind('+');
  place.symbol = text.substr(0, plus);
  if (plus != std::string_view::npos && !parse_number(text.substr(plus + 1), place.offset))
    return Errno::einval;
  if (place.symbol.empty())
    return Errno::einval;
  return place;
}

SysResult<kbpf_object *> make_event(const TraceProbe &probe) {
  const Place place = KBPF_TRY(parse_place(probe.place));
  char bytes[kMaxPlace + 64];
  kbpf::TextBuffer target(bytes, sizeof(bytes));
  target.append(probe.is_return ? "kretprobe@exit$" : "kprobe$");
  if (place.symbol.empty())
    kbpf::print(target, "{x}", place.offset);
  else
    kbpf::print(target, "{}+{x}", place.symbol, place.offset);
  kbpf_object *event = nullptr;
  int made = kbpf_probe_event_create(target.text().data(), target.text().size(), &event);
  if (made < 0)
    return static_cast<Errno>(-made);
  return event;
}

std::string_view next_word(std::string_view &rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  std::string_view word = rest.substr(0, rest.find_first_of(" \t"));
  rest.remove_prefix(word.size());
  return word;
}

Errno refuse(std::string_view line, std::string_view why) {
  char bytes[256];
  kbpf::TextBuffer text(bytes, sizeof(bytes));
  kbpf::print(text, "kprobe_events: {}: {}", line, why);
  kbpf_port_log(text.text().data(), text.text().size());
  return Errno::einval;
}

void generate_probe_id(kbpf::TextSink &sink, uint64_t id) { kbpf::print(sink, "{}\n", id); }

void generate_probe_format(kbpf::TextSink &sink, uint64_t id) {
  MutexGuard guard(probes_lock);
  const TraceProbe *probe = probe_of(id);
  if (!probe)
    return;
  if (probe->is_return)
    write_event_format(sink, probe->name, probe->id,
                       "unsigned long __probe_func;8;8\nunsigned long __probe_ret_ip;16;8\n",
                       "\"(%lx <- %lx)\", REC->__probe_func, REC->__probe_ret_ip");
  else
    write_event_format(sink, probe->name, probe->id, "unsigned long __probe_ip;8;8\n",
                       "\"(%lx)\", REC->__probe_ip");
}

// A directory of what the kernel shows: processes neither add to it nor take from it.
SysResult<Ref<Inode>> make_directory_of(TraceProbe &probe) {
  Ref<Inode> made = KBPF_TRY(make_event_directory());
  auto add = [&](std::string_view name, SysResult<Ref<Inode>> file) -> SysResult<void> {
    return add_to_event_directory(*made, name, KBPF_TRY(std::move(file)));
  };
  KBPF_TRY(add("id", make_generated_file(kTraceFs, 0444, generate_probe_id, probe.id)));
  KBPF_TRY(add("format", make_generated_file(kTraceFs, 0444, generate_probe_format, probe.id)));
  KBPF_TRY(add("enable", make_enable_file()));
  return made;
}

SysResult<void> show(TraceProbe &probe) {
  Ref<Inode> directory = KBPF_TRY(make_directory_of(probe));
  MutexGuard guard(namespace_lock);
  if (SysResult<Ref<Inode>> group = events_directory->as_directory()->lookup(probe.group); group.ok())
    return add_to_event_directory(**group, probe.name, std::move(directory));
  Ref<Inode> group = KBPF_TRY(make_event_directory());
  KBPF_TRY(add_to_event_directory(*group, probe.name, std::move(directory)));
  return add_to_event_directory(*events_directory, probe.group, std::move(group));
}

void hide(const TraceProbe &probe) {
  MutexGuard guard(namespace_lock);
  forget_event(*events_directory, probe.group, probe.name);
}

// Errors: einval (form), eexist, enoent (no such function), what the runtime says of the place.
SysResult<void> make_probe(std::string_view line) {
  std::string_view rest = line, head = next_word(rest), place = next_word(rest);
  TraceProbe *made = try_make<TraceProbe>();
  if (!made)
    return Errno::enomem;
  Ref<TraceProbe> probe = Ref<TraceProbe>::adopt(made);
  const size_t colon = head.find(':');
  const std::string_view active = head.substr(1, std::min(colon, head.size()) - 1);
  probe->is_return = head.front() == 'r';
  if (uint64_t count = 0; !active.empty()) {
    if (!probe->is_return || !parse_number(active, count))
      return refuse(line, "only a return probe has a number behind its letter");
    if (count > kMaxActive)
      return Errno::e2big;
  }
  constexpr std::string_view kReturn = "%return";
  if (place.ends_with(kReturn)) {
    probe->is_return = true;
    place.remove_suffix(kReturn.size());
  }
  if (place.empty() || place.size() >= kMaxPlace)
    return refuse(line, "no place is named");
  if (!next_word(rest).empty())
    return refuse(line, "fetch arguments are not recorded here");
  store(probe->place, place);
  const Place parsed = KBPF_TRY(parse_place(probe->place));

  Naming naming;
  if (colon != std::string_view::npos)
    naming = split_name(head.substr(colon + 1));
  if (naming.group.empty())
    naming.group = kDefaultGroup;
  if (!is_name(naming.group, true) || (!naming.event.empty() && !is_name(naming.event, false)))
    return refuse(line, "names consist of letters, digits and underscores");
  store(probe->group, naming.group);
  if (naming.event.empty())
    invent_name(*probe, parsed.symbol.empty() ? std::string_view("0") : parsed.symbol, parsed.offset);
  else
    store(probe->name, naming.event);

  kbpf_object_release(KBPF_TRY(make_event(*probe))); // whether a probe can be there
  MutexGuard guard(probes_lock);
  probe->id = next_id;
  KBPF_TRY(show(*probe)); // eexist
  next_id++;
  TraceProbe **last = &first_probe;
  while (*last)
    last = &(*last)->next;
  *last = probe.release();
  return {};
}

SysResult<void> delete_locked(TraceProbe &probe) {
  if (probe.users.load(std::memory_order_acquire))
    return Errno::ebusy;
  hide(probe);
  TraceProbe **link = &first_probe;
  while (*link != &probe)
    link = &(*link)->next;
  *link = probe.next;
  Ref<TraceProbe>::adopt(&probe);
  return {};
}

SysResult<void> delete_probe(std::string_view line) {
  if (!line.starts_with("-:"))
    return refuse(line, "a line begins with p, r or -:");
  const Naming naming = split_name(line.substr(2));
  const std::string_view group = naming.group.empty() ? kDefaultGroup : naming.group;
  MutexGuard guard(probes_lock);
  TraceProbe *probe =
      find_probe([&](const TraceProbe &known) { return group == known.group && naming.event == known.name; });
  if (!probe)
    return Errno::enoent;
  return delete_locked(*probe);
}

SysResult<void> obey(std::string_view line, uint64_t) {
  if (line.front() == 'p' || line.front() == 'r')
    return make_probe(line);
  return delete_probe(line);
}

SysResult<void> delete_all(uint64_t) {
  MutexGuard guard(probes_lock);
  if (find_probe([](const TraceProbe &probe) { return probe.users.load() != 0; }))
    return Errno::ebusy;
  while (first_probe)
    KBPF_TRY(delete_locked(*first_probe));
  return {};
}

void list_probes(kbpf::TextSink &sink, uint64_t) {
  MutexGuard guard(probes_lock);
  for (const TraceProbe *probe = first_probe; probe; probe = probe->next)
    kbpf::print(sink, "{}:{}/{} {}\n", probe->is_return ? "r" : "p", probe->group, probe->name, probe->place);
}

constexpr Orders kProbeOrders{list_probes, obey, delete_all};

// Functions at whose entry a probe can be, one a line, those with arguments == 1 behind their address: first all by
// their raw names, then those that have a name of C, too.
void list_functions(kbpf::TextSink &sink, uint64_t with_addresses) {
  const auto list = [&](uintptr_t address, std::string_view name) {
    if (name.empty() || !kbpf_port_may_probe(address))
      return;
    if (with_addresses) {
      kbpf::append_unsigned(sink, address, 16, 16);
      sink.append(" ");
    }
    kbpf::print(sink, "{}\n", name);
  };
  kbpf_symbol symbol;
  for (uint32_t index = 0; symbol_by_index(index, symbol); ++index)
    list(symbol.address, symbol.name);
  std::string_view name;
  for (uint32_t index = 0; name_by_index(index, name, symbol); ++index)
    list(symbol.address, name);
}

} // namespace

SysResult<kbpf_object *> open_kprobe_event(uint64_t id) {
  Ref<TraceProbe> probe;
  {
    MutexGuard guard(probes_lock);
    probe = Ref<TraceProbe>::share(probe_of(id));
    if (!probe)
      return Errno::enoent;
    probe->users.fetch_add(1, std::memory_order_relaxed);
  }
  SysResult<kbpf_object *> event = make_event(*probe);
  if (!event.ok()) {
    probe->users.fetch_sub(1, std::memory_order_release);
    return event;
  }
  auto ended = [](void *user) {
    Ref<TraceProbe> probe = Ref<TraceProbe>::adopt(static_cast<TraceProbe *>(user));
    probe->users.fetch_sub(1, std::memory_order_release);
  };
  kbpf_probe_event_on_end(*event, ended, probe.release());
  return event;
}

SysResult<void> add_kprobe_files(Inode &tracing, Inode &events) {
  events_directory = &events;
  KBPF_TRY(add_entry(tracing, "kprobe_events", make_control_file(kTraceFs, 0644, kProbeOrders, 0)));
  KBPF_TRY(add_entry(tracing, "available_filter_functions",
                     make_generated_file(kTraceFs, 0444, list_functions, 0)));
  return add_entry(tracing, "available_filter_functions_addrs",
                   make_generated_file(kTraceFs, 0444, list_functions, 1));
}

} // namespace refkernel
