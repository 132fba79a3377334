/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The version that programs are written for. Kernels no longer compare it. */
#ifndef _KBPF_LINUX_VERSION_H
#define _KBPF_LINUX_VERSION_H

#define LINUX_VERSION_CODE 393216
#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))

#endif
