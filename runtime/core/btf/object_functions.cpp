// SPDX-License-Identifier: MIT OR Apache-2.0
// The function and line records of an object's .BTF.ext: for each code section its name, a count and that
// many records. Sections of one name have their blocks in the order in which they stand in the file (Linux
// Documentation/bpf/btf.rst, ".BTF.ext section").
#include "core/btf/btf.h"
#include "core/image/object_view.h"

namespace kbpf {
namespace {

struct ExtHeader {
  uint16_t magic;
  uint8_t version, flags;
  uint32_t header_size;
  uint32_t functions_offset, functions_size; // from the header's end
  uint32_t lines_offset, lines_size;
};
struct Block {
  uint32_t name, count;
};

// Where the records of that type are, from the header's end.
struct Part {
  uint32_t offset, size;
};
template <typename T> Part part_of(const ExtHeader &header);
template <> Part part_of<kbpf_func_info>(const ExtHeader &header) {
  return {header.functions_offset, header.functions_size};
}
template <> Part part_of<kbpf_line_info>(const ExtHeader &header) {
  return {header.lines_offset, header.lines_size};
}

// The records of the block that is number `ordinal` of its name, from 0; nothing where there is none. stride:
// bytes of each.
template <typename T> Result<ByteView> find_block(ByteView ext, const Btf &btf, std::string_view name,
                                                  uint32_t ordinal, uint32_t &stride) {
  const ExtHeader header = KBPF_TRY(ext.read<ExtHeader>(0));
  if (header.magic != KBPF_BTF_MAGIC || header.header_size < sizeof(ExtHeader))
    return Error::bad_object;
  const Part part = part_of<T>(header);
  if (part.size == 0)
    return ByteView();
  ByteView area = KBPF_TRY(ext.slice(uint64_t{header.header_size} + part.offset, part.size));
  stride = KBPF_TRY(area.read<uint32_t>(0));
  if (stride < sizeof(T))
    return Error::bad_object;
  for (uint64_t at = sizeof(stride); at < area.size();) {
    const Block block = KBPF_TRY(area.read<Block>(at));
    const uint64_t bytes = uint64_t{block.count} * stride;
    at += sizeof(Block);
    if (btf.string(block.name) == name && ordinal-- == 0)
      return area.slice(at, bytes);
    at += bytes;
  }
  return ByteView();
}

// Of one program; its first instruction is number 0.
template <typename T> Result<std::span<const T>> records_of(const kbpf_prog_record &record,
                                                            const elf::ElfView &elf, ByteView ext,
                                                            const Btf &btf, Arena &arena) {
  if (ext.size() == 0)
    return std::span<const T>();
  const std::string_view name = elf.section(record.section).name;
  uint32_t ordinal = 0, stride = 0;
  for (uint32_t s = 1; s < record.section; s++) {
    const elf::Section section = elf.section(s);
    ordinal += section.header.sh_type == elf::kProgBits && section.header.sh_flags & elf::kExecInstr &&
               section.name == name;
  }
  const ByteView records = KBPF_TRY(find_block<T>(ext, btf, name, ordinal, stride));
  const size_t count = stride ? records.size() / stride : 0;
  std::span<T> found = arena.make_array<T>(count);
  if (!found.data())
    return Error::no_memory;
  size_t used = 0;
  for (size_t i = 0; i < count; i++) {
    T info = KBPF_TRY(records.read<T>(i * stride));
    const uint32_t insn = info.insn_off / sizeof(Insn); // there it counts bytes
    if (insn < record.first_insn || insn - record.first_insn >= record.insn_count)
      continue;
    info.insn_off = insn - record.first_insn;
    found[used++] = info;
  }
  return std::span<const T>(found.first(used));
}

} // namespace

Result<std::span<const kbpf_func_info>> ObjectView::functions(uint32_t index, const Btf &btf,
                                                              Arena &arena) const {
  return records_of<kbpf_func_info>(prog(index), elf_, btf_ext_, btf, arena);
}

Result<std::span<const kbpf_line_info>> ObjectView::lines(uint32_t index, const Btf &btf,
                                                          Arena &arena) const {
  return records_of<kbpf_line_info>(prog(index), elf_, btf_ext_, btf, arena);
}

} // namespace kbpf
