// SPDX-License-Identifier: MIT OR Apache-2.0
// The table itself is assembled by embed_headers.cmake: names and file contents through .incbin.
#include "bpfcc/frontend/embedded_fs.h"
#include "llvm/Support/Chrono.h"
#include "llvm/Support/MemoryBuffer.h"
#include <span>

namespace {
struct EmbeddedEntry {
  const char *path; // below kEmbeddedRoot, without a leading slash
  const char *data; // zero-terminated
  uint64_t size;
};
} // namespace

extern "C" const EmbeddedEntry bpfcc_embedded_files[];
extern "C" const uint64_t bpfcc_embedded_file_count;

namespace bpfcc {
namespace {
using namespace llvm;

std::span<const EmbeddedEntry> entries() { return {bpfcc_embedded_files, bpfcc_embedded_file_count}; }

// A device number that no disk has, so that an embedded file never counts as the same as one on disk.
constexpr uint64_t kDevice = ~uint64_t(0);

vfs::Status make_status(const Twine &path, uint64_t inode, uint64_t size, sys::fs::file_type type) {
  return vfs::Status(path, sys::fs::UniqueID(kDevice, inode), sys::TimePoint<>(), 0, 0, size, type,
                     sys::fs::perms::all_read);
}

class EmbeddedFile : public vfs::File {
public:
  EmbeddedFile(vfs::Status status, StringRef text) : status_(std::move(status)), text_(text) {}

  ErrorOr<vfs::Status> status() override { return status_; }
  ErrorOr<std::unique_ptr<MemoryBuffer>> getBuffer(const Twine &name, int64_t, bool, bool) override {
    return MemoryBuffer::getMemBuffer(text_, name.str());
  }
  std::error_code close() override { return {}; }

private:
  vfs::Status status_;
  StringRef text_; // zero-terminated
};

class EmbeddedFileSystem : public vfs::ProxyFileSystem {
public:
  explicit EmbeddedFileSystem(const ReplacedHeaders &replaced)
      : ProxyFileSystem(vfs::getRealFileSystem()), replaced_(replaced) {}

  ErrorOr<vfs::Status> status(const Twine &path) override {
    SmallString<128> storage;
    StringRef name = path.toStringRef(storage);
    if (!is_embedded(name))
      return ProxyFileSystem::status(path);
    if (const EmbeddedEntry *entry = find(name))
      return file_status(name, *entry);
    return directory_status(name);
  }

  ErrorOr<std::unique_ptr<vfs::File>> openFileForRead(const Twine &path) override {
    SmallString<128> storage;
    StringRef name = path.toStringRef(storage);
    if (!is_embedded(name))
      return ProxyFileSystem::openFileForRead(path);
    const EmbeddedEntry *entry = find(name);
    if (!entry)
      return make_error_code(errc::no_such_file_or_directory);
    return std::make_unique<EmbeddedFile>(file_status(name, *entry), text_of(*entry));
  }

  std::error_code getRealPath(const Twine &path, SmallVectorImpl<char> &out) override {
    SmallString<128> storage;
    StringRef name = path.toStringRef(storage);
    if (!is_embedded(name))
      return ProxyFileSystem::getRealPath(path, out);
    out.assign(name.begin(), name.end());
    return {};
  }

private:
  // <uapi/linux/bpf.h> is how programs in a kernel's tree spell <linux/bpf.h>.
  static std::string below_root(StringRef name) {
    constexpr StringRef kHeaders = "include", kAlias = "/uapi";
    name = name.substr(kEmbeddedRoot.size()).ltrim('/');
    StringRef rest = name;
    if (rest.consume_front(kHeaders) && rest.consume_front(kAlias) && (rest.empty() || rest.starts_with("/")))
      return (kHeaders + rest).str();
    return name.str();
  }

  static const EmbeddedEntry *find(StringRef name) {
    const std::string path = below_root(name);
    for (const EmbeddedEntry &entry : entries())
      if (path == entry.path)
        return &entry;
    return nullptr;
  }

  StringRef text_of(const EmbeddedEntry &entry) const {
    StringRef path(entry.path);
    if (!replaced_.vmlinux.empty() && path == "include/vmlinux.h")
      return replaced_.vmlinux;
    if (!replaced_.helper_declarations.empty() && path == "include/bpf/bpf_helper_defs.h")
      return replaced_.helper_declarations;
    if (!replaced_.kernel_helpers.empty() && path == "include/kbpf/kernel_helpers.h")
      return replaced_.kernel_helpers;
    return StringRef(entry.data, entry.size);
  }

  vfs::Status file_status(StringRef name, const EmbeddedEntry &entry) const {
    uint64_t inode = uint64_t(&entry - bpfcc_embedded_files) + 1;
    return make_status(name, inode, text_of(entry).size(), sys::fs::file_type::regular_file);
  }

  // A directory is what some file lies below; the first such file gives it an identity.
  static ErrorOr<vfs::Status> directory_status(StringRef name) {
    const std::string path_below = below_root(name);
    StringRef directory = StringRef(path_below).rtrim('/');
    for (const EmbeddedEntry &entry : entries()) {
      StringRef path = entry.path;
      if (directory.empty() ||
          (path.starts_with(directory) && path.substr(directory.size()).starts_with("/"))) {
        uint64_t inode = (uint64_t(&entry - bpfcc_embedded_files) + 1) << 32 | directory.size();
        return make_status(name, inode, 0, sys::fs::file_type::directory_file);
      }
    }
    return make_error_code(errc::no_such_file_or_directory);
  }

  ReplacedHeaders replaced_;
};

} // namespace

bool is_embedded(StringRef path) {
  StringRef root(kEmbeddedRoot);
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

IntrusiveRefCntPtr<vfs::FileSystem> make_embedded_file_system(const ReplacedHeaders &replaced) {
  return new EmbeddedFileSystem(replaced);
}

std::string_view embedded_header(std::string_view name) {
  for (const EmbeddedEntry &entry : entries())
    if (StringRef path = entry.path; path.consume_front("include/") && path == StringRef(name))
      return {entry.data, entry.size};
  return {};
}

std::string_view embedded_kernel_btf() {
  for (const EmbeddedEntry &entry : entries())
    if (StringRef(entry.path) == "kernel.btf")
      return {entry.data, entry.size};
  return {};
}

std::vector<std::string_view> embedded_bpf_headers() {
  std::vector<std::string_view> texts;
  for (const EmbeddedEntry &entry : entries())
    if (StringRef(entry.path).starts_with("include/bpf/"))
      texts.emplace_back(entry.data, entry.size);
  return texts;
}

} // namespace bpfcc
