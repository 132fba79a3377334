// SPDX-License-Identifier: MIT OR Apache-2.0
// Between PROG_LOAD_EX and the two kinds of objects that it takes: the maps that the caller bound by name,
// and one function a kind, which turns an object into a program.
#pragma once
#include "core/base/text.h"
#include "kernel/program_loader.h"
#include <span>
#include <string_view>

namespace kbpf {

struct MapBinding {
  char name[KBPF_MAX_NAME];
  Ref<Map> map;
};

struct ObjectSource {
  std::span<const std::byte> bytes; // 8-byte aligned
  std::string_view prog_name;       // empty: the object's first
  std::span<MapBinding> bindings;
  uint32_t log_level;
  TextSink *log; // takes the verifier's log and one line for every other cause

  // Null where the caller bound no map of that name.
  Map *bound_map(std::string_view name) const {
    for (const MapBinding &binding : bindings)
      if (name == binding.name)
        return binding.map.get();
    return nullptr;
  }
};

// Errors: bad_object, not_found (a program or a map), invalid (a bound map of another shape), those of
// create_map() and of ProgramLoader::load().
Result<Ref<Program>> load_kbpf_object(const ObjectSource &source, ProgramLoader &loader);
Result<Ref<Program>> load_zcore_object(const ObjectSource &source, ProgramLoader &loader);

// KBPF_PROFILE_* of an ELF object: what .kbpf.abi says, zcore where there is none.
Result<uint32_t> profile_of_object(std::span<const std::byte> bytes, TextSink &why);

} // namespace kbpf
