// SPDX-License-Identifier: MIT OR Apache-2.0
// The runtime's port (kernel/port.h) on this kernel, but for what is Linux's: descriptors, identities, the
// trace file.
#include "kernel/port.h"
#include "refkernel/lib/alloc.h"
#include "refkernel/machine/clock.h"
#include "refkernel/machine/csr.h"
#include "refkernel/machine/log.h"
#include "refkernel/machine/symbols.h"
#include "refkernel/mm/address_space.h"
#include "refkernel/mm/kernel_map.h"
#include "refkernel/mm/user_copy.h"
#include "refkernel/sched/hart.h"
#include "refkernel/sched/scheduler.h"
#include <cstring>

using namespace refkernel;

extern "C" {
extern const char text_start[], text_end[], noprobe_start[], noprobe_end[], runtime_start[], runtime_end[];
extern const char system_calls_start[], system_calls_end[];
}

namespace {

constexpr int kEfault = -14, kEinval = -22, kEnoent = -2;

bool is_in(uintptr_t address, const char *start, const char *end) {
  return address >= reinterpret_cast<uintptr_t>(start) && address < reinterpret_cast<uintptr_t>(end);
}

// Text that the kernel map has: the image's, or that of a BPF program.
bool is_text(uintptr_t address) {
  return is_in(address, text_start, text_end) ||
         (address >= kCodeArea && address - kCodeArea < kCodeAreaSize);
}

// False where the firmware keeps the register to itself: reading it is then an illegal instruction.
#define READ_COUNTER(name, value)                                                                            \
  ({                                                                                                         \
    uint64_t counter = 0, is_there = 0;                                                                      \
    asm volatile("1: csrr %0, " #name "\n"                                                                   \
                 "li %1, 1\n"                                                                                \
                 "2:\n"                                                                                      \
                 ".pushsection .exception_table, \"a\"\n"                                                    \
                 ".balign 8\n"                                                                               \
                 ".dword 1b, 2b\n"                                                                           \
                 ".popsection"                                                                               \
                 : "+r"(counter), "+r"(is_there)::"memory");                                                 \
    (value) = counter;                                                                                       \
    is_there != 0;                                                                                           \
  })

// xorshift64*, one state a hart; seeded from the clock on first use. Interrupts are off around each step.
uint64_t random_state[kMaxHarts];

} // namespace

extern "C" {

void *kbpf_port_alloc(size_t size, size_t align) { return heap_allocate(size, align); }
void kbpf_port_free(void *memory, size_t size, size_t align) { heap_free(memory, size, align); }

void *kbpf_port_pages_alloc(size_t pages) { return allocate_code_pages(pages); }
void kbpf_port_pages_free(void *first, size_t pages) { free_code_pages(first, pages); }

void *kbpf_port_ring_alloc(size_t head_pages, size_t data_pages) {
  return allocate_ring_pages(head_pages, data_pages);
}
void kbpf_port_ring_free(void *first, size_t head_pages, size_t data_pages) {
  free_ring_pages(first, head_pages, data_pages);
}

int kbpf_port_pages_protect(void *first, size_t pages, kbpf_protection protection) {
  if (!protect_code_pages(first, pages, protection))
    return kEinval;
  if (protection == KBPF_PROT_READ_EXEC)
    kbpf_port_sync_icache();
  return 0;
}

int kbpf_port_text_write(uintptr_t address, const void *bytes, size_t size) {
  if ((size != 2 && size != 4) || address % 2 || !is_text(address) || !is_text(address + size - 1))
    return kEinval;
  uint32_t value = 0;
  memcpy(&value, bytes, size);
  bool written;
  if (size == 4 && address % 4)
    // Second half first: until the first one changes, every hart runs the old instruction or stops at its
    // breakpoint.
    written = write_kernel_text(address + 2, value >> 16, 2) && write_kernel_text(address, value & 0xffff, 2);
  else
    written = write_kernel_text(address, value, size);
  if (!written)
    return kEfault;
  kbpf_port_sync_icache();
  return 0;
}

int kbpf_port_code_write(void *to, const void *from, size_t size) {
  const auto address = reinterpret_cast<uintptr_t>(to);
  bool is_code = address >= kCodeArea && address - kCodeArea < kCodeAreaSize &&
                 size <= kCodeAreaSize - (address - kCodeArea);
  return is_code && write_kernel_code(address, from, size) ? 0 : kEfault;
}

void kbpf_port_sync_icache(void) { sync_all_icaches(); }

// What the fast ways of user_copy.S leave.
int copy_from_user_or_efault(void *to, uint64_t user_from, size_t size) {
  return copy_from_user(to, user_from, size) ? 0 : kEfault;
}
int copy_to_user_or_efault(uint64_t user_to, const void *from, size_t size) {
  return copy_to_user(user_to, from, size) ? 0 : kEfault;
}

int kbpf_port_read_kernel(void *to, uint64_t from, size_t size) {
  // Not the user's half, and of the direct map RAM only: reading a device has effects.
  if (from < kDirectMap || size > UINT64_MAX - from)
    return kEfault;
  if (from < kDirectMap + kDirectMapSize && !is_kernel_ram(from, size))
    return kEfault;
  return copy_guarded(to, reinterpret_cast<const void *>(from), size) ? kEfault : 0;
}

int kbpf_port_read_user(void *to, uint64_t user_from, size_t size) {
  if (user_from >= kUserEnd || size > kUserEnd - user_from)
    return kEfault;
  // With interrupts off a fault is not settled but ends the copy.
  uintptr_t irq = irq_save();
  size_t missing = copy_guarded_user(to, reinterpret_cast<const void *>(user_from), size);
  irq_restore(irq);
  return missing ? kEfault : 0;
}

int kbpf_port_write_user(uint64_t user_to, const void *from, size_t size) {
  constexpr int kEperm = -1;
  if (!current() || !current()->process)
    return kEperm;
  if (user_to >= kUserEnd || size > kUserEnd - user_to)
    return kEfault;
  uintptr_t irq = irq_save();
  size_t missing = copy_guarded_user(reinterpret_cast<void *>(user_to), from, size);
  irq_restore(irq);
  return missing ? kEfault : 0;
}

uint64_t kbpf_port_time_ns(void) { return now_ns(); }

uint32_t kbpf_port_random_u32(void) {
  uintptr_t irq = irq_save();
  uint64_t &state = random_state[this_hart().index];
  if (!state)
    state = (read_time() << 8 | (this_hart().index + 1)) * 0x9e3779b97f4a7c15;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  uint32_t result = static_cast<uint32_t>(state * 0x2545f4914f6cdd1d >> 32);
  irq_restore(irq);
  return result;
}

void kbpf_port_timer_arm(uint64_t deadline_ns) {
  set_program_deadline(deadline_ns == UINT64_MAX ? 0 : deadline_ns ? deadline_ns : 1);
}

void kbpf_port_cpu_kick(uint32_t cpu) {
  const uintptr_t irq = irq_save();
  serve_programs_soon(harts[cpu]);
  irq_restore(irq);
}

int kbpf_port_counter(kbpf_counter counter, uint64_t *value) {
  constexpr int kEopnotsupp = -95;
  const bool is_there =
      counter == KBPF_COUNTER_CYCLES ? READ_COUNTER(cycle, *value) : READ_COUNTER(instret, *value);
  return is_there ? 0 : kEopnotsupp;
}

uint32_t kbpf_port_cpu(void) { return this_hart().index; }
uint32_t kbpf_port_cpu_count(void) { return hart_count; }

const kbpf_machine *kbpf_port_machine(void) {
  static constinit kbpf_machine machine{};
  constexpr kbpf_u8 kTp = 4;
  using State = Thread::SchedState;
  machine.cpu = {.base = kTp, .bytes = sizeof(State::cpu), .through = -1, .offset = offsetof(State, cpu)};
  static_assert(offsetof(task_struct, pid) % 8 == 0 &&
                offsetof(task_struct, tgid) == offsetof(task_struct, pid) + 4);
  const Thread &self = *current();
  const auto from_thread = reinterpret_cast<uintptr_t>(&self.task.pid) - reinterpret_cast<uintptr_t>(&self);
  machine.pid_tgid = {
      .base = kTp, .bytes = 8, .through = kOffsetOfThread, .offset = static_cast<kbpf_s16>(from_thread)};
  machine.time.multiplier = whole_ns_per_tick();
  return &machine;
}

uintptr_t kbpf_port_irq_save(void) { return irq_save(); }
void kbpf_port_irq_restore(uintptr_t state) { irq_restore(state); }
void kbpf_port_relax(void) { yield(); }

void kbpf_port_symbol_lookup(const char *name, size_t length, kbpf_symbol_visitor visit, void *user) {
  for_each_symbol_named({name, length}, visit, user);
}
int kbpf_port_symbol_at(uintptr_t address, kbpf_symbol *symbol) {
  return symbol_at(address, *symbol) ? 0 : kEnoent;
}

uintptr_t kbpf_port_variable(const char *name, size_t length) { return variable_named({name, length}); }
void *kbpf_port_cpu_variable(uintptr_t variable, uint32_t cpu) {
  return is_in(variable, percpu_start, percpu_end) ? &on_hart(*reinterpret_cast<char *>(variable), cpu) : nullptr;
}

int kbpf_port_task_stopped(uint64_t object, uint64_t *pc, uint64_t *fp) {
  constexpr int kEagain = -11;
  using State = Thread::SchedState;
  enum { kSavedRa = 0, kSavedFp = 2 }; // switch.S
  const uint64_t thread = object - offsetof(Thread, task);
  uint64_t state = 0, saved[kSavedFp + 1];
  bool running = true;
  const auto read = [](auto &to, uint64_t from) { return kbpf_port_read_kernel(&to, from, sizeof(to)) == 0; };
  const auto runs = [&] { return !read(running, state + offsetof(State, running)) || running; };
  if (!kbpf_port_task_id(object) || !read(state, thread + offsetof(Thread, sched)))
    return kEnoent;
  if (runs() || !read(saved, state + offsetof(State, saved)) || runs())
    return kEagain;
  *pc = saved[kSavedRa];
  *fp = saved[kSavedFp];
  return 0;
}

int kbpf_port_may_probe(uintptr_t address) {
  // Boot code has no traps yet; the other two parts run between a breakpoint and its resumption (kernel.ld).
  return is_in(address, runtime_end, text_end);
}

// The compiler puts four nops before each function (CMakeLists.txt); what the runtime has written over them begins with
// auipc t0.
size_t kbpf_port_entry_room(uintptr_t function) {
  constexpr size_t kRoom = 8;
  constexpr uint64_t kNops = 0x0001'0001'0001'0001, kAuipcMask = 0xfff, kAuipcT0 = 0x297;
  uint64_t before;
  if (!is_in(function, runtime_end, text_end) || !is_in(function - kRoom, runtime_end, text_end))
    return 0;
  memcpy(&before, reinterpret_cast<const void *>(function - kRoom), sizeof(before));
  return before == kNops || (before & kAuipcMask) == kAuipcT0 ? kRoom : 0;
}

// System calls may fail, or succeed, in any way: their result goes to a process.
int kbpf_port_may_override(uintptr_t function) {
  return is_in(function, system_calls_start, system_calls_end);
}

void kbpf_port_log(const char *line, size_t size) { log_line(LogLevel::info, "kbpf", {line, size}); }
void kbpf_port_console_write(const char *text, size_t size) { console_write(text, size); }
void kbpf_port_panic(const char *text) { panic(text); }

} // extern "C"
