/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The names that user space knows it by. */
#ifndef _KBPF_NETINET_TCP_H
#define _KBPF_NETINET_TCP_H

#include <linux/tcp.h>

#endif
