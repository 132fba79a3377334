// SPDX-License-Identifier: MIT OR Apache-2.0
// Compiled code by name: what address is in which function of which program, and at which line of its source.
// All programs that live are walked, without a lock: that is for backtraces and for who reads the symbol
// table.
#include "kernel/kbpf.h"
#include "kernel/program.h"
#include <algorithm>

namespace kbpf {
namespace {

void name_function(const Program &program, size_t number, char *text, size_t size) {
  TextBuffer out(text, size);
  out.append("bpf_prog_");
  for (uint8_t byte : program.tag(number))
    append_unsigned(out, byte, 16, 2);
  out.append("_");
  out.append(program.function_name(number));
}

void describe(const Program &program, size_t number, kbpf_code_place &place) {
  const MachineCode &code = program.code();
  place = {};
  place.address = code.address() + code.functions[number];
  place.size = code.functions[number + 1] - code.functions[number];
  name_function(program, number, place.name, sizeof place.name);
}

// The last line that begins at or before offset.
void find_line(const Program &program, uint32_t offset, kbpf_code_place &place) {
  std::span<const uint32_t> lines = program.code().lines;
  size_t behind = static_cast<size_t>(std::upper_bound(lines.begin(), lines.end(), offset) - lines.begin());
  const uint32_t function = static_cast<uint32_t>(place.address - program.code().address());
  if (behind == 0 || lines[behind - 1] < function || !program.types())
    return;
  const kbpf_line_info &line = program.info().lines[behind - 1];
  std::string_view file = program.types()->string(line.file_name_off);
  TextBuffer(place.file, sizeof place.file)
      .append(file.substr(file.size() - std::min(file.size(), sizeof place.file - 1)));
  place.line = line.line_col >> 10;
}

} // namespace
} // namespace kbpf

using namespace kbpf;

extern "C" {

int kbpf_code_at(uintptr_t address, kbpf_code_place *place) {
  ReadSection section;
  for (uint32_t id = program_registry.next(0); id; id = program_registry.next(id)) {
    const Program *program = program_registry.find(id);
    if (!program || !program->code().contains(address))
      continue;
    const uint32_t offset = static_cast<uint32_t>(address - program->code().address());
    std::span<const uint32_t> starts = program->code().functions;
    size_t behind =
        static_cast<size_t>(std::upper_bound(starts.begin(), starts.end(), offset) - starts.begin());
    if (behind == 0 || behind == starts.size()) // among the constants behind the code
      return 0;
    describe(*program, behind - 1, *place);
    find_line(*program, offset, *place);
    return 1;
  }
  return 0;
}

// position: the program's id, and in the lower half how many of its functions came already.
int kbpf_code_next(uint64_t *position, kbpf_code_place *place) {
  uint32_t id = static_cast<uint32_t>(*position >> 32), number = static_cast<uint32_t>(*position);
  if (id == 0)
    id = program_registry.next(0);
  for (; id; id = program_registry.next(id), number = 0) {
    // With a reference: its tag may take a while, in which nobody should wait for a ReadSection.
    const Result<Ref<Program>> program = program_registry.open(id);
    if (!program.ok() || number + 1 >= (*program)->code().functions.size())
      continue;
    describe(**program, number, *place);
    *position = uint64_t{id} << 32 | (number + 1);
    return 1;
  }
  return 0;
}

} // extern "C"
