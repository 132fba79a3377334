// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's verifier on the host: what it takes of an image, and one verdict. bpfcc's verify pass and
// kbpf-verify share it, so that both judge the same program.
#pragma once
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/kernel_objects.h"
#include "core/btf/btf.h"
#include "core/image/object_view.h"
#include "core/verifier/verifier.h"
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bpfcc {

// The type of a map's values; of a data section that of the section. 0: not known.
uint32_t value_type(const Image &image, const Map &map);
// Maps as their definitions describe them. They refer to the image.
std::vector<kbpf::MapRef> map_refs(const Image &image);

// What BTF says of an object's functions, and of the structures that it allocates or keeps in maps, as the
// verifier takes it. Programs and maps refer to it.
class FunctionTypes {
public:
  explicit FunctionTypes(const Image &image);
  explicit FunctionTypes(const kbpf::ObjectView &object);
  void describe(const Program &program, kbpf::RawProgram &raw);                           // of the image
  void describe(const kbpf::ObjectView &object, uint32_t program, kbpf::RawProgram &raw); // of the object
  const kbpf::Btf *types() const { return btf_ ? &*btf_ : nullptr; } // null: none, or some that are malformed
  // Of a type of the image, in types(). 0: it is not there.
  uint32_t id_of(uint32_t type) const { return type < own_ids_.size() ? own_ids_[type] : 0; }

private:
  void parse();

  kbpf::Arena arena_;
  std::string bytes_;
  std::optional<kbpf::Btf> btf_; // none: no types, or some that are malformed
  std::vector<uint32_t> ids_;    // of an image's functions
  std::vector<uint32_t> own_ids_; // of an image's types, where maps or programs need them
};

// A program whose code apply has finished; type must not be null. The result refers to all arguments.
kbpf::RawProgram raw_program(const Image &image, const Program &program, const kbpf::ProgTypeInfo &type,
                             std::span<const kbpf::MapRef> maps, FunctionTypes &types, KernelObjects &kernel);

struct Verdict {
  bool accepted;
  kbpf::Error error;         // where not accepted
  kbpf::Rejection rejection; // id 0: accepted, or the verifier itself failed (no memory)
  kbpf::VerifyStats stats;
};
Verdict judge(const kbpf::RawProgram &program, const kbpf::VerifyOptions &options);

std::string rejection_tag(const kbpf::Rejection &rejection); // "V028 map-value-out-of-bounds"

} // namespace bpfcc
