// SPDX-License-Identifier: MIT OR Apache-2.0
// What uname and /proc say of this system. Programs compare the release with Linux's to know what to expect.
#pragma once
namespace refkernel {
constexpr const char *kSystemName = "Linux";
constexpr const char *kSystemRelease = "6.6.0-kbpf";
constexpr const char *kSystemVersion = "#1 SMP kbpf reference kernel";
constexpr const char *kSystemMachine = "riscv64";
constexpr const char *kHostName = "kbpf";
} // namespace refkernel
