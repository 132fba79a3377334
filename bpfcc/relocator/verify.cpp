// SPDX-License-Identifier: MIT OR Apache-2.0
// Runs the kernel's own verifier over each finished program, so that what a kernel would refuse is an error
// at the line of C that is to blame. Maps are known by their definitions only: a verdict that depends on a
// map's fd (profiles that bind maps by symbol) is left to the kernel, as is everything where the kernel
// relocates the code again.
#include "bpfcc/relocator/image.h"
#include "bpfcc/relocator/report.h"
#include "bpfcc/relocator/text.h"
#include "core/verifier/verifier.h"
#include <algorithm>
#include <charconv>
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

// The verifier knows maps by their index, C programmers by their name.
std::string with_map_names(const Image &image, std::string_view message) {
  constexpr std::string_view kMap = "map ";
  std::string out;
  for (size_t at = 0; at < message.size();) {
    size_t found = message.find(kMap, at);
    size_t end = found == std::string_view::npos ? message.size() : found + kMap.size();
    out += message.substr(at, end - at);
    at = end;
    size_t index = 0;
    auto [rest, error] = std::from_chars(message.data() + at, message.data() + message.size(), index);
    if (error != std::errc() || index >= image.maps.size())
      continue;
    out += quoted(image.maps[index].name);
    at = static_cast<size_t>(rest - message.data());
  }
  return out;
}

const Reloc *reloc_at(const Image &image, const Function &function, uint32_t slot) {
  auto first = image.relocs.begin() + function.first_reloc, last = image.relocs.begin() + function.last_reloc;
  auto found =
      std::lower_bound(first, last, slot, [](const Reloc &reloc, uint32_t at) { return reloc.insn < at; });
  return found != last && found->insn == slot ? &*found : nullptr;
}

void report_rejection(const Image &image, const Program &program, const kbpf::Rejection &rejection) {
  auto part = std::find_if(program.parts.rbegin(), program.parts.rend(),
                           [&](const Part &candidate) { return candidate.first <= rejection.insn; });
  if (part == program.parts.rend())
    return;
  const Function &function = image.functions[part->function];
  uint32_t slot = function.first + std::min(rejection.insn - part->first, function.count - 1);
  const Reloc *reloc = reloc_at(image, function, slot);
  std::string message = with_map_names(image, rejection.message);
  if (reloc && reloc->resolved.kind == ResolvedKind::missing_call)
    message = concat("call of the weak function ", quoted(image.symbols[reloc->symbol].name),
                     ", which nothing defines");
  std::string id = std::to_string(rejection.id);
  error_at(image, function.section, slot,
           concat(message, " [V", std::string(id.size() < 3 ? 3 - id.size() : 0, '0'), id, " ",
                  rejection.name ? rejection.name : "", "]"));
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
