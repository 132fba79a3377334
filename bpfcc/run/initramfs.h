// SPDX-License-Identifier: MIT OR Apache-2.0
// The file system that a guest starts with: an archive in cpio's "newc" form (what Linux calls an initramfs).
// Entries are written in path order with fixed owners and times, so that the same content gives the same
// bytes.
#pragma once
#include <cstdint>
#include <map>
#include <string>

namespace bpfcc {

class Initramfs {
public:
  // Paths are absolute; parent directories are made. A later entry replaces an earlier one of the same path.
  void add_directory(const std::string &path);
  void add_file(const std::string &path, std::string contents, bool executable);
  void add_symlink(const std::string &path, const std::string &target);
  // A file or, with all below it, a directory of the host. False where it cannot be read; why then says what.
  bool add_from_host(const std::string &host_path, const std::string &path, std::string &why);

  std::string archive() const;

private:
  struct Entry {
    uint32_t mode;
    std::string contents; // of a symbolic link: its target
  };
  void add(const std::string &path, Entry entry);
  std::map<std::string, Entry> entries_; // by path without the leading '/'
};

} // namespace bpfcc
