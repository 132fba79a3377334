/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Error numbers. */
#ifndef _KBPF_ASM_ERRNO_H
#define _KBPF_ASM_ERRNO_H

#include <linux/errno.h>

#endif
