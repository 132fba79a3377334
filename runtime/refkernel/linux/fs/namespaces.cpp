// SPDX-License-Identifier: MIT OR Apache-2.0
// /proc/PID/ns: there is one namespace of each kind, known by a file, whose
// number is Linux's for the first one.
#include "kernel/port.h"
#include "refkernel/linux/fs/procfs.h"
#include "refkernel/machine/noprobe.h"

namespace refkernel {
namespace {

constexpr FileSystemKind kNamespaceFs = {"nsfs", 0x6e736673, 12};
constexpr uint32_t kPidNamespace = 0xeffffffc;

struct Namespace {
  const char *name, *kind;
  uint32_t number;
};
constexpr Namespace kNamespaces[] = {
    {"cgroup", "cgroup", 0xeffffffb}, {"ipc", "ipc", 0xefffffff},
    {"mnt", "mnt", 0xf0000000},       {"net", "net", 0xf0000001},
    {"pid", "pid", kPidNamespace},    {"pid_for_children", "pid", kPidNamespace},
    {"time", "time", 0xeffffffa},     {"time_for_children", "time", 0xeffffffa},
    {"user", "user", 0xeffffffd},     {"uts", "uts", 0xeffffffe}};

// A descriptor that only names the namespace: there is no setns(2).
class OpenNamespace final : public HeapObject<OpenNamespace, File> {
public:
  OpenNamespace(Ref<Inode> inode, uint32_t flags) : HeapObject(std::move(inode), flags) {}
};

class NamespaceFile final : public HeapObject<NamespaceFile, Inode> {
public:
  explicit NamespaceFile(const Namespace &of)
      : HeapObject(kNamespaceFs, kModeRegular | 0444, uint64_t{of.number}) {}
  SysResult<Ref<File>> open(uint32_t flags) override {
    if ((flags & kOpenAccessMode) != kOpenReadOnly)
      return Errno::eperm;
    auto *file = try_make<OpenNamespace>(Ref<Inode>::share(this), flags);
    if (!file)
      return Errno::enomem;
    return Ref<File>::adopt(file);
  }
};

class NamespaceLink final : public HeapObject<NamespaceLink, Inode> {
public:
  explicit NamespaceLink(const Namespace &of) : HeapObject(kProcFs, kModeSymlink | 0777), of_(of) {}
  SysResult<void> read_link(kbpf::TextSink &sink) override {
    kbpf::print(sink, "{}:[{}]", of_.kind, of_.number);
    return {};
  }
  SysResult<Ref<Inode>> jump() override {
    auto *file = try_make<NamespaceFile>(of_);
    if (!file)
      return Errno::enomem;
    return Ref<Inode>::adopt(file);
  }

private:
  const Namespace &of_;
};

class NamespaceDirectory final : public HeapObject<NamespaceDirectory, SubDirectory> {
public:
  NamespaceDirectory(Ref<Inode> parent, uint32_t pid) : HeapObject(std::move(parent), pid, "ns", 0511) {}
  SysResult<Ref<Inode>> lookup(std::string_view name) override {
    for (const Namespace &of : kNamespaces)
      if (name == of.name) {
        auto *link = try_make<NamespaceLink>(of);
        if (!link)
          return Errno::enomem;
        return Ref<Inode>::adopt(link);
      }
    return Errno::enoent;
  }
  SysResult<void> list(uint64_t offset, DirectorySink &sink) override {
    uint64_t next = 2;
    for (const Namespace &of : kNamespaces)
      if (++next > offset && !sink.add(of.name, number + next, kModeSymlink, next))
        break;
    return {};
  }
};

} // namespace

SysResult<Ref<Inode>> make_namespace_directory(Ref<Inode> parent, uint32_t pid) {
  auto *directory = try_make<NamespaceDirectory>(std::move(parent), pid);
  if (!directory)
    return Errno::enomem;
  return Ref<Inode>::adopt(directory);
}

} // namespace refkernel

REFKERNEL_NOPROBE int kbpf_port_pid_namespace(uint64_t *device, uint64_t *inode) {
  *device = refkernel::kNamespaceFs.device;
  *inode = refkernel::kPidNamespace;
  return 0;
}
