// SPDX-License-Identifier: MIT OR Apache-2.0
// One boot of the reference kernel in QEMU: starts it, streams the guest's console, waits for its end or for
// a deadline.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bpfcc {

struct GuestOptions {
  std::string qemu = "qemu-system-riscv64";
  std::string kernel;       // ELF file
  std::string initrd;       // cpio archive
  std::string command_line; // of the kernel
  unsigned harts = 1;
  unsigned memory_mib = 256;
  unsigned timeout_s = 60;
  bool interactive = false;       // the guest's console reads this process's standard input
  bool show_boot = false;         // print what firmware and kernel say before the command starts
  std::vector<std::string> extra; // more arguments for QEMU
};

// What the command's line of the guest's init begins with: everything before it is the boot log.
inline constexpr char kStartedMarker[] = "\x1e"
                                         "bpfcc-run started";

enum class GuestEnd { exited, timed_out, not_started, failed_to_boot, panicked };

struct GuestResult {
  GuestEnd end;
  int status;           // exited: of the command
  std::string boot_log; // firmware's and kernel's lines before the command, for messages
};

// Ends the guest at a stop signal that catch_stop_signals() has caught; the result is then of no meaning.
GuestResult run_guest(const GuestOptions &options);

// From here on ^C, SIGTERM and SIGHUP are noted instead of ending the program.
void catch_stop_signals();
int received_stop_signal(); // 0: none

} // namespace bpfcc
