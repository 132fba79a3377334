// SPDX-License-Identifier: MIT OR Apache-2.0
// Any bytes through all passes under each profile: nothing may crash, and what the relocator calls finished
// must be an object that the kernel's own readers open.
#include "bpfcc/relocator/image.h"
#include "core/image/object_view.h"
#include "core/image/zcore_view.h"
#include "fuzz/section_mutator.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace bpfcc;

namespace {

std::string relocate(const kbpf::Profile &profile, std::string_view bytes, bool &ok) {
  RelocatorOptions options;
  options.profile = &profile;
  options.input_name = "input.o";
  Diagnostics diag(false);
  Image image(options, diag);
  constexpr struct {
    void (*run)(Image &);
    bool checkpoint;
  } kPasses[] = {{collect_maps, false}, {collect_programs, false}, {scan, false},
                 {resolve, true},       {link_subprograms, true},  {apply, true},
                 {apply_core, true},    {synthesize, true},        {verify, true}};
  read_elf(image, bytes);
  if (!image.btf.empty()) // the object for its own types: every record has an answer
    options.kernel_types = &image.btf;
  bool stop = diag.errors() != 0;
  for (auto &pass : kPasses) {
    if (stop)
      break;
    pass.run(image);
    stop = pass.checkpoint && diag.errors();
  }
  std::string text;
  print(image, text);
  ok = diag.errors() == 0;
  if (!ok)
    return {};
  std::string object = write_elf(image);
  check_output(image, object); // may refuse types that were wrong from the start
  return object;
}

void check(bool condition, const char *why) {
  if (condition)
    return;
  fprintf(stderr, "finished object: %s\n", why);
  abort();
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  return mutate_one_section(data, size, seed) ? size : LLVMFuzzerMutate(data, size, max_size);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char *>(data), size);
  for (const kbpf::Profile *profile : {&kbpf::kKbpfProfile, &kbpf::kZcoreProfile, &kbpf::kLinuxProfile}) {
    bool ok;
    std::string object = relocate(*profile, bytes, ok);
    if (!ok || profile == &kbpf::kLinuxProfile)
      continue;
    std::vector<uint64_t> aligned((object.size() + 7) / 8);
    memcpy(aligned.data(), object.data(), object.size());
    std::span<const std::byte> view(reinterpret_cast<const std::byte *>(aligned.data()), object.size());
    char why[256];
    kbpf::TextBuffer sink(why, sizeof why);
    if (profile == &kbpf::kKbpfProfile)
      check(kbpf::ObjectView::open(view, sink).ok(), why);
    else
      check(kbpf::ZcoreView::open(view, sink).ok(), why);
  }
  return 0;
}
