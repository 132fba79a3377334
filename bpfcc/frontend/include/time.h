/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Clocks, as bpf_timer_init and the kernel number them. */
#ifndef _KBPF_TIME_H
#define _KBPF_TIME_H

#include <linux/time.h>
/* Not all of it: a vmlinux.h has a wchar_t of its own. */
#define __need_size_t
#define __need_NULL
#include <stddef.h>

typedef long time_t;
struct timespec {
  time_t tv_sec;
  long tv_nsec;
};

#endif
