/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Lengths of names. */
#ifndef _KBPF_LINUX_LIMITS_H
#define _KBPF_LINUX_LIMITS_H

#define NR_OPEN 1024
#define NAME_MAX 255
#define PATH_MAX 4096
#define PIPE_BUF 4096

#endif
