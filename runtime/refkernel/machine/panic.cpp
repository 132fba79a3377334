// SPDX-License-Identifier: MIT OR Apache-2.0
// Backtraces follow the chain of frame pointers: fp[-1] is the return address, fp[-2] the caller's fp. Every
// word is read by the fault-safe copy, so that a broken chain ends the trace and not the report.
#include "refkernel/machine/panic.h"
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/machine/console.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/sbi.h"
#include "refkernel/machine/symbols.h"
#include "refkernel/sched/hart.h"

namespace refkernel {
namespace {

std::atomic<uint32_t> panicking{0}; // index of the hart that does, plus 1

class ConsoleSink final : public kbpf::TextSink {
public:
  void append(std::string_view text) override { console_write(text.data(), text.size()); }
};

void print_place(kbpf::TextSink &out, uintptr_t address) {
  kbpf_symbol symbol;
  kbpf_code_place place{};
  if (symbol_at(address, symbol))
    kbpf::print(out, "  {x} {}+{x}\n", address, symbol.demangled, address - symbol.address);
  else if (kbpf_code_at(address, &place) && place.file[0])
    kbpf::print(out, "  {x} {}+{x} ({}:{})\n", address, place.name, address - place.address, place.file, place.line);
  else if (place.name[0])
    kbpf::print(out, "  {x} {}+{x}\n", address, place.name, address - place.address);
  else
    kbpf::print(out, "  {x} ?\n", address);
}

// link: the innermost function's return register. It tells the caller where that function has no frame yet.
void print_backtrace(kbpf::TextSink &out, uintptr_t frame_pointer, uintptr_t link = 0) {
  constexpr int kMaxFrames = 32;
  for (int i = 0; i < kMaxFrames && frame_pointer; i++) {
    uintptr_t pair[2]; // the caller's fp, the return address
    if (frame_pointer % 8 || kbpf_port_read_kernel(pair, frame_pointer - sizeof(pair), sizeof(pair)) ||
        !pair[1])
      return;
    if (link && link != pair[1])
      print_place(out, link - 1);
    link = 0;
    print_place(out, pair[1] - 1); // inside of the call, also where it is a function's last instruction
    if (pair[0] <= frame_pointer)
      return;
    frame_pointer = pair[0];
  }
}

// Silences the other harts; a second panic on the way ends at once.
void begin_panic(kbpf::TextSink &out, const char *reason) {
  irq_disable();
  uint32_t mine = this_hart().index + 1, none = 0;
  if (!panicking.compare_exchange_strong(none, mine)) {
    if (none == mine)
      power_off(1);
    for (;;)
      wait_for_interrupt();
  }
  if (uint64_t others = other_online_harts())
    sbi_send_ipi(others);
  for (int i = 0; i < 10000; i++) // time to finish a line
    asm volatile("nop");
  seize_console();
  Thread *thread = current();
  kbpf::print(out, "\nkernel panic on hart {}, thread {} ({}): {}\n", mine - 1, thread->task.pid, thread->task.comm,
              reason);
}

void print_registers(kbpf::TextSink &out, const TrapFrame &frame) {
  static constexpr const char *kNames[] = {"ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0", "a1",
                                           "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5", "s6",
                                           "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
  kbpf::print(out, "pc {x} cause {} badaddr {x} status {x}\n", frame.epc, frame.cause, frame.badaddr,
              frame.status);
  for (unsigned i = 0; i < std::size(kNames); i++)
    kbpf::print(out, "{} {x}{}", kNames[i], frame.x[i],
                i % 6 == 5 || i + 1 == std::size(kNames) ? "\n" : "  ");
}

} // namespace

void stop_if_panicking() {
  if (panicking.load(std::memory_order_relaxed) == 0)
    return;
  irq_disable();
  for (;;)
    wait_for_interrupt();
}

void panic(const char *text) {
  ConsoleSink out;
  begin_panic(out, text);
  kbpf::print(out, "backtrace:\n");
  print_backtrace(out, reinterpret_cast<uintptr_t>(__builtin_frame_address(0)));
  power_off(1);
}

void panic_at(const TrapFrame &frame, const char *reason) {
  ConsoleSink out;
  begin_panic(out, reason);
  print_registers(out, frame);
  kbpf::print(out, "backtrace:\n");
  print_place(out, frame.epc);
  print_backtrace(out, frame.x[7], frame.x[kRegRa]); // s0, ra
  power_off(1);
}

} // namespace refkernel
