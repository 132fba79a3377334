/* SPDX-License-Identifier: MIT OR Apache-2.0
 * System call numbers of the machine that the program watches. */
#ifndef _KBPF_ASM_UNISTD_H
#define _KBPF_ASM_UNISTD_H
#ifdef __TARGET_ARCH_x86
#include <asm/unistd_64.h>
#elif defined(__TARGET_ARCH_arm) || defined(__TARGET_ARCH_mips) || defined(__TARGET_ARCH_powerpc) ||         \
    defined(__TARGET_ARCH_s390)
#error "no system call numbers of this machine are built in: give the kernel's header by -I"
#else
#include <asm-generic/unistd.h>
#endif
#endif
