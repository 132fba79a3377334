// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/analysis.h"
#include <optional>

namespace kbpf {
namespace {

// The fd that a zcore program hands over is a number that it has loaded; the map is the one that has this fd.
std::optional<uint16_t> map_of_fd(std::span<const MapRef> maps, const Value &value) {
  if (!value.is_scalar() || !value.number.is_constant())
    return std::nullopt;
  for (size_t i = 0; i < maps.size(); i++)
    if (maps[i].fd_slot != 0 && maps[i].fd == static_cast<uint32_t>(value.number.value()))
      return static_cast<uint16_t>(i);
  return std::nullopt;
}

} // namespace

bool fills_value(kbpf_arg_type arg, const MapRef &map) {
  constexpr uint32_t kBloomFilter = 30;
  return arg == KBPF_ARG_MAP_VALUE_OUT && map.type != kBloomFilter;
}

HelperCall resolve_call(const Analysis &analysis, const State &state, const HelperProto &proto) {
  HelperCall call{.proto = &proto};
  for (unsigned i = 0; i < 5; i++) {
    const Value &value = state.reg(i + 1);
    if (proto.args[i] == KBPF_ARG_MAP && value.kind == Kind::map) {
      call.map = &analysis.map(value);
      call.index = value.map;
      call.is_inner = value.is_inner;
    } else if (proto.args[i] == KBPF_ARG_MAP_FD) {
      if (std::optional<uint16_t> index = map_of_fd(analysis.program.maps, value)) {
        call.map = &analysis.program.maps[*index];
        call.index = *index;
      }
    }
  }
  return call;
}

} // namespace kbpf
