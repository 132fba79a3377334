// SPDX-License-Identifier: MIT OR Apache-2.0
// From a clang object through the relocator into the kernel room: the object is loaded by command 1000 and
// runs.
#include "kernel/epoch.h"
#include "kernel/program.h"
#include "kernel_fixture.h"
#include "relocator_fixture.h"

namespace kbpf::test {
namespace {

class RelocatedObject : public KernelTest {
protected:
  // map_fd: what the symbol or map map_name is bound to; negative: nothing.
  int64_t load(const std::string &object, const char *program, const char *map_name = nullptr,
               int64_t map_fd = -1) {
    kbpf_map_binding binding{address(map_name), static_cast<uint32_t>(map_fd), 0};
    kbpf_attr_prog_load_ex attr{};
    attr.elf = address(object.data());
    attr.elf_size = static_cast<uint32_t>(object.size());
    attr.map_array = address(&binding);
    attr.map_array_len = map_fd >= 0;
    attr.prog_name = program ? address(program) : 0;
    attr.log_buf = address(log_);
    attr.log_size = sizeof log_;
    return bpf(PROG_LOAD_EX, attr);
  }
  uint64_t run(int64_t fd) {
    auto program = Ref<Program>::adopt(static_cast<Program *>(hostport::object_of(static_cast<int>(fd))));
    uint64_t context[36] = {};
    ReadSection section;
    return program->run(context);
  }
  char log_[8192] = {};
};

TEST_F(RelocatedObject, GlobalVariableKeepsItsValueBetweenRuns) {
  // p2 returns st(2) + da, where st adds its argument to da (7 at first) and returns its product with bs (0).
  int64_t fd = load(bpfcc::test::relocate(kKbpfProfile, bpfcc::test::seed("two-probes.o")), "p2");
  ASSERT_GE(fd, 0) << log_;
  EXPECT_EQ(run(fd), 9u);
  EXPECT_EQ(run(fd), 11u);
}

TEST_F(RelocatedObject, HelperCalledByNameIsTheKernels) {
  // p1 returns the clock. Its map asks to be pinned, which is left to user space: so it is bound.
  int64_t map = make_map(kHash, 4, 8, 8, 1);
  int64_t fd = load(bpfcc::test::relocate(kKbpfProfile, bpfcc::test::seed("two-probes.o")), "p1", "m", map);
  ASSERT_GE(fd, 0) << log_;
  hostport::set_time_ns(1234);
  EXPECT_EQ(run(fd), 1234u);
}

TEST_F(RelocatedObject, ZcoreProgramPrintsFromItsMap) {
  int64_t map = make_map(kHash, 4, 8, 8);
  int32_t key = 1;
  int64_t value = 77;
  ASSERT_EQ(update(map, &key, &value), 0);
  int64_t fd =
      load(bpfcc::test::relocate(kZcoreProfile, bpfcc::test::seed("plain-zcore.o")), nullptr, "map_fd", map);
  ASSERT_GE(fd, 0) << log_;
  hostport::take_console();
  run(fd);
  EXPECT_NE(hostport::take_console().find("v=77"), std::string::npos);
}

} // namespace
} // namespace kbpf::test
