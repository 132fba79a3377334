// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel looks at kbpf_events_attached before it makes anything for an event; then programs run as at a
// probe: in a ReadSection, never inside another program.
//
// A tracepoint program may read as far as the largest record there can be, so records are handed over in a
// buffer of that size, one for each CPU, zero behind the record. The buffers come with the first such
// attachment and stay.
#include "kernel/probes/events.h"
#include "kernel/epoch.h"
#include "kernel/memory.h"
#include "kernel/run_context.h"
#include "kernel/stack_walk.h"
#include <algorithm>
#include <atomic>
#include <cstring>

uint32_t kbpf_events_attached = 0;

namespace kbpf {
namespace {

constexpr uint32_t kTracepoint = 5, kRawTracepoint = 17, kTracing = 26; // program types
constexpr size_t kRecordRoom = 8192, kCommonHeader = 8; // bytes; programs do not see the header
constexpr size_t kMaxArguments = 12;

struct EventAttachment {
  std::atomic<EventAttachment *> next{nullptr};
  Ref<Program> program;
  AttachOwner owner;
  EventAttachment *removed = nullptr;
};

constinit kbpf_event *first_event = nullptr; // linked before any process runs
constinit std::atomic<std::byte *> record_buffers{nullptr};
constinit std::atomic<bool> attaching{false};

// System calls that attach and detach take turns.
class EventLock {
public:
  EventLock() {
    while (attaching.exchange(true, std::memory_order_acquire))
      kbpf_port_relax();
  }
  ~EventLock() { attaching.store(false, std::memory_order_release); }
  EventLock(const EventLock &) = delete;
  EventLock &operator=(const EventLock &) = delete;
};

std::atomic_ref<void *> head_of(kbpf_event &event) { return std::atomic_ref<void *>(event.attached); }
EventAttachment *first_of(kbpf_event &event) {
  return static_cast<EventAttachment *>(head_of(event).load(std::memory_order_acquire));
}

Result<void> prepare_records() {
  if (record_buffers.load(std::memory_order_relaxed))
    return {};
  size_t size = kRecordRoom * kbpf_port_cpu_count();
  auto *buffers = static_cast<std::byte *>(kbpf_port_alloc(size, alignof(uint64_t)));
  if (!buffers)
    return Error::no_memory;
  memset(buffers, 0, size);
  record_buffers.store(buffers, std::memory_order_release);
  return {};
}

void run(const EventAttachment &attachment, void *context, const kbpf_regs &regs) {
  const RunContext run{&regs, 0, attachment.owner.cookie};
  RunScope scope(run);
  attachment.program->run(context);
}

// Puts at behind the last one, or takes it out.
void append(kbpf_event &event, EventAttachment &attachment) {
  EventAttachment *last = first_of(event);
  if (!last) {
    head_of(event).store(&attachment, std::memory_order_release);
    return;
  }
  while (EventAttachment *next = last->next.load(std::memory_order_relaxed))
    last = next;
  last->next.store(&attachment, std::memory_order_release);
}

void unlink(kbpf_event &event, EventAttachment *before, EventAttachment &attachment) {
  EventAttachment *next = attachment.next.load(std::memory_order_relaxed);
  if (before)
    before->next.store(next, std::memory_order_release);
  else
    head_of(event).store(next, std::memory_order_release);
}

void count(kbpf_event &event, const EventAttachment &attachment, int32_t change) {
  const auto add = [change](uint32_t &counter) {
    std::atomic_ref<uint32_t>(counter).fetch_add(static_cast<uint32_t>(change), std::memory_order_relaxed);
  };
  if (attachment.program->type().number == kTracepoint)
    add(event.record_readers);
  add(kbpf_events_attached);
}

// Programs that know no types may look at twelve arguments, and so may those that they go on in.
bool sees_more_than_there_is(const Program &program, const kbpf_event &event) {
  return program.record().context_bytes > event.argument_count * sizeof(uint64_t) || program.makes_tail_calls();
}

bool fits(const kbpf_event &event, const Program &program) {
  switch (program.type().number) {
  case kTracepoint:
    return event.record_size;
  case kRawTracepoint:
    return event.argument_count;
  case kTracing:
    return program.tracing().event == &event;
  default:
    return false;
  }
}

struct Wanted {
  const void *owner;
  const Program *program; // null: any
  bool match(const EventAttachment &attachment) const {
    return attachment.owner.object == owner && (!program || attachment.program.get() == program);
  }
};

bool is_attached(kbpf_event &event, const Wanted &wanted) {
  for (EventAttachment *at = first_of(event); at; at = at->next.load(std::memory_order_relaxed))
    if (wanted.match(*at))
      return true;
  return false;
}

} // namespace

kbpf_event *find_event(std::string_view system, std::string_view name) {
  kbpf_event *event = first_event;
  while (event && !(name == event->name && system == event->system))
    event = event->next;
  return event;
}

kbpf_event *find_event(uint32_t id) {
  kbpf_event *event = first_event;
  while (event && event->id != id)
    event = event->next;
  return event;
}

kbpf_event *find_raw_event(std::string_view name) {
  kbpf_event *event = first_event;
  while (event && !(event->argument_count && name == event->name))
    event = event->next;
  return event;
}

Result<void> attach_event(kbpf_event &event, Ref<Program> program, const AttachOwner &owner) {
  if (!fits(event, *program))
    return Error::invalid;
  EventLock lock;
  if (is_attached(event, {owner.object, program.get()}))
    return Error::already_exists;
  if (program->type().number == kTracepoint)
    KBPF_TRY(prepare_records());
  EventAttachment *attachment = allocate_object<EventAttachment>();
  if (!attachment)
    return Error::no_memory;
  attachment->program = std::move(program);
  attachment->owner = owner;
  count(event, *attachment, 1); // first: whoever finds it has made a record
  append(event, *attachment);
  return {};
}

Result<void> detach_event(kbpf_event &event, const AttachOwner &owner, const Program *program) {
  const Wanted wanted{owner.object, program};
  EventLock lock;
  EventAttachment *removed = nullptr, *before = nullptr;
  for (EventAttachment *at = first_of(event); at; at = at->next.load(std::memory_order_relaxed)) {
    if (!wanted.match(*at)) {
      before = at;
      continue;
    }
    unlink(event, before, *at);
    at->removed = removed;
    removed = at;
    count(event, *at, -1);
  }
  if (!removed)
    return Error::not_found;
  wait_for_readers();
  while (removed)
    free_object(std::exchange(removed, removed->removed));
  return {};
}

} // namespace kbpf

void kbpf_event_register(kbpf_event *event) {
  event->next = kbpf::first_event;
  kbpf::first_event = event;
}

kbpf_event *kbpf_event_first(void) { return kbpf::first_event; }

void kbpf_event_run(kbpf_event *event, const uint64_t *arguments, const void *record) {
  using namespace kbpf;
  ReadSection section;
  if (section.nested()) {
    for (const EventAttachment *at = first_of(*event); at; at = at->next.load(std::memory_order_acquire))
      at->program->count_missed_run();
    return;
  }
  // The code that reports the event, as far as a stack walk looks.
  kbpf_regs regs;
  regs.epc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
  regs.x[kRegRa] = 0;
#ifdef __riscv
  regs.x[kRegFp] = static_cast<const uint64_t *>(__builtin_frame_address(0))[-2]; // the caller's
#else
  regs.x[kRegFp] = 0; // a host's frames are others
#endif
  uint64_t raw[kMaxArguments]; // as far as programs that know no types may look
  bool is_raw_made = false;
  std::byte *buffer = nullptr;
  for (const EventAttachment *at = first_of(*event); at; at = at->next.load(std::memory_order_acquire)) {
    const uint32_t type = at->program->type().number;
    const bool is_raw = type == kRawTracepoint;
    // Reads the event's arguments and nothing else, and changes none.
    if (type == kTracing || (is_raw && !sees_more_than_there_is(*at->program, *event))) {
      run(*at, const_cast<uint64_t *>(arguments), regs);
      continue;
    }
    if (is_raw) {
      for (uint32_t i = 0; i < kMaxArguments && !is_raw_made; i++)
        raw[i] = i < event->argument_count ? arguments[i] : 0;
      is_raw_made = true;
      run(*at, raw, regs);
      continue;
    }
    if (!record)
      continue; // attached meanwhile
    if (!buffer) {
      buffer = record_buffers.load(std::memory_order_acquire) + kRecordRoom * kbpf_port_cpu();
      memcpy(buffer + kCommonHeader, static_cast<const std::byte *>(record) + kCommonHeader,
             event->record_size - kCommonHeader);
    }
    run(*at, buffer, regs);
  }
  if (buffer)
    memset(buffer, 0, event->record_size);
}
