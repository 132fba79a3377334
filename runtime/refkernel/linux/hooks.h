// SPDX-License-Identifier: MIT OR Apache-2.0
// What the machine half of the reference kernel (machine/, mm/, sched/) calls in its Linux half (linux/).
#pragma once
#include "refkernel/sched/thread.h"
#include <cstddef>
#include <cstdint>

namespace refkernel {

struct BootInfo { // from the device tree
  const char *command_line;
  const std::byte *initrd; // mapped; null where there is none
  size_t initrd_size;
  size_t memory_size;
  uint32_t hart_count;
  const char *isa; // riscv,isa of the boot hart
};
extern BootInfo boot_info;

// Thread "init": unpacks the initramfs, opens /dev/console as 0, 1, 2, and executes the program that the
// command line names (init=PATH and everything behind "--" as arguments; default /init). Does not return.
void linux_main(void *);

void handle_syscall(TrapFrame &frame); // ecall from user mode; epc is past the ecall already; interrupts on
// Any other exception from user mode that the machine half could not settle: becomes a signal.
enum class UserFault { illegal_instruction, breakpoint, bad_address, bus_error, misaligned };
void handle_user_exception(TrapFrame &frame, UserFault fault, uintptr_t address);
// Only where current()->signal_pending, which it clears; interrupts on.
void before_user_return(TrapFrame &frame);
void on_thread_exit(Thread &thread);
// A hart goes from one thread to another: interrupts off, from's scheduling state locked.
enum class SwitchReason { preempted, sleeps, sleeps_deaf, ended };
void report_switch(const Thread &from, const Thread &to, SwitchReason reason);
void console_input(char c);    // interrupt context: a character from the UART
void on_timer_tick();          // interrupt context, each hart
void serve_bpf_requests();     // the same; on each software interrupt and each tick
} // namespace refkernel
