// SPDX-License-Identifier: MIT OR Apache-2.0
// The runtime's port to an ordinary process. Threads stand for CPUs, the process's own memory for user and
// kernel memory, a vector for the fd table; tests fill the symbol table, name the memory that is kernel text,
// read the captured console and make allocations fail. What the runtime may not do (a free of another size;
// allocating, waiting or touching user memory with interrupts off) aborts the test.
#pragma once
#include "kernel/kbpf.h"
#include "kernel/object.h"
#include "kernel/port.h"
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace kbpf::hostport {

// Back to the state at start: fds closed, no symbols, no text, console empty, no failing allocation, one CPU,
// default thread. Aborts where memory or pages are still allocated afterwards and check_leaks is set.
void reset(bool check_leaks = true);

// While it lives, the calling thread is CPU number cpu (below the count). A thread without one is CPU 0.
class BoundCpu {
public:
  explicit BoundCpu(uint32_t cpu);
  ~BoundCpu();
  BoundCpu(const BoundCpu &) = delete;
  BoundCpu &operator=(const BoundCpu &) = delete;

private:
  uint32_t previous_;
};
void set_cpu_count(uint32_t count);
bool interrupts_off(); // of the calling thread

// The thread that kbpf_port_current reports to the calling host thread.
void set_current(const kbpf_thread &thread);
// Threads by the address of their structure: that of set_current is one. 0 as number: it has ended.
void set_task(uint64_t object, uint64_t id);
void set_stopped(uint64_t object, uint64_t pc, uint64_t fp); // where kbpf_port_task_stopped says it is
// What kbpf_port_find_area finds, and whether it says that the memory is being changed.
void add_area(uint64_t object, uint64_t first, uint64_t end, uint64_t structure);
void set_areas_change(bool change);
inline constexpr uint64_t kNamespaceDevice = 12, kNamespaceInode = 0xeffffffc; // kbpf_port_pid_namespace's
void set_cycles(uint32_t cpu, uint64_t count); // KBPF_COUNTER_CYCLES; there is no other
int open_pidfd(uint64_t object);           // a descriptor of its process
void set_may_use_bpf(bool may);            // all capabilities, or none
void set_capabilities(uint64_t bits);      // bit n: that of number n
void set_memory_limit(uint64_t bytes);     // of the user's objects
uint64_t charged_memory();                 // what they take
void set_user_regs(const kbpf_regs *regs); // of the calling host thread; null: a kernel thread
std::string take_signals();                // "9" to the process, "9t" to the thread; separated by blanks
void set_time_ns(uint64_t now);            // stands still there; 0: the host's monotonic clock
uint64_t timer_deadline(uint32_t cpu); // what kbpf_port_timer_arm was last told there; UINT64_MAX: nothing

// Memory that kbpf_port_text_write may change (besides pages of the port) and whose addresses may be probed.
void add_text(void *first, size_t size);
void forbid_probes(uintptr_t first, size_t size); // kbpf_port_may_probe says no there
void allow_override(uintptr_t function);          // kbpf_port_may_override says yes
void add_symbol(const std::string &name, const std::string &demangled, uintptr_t address, size_t size);
// A variable of the kernel; stride: from one CPU's copy to the next one's, 0: there is only one.
void add_variable(const std::string &name, const void *address, size_t stride);
void add_alias(const std::string &alias, const std::string &name);
void before_next_kernel_read(
    std::function<void()> action); // done once, just before kbpf_port_read_kernel reads
unsigned text_writes();            // number of kbpf_port_text_write calls since reset

// File descriptors, from 3 up.
void close_fd(int fd);
int open_foreign_fd();                     // an fd that is no BPF object
void unlink_path(const std::string &path); // a name in the bpf file system
bool has_path(const std::string &path);
kbpf_object *object_of(int fd);            // with a reference for the caller; null where there is none
size_t open_fds();

// The nth allocation from now on fails (0: the next one), of memory and of pages alike; negative: none does.
// Those after it work again.
void fail_allocation(int64_t nth);
size_t live_allocations(); // of memory and of pages, not yet freed
uint64_t allocation_count();
void keep_allocations(); // what is allocated now may stay for good, across reset too: it is no leak

std::string take_console(); // what was written since the last call
std::string take_log();     // the runtime's own lines, likewise
unsigned trace_wakes();     // since reset
unsigned poll_wakes();

} // namespace kbpf::hostport
