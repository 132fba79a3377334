/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Whom a packet was meant for. */
#ifndef _KBPF_LINUX_IF_PACKET_H
#define _KBPF_LINUX_IF_PACKET_H

#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define PACKET_MULTICAST 2
#define PACKET_OTHERHOST 3
#define PACKET_OUTGOING 4
#define PACKET_LOOPBACK 5
#define PACKET_USER 6
#define PACKET_KERNEL 7

#endif
