// SPDX-License-Identifier: MIT OR Apache-2.0
// From the timer tick: wakes the readers of trace_pipe where the runtime has announced new text.
#pragma once
namespace refkernel {
void wake_trace_readers();
}
