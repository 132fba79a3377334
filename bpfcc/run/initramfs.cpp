// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bpfcc/run/initramfs.h"
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bpfcc {

namespace {

constexpr uint32_t kDirectory = 0040755, kPlainFile = 0100644, kProgram = 0100755, kSymlink = 0120777;

std::string relative(const std::string &path) {
  return path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

void pad_to_word(std::string &out) { out.resize((out.size() + 3) & ~size_t{3}, '\0'); }

void append_record(std::string &out, uint32_t inode, uint32_t mode, const std::string &name,
                   const std::string &contents) {
  // Magic, then 13 fields of 8 hexadecimal digits: inode, mode, uid, gid, links, mtime, size, four device
  // numbers, size of the name with its terminator, checksum (unused).
  char header[111];
  snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", inode, mode,
           0, 0, 1, 0, static_cast<unsigned>(contents.size()), 0, 0, 0, 0,
           static_cast<unsigned>(name.size() + 1), 0);
  out += header;
  out.append(name.c_str(), name.size() + 1);
  pad_to_word(out);
  out += contents;
  pad_to_word(out);
}

} // namespace

void Initramfs::add(const std::string &path, Entry entry) {
  std::string name = relative(path);
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
    entries_.try_emplace(name.substr(0, slash), Entry{kDirectory, {}});
  if (!name.empty())
    entries_[name] = std::move(entry);
}

void Initramfs::add_directory(const std::string &path) { add(path, {kDirectory, {}}); }
void Initramfs::add_symlink(const std::string &path, const std::string &target) {
  add(path, {kSymlink, target});
}
void Initramfs::add_file(const std::string &path, std::string contents, bool executable) {
  add(path, {executable ? kProgram : kPlainFile, std::move(contents)});
}

bool Initramfs::add_from_host(const std::string &host_path, const std::string &path, std::string &why) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::file_status status = fs::symlink_status(host_path, error);
  if (fs::is_symlink(status) && !fs::exists(host_path, error))
    status = fs::file_status(fs::file_type::not_found);
  else
    status = fs::status(host_path, error);
  if (fs::is_directory(status)) {
    add_directory(path);
    for (fs::directory_iterator it(host_path, error), end; !error && it != end; it.increment(error)) {
      std::string child = path + "/" + it->path().filename().string();
      if (it->is_symlink()) {
        add_symlink(child, fs::read_symlink(it->path(), error).string());
      } else if (!add_from_host(it->path().string(), child, why)) {
        return false;
      }
    }
    if (error)
      why = host_path + ": " + error.message();
    return !error;
  }
  if (!fs::is_regular_file(status)) {
    why = host_path + (fs::exists(status) ? ": neither a file nor a directory" : ": no such file");
    return false;
  }
  std::ifstream stream(host_path, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  if (!stream || bytes.str().size() > UINT32_MAX) {
    why = host_path + ": cannot be read";
    return false;
  }
  add_file(path, bytes.str(), (status.permissions() & fs::perms::owner_exec) != fs::perms::none);
  return true;
}

std::string Initramfs::archive() const {
  std::string out;
  uint32_t inode = 1;
  for (const auto &[name, entry] : entries_)
    append_record(out, inode++, entry.mode, name, entry.contents);
  append_record(out, 0, 0, "TRAILER!!!", "");
  return out;
}

} // namespace bpfcc
