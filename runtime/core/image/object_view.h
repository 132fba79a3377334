// SPDX-License-Identifier: MIT OR Apache-2.0
// A bounds-checked view of a kbpf object (docs/abi.md): what the kernel and the user library read of it.
// Nothing is copied and nothing is allocated; every accessor was checked by open().
#pragma once
#include "abi/btf.h"
#include "abi/object.h"
#include "core/base/arena.h"
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/image/elf_view.h"
#include "core/isa/insn.h"
#include "core/profile/profile.h"

namespace kbpf {

class Btf;

class ObjectView {
public:
  // bytes must stay as they are while the view is used, and be 8-byte aligned (else bad_object). On an error
  // (bad_object, not_supported for a newer ABI or another profile, too_big) why gets one line that names the
  // cause.
  static Result<ObjectView> open(std::span<const std::byte> bytes, TextSink &why);
  // Whether open() is the reader for an ELF object. It is not for zcore objects: those without a .kbpf.abi
  // section (plain clang's), and those whose record names that profile. Errors as for open().
  static Result<bool> is_kbpf_object(std::span<const std::byte> bytes, TextSink &why);

  const kbpf_abi_record &abi() const { return abi_; }
  bool gpl_compatible() const { return abi_.flags & KBPF_OBJECT_GPL_COMPATIBLE; }

  uint32_t map_count() const { return map_count_; }
  kbpf_map_record map(uint32_t index) const;
  // Initial bytes of a data map, value_size of them; empty where it is all zero.
  std::span<const std::byte> map_contents(uint32_t index) const;

  uint32_t prog_count() const { return prog_count_; }
  kbpf_prog_record prog(uint32_t index) const;
  std::span<const Insn> prog_insns(uint32_t index) const;

  // Elements that maps have from the start; their maps and targets exist.
  uint32_t slot_count() const { return slot_count_; }
  kbpf_slot_record slot(uint32_t index) const;

  std::string_view string(uint32_t offset) const; // a name field of a record
  std::span<const std::byte> btf() const;         // contents of .BTF; empty where there is none
  std::span<const std::byte> btf_ext() const;
  // What .BTF.ext says of the program's functions, by their first instruction in it. btf: the object's.
  // Errors: bad_object, no_memory.
  Result<std::span<const kbpf_func_info>> functions(uint32_t index, const Btf &btf, Arena &arena) const;
  // The same of its lines.
  Result<std::span<const kbpf_line_info>> lines(uint32_t index, const Btf &btf, Arena &arena) const;

private:
  ObjectView() = default;
  Result<void> check_abi(TextSink &why) const;
  Result<void> check_map(uint32_t index, TextSink &why) const;
  Result<void> check_prog(uint32_t index, TextSink &why) const;
  Result<void> check_slot(uint32_t index, TextSink &why) const;
  Result<void> check_code(uint32_t index, TextSink &why) const;
  Result<void> check_relocations(TextSink &why) const;

  elf::ElfView elf_;
  ByteView maps_, progs_, slots_, strtab_, btf_, btf_ext_;
  kbpf_abi_record abi_{};
  uint32_t map_count_ = 0;
  uint32_t prog_count_ = 0;
  uint32_t slot_count_ = 0;
};

} // namespace kbpf
