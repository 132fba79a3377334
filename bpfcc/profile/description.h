// SPDX-License-Identifier: MIT OR Apache-2.0
// A kernel to compile for: the profile that all passes ask, with what only the host wants of it. Read from a
// file (reader.h), or made from the tables of the runtime and a kernel's ELF file.
#pragma once
#include "bpfcc/relocator/kernel_elf.h"
#include "core/profile/profile.h"
#include <deque>
#include <string>
#include <vector>

namespace bpfcc {

struct KernelDescription {
  KernelDescription() = default;
  KernelDescription(const KernelDescription &) = delete; // the profile points into it

  // The tables of a built-in profile.
  void start_from(const kbpf::Profile &built_in);
  // Takes over what the kernel's file says. An error's text, empty on success: a helper that the profile has
  // already.
  std::string add(KernelElf &&kernel);
  // Puts the tables, by number, into profile; after changes.
  void finish();

  // Of each symbol of that name; several functions may have one.
  std::vector<uint64_t> addresses_of(std::string_view name) const;
  // Declarations in C of the helpers that base has not, for <kbpf/kernel_helpers.h>.
  std::string helper_header() const;

  kbpf::Profile profile{};
  const kbpf::Profile *base = nullptr; // the built-in profile whose objects and rules it has

  uint32_t abi_version = KBPF_ABI_VERSION; // the kernel's; no part of profile is newer
  std::string target_arch;                 // as in __TARGET_ARCH_x; empty: not said
  bool has_functions = false;
  std::vector<KernelSymbol> functions; // where has_functions, all that can be probed
  std::vector<KernelSymbol> objects;   // and its variables
  std::vector<std::string> inlined;    // functions that were inlined everywhere
  std::string btf;                     // bytes; empty: none
  std::string btf_file;                // where they are; as read, relative to the profile's file

  // What profile refers to.
  std::string_view keep(std::string text) { return texts.emplace_back(std::move(text)); }
  std::deque<std::string> texts;
  std::vector<kbpf::HelperProto> helpers;
  std::vector<kbpf::MapTypeInfo> map_types;
  std::vector<kbpf::ProgTypeInfo> prog_types;
  std::vector<kbpf::AttachKindInfo> attach_kinds;
  std::vector<kbpf::SectionInfo> sections;
  std::vector<kbpf::ConfigValue> config;
  std::deque<kbpf::ContextInfo> contexts;
  std::deque<std::vector<kbpf::ContextField>> fields; // of each context
};

} // namespace bpfcc
