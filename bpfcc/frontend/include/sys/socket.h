/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The names that user space knows it by. */
#ifndef _KBPF_SYS_SOCKET_H
#define _KBPF_SYS_SOCKET_H

#include <linux/socket.h>
#include <sys/types.h>

typedef unsigned int socklen_t;

#endif
