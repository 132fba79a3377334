// SPDX-License-Identifier: MIT OR Apache-2.0
// The kernel's verifier on the host: what it takes of an image, and one verdict. bpfcc's verify pass and
// kbpf-verify share it, so that both judge the same program.
#pragma once
#include "bpfcc/relocator/image.h"
#include "core/verifier/verifier.h"
#include <span>
#include <string>
#include <vector>

namespace bpfcc {

// Maps as their definitions describe them. They refer to the image.
std::vector<kbpf::MapRef> map_refs(const Image &image);

// A program whose code apply has finished; type must not be null. The result refers to all three arguments.
kbpf::RawProgram raw_program(const Image &image, const Program &program, const kbpf::ProgTypeInfo &type,
                             std::span<const kbpf::MapRef> maps);

struct Verdict {
  bool accepted;
  kbpf::Error error;         // where not accepted
  kbpf::Rejection rejection; // id 0: accepted, or the verifier itself failed (no memory)
  kbpf::VerifyStats stats;
};
Verdict judge(const kbpf::RawProgram &program, const kbpf::VerifyOptions &options);

std::string rejection_tag(const kbpf::Rejection &rejection); // "V028 map-value-out-of-bounds"

} // namespace bpfcc
