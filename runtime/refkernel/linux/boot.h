// SPDX-License-Identifier: MIT OR Apache-2.0
// Steps of linux_main().
#pragma once
namespace refkernel {
void fill_syscall_table();
}
