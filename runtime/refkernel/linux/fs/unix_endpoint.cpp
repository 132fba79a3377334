// SPDX-License-Identifier: MIT OR Apache-2.0
// Queues and names of endpoints.
#include "refkernel/linux/fs/unix_endpoint.h"
#include "refkernel/linux/fs/fd_table.h"
#include "refkernel/linux/fs/internet_address.h"
#include "refkernel/linux/fs/path.h"
#include "refkernel/linux/process.h"

namespace refkernel {

SpinLock unix_lock;

UnixEndpoint *first_abstract = nullptr;

namespace {

// The name in the file tree. It outlives the socket; connecting to it is then refused.
class SocketInode final : public HeapObject<SocketInode, Inode> {
public:
  SocketInode(const FileSystemKind &kind, uint32_t permissions, Ref<UnixEndpoint> endpoint)
      : HeapObject(kind, kModeSocket | permissions), endpoint_(std::move(endpoint)) {}
  UnixEndpoint *endpoint() const override { return endpoint_.get(); }

private:
  Ref<UnixEndpoint> endpoint_;
};

UnixEndpoint *find_abstract(std::string_view name) {
  UnixEndpoint *endpoint = first_abstract;
  while (endpoint && (endpoint->family != SocketFamily::local || endpoint->name.text() != name))
    endpoint = endpoint->next_abstract;
  return endpoint;
}

SysResult<void> bind_path(const Ref<UnixEndpoint> &endpoint, const UnixAddress &address) {
  Ref<Inode> start = KBPF_TRY(start_directory(kAtFdCwd, address.text()));
  MutexGuard guard(namespace_lock);
  Location location;
  SysResult<Directory *> directory = directory_for_new(kAtFdCwd, address.text(), std::move(start), location);
  if (!directory.ok())
    return directory.error() == Errno::eexist ? Errno::eaddrinuse : directory.error();
  auto *inode = try_make<SocketInode>((*directory)->kind, 0777 & ~current_process().fs->umask.load(), endpoint);
  if (!inode)
    return Errno::enomem;
  return insert_new(**directory, location.last(), Ref<Inode>::adopt(inode));
}

} // namespace

PassedFiles::~PassedFiles() {
  if (!files_)
    return;
  for (size_t i = 0; i < kMaxPassedFiles; ++i)
    files_[i].~Ref<File>();
  heap_free(files_, kMaxPassedFiles * sizeof(Ref<File>), alignof(Ref<File>));
}

SysResult<void> PassedFiles::reserve() {
  if (files_)
    return {};
  auto *memory = static_cast<Ref<File> *>(heap_allocate(kMaxPassedFiles * sizeof(Ref<File>), alignof(Ref<File>)));
  if (!memory)
    return Errno::enomem;
  for (size_t i = 0; i < kMaxPassedFiles; ++i)
    new (&memory[i]) Ref<File>();
  files_ = memory;
  return {};
}

SysResult<Ref<UnixEndpoint>> UnixEndpoint::create(SocketType type, SocketFamily family) {
  auto *endpoint = try_make<UnixEndpoint>(type, family);
  if (!endpoint)
    return Errno::enomem;
  return Ref<UnixEndpoint>::adopt(endpoint);
}

UnixEndpoint::~UnixEndpoint() {
  while (first)
    free_object(std::exchange(first, first->next));
  while (first_connection)
    free_object(std::exchange(first_connection, first_connection->next));
}

void UnixEndpoint::append(UnixMessage &message) {
  message.next = nullptr;
  (last ? last->next : first) = &message;
  last = &message;
  queued += message.size - message.taken + kMessageCost;
}

UnixMessage *UnixEndpoint::take_first() {
  UnixMessage *message = first;
  first = message->next;
  if (!first)
    last = nullptr;
  queued -= message->size - message->taken + kMessageCost;
  return message;
}

void UnixEndpoint::announce() {
  generation.fetch_add(1);
  changed.wake_all();
  notify_pollers();
}

void release_abstract_name(UnixEndpoint &endpoint) {
  if (!endpoint.name.abstract())
    return;
  UnixEndpoint **link = &first_abstract;
  while (*link && *link != &endpoint)
    link = &(*link)->next_abstract;
  if (*link)
    *link = endpoint.next_abstract;
}

SysResult<void> bind_endpoint(Ref<UnixEndpoint> endpoint, const UnixAddress &address) {
  {
    SpinGuard guard(unix_lock);
    if (endpoint->named)
      return Errno::einval;
    UnixAddress chosen = address;
    if (endpoint->family == SocketFamily::internet)
      KBPF_TRY(choose_place(chosen, endpoint->type));
    else if (address.abstract() && find_abstract(address.text()))
      return Errno::eaddrinuse;
    if (address.abstract())
      endpoint->next_abstract = std::exchange(first_abstract, endpoint.get());
    endpoint->name = chosen;
    endpoint->named = true;
  }
  if (address.abstract())
    return {};
  SysResult<void> made = bind_path(endpoint, address);
  if (!made.ok()) {
    SpinGuard guard(unix_lock);
    endpoint->named = false;
    endpoint->name = UnixAddress{};
  }
  return made;
}

SysResult<Ref<UnixEndpoint>> find_endpoint(const UnixAddress &address, SocketType type) {
  Ref<UnixEndpoint> found;
  Location location; // keeps the inode while its endpoint is looked at
  if (address.abstract()) {
    SpinGuard guard(unix_lock);
    found = Ref<UnixEndpoint>::share(address.family == SocketFamily::internet ? find_place(address, type)
                                                                              : find_abstract(address.text()));
  } else {
    KBPF_TRY(walk_at(kAtFdCwd, address.text(), LastLink::follow, location));
    if (!location.inode)
      return Errno::enoent;
    KBPF_TRY(check_access(*location.inode, kMayWrite));
    found = Ref<UnixEndpoint>::share(location.inode->endpoint());
  }
  if (!found || found->closed)
    return Errno::econnrefused;
  if (found->type != type)
    return Errno::eprototype;
  return found;
}

} // namespace refkernel
