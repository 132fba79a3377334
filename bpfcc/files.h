// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading inputs and writing outputs. An output appears whole or not at all.
#pragma once
#include "bpfcc/frontend/frontend.h"
#include "bpfcc/options.h"
#include <string>
#include <string_view>

namespace bpfcc {

// Both return an error's text, empty on success. "-" is standard input or output.
std::string read_file(const std::string &path, std::string &bytes);
// A regular file is written under a temporary name in the same directory and renamed; a device or pipe is
// written to.
std::string write_file(const std::string &path, std::string_view bytes);

// The make rule for -M*.
std::string make_rule(const DepfileOptions &options,
                      const std::vector<FrontendOutput::Dependency> &dependencies);

} // namespace bpfcc
