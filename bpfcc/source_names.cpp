// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/source_names.h"
#include "bpfcc/files.h"
#include <algorithm>
#include <cctype>
#include <unistd.h>

namespace bpfcc {
namespace {

constexpr unsigned kMaxIncludeDepth = 64;

bool starts_word(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool follows_hash(std::string_view before) {
  size_t last = before.find_last_not_of(" \t");
  return last != before.npos && before[last] == '#';
}

} // namespace

// Comments and strings count, too: a name too many does no harm.
void SourceNames::scan(std::string_view text, std::vector<std::string> *includes) {
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    if (c == '#' && at + 1 < text.size() && text[at + 1] == '#') {
      unknown_ |= includes != nullptr;
      at += 2;
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      while (at < text.size() && in_word(text[at]))
        ++at;
    } else if (starts_word(c)) {
      size_t end = at;
      while (end < text.size() && in_word(text[end]))
        ++end;
      std::string_view word = text.substr(at, end - at);
      bool directive = word == "include" && follows_hash(text.substr(0, at));
      names_.insert(word);
      at = end;
      if (word != "include" || !includes)
        continue;
      while (at < text.size() && (text[at] == ' ' || text[at] == '\t'))
        ++at;
      if (at == text.size() || (text[at] != '"' && text[at] != '<')) {
        unknown_ |= directive;
        continue;
      }
      size_t close = text.find(text[at] == '<' ? '>' : '"', at + 1);
      if (close != text.npos)
        includes->emplace_back(text.substr(at + 1, close - at - 1));
    } else {
      ++at;
    }
  }
}

bool SourceNames::read_file_and_includes(const std::string &path, unsigned depth) {
  if (!files_.insert(path).second)
    return true;
  std::string text;
  if (depth > kMaxIncludeDepth || !read_file(path, text).empty())
    return false;
  std::vector<std::string> includes;
  texts_.push_back(std::move(text));
  scan(texts_.back(), &includes);
  size_t slash = path.rfind('/');
  std::string own = slash == path.npos ? std::string() : path.substr(0, slash + 1);
  for (const std::string &header : includes) {
    included_.insert(header);
    std::vector<std::string> candidates = {own + header};
    for (const std::string &dir : dirs_)
      candidates.push_back(dir + "/" + header);
    for (const std::string &candidate : candidates) {
      if (::access(candidate.c_str(), R_OK) != 0)
        continue;
      found_.insert(header);
      if (!header.ends_with("vmlinux.h"))
        read_file_and_includes(candidate, depth + 1);
      break;
    }
  }
  return true;
}

bool SourceNames::read(const std::string &path, const std::vector<std::string> &search_dirs) {
  dirs_.clear();
  for (size_t i = 0; i < search_dirs.size(); i++) {
    std::string_view word = search_dirs[i];
    for (std::string_view option : {"-idirafter", "-isystem", "-iquote", "-I"})
      if (word.starts_with(option)) {
        word.remove_prefix(option.size());
        break;
      }
    if (!word.empty())
      dirs_.emplace_back(word);
  }
  return path != "-" && read_file_and_includes(path, 0) && !unknown_;
}

bool SourceNames::add_macro(std::string_view text) {
  std::vector<std::string> no_includes;
  scan(text, &no_includes);
  return !unknown_;
}

bool SourceNames::includes(std::string_view header) const { return included_.contains(std::string(header)); }
bool SourceNames::includes_below(std::string_view folder) const {
  return std::ranges::any_of(included_, [&](const std::string &name) { return name.starts_with(folder); });
}
bool SourceNames::found_on_disk(std::string_view header) const {
  return found_.contains(std::string(header));
}

} // namespace bpfcc
