// The context of a perf_event program is laid out as the verifier's table has it: the registers that user
// space knows (on RISC-V 32 words, not all of pt_regs), then what was sampled.
// RUN: %bpfcc %s -o %t.o
// RUN: %bpfcc --abi=linux %s -o %t.linux.o
// RUN: %bindir/kbpf-verify %t.linux.o | FileCheck %s
// CHECK: sample: accepted
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

SEC("perf_event")
int sample(struct bpf_perf_event_data *context) {
  return context->sample_period + context->addr + context->regs.pc;
}

_Static_assert(__builtin_offsetof(struct bpf_perf_event_data, sample_period) == 256, "");

char license[] SEC("license") = "GPL";
