// SPDX-License-Identifier: MIT OR Apache-2.0
#include "kernel/syscall/command.h"

namespace kbpf::commands {
namespace {
constexpr uint32_t kNoNumaNode = ~0u;
} // namespace

Result<int64_t> map_create(Call &call) {
  const auto &attr = call.attr<kbpf_attr_map_create>();
  KBPF_TRY(call.check_unused(KBPF_USED_UP_TO(kbpf_attr_map_create, map_token_fd)));
  if (attr.btf_vmlinux_value_type_id || (attr.btf_key_type_id && !attr.btf_value_type_id) ||
      attr.map_ifindex || attr.value_type_btf_obj_fd || attr.map_token_fd)
    return Error::invalid;
  // Every hart is of node 0.
  if (attr.map_flags & KBPF_MAP_F_NUMA_NODE && attr.numa_node != 0 && attr.numa_node != kNoNumaNode)
    return Error::invalid;
  constexpr uint32_t kBloomFilter = 30;
  if (attr.map_extra && attr.map_type != kBloomFilter)
    return Error::invalid;
  MapSpec spec{attr.map_type, attr.key_size, attr.value_size, attr.max_entries, attr.map_flags, {},
               attr.map_extra};
  memcpy(spec.name, attr.map_name, sizeof(spec.name));
  if (!is_valid_object_name(spec.name))
    return Error::invalid;
  KBPF_TRY(require_permission());
  if (attr.btf_key_type_id || attr.btf_value_type_id)
    return Error::bad_fd; // no descriptor of this kernel holds BTF
  return install_fd(KBPF_TRY(create_map(spec)));
}

} // namespace kbpf::commands
