/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Byte order of the network and of the program. BPF objects here are little-endian; a big-endian target swaps
 * nothing. Constants are converted at compile time. */
#ifndef __BPF_ENDIAN__
#define __BPF_ENDIAN__

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ___bpf_big(bits, x) __builtin_bswap##bits(x)
#define ___bpf_little(bits, x) (x)
#else
#define ___bpf_big(bits, x) (x)
#define ___bpf_little(bits, x) __builtin_bswap##bits(x)
#endif

#define bpf_htons(x) ___bpf_big(16, x)
#define bpf_ntohs(x) ___bpf_big(16, x)
#define bpf_htonl(x) ___bpf_big(32, x)
#define bpf_ntohl(x) ___bpf_big(32, x)
#define bpf_cpu_to_be64(x) ___bpf_big(64, x)
#define bpf_be64_to_cpu(x) ___bpf_big(64, x)

#define bpf_cpu_to_be16(x) ___bpf_big(16, x)
#define bpf_be16_to_cpu(x) ___bpf_big(16, x)
#define bpf_cpu_to_be32(x) ___bpf_big(32, x)
#define bpf_be32_to_cpu(x) ___bpf_big(32, x)
#define bpf_cpu_to_le16(x) ___bpf_little(16, x)
#define bpf_le16_to_cpu(x) ___bpf_little(16, x)
#define bpf_cpu_to_le32(x) ___bpf_little(32, x)
#define bpf_le32_to_cpu(x) ___bpf_little(32, x)
#define bpf_cpu_to_le64(x) ___bpf_little(64, x)
#define bpf_le64_to_cpu(x) ___bpf_little(64, x)

/* Names of the steps behind these, which programs use, too. */
#define ___bpf_swab16(x) __builtin_bswap16(x)
#define ___bpf_swab32(x) __builtin_bswap32(x)
#define ___bpf_swab64(x) __builtin_bswap64(x)
#define __bpf_htons(x) bpf_htons(x)
#define __bpf_ntohs(x) bpf_ntohs(x)
#define __bpf_htonl(x) bpf_htonl(x)
#define __bpf_ntohl(x) bpf_ntohl(x)
#define __bpf_constant_htons(x) bpf_htons(x)
#define __bpf_constant_ntohs(x) bpf_ntohs(x)
#define __bpf_constant_htonl(x) bpf_htonl(x)
#define __bpf_constant_ntohl(x) bpf_ntohl(x)
#define __bpf_cpu_to_be64(x) bpf_cpu_to_be64(x)
#define __bpf_be64_to_cpu(x) bpf_be64_to_cpu(x)

#endif
