// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_TEST_RUN: what the kinds of programs share. Each kind follows Linux's (net/bpf/test_run.c's
// documented behaviour): which fields it takes, which errors it gives, what comes back.
#pragma once
#include "kernel/syscall/command.h"

namespace kbpf::test_run {

using Attr = kbpf_attr_prog_test_run;

struct Outcome {
  uint32_t r0;
  uint32_t duration; // ns of one run, on average
};
// Runs the program repeat times (0: once) on the same context.
Outcome run(const Program &program, void *context, uint32_t repeat);

// The caller's context, as long as both know it; zeros where it gives none. Errors: too_big (something behind
// what is known here), bad_address.
Result<void> copy_context_in(const Attr &attr, void *context, uint32_t size);
inline bool has_context(const Attr &attr) { return attr.ctx_in || attr.ctx_out; }

// Gives the caller what a run on a packet brought. context may be null. Errors: bad_address; no_space, where
// something was cut to the room that there was.
Result<int64_t> finish(const Call &call, const Attr &attr, Outcome outcome, std::span<const std::byte> packet,
                       const void *context, uint32_t context_size);

Result<int64_t> run_on_skb(const Call &call, const Attr &attr, const Program &program, bool is_classifier);
Result<int64_t> run_on_xdp(const Call &call, const Attr &attr, const Program &program);

} // namespace kbpf::test_run
