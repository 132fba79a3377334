// SPDX-License-Identifier: MIT OR Apache-2.0
// Objects by name: the bpf file system; and what /proc tells of their descriptors.
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

class KernelObjectNames : public KernelTest {};

int64_t pin(int64_t fd, const char *path) {
  kbpf_attr_obj attr{};
  attr.pathname = address(path);
  attr.bpf_fd = static_cast<uint32_t>(fd);
  return bpf(OBJ_PIN, attr);
}
int64_t get(const char *path, uint32_t flags = 0) {
  kbpf_attr_obj attr{};
  attr.pathname = address(path);
  attr.file_flags = flags;
  return bpf(OBJ_GET, attr);
}

TEST_F(KernelObjectNames, PinnedMapOutlivesItsDescriptor) {
  int64_t fd = make_map(kArray, 4, 8, 2);
  uint32_t key = 1;
  uint64_t value = 77, found = 0;
  ASSERT_EQ(update(fd, &key, &value), 0);
  ASSERT_EQ(pin(fd, "/sys/fs/bpf/m"), 0);
  hostport::close_fd(static_cast<int>(fd));
  int64_t again = get("/sys/fs/bpf/m");
  ASSERT_GE(again, 0);
  EXPECT_EQ(lookup(again, &key, &found), 0);
  EXPECT_EQ(found, value);
}

// bpftool opens what it only reads so.
TEST_F(KernelObjectNames, ANameIsOpenedForReadingOrWriting) {
  ASSERT_EQ(pin(make_map(kArray, 4, 8, 2), "/sys/fs/bpf/m"), 0);
  EXPECT_GE(get("/sys/fs/bpf/m", KBPF_MAP_F_RDONLY), 0);
  EXPECT_GE(get("/sys/fs/bpf/m", KBPF_MAP_F_WRONLY), 0);
  EXPECT_EQ(get("/sys/fs/bpf/m", KBPF_MAP_F_RDONLY | KBPF_MAP_F_WRONLY), -EINVAL);
  EXPECT_EQ(get("/sys/fs/bpf/m", KBPF_MAP_F_RDONLY_PROG), -EINVAL);
}

TEST_F(KernelObjectNames, UnlinkedPinFreesTheMap) {
  size_t before = hostport::live_allocations();
  int64_t fd = make_map(kArray, 4, 8, 2);
  ASSERT_EQ(pin(fd, "p"), 0);
  hostport::close_fd(static_cast<int>(fd));
  hostport::unlink_path("p");
  EXPECT_EQ(hostport::live_allocations(), before);
}

TEST_F(KernelObjectNames, ErrorsOfTheFileSystemReachTheCaller) {
  int64_t fd = make_map(kArray, 4, 8, 2);
  ASSERT_EQ(pin(fd, "p"), 0);
  EXPECT_EQ(pin(fd, "p"), -EEXIST);
  EXPECT_EQ(get("absent"), -ENOENT);
  EXPECT_EQ(pin(fd + 1, "q"), -EBADF);
}

TEST_F(KernelObjectNames, BadAddressOfAPathIsAnError) {
  kbpf_attr_obj attr{};
  attr.pathname = kBadAddress;
  EXPECT_EQ(bpf(OBJ_GET, attr), -EFAULT);
}

TEST_F(KernelObjectNames, LinesOfADescriptorNameItsTypeAndId) {
  kbpf_object *map = hostport::object_of(static_cast<int>(make_map(kArray, 4, 8, 2)));
  std::string lines;
  kbpf_object_describe(
      map,
      [](void *user, const char *text, size_t size) { static_cast<std::string *>(user)->append(text, size); },
      &lines);
  kbpf_object_release(map);
  EXPECT_NE(lines.find("map_type:\t2\n"), std::string::npos) << lines;
  EXPECT_NE(lines.find("max_entries:\t2\n"), std::string::npos) << lines;
}
} // namespace
} // namespace kbpf::test
