// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's types as the verifier takes them: what programs are attached to, and what the objects that
// they look into are like.
#pragma once
#include "bpfcc/relocator/map_records.h"
#include "core/btf/btf.h"
#include "core/verifier/program.h"
#include <optional>
#include <string_view>

namespace bpfcc {

class FunctionTypes;

class KernelObjects {
public:
  // bytes: BTF, which must outlive this. It is read when a program needs it; types that are malformed count
  // as not known.
  enum class Source : uint8_t {
    kernel, // that will run the programs
    object, // they themselves: what they were compiled against, which is not all that there is
  };
  KernelObjects(std::string_view bytes, Source source);

  // Adds what the verifier has to know of the kernel to a program that depends on it. section: the prefix of
  // its SEC name, target: what stands behind it.
  void describe(std::string_view section, std::string_view target, kbpf::RawProgram &raw);

  // Adds what the maps keep of the kernel's objects and of the program's. This has to outlive them.
  void describe_maps(const Image &image, const FunctionTypes &types, std::span<kbpf::MapRef> maps);

private:
  void parse();

  std::string_view bytes_;
  const Source source_;
  kbpf::Arena arena_;
  std::optional<kbpf::Btf> types_;
  bool is_parsed_ = false;
  MapRecords records_;
};

} // namespace bpfcc
