// SPDX-License-Identifier: MIT OR Apache-2.0
// Functions that exist to be probed: /proc/probe_targets calls them, so that tests and tutorials have a
// recursive function and two of one name.
#pragma once
#include "core/base/text.h"

namespace refkernel {

uint64_t recurse_for_probe_test(uint64_t level); // calls itself down to 0; returns level
uint64_t overloaded_for_probe_test(uint32_t value);
uint64_t overloaded_for_probe_test(uint64_t value);

// Calls each (the first with level 9) and writes their results.
void generate_probe_targets(kbpf::TextSink &sink, uint64_t);

} // namespace refkernel
