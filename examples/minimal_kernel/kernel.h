/* SPDX-License-Identifier: MIT OR Apache-2.0
 * A kernel of one hart, without processes: as little as there has to be for programs to be loaded and to
 * fire. */
#pragma once
#include "kernel/kbpf.h"
#include "kernel/port.h"
#include <stddef.h>
#include <stdint.h>

/* memory.c: RAM is 128 MiB from 0x80000000 on; see the table there. */
void memory_init(void);
int is_ram(uint64_t address, size_t size);
size_t copy_or_stop(void *to, const void *from,
                    size_t size); /* start.S: how many bytes could not be copied */

/* trap.c: the firmware's services. */
void print(const char *text);
void print_number(uint64_t number);
void set_alarm(uint64_t ticks); /* of the time register */
void power_off(int failed) __attribute__((noreturn));

/* port.c */
void descriptor_close(int fd);

/* make_symbols.awk: the functions by address; ends with an entry without a name. */
extern const struct kbpf_symbol kernel_symbols[];
