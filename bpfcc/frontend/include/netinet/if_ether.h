/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The names that user space knows it by. */
#ifndef _KBPF_NETINET_IF_ETHER_H
#define _KBPF_NETINET_IF_ETHER_H

#include <linux/if_ether.h>
#include <net/ethernet.h>

#endif
