// SPDX-License-Identifier: MIT OR Apache-2.0
#include "refkernel/linux/fs/named_source.h"
#include "refkernel/lib/alloc.h"
#include <cstring>

namespace refkernel {

namespace {

class NamedSource final : public PageSource {
public:
  NamedSource(Ref<PageSource> pages, char *path, size_t size, uint64_t inode, uint32_t device)
      : pages_(std::move(pages)), path_(path), size_(size), inode_(inode), device_(device) {}
  ~NamedSource() { heap_free(path_, size_, 1); }
  kbpf::Result<Page *> page(uint64_t index) override { return pages_->page(index); }
  Name name() const override { return {{path_, size_}, inode_, device_}; }
  void dispose() override { free_object(this); }

private:
  Ref<PageSource> pages_;
  char *path_;
  size_t size_;
  uint64_t inode_;
  uint32_t device_;
};

} // namespace

Ref<PageSource> name_source(Ref<PageSource> pages, std::string_view path, const Inode &inode) {
  char *copy = static_cast<char *>(heap_allocate(path.size(), 1));
  if (!copy)
    return pages;
  memcpy(copy, path.data(), path.size());
  auto *named = try_make<NamedSource>(Ref<PageSource>(pages), copy, path.size(), inode.number, inode.kind.device);
  if (named)
    return Ref<PageSource>::adopt(named);
  heap_free(copy, path.size(), 1);
  return pages;
}

} // namespace refkernel
