// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the kernel's own verifier over each finished program, so that what a kernel would refuse is an error
// at the line of C that is to blame. Maps are known by their definitions only: a verdict that depends on a
// map's fd (profiles that bind maps by symbol) is left to the kernel, as is everything where the kernel
// relocates the code again.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/verifier/verifier.h"
#include <cstdlib>

namespace bpfcc {
namespace {

constexpr size_t kScratchBudget = size_t(1) << 30; // bytes; the verifier's own limit on work comes first
constexpr size_t kResultBudget = size_t(256) << 20;
// What stands for the address of a data map's value: nothing is ever read there.
constexpr uint64_t kValueAddress = uint64_t(1) << 32;

kbpf::BlockSource heap_blocks() {
  return {[](void *, size_t size) { return malloc(size); }, [](void *, void *block, size_t) { free(block); },
          nullptr};
}

std::vector<kbpf::MapRef> map_refs(const Image &image) {
  std::vector<kbpf::MapRef> refs;
  for (size_t i = 0; i < image.maps.size(); i++) {
    const Map &map = image.maps[i];
    kbpf::MapRef ref{};
    ref.type = map.type;
    ref.key_size = map.key_size;
    ref.value_size = map.value_size;
    ref.max_entries = map.max_entries;
    ref.map_flags = map.map_flags;
    ref.handle = i + 1;
    if (map.origin == MapOrigin::data_section) {
      ref.value_address = kValueAddress * (i + 1);
      const Section &section = image.sections[map.section];
      if (map.read_only)
        ref.constants = {reinterpret_cast<const std::byte *>(section.contents.data()),
                         section.contents.size()};
    }
    refs.push_back(ref);
  }
  return refs;
}

void report_rejection(const Image &image, const Program &program, const kbpf::Rejection &rejection) {
  std::string id = std::to_string(rejection.id);
  std::string message = concat(rejection.message, " [V", std::string(id.size() < 3 ? 3 - id.size() : 0, '0'),
                               id, " ", rejection.name ? rejection.name : "", "]");
  for (auto part = program.parts.rbegin(); part != program.parts.rend(); ++part) {
    if (rejection.insn < part->first)
      continue;
    const Function &function = image.functions[part->function];
    uint32_t slot = std::min(rejection.insn - part->first, function.count - 1);
    return error_at(image, function.section, function.first + slot, message);
  }
}

} // namespace

void verify(Image &image) {
  if (!image.options.verify || image.profile().placement == kbpf::ProgramPlacement::as_written)
    return;
  const std::vector<kbpf::MapRef> maps = map_refs(image);
  for (const Program &program : image.programs) {
    const kbpf::ProgTypeInfo *type = image.profile().prog_type(program_type(image, program));
    if (program.code.empty() || !program.kept.empty() || !type)
      continue;
    kbpf::RawProgram raw{};
    raw.insns = program.code;
    raw.maps = maps;
    raw.profile = &image.profile();
    raw.type = type;
    raw.gpl_compatible = image.gpl_compatible;
    kbpf::Arena scratch(heap_blocks(), kScratchBudget), results(heap_blocks(), kResultBudget);
    kbpf::Rejection rejection{};
    kbpf::VerifyStats stats{};
    auto verified = kbpf::verify(raw, {}, scratch, results, rejection, stats);
    if (verified.ok())
      continue;
    if (rejection.id)
      report_rejection(image, program, rejection);
    else
      error_at_function(image, image.functions[program.function],
                        concat("program ", quoted(image.functions[program.function].name),
                               " cannot be verified: ", kbpf::to_text(verified.error())));
  }
}

} // namespace bpfcc
