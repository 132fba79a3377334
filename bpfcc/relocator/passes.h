// SPDX-License-Identifier: MIT OR Apache-2.0
// The relocator's passes, in the order in which main.cpp runs them. Each takes the Image, reports through
// image.diag and leaves the Image sound for the passes after it. Data flow: docs/architecture.md.
//
// A driver stops where diag.errors() grew at these checkpoints: after read_elf, after resolve, after
// synthesize and after verify. Within a stretch, passes go on after an error, so that one does not hide the
// next.
#pragma once
#include "bpfcc/diag.h"
#include "core/profile/profile.h"
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bpfcc {

class Btf;    // relocator/btf.h
struct Image; // relocator/image.h

struct Verdict; // judge.h
class DebugInfo; // debug_info.h

struct RelocatorOptions {
  const kbpf::Profile *profile = &kbpf::kKbpfProfile;
  std::string input_name; // for messages about the object as a whole
  const std::map<std::string, SourceLocation> *declarations = nullptr; // from the front end; may be null
  const std::map<std::string, SourceLocation> *self_calls = nullptr;   // likewise; of functions, by name
  bool may_be_part = false; // -c: an object without a program is one for linking
  bool verify = true;
  bool strict_alignment = false;                       // the verifier checks the alignment of every access
  bool hides_addresses = false;                        // it judges for a loader without CAP_PERFMON
  WarningLevel uninitialized_stack = WarningLevel::on; // reads of stack bytes that may not have been written
  WarningLevel kprobe_target = WarningLevel::on;       // targets that are no function of the kernel
  std::function<void(std::string_view program, const Verdict &)> on_verdict; // may be empty
  // Addresses that a symbol has in the kernel; null: the kernel's symbols are not known.
  std::function<std::vector<uint64_t>(std::string_view name)> kernel_addresses;
  // DWARF of the code, made when something is to be explained; empty, or gives null: there is none.
  std::function<const DebugInfo *()> debug_info;
  unsigned path_notes = 8;           // that a refusal has at most
  const Btf *kernel_types = nullptr; // of the kernel that will run the object; null: not known
  // The object is judged only: what a loader fills in (numbers of entries, values of the kernel's
  // configuration, addresses in data) is taken for whatever it may be.
  bool is_unfinished = false;
  std::string_view default_kernel;   // BTF in kernel_types' place where that is null; read if it is needed
};

// Bytes of an ELF relocatable object -> Image {sections, symbols, relocations, BTF}. Every offset is
// bounds-checked; corrupt input is one error, and the image is then empty. The image refers to bytes, which
// must outlive it.
void read_elf(Image &image, std::string_view bytes);
void collect_maps(Image &image); // BTF-defined maps, extern int maps (zcore), data sections that become maps
void collect_programs(
    Image &image);          // functions; SEC() names -> program type, attach kind and target; licence
void scan(Image &image);    // raw relocations and call instructions -> Reloc; writes nothing
void resolve(Image &image); // Reloc -> Resolved; every name error is reported here
void link_subprograms(Image &image); // copies each called function behind its program
void apply(Image &image);            // writes what resolve decided into the instructions
void apply_core(Image &image); // writes what the kernel's types say into them; nothing without kernel_types
void synthesize(Image &image); // ABI, map and program tables; .BTF and .BTF.ext follow the moved code
void verify(Image &image);     // runtime/core's verifier on each program; a refusal is an error at its line
std::string write_elf(Image &image); // bytes of the finished object
// The finished object, read again: its types, lines and accesses are true (check_btf.h).
void check_output(Image &image, std::string_view bytes);

// --print-after=PASS: the state of the image as text, stable enough for FileCheck.
void print(const Image &image, std::string &out);

} // namespace bpfcc
