/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Names of network interfaces. */
#ifndef _KBPF_LINUX_IF_H
#define _KBPF_LINUX_IF_H

#define IFNAMSIZ 16
#define IFALIASZ 256

#endif
