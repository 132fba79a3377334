// SPDX-License-Identifier: MIT OR Apache-2.0
// Where registers with a role in calls are in kbpf_regs::x, which begins with x1.
#pragma once

namespace kbpf {

enum : unsigned { kRegRa = 0, kRegSp = 1, kRegFp = 7, kRegA0 = 9 };

} // namespace kbpf
