/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Clocks, as bpf_timer_init and the kernel number them. */
#ifndef _KBPF_TIME_H
#define _KBPF_TIME_H

#include <linux/time.h>
#include <stddef.h>

typedef long time_t;
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};

#endif
