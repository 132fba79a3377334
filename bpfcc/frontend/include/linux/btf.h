/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The magic number of type information. */
#ifndef _KBPF_LINUX_BTF_H
#define _KBPF_LINUX_BTF_H

#include <linux/types.h>

#define BTF_MAGIC 0xeb9f
#define BTF_VERSION 1

#endif
