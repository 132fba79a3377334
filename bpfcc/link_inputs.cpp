// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/link_inputs.h"
#include "bpfcc/compile_apart.h"
#include "bpfcc/files.h"
#include "bpfcc/relocator/static_linker.h"
#include <deque>

namespace bpfcc {

bool link_inputs(const Options &options, const FrontendOptions &frontend, Diagnostics &diag,
                 FrontendOutput &output) {
  std::deque<FrontendOutput> parts; // what the link inputs point into
  std::vector<LinkInput> inputs;
  for (const Options::Input &input : options.link_inputs) {
    FrontendOutput &part = parts.emplace_back();
    if (input.is_object) {
      if (std::string error = read_file(input.path, part.bytes); !error.empty())
        diag.error({}, error);
    } else {
      FrontendOptions one = frontend;
      one.input = input.path;
      one.language = input.language;
      compile_apart(one, diag, part);
    }
    output.internal_error |= part.internal_error;
    inputs.push_back({input.path, part.bytes, input.is_object ? nullptr : &part.declarations});
  }
  if (diag.errors() || output.internal_error)
    return false;
  output.bytes = link_objects(inputs, diag);
  for (FrontendOutput &part : parts) {
    // Names that are static to several files are told apart by their line records, where they have some.
    output.declarations.merge(part.declarations);
    output.self_calls.merge(part.self_calls);
    for (FrontendOutput::Dependency &dependency : part.dependencies)
      output.dependencies.push_back(std::move(dependency));
  }
  return diag.errors() == 0;
}

} // namespace bpfcc
