// SPDX-License-Identifier: MIT OR Apache-2.0
// An entry's file: magic, the strings and numbers of PreambleEntry, padding to 8 bytes, the serialised AST.
// Every length is checked when it is read, so a damaged file is no entry. Writers take turns by creating the
// temporary file exclusively; readers see an entry only after rename().
#include "bpfcc/frontend/preamble_cache.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <cstring>
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace bpfcc {
namespace {
using namespace llvm;

constexpr char kMagic[] = "bpfcc preamble 1\n";
constexpr StringRef kEntrySuffix = ".preamble", kTemporarySuffix = ".new";

class Writer {
public:
  void number(uint64_t value) { bytes_.append(reinterpret_cast<const char *>(&value), sizeof value); }
  void text(StringRef value) {
    number(value.size());
    bytes_.append(value.data(), value.size());
  }
  void hash(const PreambleHash &value) {
    number(value[0]);
    number(value[1]);
  }
  std::string &bytes() { return bytes_; }

private:
  std::string bytes_;
};

// Reads what Writer wrote; after the first number or text that does not fit, everything is empty and ok()
// false.
class Reader {
public:
  explicit Reader(StringRef bytes) : rest_(bytes) {}
  uint64_t number() {
    uint64_t value = 0;
    if (rest_.size() < sizeof value)
      return fail();
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.drop_front(sizeof value);
    return value;
  }
  std::string text() {
    uint64_t size = number();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string value = rest_.take_front(size).str();
    rest_ = rest_.drop_front(size);
    return value;
  }
  PreambleHash hash() {
    uint64_t low = number();
    return {low, number()};
  }
  // Number of elements that follow, each of at least one number.
  uint64_t count() {
    uint64_t value = number();
    return value <= rest_.size() / sizeof(uint64_t) ? value : fail();
  }
  bool ok() const { return ok_; }
  StringRef rest() const { return rest_; }

private:
  uint64_t fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  StringRef rest_;
  bool ok_ = true;
};

void write_entry(const PreambleEntry &entry, const PreambleHash &key, Writer &out) {
  out.bytes() = kMagic;
  out.hash(key);
  out.number(entry.headers.size());
  for (const PreambleEntry::Header &header : entry.headers) {
    out.text(header.path);
    out.hash(header.content);
  }
  out.number(entry.lookups.size());
  for (const PreambleEntry::Lookup &lookup : entry.lookups) {
    out.text(lookup.path);
    out.number(lookup.exists);
  }
  out.number(entry.dependencies.size());
  for (const FrontendOutput::Dependency &dependency : entry.dependencies) {
    out.text(dependency.path);
    out.number(dependency.system);
  }
  out.number(entry.declarations.size());
  for (const auto &[name, where] : entry.declarations) {
    out.text(name);
    out.text(where.file);
    out.number(where.line);
    out.number(where.column);
    out.text(where.text);
  }
  out.number(entry.externals.size());
  for (const PreambleEntry::External &external : entry.externals) {
    out.text(external.name);
    out.number(external.used);
  }
  out.number(entry.pch.size());
  while (out.bytes().size() % sizeof(uint64_t))
    out.bytes() += '\0';
  out.bytes() += entry.pch;
}

bool read_entry(StoredPreamble &stored, const PreambleHash &key) {
  StringRef bytes = stored.file->getBuffer();
  if (!bytes.consume_front(kMagic))
    return false;
  Reader in(bytes);
  if (in.hash() != key)
    return false;
  PreambleEntry &entry = stored.entry;
  for (uint64_t left = in.count(); left; --left) {
    std::string path = in.text();
    entry.headers.push_back({std::move(path), in.hash()});
  }
  for (uint64_t left = in.count(); left; --left) {
    std::string path = in.text();
    entry.lookups.push_back({std::move(path), in.number() != 0});
  }
  for (uint64_t left = in.count(); left; --left) {
    std::string path = in.text();
    entry.dependencies.push_back({std::move(path), in.number() != 0});
  }
  for (uint64_t left = in.count(); left; --left) {
    SourceLocation &where = entry.declarations[in.text()];
    where.file = in.text();
    where.line = static_cast<unsigned>(in.number());
    where.column = static_cast<unsigned>(in.number());
    where.text = in.text();
  }
  for (uint64_t left = in.count(); left; --left) {
    std::string name = in.text();
    entry.externals.push_back({std::move(name), in.number() != 0});
  }
  uint64_t size = in.number();
  size_t offset = static_cast<size_t>(in.rest().data() - stored.file->getBufferStart());
  size_t padding = -offset % sizeof(uint64_t);
  if (!in.ok() || in.rest().size() != padding + size)
    return false;
  stored.pch = in.rest().drop_front(padding);
  return true;
}

bool is_current(const PreambleEntry &entry) {
  for (const PreambleEntry::Lookup &lookup : entry.lookups)
    if ((::access(lookup.path.c_str(), F_OK) == 0) != lookup.exists)
      return false;
  for (const PreambleEntry::Header &header : entry.headers) {
    auto file = MemoryBuffer::getFile(header.path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!file || hash_bytes((*file)->getBuffer()) != header.content)
      return false;
  }
  return true;
}

bool make_folders(const std::string &path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    if (::mkdir(path.substr(0, slash).c_str(), 0700) != 0 && errno != EEXIST)
      return false;
    if (slash == path.npos)
      return true;
  }
}

bool write_all(int fd, StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written <= 0)
      return false;
    bytes = bytes.drop_front(static_cast<size_t>(written));
  }
  return true;
}

void remove_abandoned(const std::string &temporary) {
  int fd = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0)
    ::unlink(temporary.c_str());
  ::close(fd);
}

int add_build_id(dl_phdr_info *object, size_t, void *out) {
  if (StringRef(object->dlpi_name).contains("vdso")) // the kernel's
    return 0;
  for (const ElfW(Phdr) & segment : ArrayRef(object->dlpi_phdr, object->dlpi_phnum))
    if (segment.p_type == PT_NOTE)
      static_cast<std::string *>(out)->append(
          reinterpret_cast<const char *>(object->dlpi_addr + segment.p_vaddr), segment.p_memsz);
  return 0;
}

} // namespace

PreambleHash hash_bytes(StringRef bytes) {
  XXH128_hash_t hash = xxh3_128bits({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()});
  return {hash.low64, hash.high64};
}

// The linker's build id is a hash of the whole program and stands in a note.
std::string build_identity() {
  std::string notes;
  dl_iterate_phdr(add_build_id, &notes);
  return notes;
}

std::string PreambleCache::path_of(const PreambleHash &key) const {
  return folder_ + "/" + utohexstr(key[0], true, 16) + utohexstr(key[1], true, 16);
}

std::unique_ptr<StoredPreamble> PreambleCache::find(const PreambleHash &key) const {
  std::string path = path_of(key) + kEntrySuffix.str();
  wait_for_writer(key);
  auto file = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return nullptr;
  auto stored = std::make_unique<StoredPreamble>();
  stored->file = std::move(*file);
  if (!read_entry(*stored, key) || !is_current(stored->entry))
    return nullptr;
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0); // used now
  return stored;
}

// The lock ends with its holder, so a temporary file that is not locked is one that nobody finishes.
int PreambleCache::reserve(const PreambleHash &key) const {
  if (!make_folders(folder_))
    return -1;
  std::string path = path_of(key) + kTemporarySuffix.str();
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0)
    return -1;
  struct stat opened, current;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && ::fstat(fd, &opened) == 0 &&
      ::stat(path.c_str(), &current) == 0 && opened.st_ino == current.st_ino)
    return fd;
  ::close(fd);
  return -1;
}

void PreambleCache::store(int reservation, const PreambleHash &key, const PreambleEntry &entry) const {
  Writer out;
  write_entry(entry, key, out);
  std::string temporary = path_of(key) + kTemporarySuffix.str(), path = path_of(key) + kEntrySuffix.str();
  bool written = out.bytes().size() <= max_bytes_ && ::ftruncate(reservation, 0) == 0 &&
                 write_all(reservation, out.bytes());
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0)
    ::unlink(temporary.c_str());
  else
    evict();
}

void PreambleCache::wait_for_writer(const PreambleHash &key) const {
  std::string path = path_of(key) + kTemporarySuffix.str();
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  constexpr unsigned kPauses = 3000;
  constexpr timespec kPause = {0, 10'000'000};
  for (unsigned i = 0; i < kPauses && ::flock(fd, LOCK_SH | LOCK_NB) != 0; ++i)
    ::nanosleep(&kPause, nullptr);
  ::close(fd);
}

// A reader that has an evicted entry mapped keeps it.
void PreambleCache::evict() const {
  struct Found {
    std::string path;
    timespec used;
    uint64_t size;
  };
  std::vector<Found> files;
  uint64_t total = 0;
  DIR *folder = ::opendir(folder_.c_str());
  if (!folder)
    return;
  while (const dirent *file = ::readdir(folder)) {
    std::string path = folder_ + "/" + file->d_name;
    struct stat status;
    if (::stat(path.c_str(), &status) != 0)
      continue;
    if (StringRef(path).ends_with(kEntrySuffix)) {
      files.push_back({path, status.st_mtim, static_cast<uint64_t>(status.st_size)});
      total += files.back().size;
    } else if (StringRef(path).ends_with(kTemporarySuffix)) {
      remove_abandoned(path);
    }
  }
  ::closedir(folder);
  std::ranges::sort(files, [](const Found &a, const Found &b) {
    return std::pair(a.used.tv_sec, a.used.tv_nsec) < std::pair(b.used.tv_sec, b.used.tv_nsec);
  });
  for (const Found &file : files) {
    if (total <= max_bytes_)
      return;
    ::unlink(file.path.c_str());
    total -= file.size;
  }
}

} // namespace bpfcc
