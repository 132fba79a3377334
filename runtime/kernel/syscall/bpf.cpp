// SPDX-License-Identifier: MIT OR Apache-2.0
// The entry of bpf(2), and what command.h declares.
#include "kernel/kbpf.h"
#include "kernel/syscall/command.h"
#include "kernel/timer.h"
#include <optional>

namespace kbpf {
namespace {

constexpr size_t kMaxAttrSize = 4096;

bool all_zero(const std::byte *bytes, size_t size) {
  for (; size >= sizeof(uint64_t); bytes += sizeof(uint64_t), size -= sizeof(uint64_t)) {
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    if (word)
      return false;
  }
  for (; size; bytes++, size--)
    if (*bytes != std::byte{0})
      return false;
  return true;
}

Error from_port(int negative_errno) {
  return negative_errno == -to_errno(Error::no_memory) ? Error::no_memory : Error::too_many_files;
}

template <typename T> Result<Ref<T>> object_of_kind(uint32_t fd, Object::Kind kind) {
  Ref<Object> object = KBPF_TRY(object_from_fd(fd));
  if (object->kind != kind)
    return Error::invalid;
  return Ref<T>::adopt(static_cast<T *>(object.release()));
}

template <typename T> Result<int64_t> install_object(Ref<T> object, const char *kind, int access = 0) {
  object->users.fetch_add(1, std::memory_order_relaxed);
  int fd = kbpf_port_fd_install(object.get(), kind, KBPF_FD_CLOSE_ON_EXEC | access);
  if (fd < 0) {
    object->drop_user();
    return from_port(fd);
  }
  object.release(); // the descriptor's now
  return int64_t{fd};
}

Result<int64_t> run_command(uint64_t number, Call &call) {
  switch (number) {
#define KBPF_COMMAND(number, name, NAME, since, text)                                                        \
  case number:                                                                                               \
    return commands::name(call);
#include "abi/commands.def"
#undef KBPF_COMMAND
  }
  return Error::invalid;
}

} // namespace

Result<std::string_view> UserPtr::copy_string(char *buffer, size_t size) const {
  // In pieces that end at an aligned address: no byte behind the terminator's piece is touched, so that a
  // string at the end of mapped memory is read whole.
  constexpr size_t kPiece = 64;
  size_t length = 0;
  while (length < size) {
    size_t piece = std::min<size_t>(kPiece - (address_ + length) % kPiece, size - length);
    KBPF_TRY(offset(length).copy_in(buffer + length, piece));
    std::string_view read(buffer + length, piece);
    if (size_t end = read.find('\0'); end != std::string_view::npos)
      return std::string_view(buffer, length + end);
    length += piece;
  }
  return Error::too_big;
}

Result<void> Call::copy_attr(uint64_t user_attr, uint64_t size) {
  if (size > kMaxAttrSize)
    return Error::too_big;
  user_attr_ = user_attr;
  size_ = size;
  KBPF_TRY(UserPtr(user_attr).copy_in(bytes_, std::min<size_t>(size, kAttrSize)));
  return size > kAttrSize ? check_tail() : Result<void>();
}

Result<void> Call::check_tail() const {
  std::byte tail[64];
  for (size_t at = kAttrSize; at < size_; at += sizeof(tail)) {
    size_t piece = std::min<size_t>(size_ - at, sizeof(tail));
    KBPF_TRY(user_attr().offset(at).copy_in(tail, piece));
    if (!all_zero(tail, piece))
      return Error::too_big;
  }
  return {};
}

Result<void> Call::check_rest(size_t used) const {
  size_t given = std::min<size_t>(size_, kAttrSize);
  if (given > used && !all_zero(bytes_ + used, given - used))
    return Error::invalid;
  return {};
}

Result<Ref<Map>> map_from_fd(uint32_t fd) { return object_of_kind<Map>(fd, Object::Kind::map); }
Result<void> MapInUse::own(uint32_t fd) {
  Object *object = nullptr;
  access_ = kbpf_port_fd_get(static_cast<int>(fd), &object);
  if (access_ < 0)
    return access_ == -to_errno(Error::invalid) ? Error::invalid : Error::bad_fd;
  Ref<Object> held = adopt_from_port(object);
  if (held->kind != Object::Kind::map)
    return Error::invalid;
  map_ = static_cast<Map *>(held.release());
  owned_ = true;
  return {};
}
Result<int> fd_access(uint32_t flags) {
  switch (flags & (KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY)) {
  case 0:
    return 0;
  case KBPF_MAP_F_RDONLY:
    return KBPF_FD_NO_WRITE;
  case KBPF_MAP_F_WRONLY:
    return KBPF_FD_NO_READ;
  default:
    return Error::invalid;
  }
}
Result<Ref<Program>> program_from_fd(uint32_t fd) {
  return object_of_kind<Program>(fd, Object::Kind::program);
}
Result<Ref<BtfObject>> btf_from_fd(uint32_t fd) { return object_of_kind<BtfObject>(fd, Object::Kind::btf); }
Result<int64_t> install_fd(Ref<Map> map, int access) {
  return install_object(std::move(map), "bpf-map", access);
}
Result<int64_t> install_fd(Ref<Program> program) { return install_object(std::move(program), "bpf-prog"); }
Result<int64_t> install_fd(Ref<StatsSwitch> stats) { return install_object(std::move(stats), "bpf-stats"); }
Result<int64_t> install_fd(Ref<BtfObject> btf) { return install_object(std::move(btf), "btf"); }
Result<int64_t> install_fd(Ref<Link> link) { return install_object(std::move(link), "bpf_link"); }
Result<int64_t> install_found_link(Ref<Link> link) { return install_object(std::move(link), "bpf-link"); }

} // namespace kbpf

namespace kbpf {
namespace {

constexpr uint64_t kMapLookupElem = 1;
constexpr size_t kWord = sizeof(uint64_t);

[[gnu::noinline]] int64_t any_call(uint64_t cmd, uint64_t user_attr, uint64_t size) {
  Call call;
  if (Result<void> copied = call.copy_attr(user_attr, size); !copied.ok())
    return -to_errno(copied.error());
  Result<int64_t> result = run_command(cmd, call);
  end_released_programs();
  return result.ok() ? *result : -to_errno(result.error());
}

// The most frequent call of all, a lookup without flags where key and value are words. Nothing: it is another
// one, or there is an error to tell.
std::optional<int64_t> look_up_word(uint64_t user_attr) {
  kbpf_attr_map_elem attr;
  Object *object = nullptr;
  if (kbpf_port_copy_from_user(&attr, user_attr, sizeof(attr)) != 0 || attr.flags != 0 ||
      kbpf_port_fd_peek(static_cast<int>(attr.map_fd), &object) != 0 || object->kind != Object::Kind::map)
    return std::nullopt;
  Map &map = *static_cast<Map *>(object);
  const Map::UserAccess &access = map.user_access();
  uint64_t key, value;
  if (map.spec().key_size != kWord || access.value_size != kWord || access.lookup_takes_value ||
      kbpf_port_copy_from_user(&key, attr.key, kWord) != 0)
    return std::nullopt;
  if (!map.read_for_user(&key, &value).ok())
    return std::nullopt;
  return kbpf_port_copy_to_user(attr.value, &value, kWord);
}

} // namespace
} // namespace kbpf

int64_t kbpf_syscall(uint64_t cmd, uint64_t user_attr, uint64_t size) {
  if (cmd == kbpf::kMapLookupElem && size == sizeof(kbpf_attr_map_elem)) {
    std::optional<int64_t> result = kbpf::look_up_word(user_attr);
    return result ? *result : kbpf::any_call(kbpf::kMapLookupElem, user_attr, sizeof(kbpf_attr_map_elem));
  }
  return kbpf::any_call(cmd, user_attr, size);
}
