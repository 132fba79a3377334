// SPDX-License-Identifier: MIT OR Apache-2.0
// The reader of profile files on any bytes. What it accepts is written and read again: both must be the same,
// and the verifier's questions must have answers.
#include "bpfcc/profile/reader.h"
#include "bpfcc/profile/writer.h"
#include <cstdint>
#include <cstdlib>

using namespace bpfcc;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  KernelDescription kernel;
  if (!read_profile(text, kernel).empty())
    return 0;
  for (const kbpf::HelperProto &helper : kernel.profile.helpers)
    if (kernel.profile.helper(helper.number) != &helper || kernel.profile.helper(helper.c_name) == nullptr)
      abort();
  (void)kernel.helper_header();
  std::string written = write_profile(kernel);
  KernelDescription again;
  if (!read_profile(written, again).empty() || write_profile(again) != written ||
      again.profile.tables_digest != kernel.profile.tables_digest)
    abort();
  return 0;
}
