// SPDX-License-Identifier: MIT OR Apache-2.0
// Where in the C source something of the image stands, and errors there. The order of trust: .BTF.ext's line
// records, the front end's declarations, and at last the section and offset in the message itself.
#pragma once
#include "bpfcc/relocator/image.h"
#include <string>
#include <string_view>

namespace bpfcc {

// At the C line of an instruction; slot counts from the section's start.
void report_at(const Image &image, Severity severity, uint32_t section, uint32_t slot,
               std::string_view message);
inline void error_at(const Image &image, uint32_t section, uint32_t slot, std::string_view message) {
  report_at(image, Severity::error, section, slot, message);
}

// At the declaration of a function or variable.
void error_at_symbol(const Image &image, std::string_view name, std::string_view message);
void error_at_function(const Image &image, const Function &function, std::string_view message);

// At the declaration of the variable that holds offset in a data section; else about the object as a whole.
void report_at_data(const Image &image, Severity severity, uint32_t section, uint64_t offset,
                    std::string_view message);

// About the object as a whole.
SourceLocation object_location(const Image &image);

// "; did you mean 'x'?" or nothing.
template <typename Range> std::string suggestion(std::string_view name, const Range &candidates) {
  std::string_view nearest = nearest_name(name, candidates);
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

} // namespace bpfcc
