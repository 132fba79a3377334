/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Types of the C library that appear in what programs share with user space. */
#ifndef _KBPF_SYS_TYPES_H
#define _KBPF_SYS_TYPES_H

#include <linux/types.h>
#include <stddef.h>
#include <stdint.h>

typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef long ssize_t;
typedef long off_t;
typedef unsigned int mode_t;
typedef unsigned long ino_t;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;

#endif
