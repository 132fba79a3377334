/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The names that user space knows it by. */
#ifndef _KBPF_NETINET_IN_H
#define _KBPF_NETINET_IN_H

#include <linux/in.h>
#include <linux/in6.h>
#include <stdint.h>
#include <sys/socket.h>

typedef uint32_t in_addr_t;
typedef uint16_t in_port_t;

#endif
