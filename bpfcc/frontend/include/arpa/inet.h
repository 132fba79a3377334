/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Byte order of the network. */
#ifndef _KBPF_ARPA_INET_H
#define _KBPF_ARPA_INET_H

#include <netinet/in.h>

#define htons(x) __builtin_bswap16(x)
#define ntohs(x) __builtin_bswap16(x)
#define htonl(x) __builtin_bswap32(x)
#define ntohl(x) __builtin_bswap32(x)

#endif
