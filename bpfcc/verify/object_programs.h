// SPDX-License-Identifier: MIT OR Apache-2.0
// The programs of a BPF object, ready for the verifier. An object of the kbpf profile is read as the kernel
// reads it; any other goes through the relocator's passes first, as bpfcc would take it.
#pragma once
#include "bpfcc/diag.h"
#include "bpfcc/relocator/judge.h"
#include "core/image/object_view.h"
#include <memory>
#include <optional>

namespace bpfcc {

struct NamedProgram {
  std::string_view name;
  kbpf::RawProgram program; // type is null where the profile does not have the program's type
};

// What is known of the kernel, and asked of the verifier.
struct JudgedFor {
  const Btf *types = nullptr;    // CO-RE accesses of plain objects follow them; must outlive the programs
  bool strict_alignment = false; // see kbpf::RawProgram
};

class ObjectPrograms {
public:
  // Takes the bytes of the object at path. False: the object cannot be read, an error was reported.
  bool open(const std::string &path, std::string bytes, const JudgedFor &kernel, Diagnostics &diag);
  std::span<const NamedProgram> programs() const { return programs_; }

private:
  bool open_finished(const std::string &path, Diagnostics &diag);
  bool open_plain(const std::string &path, Diagnostics &diag);

  std::vector<uint64_t> storage_; // the bytes, aligned as ObjectView needs them
  std::string_view bytes_;
  std::optional<kbpf::ObjectView> view_;
  RelocatorOptions options_;
  std::unique_ptr<Image> image_; // of a plain object
  std::vector<kbpf::MapRef> maps_;
  std::unique_ptr<FunctionTypes> types_;
  std::vector<NamedProgram> programs_;
};

} // namespace bpfcc
