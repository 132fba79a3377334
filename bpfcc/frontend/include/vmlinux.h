/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The types that the kernel shows to programs: integer names, registers, and the BPF interface. A kernel's
 * own types (task_struct and the like) are in the vmlinux.h that "bpftool btf dump file KERNEL format c"
 * makes; give it by -I. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <asm/ptrace.h>
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef _Bool bool;
enum { false = 0, true = 1 };

typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned short umode_t;
typedef unsigned long size_t;
typedef long ssize_t;
typedef long long loff_t;
typedef unsigned long uintptr_t;
typedef __u32 dev_t;

#endif
