// SPDX-License-Identifier: MIT OR Apache-2.0
// Weak definitions of what the kernel's Linux half and the BPF runtime do not define yet, so that the machine
// half can be linked and booted alone. Goes when both are in.
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include "refkernel/linux/hooks.h"
#include "refkernel/machine/log.h"

namespace refkernel {
[[gnu::weak]] void linux_main(void *) { power_off(0); }
[[gnu::weak]] void handle_syscall(TrapFrame &) { panic("no system calls in this kernel"); }
[[gnu::weak]] void handle_user_exception(TrapFrame &, UserFault, uintptr_t) {
  panic("no signals in this kernel");
}
[[gnu::weak]] void before_user_return(TrapFrame &) { panic("no signals in this kernel"); }
[[gnu::weak]] void on_thread_exit(Thread &) {}
[[gnu::weak]] void console_input(char) {}
[[gnu::weak]] void on_timer_tick() {}
} // namespace refkernel

extern "C" {
[[gnu::weak]] int kbpf_init(const char *) { return 0; }
[[gnu::weak]] int kbpf_on_breakpoint(kbpf_regs *) { return 0; }
[[gnu::weak]] int kbpf_on_fault(kbpf_regs *) { return 0; }
[[gnu::weak]] void kbpf_on_thread_exit(uint64_t) {}
[[gnu::weak]] int kbpf_port_fd_install(kbpf_object *, const char *, int) { return -38; }
[[gnu::weak]] kbpf_object *kbpf_port_fd_get(int) { return nullptr; }
[[gnu::weak]] void kbpf_port_trace_wake(void) {}
[[gnu::weak]] int kbpf_port_may_use_bpf(void) { return 0; }
[[gnu::weak]] void kbpf_port_current(kbpf_thread *thread) { *thread = {}; }
}
