// SPDX-License-Identifier: MIT OR Apache-2.0
// Where in the C source something of the image stands, and errors there. The order of trust: .BTF.ext's line
// records, the front end's declarations, and at last the section and offset in the message itself.
#pragma once
#include "bpfcc/debug_info.h"
#include "bpfcc/relocator/image.h"
#include <string>
#include <string_view>

namespace bpfcc {

constexpr unsigned kMaxErrors = 100;

// A word of the source that is surely another one, or with a blank behind it one too many. It becomes a fix-it where the
// reported line has it once, or at the reported column. right empty: no other word is near.
struct Correction {
  std::string_view wrong, right;
};

// The line record of an instruction. False: there is none.
bool locate_code(const Image &image, uint32_t section, uint32_t slot, SourceLocation &where);
// Null where there is none, or none of this code.
const FunctionDebugInfo *function_debug_info(const Image &image, const Function &function);

// The functions that an instruction was inlined from, the innermost first, and the one that it is in.
std::vector<std::string_view> inlined_at(const Image &image, uint32_t section, uint32_t slot);

// At the C line of an instruction, with notes for the inlined calls that it came through; slot counts from
// the section's start.
void report_at(const Image &image, Severity severity, uint32_t section, uint32_t slot,
               std::string_view message, const Correction &correction = {});
inline void error_at(const Image &image, uint32_t section, uint32_t slot, std::string_view message,
                     const Correction &correction = {}) {
  report_at(image, Severity::error, section, slot, message, correction);
}

// At the declaration of a function or variable.
void report_at_symbol(const Image &image, Severity severity, std::string_view name, std::string_view message,
                      const Correction &correction = {});
inline void error_at_symbol(const Image &image, std::string_view name, std::string_view message,
                            const Correction &correction = {}) {
  report_at_symbol(image, Severity::error, name, message, correction);
}
void report_at_function(const Image &image, Severity severity, const Function &function,
                        std::string_view message, const Correction &correction = {});
inline void error_at_function(const Image &image, const Function &function, std::string_view message,
                              const Correction &correction = {}) {
  report_at_function(image, Severity::error, function, message, correction);
}

// At the declaration of the variable that holds offset in a data section; else about the object as a whole.
void report_at_data(const Image &image, Severity severity, uint32_t section, uint64_t offset,
                    std::string_view message);

// About the object as a whole.
void report_in_object(const Image &image, Severity severity, std::string_view message);
inline void error_in_object(const Image &image, std::string_view message) {
  report_in_object(image, Severity::error, message);
}

// "; did you mean 'x'?" or nothing.
std::string suggestion(const Image &image, std::string_view name,
                       const std::vector<std::string_view> &candidates);
// The candidate itself; empty where none is near.
std::string_view nearest(const Image &image, std::string_view name,
                         const std::vector<std::string_view> &candidates);

} // namespace bpfcc
