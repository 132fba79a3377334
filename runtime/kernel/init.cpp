// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/engine.h"
#include "kernel/kbpf.h"
#include "kernel/probes/probes.h"

int kbpf_init(const char *isa) {
  kbpf::init_engine(isa);
  kbpf::Result<void> probes = kbpf::init_probes();
  return probes.ok() ? 0 : -kbpf::to_errno(probes.error());
}
