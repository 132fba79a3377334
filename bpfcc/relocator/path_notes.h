// SPDX-License-Identifier: MIT OR Apache-2.0
// The path to a refusal in terms of the source: which conditions held, what functions were called and gave
// back, where the pointer came from that is to blame.
#pragma once
#include "bpfcc/relocator/path_trace.h"
#include "bpfcc/relocator/program_source.h"
#include "core/verifier/verifier.h"

namespace bpfcc {

struct PathNote {
  SourceLocation where;
  std::string text;
};

// In the order of the path. At most `most` of them, those at its end; left_out counts the others.
std::vector<PathNote> path_notes(const Image &image, const Program &program, const PathTrace &trace,
                                 size_t most, size_t &left_out);

// A refusal's sentence in the source's names: maps, variables and arguments instead of numbers of maps and
// registers, lines instead of instructions.
std::string source_message(const Image &image, const Program &program, const kbpf::Rejection &rejection,
                           const PathTrace &trace);

// Where a pointer that may be null came from, what was acquired and not given back or given away and used, what
// lies on the stack where it is exceeded; at last what to do.
std::vector<PathNote> cause_notes(const Image &image, const Program &program,
                                  const kbpf::Rejection &rejection, const PathTrace &trace);

} // namespace bpfcc
