// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel/sched/per_cpu.h"

#define PER_CPU [[gnu::section(".bss..percpu")]]

extern "C" {
PER_CPU rq runqueues;
PER_CPU kernel_stat kstat;
PER_CPU int cpu_number;
}
