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
  kbpf::RawProgram program;        // type is null where the profile does not have the program's type
  const Program *linked = nullptr; // of a plain object
  bool is_by_own_types = false;    // the kernel's types are not known: they are the object's
  uint32_t section = 0, first = 0; // of a finished object: where its code begins, in slots
};

// The lines of C of one program, by its object's .BTF.ext.
class ProgramLines final : public kbpf::SourceLines {
public:
  // program: of a plain object; else null, and its code begins at a slot of a section.
  ProgramLines(const Image &image, const Program *program, uint32_t section, uint32_t first)
      : image_(image), program_(program), section_(section), first_(first) {}
  bool find(uint32_t insn, kbpf::SourceLine &line) const override;

private:
  const LineInfo *record(uint32_t insn) const;

  const Image &image_;
  const Program *program_;
  uint32_t section_, first_;
};

// What is known of the kernel, and asked of the verifier.
struct JudgedFor {
  const Btf *types = nullptr; // CO-RE accesses of plain objects follow them; must outlive the programs
  KernelObjects *objects =
      nullptr;                   // the same types, for the verifier; null: not known. Must outlive them too
  bool strict_alignment = false, hides_addresses = false; // see kbpf::RawProgram
};

class ObjectPrograms {
public:
  // Takes the bytes of the object at path. False: the object cannot be read, an error was reported.
  bool open(const std::string &path, std::string bytes, const JudgedFor &kernel, Diagnostics &diag);
  std::span<const NamedProgram> programs() const { return programs_; }
  // Nothing: the object has no line records, or none that can be read.
  std::optional<ProgramLines> lines(const NamedProgram &program);

private:
  bool open_finished(const std::string &path, Diagnostics &diag);
  void use_own_types(std::string_view types);
  void describe_kernel(const kbpf_prog_record &record, kbpf::RawProgram &raw);
  bool by_own_types(const kbpf::RawProgram &raw) const; // a program of which more was to be known
  bool open_plain(const std::string &path, Diagnostics &diag);

  std::vector<uint64_t> storage_; // the bytes, aligned as ObjectView needs them
  std::string_view bytes_;
  std::optional<kbpf::ObjectView> view_;
  std::optional<KernelObjects> own_; // where the kernel's are not known
  KernelObjects *kernel_ = nullptr;
  RelocatorOptions options_;
  std::unique_ptr<Image> image_; // of a plain object; of a finished one where lines are asked for
  Diagnostics silent_{false};
  std::vector<kbpf::MapRef> maps_;
  std::unique_ptr<FunctionTypes> types_;
  std::vector<NamedProgram> programs_;
};

} // namespace bpfcc
