// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/engine.h"
#include "kernel/epoch.h"
#include "kernel/kbpf.h"
#include "kernel/log.h"
#include "kernel/probes/probes.h"

int kbpf_init(const char *isa) {
  if (kbpf_port_cpu_count() > kbpf::kMaxCpus)
    return -kbpf::to_errno(kbpf::Error::not_supported);
  kbpf::init_engine(isa);
  kbpf::Result<void> probes = kbpf::init_probes();
  return probes.ok() ? 0 : -kbpf::to_errno(probes.error());
}
