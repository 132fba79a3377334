// SPDX-License-Identifier: MIT OR Apache-2.0
// The ring keeps lines whole. Bytes and lines have a fixed store each, both overwritten from the oldest on; a
// line is known by its number, counted from 0, so that a reader's position (line number, bytes of it that
// were read) stays meaningful when the line is gone. One lock guards it; readers hold it for one line at a
// time.
#include "kernel/trace.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "kernel/spinlock.h"
#include <cstring>

namespace kbpf {
namespace {

constexpr size_t kRingBytes = 256 * 1024;
constexpr size_t kRingLines = 4096;
constexpr size_t kMaxLine = kMaxTraceText + 96; // with its head
constexpr unsigned kOffsetBits = 12;            // of a position: bytes of the line that were read
static_assert(kMaxLine < 1u << kOffsetBits && kRingLines * kMaxLine > kRingBytes);

class TraceRing {
public:
  void append(std::string_view line) {
    SpinGuard guard(lock_);
    while (next_line_ - oldest_line_ == kRingLines || next_byte_ + line.size() - oldest_byte() > kRingBytes)
      oldest_line_++;
    lines_[next_line_ % kRingLines] = {next_byte_, line.size()};
    for (char c : line)
      bytes_[next_byte_++ % kRingBytes] = c;
    next_line_++;
  }

  // Copies from the line at position into out and moves position on; 0 where there is none, or not the room
  // that a line needs after others. A reader that was overtaken is told so first.
  size_t read(uint64_t &position, char *out, size_t size, bool first) {
    SpinGuard guard(lock_);
    uint64_t number = position >> kOffsetBits;
    size_t offset = position & ((1u << kOffsetBits) - 1);
    if (number < oldest_line_) {
      char note[64];
      TextBuffer text(note, sizeof(note));
      print(text, "[LOST {} EVENTS]\n", oldest_line_ - number);
      if (text.text().size() > size)
        return 0;
      memcpy(out, note, text.text().size());
      position = oldest_line_ << kOffsetBits;
      return text.text().size();
    }
    if (number >= next_line_)
      return 0;
    const Line &line = lines_[number % kRingLines];
    if (offset >= line.size)
      return 0;
    size_t left = line.size - offset;
    if (left > size && !first)
      return 0;
    size_t count = left < size ? left : size;
    for (size_t i = 0; i < count; i++)
      out[i] = bytes_[(line.begin + offset + i) % kRingBytes];
    position = count == left ? (number + 1) << kOffsetBits : position + count;
    return count;
  }

  bool has_more(uint64_t position) {
    SpinGuard guard(lock_);
    return position >> kOffsetBits < next_line_;
  }

private:
  struct Line {
    uint64_t begin; // in the stream of all bytes ever written
    size_t size;
  };
  uint64_t oldest_byte() const {
    return oldest_line_ == next_line_ ? next_byte_ : lines_[oldest_line_ % kRingLines].begin;
  }

  SpinLock lock_;
  uint64_t oldest_line_ = 0, next_line_ = 0, next_byte_ = 0;
  Line lines_[kRingLines] = {};
  char bytes_[kRingBytes] = {};
};

constinit TraceRing ring;

struct alignas(64) CpuText {
  char text[kMaxTraceText] = {};
  char line[kMaxLine] = {};
};
constinit CpuText cpu_text[kMaxCpus];

void append_padded(TextSink &sink, uint64_t value, unsigned digits, char pad) {
  uint64_t limit = 10;
  for (unsigned i = 1; i < digits; i++, limit *= 10)
    if (value < limit)
      sink.append({&pad, 1});
  append_unsigned(sink, value);
}

// "            comm-1234    [001] d..1.   12.345678: bpf_trace_printk: "
void append_head(TextSink &sink) {
  kbpf_thread thread;
  kbpf_port_current(&thread);
  std::string_view name(thread.name);
  for (size_t i = name.size(); i < 16; i++)
    sink.append(" ");
  print(sink, "{}-{}", name, thread.tid);
  uint64_t limit = 10;
  for (unsigned digits = 1; digits < 7; digits++, limit *= 10)
    if (thread.tid < limit)
      sink.append(" ");
  uint64_t micros = kbpf_port_time_ns() / 1000;
  sink.append(" [");
  append_unsigned(sink, kbpf_port_cpu(), 10, 3);
  sink.append("] d..1. ");
  append_padded(sink, micros / 1000000, 5, ' ');
  sink.append(".");
  append_unsigned(sink, micros % 1000000, 10, 6);
  sink.append(": bpf_trace_printk: ");
}

} // namespace

char *trace_buffer() { return cpu_text[kbpf_port_cpu()].text; }

void trace_text(std::string_view text, bool whole_line) {
  bool ended = !text.empty() && text.back() == '\n';
  std::string_view content = ended ? text.substr(0, text.size() - 1) : text;
  TextBuffer line(cpu_text[kbpf_port_cpu()].line, kMaxLine - 1);
  append_head(line);
  line.append(content);
  char *end = cpu_text[kbpf_port_cpu()].line + line.text().size();
  *end = '\n';
  std::string_view whole(line.text().data(), line.text().size() + 1);
  ring.append(whole);
  if (whole_line)
    kbpf_port_console_write(end - content.size(), content.size() + 1);
  else if (!text.empty())
    kbpf_port_console_write(text.data(), text.size());
  kbpf_port_trace_wake();
}

} // namespace kbpf

size_t kbpf_trace_read(uint64_t *position, char *buffer, size_t size) {
  size_t done = 0;
  while (size_t count = kbpf::ring.read(*position, buffer + done, size - done, done == 0))
    done += count;
  return done;
}

int kbpf_trace_pending(uint64_t position) { return kbpf::ring.has_more(position); }
