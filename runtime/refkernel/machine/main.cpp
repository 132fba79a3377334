// SPDX-License-Identifier: MIT OR Apache-2.0
// From the first C++ instruction on the boot hart to the first thread.
#include "kernel/kbpf.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/machine/clock.h"
#include "refkernel/machine/command_line.h"
#include "refkernel/machine/console.h"
#include "refkernel/machine/device_tree.h"
#include "refkernel/machine/harts.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/plic.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/sched/scheduler.h"
#include <cstring>

extern "C" {
extern char image_end[];
extern const char btf_start[], btf_end[];
using Initializer = void (*)();
extern Initializer init_array_start[], init_array_end[];
constinit refkernel::Thread::SchedState boot_thread_state;
// A kernel with helpers of its own (docs/porting.md) defines it, and registers them. 0, or negative errno.
[[gnu::weak]] int register_helpers() { return 0; }
}

namespace refkernel {

BootInfo boot_info;

namespace {

alignas(Thread) std::byte boot_thread_memory[sizeof(Thread)]; // never destroyed

void make_boot_thread() {
  Thread *thread = new (boot_thread_memory) Thread;
  thread->sched = &boot_thread_state;
  boot_thread_state.thread = thread;
  constexpr char kName[] = "swapper/0"; // of hart 0's idle thread, which it will be
  memcpy(thread->task.comm, kName, sizeof(kName));
  set_hart(boot_thread_state, harts[0]);
}

// All memory but the firmware's, the image, the device tree and the initramfs. What is below the image is the
// firmware's whether the tree says so or not.
void init_memory() {
  MemoryRange usable[std::size(machine.memory) + std::size(machine.reserved) + 2];
  uint32_t count = 0;
  uintptr_t image_last = reinterpret_cast<uintptr_t>(image_end) - kImageOffset;
  for (uint32_t i = 0; i < machine.memory_count; i++) {
    MemoryRange range = machine.memory[i];
    boot_info.memory_size += range.end - range.start;
    if (range.end <= image_last)
      continue;
    usable[count++] = {range.start > image_last ? range.start : image_last, range.end};
  }
  auto exclude = [&](MemoryRange hole) {
    hole = {align_down(hole.start, kPageSize), align_up(hole.end, kPageSize)};
    for (uint32_t i = 0; i < count; i++) {
      MemoryRange whole = usable[i];
      if (hole.start >= whole.end || hole.end <= whole.start)
        continue;
      usable[i] = {whole.start, hole.start > whole.start ? hole.start : whole.start};
      if (hole.end < whole.end && count < std::size(usable))
        usable[count++] = {hole.end, whole.end};
    }
  };
  for (uint32_t i = 0; i < machine.reserved_count; i++)
    exclude(machine.reserved[i]);
  exclude(machine.initrd);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++)
    if (usable[i].start < usable[i].end)
      usable[kept++] = usable[i];
  init_pages(usable, kept);
}

void fill_boot_info() {
  boot_info.command_line = machine.command_line;
  if (machine.initrd.end > machine.initrd.start) {
    boot_info.initrd = static_cast<const std::byte *>(to_direct(machine.initrd.start));
    boot_info.initrd_size = machine.initrd.end - machine.initrd.start;
  }
  boot_info.hart_count = hart_count;
  boot_info.isa = machine.isa;
}

void init_log_level() {
  static constexpr struct {
    std::string_view name;
    LogLevel level;
  } kLevels[] = {{"error", LogLevel::error},
                 {"warn", LogLevel::warn},
                 {"info", LogLevel::info},
                 {"debug", LogLevel::debug}};
  std::string_view wanted = command_line_option("loglevel");
  for (const auto &entry : kLevels)
    if (wanted == entry.name)
      log_limit = entry.level;
}

void print_banner() {
  char text[160];
  kbpf::TextBuffer line(text, sizeof(text));
  kbpf::print(line, "reference kernel for kbpf: {} hart{}, {} MiB, {}\n", hart_count,
              hart_count == 1 ? "" : "s", boot_info.memory_size >> 20,
              machine.isa ? machine.isa : "isa unknown");
  console_write(line.text().data(), line.text().size());
}

[[gnu::noinline]] void fault_on_purpose() { *reinterpret_cast<volatile int *>(8) = 1; }
[[gnu::noinline]] int recurse_on_purpose(volatile int *depth) {
  volatile char room[512];
  room[0] = static_cast<char>(*depth += 1);
  return *depth ? recurse_on_purpose(depth) + room[0] : 0;
}

// panic-test=null|stack on the command line: a kernel fault to look at.
void maybe_fault() {
  std::string_view kind = command_line_option("panic-test");
  volatile int depth = 0;
  if (kind == "null")
    fault_on_purpose();
  else if (kind == "stack")
    recurse_on_purpose(&depth);
}

} // namespace

extern "C" [[noreturn]] void boot_main(uint32_t hart_id, uintptr_t device_tree) {
  make_boot_thread();
  for (Initializer *function = init_array_start; function < init_array_end; function++)
    (*function)();
  if (!read_device_tree(device_tree)) // from here on, `machine` stays as it is
    panic("no usable device tree");
  init_console();
  init_clock();
  init_memory();
  init_kernel_map(); // from here on, kernel text is read-only
  init_boot_hart(hart_id);
  init_log_level();
  fill_boot_info();
  become_idle_thread(harts[0]);
  enable_interrupts_of_hart();
  start_other_harts();
  print_banner();
  maybe_fault();
  if (int error = kbpf_init(machine.isa))
    log(LogLevel::error, "machine", "the BPF runtime does not start: error {}", -error);
  if (size_t size = reinterpret_cast<uintptr_t>(btf_end) -
                    reinterpret_cast<uintptr_t>(btf_start)) // none in the first link
    if (int error = kbpf_set_kernel_btf(btf_start, size))
      log(LogLevel::error, "machine", "no types of the kernel: error {}", -error);
  if (int error = register_helpers())
    log(LogLevel::error, "machine", "a helper of the kernel's own is not taken: error {}", -error);
  init_plic();
  enable_console_input();
  start_ticking();
  auto init = create_kernel_thread("init", linux_main, nullptr);
  if (!init.ok())
    panic("no memory for the first thread");
  start(**init);
  idle_loop();
}

} // namespace refkernel
