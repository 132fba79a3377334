// SPDX-License-Identifier: MIT OR Apache-2.0
// Before or after each other, and twice.
// RUN: %bpfcc -fsyntax-only %s
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include "vmlinux.h"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdarg.h>
#include <limits.h>
#include <bpf/bpf_helpers.h>
