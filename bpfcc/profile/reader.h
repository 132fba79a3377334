// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the profile file of a kernel (docs/profile-format.md). Nothing in it is trusted: what the verifier
// knows by number must be as in the tables of this build.
#pragma once
#include "bpfcc/profile/description.h"

namespace bpfcc {

constexpr std::string_view kProfileMagic = "kbpf-profile"; // how such a file begins

struct ProfileError {
  unsigned line, column; // from 1
  std::string message;
};

// What is wrong with the file, by line, at most kMaxProfileErrors; empty: kernel is complete, but for what
// btf_file names.
constexpr size_t kMaxProfileErrors = 20;
std::vector<ProfileError> read_profile(std::string_view text, KernelDescription &kernel);

} // namespace bpfcc
