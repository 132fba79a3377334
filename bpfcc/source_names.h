// SPDX-License-Identifier: MIT OR Apache-2.0
// The identifiers of a source and of the headers that it includes, found without compiling: what a vmlinux.h
// made for that source has to declare.
#pragma once
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace bpfcc {

class SourceNames {
public:
  // Reads path and, from its own folder and from search_dirs ("-I", "DIR", ...), what it includes. False
  // where the names can't be known: nothing to read, an #include whose file a macro names, or names pasted
  // together by macros.
  bool read(const std::string &path, const std::vector<std::string> &search_dirs);
  // Names of text that is no file: the embedded headers, macros of the command line.
  void add(std::string_view text) { scan(text, nullptr); }
  // Names in a macro of the command line. False as above.
  bool add_macro(std::string_view text);

  const std::unordered_set<std::string_view> &names() const { return names_; }
  bool includes(std::string_view header) const; // as written between the quotes
  bool includes_below(std::string_view folder) const; // with its slash
  bool found_on_disk(std::string_view header) const;

private:
  void scan(std::string_view text, std::vector<std::string> *includes);
  bool read_file_and_includes(const std::string &path, unsigned depth);

  std::vector<std::string> dirs_;
  std::deque<std::string> texts_; // what names_ points into
  std::unordered_set<std::string_view> names_;
  std::unordered_set<std::string> files_, included_, found_;
  bool unknown_ = false;
};

} // namespace bpfcc
