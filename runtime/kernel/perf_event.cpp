// SPDX-License-Identifier: MIT OR Apache-2.0
// Record layouts are those of perf_event_open(2), section "MMAP layout". The reader may write all of the
// mapped memory: nothing in it is trusted but its tail position, and that only for what may be overwritten.
#include "kernel/perf_event.h"
#include "kernel/epoch.h"
#include <algorithm>
#include <cstring>

namespace kbpf {
namespace {

enum : uint64_t { // PERF_SAMPLE_...
  kSampleIp = 1 << 0,
  kSampleTid = 1 << 1,
  kSampleTime = 1 << 2,
  kSampleAddress = 1 << 3,
  kSampleId = 1 << 6,
  kSampleCpu = 1 << 7,
  kSamplePeriod = 1 << 8,
  kSampleStreamId = 1 << 9,
  kSampleRaw = 1 << 10,
  kSampleIdentifier = 1 << 16,
  kKnownSamples = kSampleIp | kSampleAddress | kSampleTid | kSampleTime | kSampleId | kSampleCpu |
                  kSamplePeriod | kSampleStreamId | kSampleRaw | kSampleIdentifier,
};
enum : uint32_t { kRecordLost = 2, kRecordSample = 9 };
constexpr uint16_t kInKernel = 1; // PERF_RECORD_MISC_KERNEL

// Offsets in struct perf_event_mmap_page.
enum : size_t { kPageSizeField = 72, kHead = 1024, kTail = 1032, kDataOffset = 1040, kDataSize = 1048 };

struct RecordHeader {
  uint32_t type;
  uint16_t misc, size;
};
struct LostRecord {
  RecordHeader header;
  uint64_t id, lost;
};

constinit std::atomic<uint64_t> last_id{0};

// System calls that map and unmap one event.
class MappingGuard {
public:
  explicit MappingGuard(std::atomic<bool> &lock) : lock_(lock) {
    while (lock_.exchange(true, std::memory_order_acquire))
      kbpf_port_relax();
  }
  ~MappingGuard() { lock_.store(false, std::memory_order_release); }
  MappingGuard(const MappingGuard &) = delete;
  MappingGuard &operator=(const MappingGuard &) = delete;

private:
  std::atomic<bool> &lock_;
};

} // namespace

// Puts a record's parts behind each other; the ring's second view takes what wraps around.
class PerfEvent::RecordWriter {
public:
  explicit RecordWriter(Buffer &buffer) : at_(buffer.pages.data() + buffer.head % buffer.pages.data_size()) {}
  void put(const void *bytes, size_t size) {
    memcpy(at_, bytes, size);
    at_ += size;
  }
  template <typename T> void put(const T &value) { put(&value, sizeof(value)); }
  void zero(size_t size) {
    memset(at_, 0, size);
    at_ += size;
  }

private:
  std::byte *at_;
};

PerfEvent::PerfEvent(const kbpf_perf_event_attr &attr)
    : RunningEvent(Kind::perf_event), attr_(attr), id_(last_id.fetch_add(1, std::memory_order_relaxed) + 1),
      enabled_(!attr.disabled), counter_(*this, attr_) {}

Result<PerfEvent *> PerfEvent::create(const kbpf_perf_event_attr &attr) {
  if (attr.sample_type & ~uint64_t{kKnownSamples} || attr.cpu < -1)
    return Error::invalid;
  if (attr.source != KBPF_EVENT_OUTPUT) {
    if (attr.cpu < 0 || static_cast<uint32_t>(attr.cpu) >= std::min(kbpf_port_cpu_count(), kMaxCpus))
      return Error::invalid;
    KBPF_TRY(read_counter(attr.source)); // all CPUs are alike
    if (attr.period && attr.source != KBPF_EVENT_CLOCK)
      return Error::unsupported_operation;
  }
  PerfEvent *event = allocate_object<PerfEvent>(attr);
  if (!event)
    return Error::no_memory;
  if (event->counter_.counts() && !attr.disabled)
    event->counter_.enable(true);
  return event;
}

Result<void> PerfEvent::enable_event(bool enabled) {
  enabled_.store(enabled, std::memory_order_relaxed);
  if (counter_.counts())
    counter_.enable(enabled);
  return {};
}

Result<void> PerfEvent::set_program(Ref<Program> program, uint64_t cookie) {
  constexpr uint32_t kPerfEventProgram = 7;
  if (!counter_.counts() || program->type().number != kPerfEventProgram)
    return Error::invalid;
  return counter_.program().set(std::move(program), cookie);
}

void PerfEvent::destroy() { // no mapping is left: each has a reference
  counter_.end();
  wait_for_readers();
  free_object(this);
}

bool PerfEvent::has_room(const Buffer &buffer, uint64_t size) const {
  if (buffer.overwrites)
    return size <= buffer.pages.data_size();
  uint64_t tail = buffer.position(kTail).load(std::memory_order_acquire);
  uint64_t used = buffer.head - tail;
  return used < buffer.pages.data_size() && size < buffer.pages.data_size() - used;
}

Result<void> PerfEvent::write_record(std::span<const std::byte> raw, uint64_t pc) {
  const uint32_t cpu = kbpf_port_cpu();
  if (!enabled_.load(std::memory_order_relaxed) ||
      (attr_.cpu >= 0 && static_cast<uint32_t>(attr_.cpu) != cpu))
    return Error::unsupported_operation;
  Buffer *buffer = buffer_.load(std::memory_order_acquire);
  if (!buffer)
    return Error::not_found;

  const uint64_t types = attr_.sample_type;
  const uint64_t raw_size = types & kSampleRaw ? round_up_8(sizeof(uint32_t) + raw.size()) : 0;
  const uint64_t fixed = static_cast<uint64_t>(__builtin_popcountll(types & ~uint64_t{kSampleRaw})) * 8;
  const uint64_t size = sizeof(RecordHeader) + fixed + raw_size;
  if (size > UINT16_MAX)
    return Error::too_big;
  SpinGuard guard(lock_);
  const uint64_t lost_size = buffer->lost ? sizeof(LostRecord) : 0;
  if (!has_room(*buffer, size + lost_size)) {
    buffer->lost++;
    return Error::no_space;
  }

  RecordWriter writer(*buffer);
  if (buffer->lost)
    writer.put(LostRecord{{kRecordLost, kInKernel, sizeof(LostRecord)}, id_, buffer->lost});
  buffer->lost = 0;
  writer.put(RecordHeader{kRecordSample, kInKernel, static_cast<uint16_t>(size)});
  kbpf_thread thread{};
  if (types & kSampleTid)
    kbpf_port_current(&thread);
  const struct {
    uint64_t type, value;
  } fields[] = {
      {kSampleIdentifier, id_},
      {kSampleIp, pc},
      {kSampleTid, uint64_t{thread.tid} << 32 | thread.pid},
      {kSampleTime, types & kSampleTime ? kbpf_port_time_ns() : 0},
      {kSampleAddress, 0},
      {kSampleId, id_},
      {kSampleStreamId, id_},
      {kSampleCpu, cpu},
      {kSamplePeriod, counter_.samples() ? attr_.period : 1},
  };
  for (const auto &field : fields)
    if (types & field.type)
      writer.put(field.value);
  if (types & kSampleRaw) {
    writer.put(static_cast<uint32_t>(raw_size - sizeof(uint32_t)));
    writer.put(raw.data(), raw.size());
    writer.zero(raw_size - sizeof(uint32_t) - raw.size());
  }
  buffer->head += size + lost_size;
  buffer->position(kHead).store(buffer->head, std::memory_order_release);
  wake_if_due(*buffer);
  return {};
}

void PerfEvent::wake_if_due(Buffer &buffer) {
  bool due = false;
  if (!attr_.watermark && attr_.wakeup && ++buffer.events >= attr_.wakeup) {
    buffer.events = 0;
    due = true;
  }
  if (buffer.head - buffer.woken_at >= buffer.watermark) {
    buffer.woken_at = buffer.head;
    due = true;
  }
  if (!due)
    return;
  buffer.announced.store(buffer.head, std::memory_order_release);
  wakeups_.fetch_add(1, std::memory_order_relaxed);
  kbpf_port_poll_wake();
}

Result<void> PerfEvent::begin_mapping(uint64_t offset, uint64_t size, bool writable) {
  const uint64_t data_pages = size / kPageSize - 1;
  if (offset || size < 2 * kPageSize || data_pages & (data_pages - 1))
    return Error::invalid;
  MappingGuard guard(mapping_lock_);
  if (Buffer *buffer = buffer_.load(std::memory_order_relaxed)) {
    if (data_pages * kPageSize != buffer->pages.data_size() || buffer->overwrites != !writable)
      return Error::invalid;
    buffer->mappings++;
    return {};
  }
  RingPages pages = KBPF_TRY(RingPages::create(1, data_pages));
  Result<MemoryCharge> charge = MemoryCharge::take(size);
  if (!charge.ok()) // as Linux says it of rings
    return Error::not_permitted;
  Buffer *buffer = allocate_object<Buffer>(std::move(pages), *std::move(charge));
  if (!buffer)
    return Error::no_memory;
  buffer->overwrites = !writable;
  const uint64_t data_size = buffer->pages.data_size();
  buffer->watermark = attr_.watermark && attr_.wakeup ? attr_.wakeup : data_size / 2;
  if (buffer->watermark > data_size)
    buffer->watermark = data_size;
  const uint32_t known = kDataSize + sizeof(uint64_t);
  memcpy(buffer->pages.page(0) + kPageSizeField, &known, sizeof(known));
  buffer->position(kDataOffset).store(kPageSize, std::memory_order_relaxed);
  buffer->position(kDataSize).store(data_size, std::memory_order_relaxed);
  buffer_.store(buffer, std::memory_order_release);
  return {};
}

void PerfEvent::end_mapping(uint64_t, uint64_t, bool) {
  Buffer *buffer;
  {
    MappingGuard guard(mapping_lock_);
    buffer = buffer_.load(std::memory_order_relaxed);
    if (--buffer->mappings)
      return;
    buffer_.store(nullptr, std::memory_order_relaxed);
  }
  wait_for_readers();
  free_object(buffer);
}

void *PerfEvent::mapped_page(uint64_t index) {
  Buffer *buffer = buffer_.load(std::memory_order_acquire);
  return buffer && index <= buffer->pages.data_size() / kPageSize ? buffer->pages.page(index) : nullptr;
}

uint32_t PerfEvent::poll_events() {
  ReadSection section;
  Buffer *buffer = buffer_.load(std::memory_order_acquire);
  if (!buffer)
    return kPollError;
  uint64_t announced = buffer->announced.load(std::memory_order_acquire);
  uint64_t unread = announced - buffer->position(kTail).load(std::memory_order_acquire);
  return announced && unread - 1 < uint64_t{1} << 63 ? kPollReadable : 0;
}

} // namespace kbpf

int kbpf_perf_event_create(const struct kbpf_perf_event_attr *attr, struct kbpf_object **event) {
  kbpf::Result<kbpf::PerfEvent *> made = kbpf::PerfEvent::create(*attr);
  if (!made.ok())
    return -kbpf::to_errno(made.error());
  *event = *made;
  (*event)->users.store(1, std::memory_order_relaxed); // the descriptor that it will be
  return 0;
}

int kbpf_perf_event_enable(struct kbpf_object *event, int enabled) {
  kbpf::Result<void> done = event->enable_event(enabled != 0);
  return done.ok() ? 0 : -kbpf::to_errno(done.error());
}

int kbpf_perf_event_read(struct kbpf_object *event, uint64_t words[KBPF_PERF_EVENT_WORDS]) {
  using namespace kbpf;
  enum : uint64_t { kEnabled = 1, kRunning = 2, kId = 4, kGroup = 8, kLost = 16 }; // PERF_FORMAT_...
  if (event->kind != Object::Kind::perf_event)
    return -to_errno(Error::invalid);
  auto &read = *static_cast<PerfEvent *>(event);
  const PerfCounter::Value value = read.counter().counts() ? read.counter().read() : PerfCounter::Value();
  const uint64_t format = read.attr().read_format;
  int count = 0;
  const auto put = [&](bool wanted, uint64_t word) {
    if (wanted)
      words[count++] = word;
  };
  put(format & kGroup, 1); // one event
  put(!(format & kGroup), value.count);
  put(format & kEnabled, value.enabled_ns);
  put(format & kRunning, value.enabled_ns);
  put(format & kGroup, value.count);
  put(format & kId, read.id());
  put(format & kLost, 0);
  return count;
}
