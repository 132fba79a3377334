// SPDX-License-Identifier: MIT OR Apache-2.0
// Verdicts as text, one line a program, or as one JSON array.
#pragma once
#include "bpfcc/relocator/judge.h"
#include "bpfcc/relocator/path_trace.h"
#include <string>
#include <string_view>

namespace bpfcc {

class Report {
public:
  explicit Report(bool is_json) : is_json_(is_json) {}
  // log: what the verifier wrote, empty at log level 0. JSON has the path's steps too, with their lines of C;
  // both may be null. is_by_own_types: the kernel's types were not known.
  void add(std::string_view object, std::string_view program, const Verdict &verdict, std::string_view log,
           const PathTrace *path = nullptr, const kbpf::SourceLines *lines = nullptr,
           bool is_by_own_types = false);
  std::string finish();

private:
  void add_text(std::string_view object, std::string_view program, const Verdict &verdict,
                std::string_view log, bool is_by_own_types);
  void add_json(std::string_view object, std::string_view program, const Verdict &verdict,
                std::string_view log, const PathTrace *path, const kbpf::SourceLines *lines,
                bool is_by_own_types);

  bool is_json_;
  std::string out_;
};

} // namespace bpfcc
