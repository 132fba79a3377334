// SPDX-License-Identifier: MIT OR Apache-2.0
// BPF_PROG_LOAD_EX: kbpf objects and plain zcore objects, made by hand.
#include "elf_builder.h"
#include "insn_builders.h"
#include "kernel/epoch.h"
#include "kernel/maps/map.h"
#include "kernel/program.h"
#include "kernel_fixture.h"

namespace kbpf::test {
namespace {

struct Binding {
  std::string name;
  int64_t fd;
};

class ObjectLoad : public KernelTest {
protected:
  int64_t load(const std::string &object, const std::vector<Binding> &bindings = {},
               const char *prog_name = nullptr) {
    std::vector<kbpf_map_binding> array;
    for (const Binding &binding : bindings)
      array.push_back({address(binding.name.c_str()), static_cast<uint32_t>(binding.fd), 0});
    kbpf_attr_prog_load_ex attr{};
    attr.elf = address(object.data());
    attr.elf_size = static_cast<uint32_t>(object.size());
    attr.map_array = address(array.data());
    attr.map_array_len = static_cast<uint32_t>(array.size());
    attr.prog_name = prog_name ? address(prog_name) : 0;
    attr.log_buf = address(log);
    attr.log_size = sizeof(log);
    memset(log, 0, sizeof(log));
    return bpf(PROG_LOAD_EX, attr);
  }

  Ref<Program> program_of(int64_t fd) {
    return Ref<Program>::adopt(static_cast<Program *>(hostport::object_of(static_cast<int>(fd))));
  }
  uint64_t run(int64_t fd) {
    Ref<Program> program = program_of(fd);
    uint64_t context[36] = {};
    ReadSection section;
    return program->run(context);
  }

  const std::vector<Insn> return_42 = assemble({mov64_imm(R0, 42), exit_insn()});
  // r0 = first 8 bytes of map 0's value
  const std::vector<Insn> return_value =
      assemble({ld_map_value(R1, 0, 0), kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()});
  // map_update_elem(map_fd, &0, &5, 0); r0 = 0. The ld_imm64 of the fd slot is instruction 0.
  const std::vector<Insn> zcore_update = assemble({
      ld_imm64(R1, 0),
      kbpf::test::load(KBPF_SIZE_W, R1, R1, 0),
      store_imm(KBPF_SIZE_W, R10, -4, 0),
      store_imm(KBPF_SIZE_DW, R10, -16, 5),
      mov64_reg(R2, R10),
      add64_imm(R2, -4),
      mov64_reg(R3, R10),
      add64_imm(R3, -16),
      mov64_imm(R4, 0),
      call_helper(2),
      mov64_imm(R0, 0),
      exit_insn(),
  });
  char log[8192];
};

TEST_F(ObjectLoad, AKbpfProgramRuns) {
  KbpfObjectBuilder object;
  object.add_prog("answer", return_42);
  int64_t fd = load(object.build());
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(run(fd), 42u);
  EXPECT_STREQ(program_of(fd)->name(), "answer");
  EXPECT_EQ(&program_of(fd)->profile(), &kKbpfProfile);
}

TEST_F(ObjectLoad, TheLogTellsTheSteps) {
  KbpfObjectBuilder object;
  object.add_prog("answer", return_42);
  load(object.build());
  std::string log_text = hostport::take_log();
  size_t at = 0;
  for (const char *step :
       {"load program ex", "map resolution finished", "relocation finished", "compile finished"}) {
    at = log_text.find(step, at);
    EXPECT_NE(at, std::string::npos) << step << " in " << log_text;
  }
}

TEST_F(ObjectLoad, AProgramIsChosenByName) {
  KbpfObjectBuilder object;
  object.add_prog("first", assemble({mov64_imm(R0, 1), exit_insn()}));
  object.add_prog("second", assemble({mov64_imm(R0, 2), exit_insn()}));
  std::string bytes = object.build();
  EXPECT_EQ(run(load(bytes)), 1u);
  EXPECT_EQ(run(load(bytes, {}, "second")), 2u);
  EXPECT_EQ(load(bytes, {}, "third"), -ENOENT);
  EXPECT_STREQ(log, "the object has no program called third\n");
}

TEST_F(ObjectLoad, AProgramThatDoesNotLoadByItselfIsPassedOver) {
  KbpfObjectBuilder object;
  object.add_prog("optional", assemble({mov64_imm(R0, 1), exit_insn()})).flags = KBPF_PROG_REC_NO_AUTOLOAD;
  object.add_prog("usual", assemble({mov64_imm(R0, 2), exit_insn()}));
  EXPECT_EQ(run(load(object.build())), 2u);
}

TEST_F(ObjectLoad, DataSectionsBecomeMapsWithTheirContents) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string("\x39\x05\0\0\0\0\0\0", 8), 0);
  object.add_prog("reader", return_value);
  EXPECT_EQ(run(load(object.build())), 1337u);
}

TEST_F(ObjectLoad, ReadOnlyDataIsFrozen) {
  KbpfObjectBuilder object;
  object.add_data_map(".rodata", std::string("\x39\x05\0\0\0\0\0\0", 8), KBPF_MAP_REC_RODATA);
  object.add_prog("reader", return_value);
  int64_t fd = load(object.build());
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(run(fd), 1337u);
  ASSERT_EQ(program_of(fd)->maps().size(), 1u);
  EXPECT_TRUE(program_of(fd)->maps()[0]->frozen());
}

TEST_F(ObjectLoad, ReadOnlyDataIsNotWrittenByPrograms) {
  KbpfObjectBuilder object;
  object.add_data_map(".rodata", std::string(8, 0), KBPF_MAP_REC_RODATA);
  object.add_prog("writer", assemble({ld_map_value(R1, 0, 0), store_imm(KBPF_SIZE_DW, R1, 0, 1),
                                      mov64_imm(R0, 0), exit_insn()}));
  EXPECT_EQ(load(object.build()), -EACCES);
}

TEST_F(ObjectLoad, OnlyTheMapsThatTheProgramNamesAreMade) {
  KbpfObjectBuilder object;
  for (int i = 0; i < 100; i++)
    object.add_map("unused" + std::to_string(i), kHash, 4, 4, 10);
  object.add_data_map(".data", std::string(8, 1), 0);
  object.add_prog(
      "reader", assemble({ld_map_value(R1, 100, 0), kbpf::test::load(KBPF_SIZE_DW, R0, R1, 0), exit_insn()}));
  int64_t fd = load(object.build());
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(program_of(fd)->maps().size(), 1u);
  EXPECT_EQ(run(fd), 0x0101010101010101u);
}

TEST_F(ObjectLoad, ABoundMapIsUsedAsItIs) {
  int64_t map = make_map(kArray, 4, 8, 1);
  uint32_t key = 0;
  uint64_t value = 99;
  update(map, &key, &value);
  KbpfObjectBuilder object;
  object.add_map("shared", kArray, 4, 8, 1);
  object.add_prog("reader", return_value);
  int64_t fd = load(object.build(), {{"other", map}, {"shared", map}});
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(run(fd), 99u);
}

TEST_F(ObjectLoad, ABoundMapOfAnotherShapeIsRefused) {
  int64_t map = make_map(kArray, 4, 4, 1);
  KbpfObjectBuilder object;
  object.add_map("shared", kArray, 4, 8, 1);
  object.add_prog("reader", return_value);
  EXPECT_EQ(load(object.build(), {{"shared", map}}), -EINVAL);
  EXPECT_NE(std::string(log).find("map shared"), std::string::npos) << log;
}

TEST_F(ObjectLoad, AMapThatCannotBeMadeIsNamed) {
  KbpfObjectBuilder object;
  object.add_map("impossible", kArray, 8, 8, 1);
  object.add_prog("reader", return_value);
  EXPECT_EQ(load(object.build()), -EINVAL);
  EXPECT_NE(std::string(log).find("map impossible"), std::string::npos) << log;
}

TEST_F(ObjectLoad, AnObjectThatNeedsANewerAbiIsNotSupported) {
  KbpfObjectBuilder object;
  object.add_prog("answer", return_42);
  object.abi.abi_version = 1000;
  EXPECT_EQ(load(object.build()), -524);
  EXPECT_NE(std::string(log).find("1000"), std::string::npos) << log;
}

TEST_F(ObjectLoad, TheLicenceFlagDecidesAboutGplHelpers) {
  KbpfObjectBuilder object;
  object.add_prog("printer",
                  assemble({store_imm(KBPF_SIZE_W, R10, -4, 'x'), mov64_reg(R1, R10), add64_imm(R1, -4),
                            mov64_imm(R2, 4), call_helper(6), mov64_imm(R0, 0), exit_insn()}));
  EXPECT_GE(load(object.build()), 0) << log;
  object.abi.flags = 0;
  EXPECT_LT(load(object.build()), 0);
}

TEST_F(ObjectLoad, AnUnsafeProgramIsRefusedWithItsCause) {
  KbpfObjectBuilder object;
  object.add_prog("unsafe", assemble({kbpf::test::load(KBPF_SIZE_DW, R0, R10, -1024), exit_insn()}));
  EXPECT_EQ(load(object.build()), -EACCES);
  EXPECT_GT(strlen(log), 10u);
  EXPECT_NE(hostport::take_log().find("refused: "), std::string::npos);
}

TEST_F(ObjectLoad, WhatIsNoObjectIsNotExecutable) {
  EXPECT_EQ(load("not an ELF file, but long enough to hold a header of one, 64 bytes"), -ENOEXEC);
  EXPECT_EQ(load(""), -ENOEXEC);
  EXPECT_GT(strlen(log), 0u);
}

TEST_F(ObjectLoad, AnObjectCutAnywhereIsRefused) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string(8, 0), 0);
  object.add_prog("reader", return_value);
  std::string bytes = object.build();
  for (size_t size = 0; size < bytes.size(); size += 8)
    EXPECT_LT(load(bytes.substr(0, size)), 0) << size;
}

TEST_F(ObjectLoad, AnyByteMayBeWrong) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string(8, 0), KBPF_MAP_REC_RODATA);
  object.add_map("map", kHash, 4, 8, 4);
  object.add_prog("reader", return_value);
  const std::string bytes = object.build();
  for (size_t at = 0; at < bytes.size(); at++)
    for (char wrong : {'\xff', '\x01', '\x80'}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ wrong);
      int64_t fd = load(changed);
      if (fd >= 0)
        hostport::close_fd(static_cast<int>(fd));
    }
}

TEST_F(ObjectLoad, BadPointersAreBadAddresses) {
  KbpfObjectBuilder object;
  object.add_prog("answer", return_42);
  std::string bytes = object.build();
  kbpf_attr_prog_load_ex attr{};
  attr.elf = kBadAddress;
  attr.elf_size = 100;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -EFAULT);
  attr.elf = address(bytes.data());
  attr.elf_size = static_cast<uint32_t>(bytes.size());
  attr.map_array = kBadAddress;
  attr.map_array_len = 1;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -EFAULT);
  kbpf_map_binding binding{kBadAddress, 0, 0};
  attr.map_array = address(&binding);
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -EFAULT);
  binding.name = address("map");
  binding.fd = 99;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -EBADF);
  attr.map_array_len = 0;
  attr.prog_name = kBadAddress;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -EFAULT);
}

TEST_F(ObjectLoad, SizesBeyondTheLimitsAreTooBig) {
  kbpf_attr_prog_load_ex attr{};
  attr.elf_size = KBPF_MAX_OBJECT_SIZE + 1;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -E2BIG);
  attr.elf_size = 100;
  attr.map_array_len = 1000000;
  EXPECT_EQ(bpf(PROG_LOAD_EX, attr), -E2BIG);
}

TEST_F(ObjectLoad, NeedsPermission) {
  hostport::set_may_use_bpf(false);
  EXPECT_EQ(load("anything"), -EPERM);
}

TEST_F(ObjectLoad, TheSeedsAttrOf32BytesIsEnough) {
  KbpfObjectBuilder object;
  object.add_prog("answer", return_42);
  std::string bytes = object.build();
  kbpf_attr_prog_load_ex attr;
  memset(&attr, 0xff, sizeof(attr)); // what is behind the size is not looked at
  attr.elf = address(bytes.data());
  attr.elf_size = static_cast<uint32_t>(bytes.size());
  attr.map_array_len = 0;
  attr.map_array = 0;
  EXPECT_GE(bpf(PROG_LOAD_EX, attr, 24), 0);
}

TEST_F(ObjectLoad, AZcoreProgramUsesTheMapsThatItIsGiven) {
  int64_t map = make_map(kHash, 4, 8, 4);
  int64_t fd = load(zcore_object(zcore_update, {{0, "map_fd"}}), {{"map_fd", map}});
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(&program_of(fd)->profile(), &kZcoreProfile);
  run(fd);
  uint32_t key = 0;
  uint64_t value = 0;
  EXPECT_EQ(lookup(map, &key, &value), 0);
  EXPECT_EQ(value, 5u);
}

TEST_F(ObjectLoad, AZcoreObjectMayCarryAnAbiRecord) {
  kbpf_abi_record abi{};
  abi.magic = KBPF_OBJECT_MAGIC;
  abi.format = KBPF_OBJECT_FORMAT;
  abi.profile = KBPF_PROFILE_ZCORE;
  abi.abi_version = 1;
  int64_t map = make_map(kHash, 4, 8, 4);
  int64_t fd = load(zcore_object(zcore_update, {{0, "map_fd"}}, &abi), {{"map_fd", map}});
  ASSERT_GE(fd, 0) << log;
  EXPECT_EQ(&program_of(fd)->profile(), &kZcoreProfile);
  abi.profile = KBPF_PROFILE_LINUX;
  EXPECT_LT(load(zcore_object(zcore_update, {{0, "map_fd"}}, &abi), {{"map_fd", map}}), 0);
}

TEST_F(ObjectLoad, AZcoreKeyIsCheckedAgainstTheMapThatIsGiven) {
  int64_t map = make_map(kHash, 64, 8, 4); // the program's stack has no 64 bytes there: they end above it
  EXPECT_EQ(load(zcore_object(zcore_update, {{0, "map_fd"}}), {{"map_fd", map}}), -EINVAL);
}

TEST_F(ObjectLoad, AZcoreSymbolWithoutAMapIsNotFound) {
  EXPECT_EQ(load(zcore_object(zcore_update, {{0, "map_fd"}})), -ENOENT);
  EXPECT_NE(std::string(log).find("map_fd"), std::string::npos) << log;
}

TEST_F(ObjectLoad, AZcoreCallOfASymbolIsNotSupported) {
  int64_t map = make_map(kHash, 4, 8, 4);
  std::string object = zcore_object(assemble({call_helper(-1), exit_insn()}), {{0, "map_fd", 10}});
  EXPECT_EQ(load(object, {{"map_fd", map}}), -524);
}

TEST_F(ObjectLoad, AZcoreProgramIsVerifiedToo) {
  EXPECT_EQ(load(zcore_object(assemble({kbpf::test::load(KBPF_SIZE_DW, R0, R10, -1024), exit_insn()}), {})),
            -EACCES);
}

TEST_F(ObjectLoad, EveryAllocationMayFail) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string(8, 0), 0);
  object.add_prog("reader", return_value);
  std::string bytes = object.build();
  size_t before = hostport::live_allocations();
  int64_t fd = -1;
  int64_t nth = 0;
  for (; fd < 0 && nth < 100; nth++) {
    hostport::fail_allocation(nth);
    fd = load(bytes);
    hostport::fail_allocation(-1);
    if (fd < 0) {
      EXPECT_EQ(fd, -ENOMEM) << log;
      EXPECT_EQ(hostport::live_allocations(), before);
    }
  }
  EXPECT_GE(fd, 0);
  EXPECT_GE(nth, 6);
}

} // namespace
} // namespace kbpf::test
