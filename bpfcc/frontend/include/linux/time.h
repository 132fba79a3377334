/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Clocks, as bpf_timer_init and the kernel number them. */
#ifndef _KBPF_LINUX_TIME_H
#define _KBPF_LINUX_TIME_H

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_BOOTTIME 7
#define CLOCK_TAI 11

#endif
