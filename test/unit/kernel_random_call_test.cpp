// SPDX-License-Identifier: MIT OR Apache-2.0
// bpf(2) called at random: every command, half-sensible attrs, wrong pointers and such as run into unmapped memory,
// closed descriptors and such of other things, huge counts, mutated programs, failing allocations. Whatever comes back, nothing crashes, leaks or hangs; the fixture compares what is allocated
// before and after.
#include "btf_builder.h"
#include "elf_builder.h"
#include "insn_builders.h"
#include "kernel/probes/probes.h"
#include "kernel_fixture.h"
#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace kbpf::test {
namespace {

class RandomCalls : public KernelTest {
protected:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  template <typename T> T one_of(std::initializer_list<T> values) {
    return values.begin()[below(values.size())];
  }

  // An address: of memory that is there, of a known string or object, or a wrong one.
  uint64_t some_address() {
    return one_of<uint64_t>({address(memory_), address(memory_), address(memory_ + 100), address(code_copy_),
                             address(object_copy_.data()), address(license_copy_), address(target_copy_), 0,
                             8, kBadAddress, kBadAddress >> 1, random_(), edge_ - below(64), edge_ - 4096});
  }
  uint32_t some_fd() {
    return below(40) ? static_cast<uint32_t>(below(16)) : one_of<uint32_t>({~0u, 0x7fffffff, 1000, 1u << 31});
  }
  const char *some_path() { return one_of({"/sys/fs/bpf/a", "/sys/fs/bpf/b", "/sys/fs/bpf/c", ""}); }

  // A program that the verifier knows, of maps that there may be, or one that differs from it in a few bits.
  std::vector<Insn> some_program() {
    const uint32_t map = some_fd();
    const int64_t timer_slots = static_cast<int64_t>(below(3)) * 8;
    std::vector<Insn> code = one_of<std::vector<Insn>>({
        assemble({mov64_imm(R0, 0), exit_insn()}),
        assemble({store_imm(KBPF_SIZE_DW, R10, -8, static_cast<int32_t>(below(4))),
                  ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), mov64_reg(R2, R10), add64_imm(R2, -8),
                  call_helper(one_of({1, 1, 3, 2, 87, 88, 89})), mov64_imm(R0, 0), exit_insn()}),
        assemble({ld_imm64_from(KBPF_PSEUDO_MAP_VALUE, R1, map, timer_slots), mov64_imm(R2, 1),
                  atomic(KBPF_SIZE_DW, KBPF_ATOMIC_ADD, R1, 0, R2), mov64_imm(R0, 0), exit_insn()}),
        assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R2, map, 0), mov64_imm(R3, 1), call_helper(12),
                  mov64_imm(R0, 0), exit_insn()}),
        assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), mov64_imm(R2, 16), mov64_imm(R3, 0),
                  call_helper(131), jump_imm(KBPF_JMP_JEQ, R0, 0, 3), mov64_reg(R1, R0), mov64_imm(R2, 0),
                  call_helper(132), mov64_imm(R0, 0), exit_insn()}),
        assemble({ld_imm64_from(KBPF_PSEUDO_MAP_FD, R1, map, 0), ld_imm64_from(KBPF_PSEUDO_FUNC, R2, 6, 0),
                  mov64_imm(R3, 0), mov64_imm(R4, 0), call_helper(one_of({164, 209})), mov64_imm(R0, 0),
                  exit_insn(), mov64_imm(R0, 0), exit_insn()}),
    });
    for (uint64_t bits = below(3) ? 0 : 1 + below(3); bits; bits--)
      reinterpret_cast<uint8_t *>(&code[below(code.size())])[below(sizeof(Insn))] ^= 1u << below(8);
    return code;
  }

  // A struct of 8-byte words with small numbers, descriptors and addresses where they may make sense.
  void fill(uint64_t *words, size_t count) {
    for (size_t i = 0; i < count; i++)
      words[i] = one_of<uint64_t>(
          {0, 0, 0, 1, 2, below(64), below(64) << 32 | below(16), some_fd(), some_address()});
  }

  // Calls may be told to write to any of these: each has room behind it, and is itself again for the next
  // call.
  void renew_copies() {
    strcpy(license_copy_, "GPL");
    strcpy(target_copy_, "kprobe$open");
    memcpy(btf_copy_, btf_.data(), btf_.size());
    memcpy(code_copy_, code_.data(), code_.size() * sizeof(Insn));
    object_copy_.resize(object_.size() + kRoom);
    memcpy(object_copy_.data(), object_.data(), object_.size());
  }

  static void run_event() {
    const uint64_t arguments[2] = {1, 2};
    const uint64_t record[3] = {};
    if (event_.attached)
      kbpf_event_run(&event_, arguments, record);
  }

  // Events of perf_event_open(2), and their ioctls, which bpf(2) does not have.
  void some_event() {
    kbpf_object *event = nullptr;
    int made = 0;
    switch (below(3)) {
    case 0:
      made = kbpf_probe_event_create("kprobe$open", 11, &event);
      break;
    case 1:
      made = kbpf_event_create(event_.id, &event);
      break;
    default: {
      const kbpf_perf_event_attr attr{0, 1, 1024, 0, 0};
      made = kbpf_perf_event_create(&attr, &event);
    }
    }
    if (made == 0 && kbpf_port_fd_install(event, "[perf_event]", 1) < 0)
      kbpf_object_release(event);
  }
  void some_order() {
    kbpf_object *event = hostport::object_of(static_cast<int>(some_fd()));
    kbpf_object *other = hostport::object_of(static_cast<int>(some_fd()));
    if (event && kbpf_is_perf_event(event)) {
      if (other)
        kbpf_perf_event_set_program(event, other);
      kbpf_perf_event_enable(event, below(2) != 0);
    }
    for (kbpf_object *object : {event, other})
      if (object)
        drop_reference(object);
  }

  // They come with the first program at an event, and stay: no leak, whichever test makes them.
  void keep_record_buffers() {
    kbpf_attr_prog_load attr{};
    attr.prog_type = 5;
    attr.insns = address(code_.data());
    attr.insn_cnt = 2;
    attr.license = address("GPL");
    const int program = static_cast<int>(bpf(PROG_LOAD, attr));
    kbpf_object *object = hostport::object_of(program), *event = nullptr;
    ASSERT_EQ(kbpf_event_create(event_.id, &event), 0);
    EXPECT_EQ(kbpf_perf_event_set_program(event, object), 0);
    kbpf_object_release(event);
    drop_reference(object);
    hostport::close_fd(program);
    hostport::keep_allocations();
  }

  int64_t one_call() {
    run_event();
    if (below(20) == 0)
      some_event();
    if (below(10) == 0)
      some_order();
    renew_copies();
    uint64_t words[24] = {};
    Command command =
        one_of({MAP_CREATE, MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM, MAP_GET_NEXT_KEY, PROG_LOAD,
                PROG_ATTACH, PROG_DETACH, PROG_LOAD_EX, BTF_LOAD, LINK_CREATE, RAW_TRACEPOINT_OPEN,
                OBJ_GET_INFO_BY_FD, PROG_TEST_RUN, MAP_LOOKUP_BATCH, MAP_UPDATE_BATCH, OBJ_PIN, OBJ_GET,
                static_cast<Command>(below(40)),
                static_cast<Command>(below(40)), static_cast<Command>(below(2000))});
    uint64_t size = below(4) ? 72 : below(200);
    if (below(3) == 0) {
      fill(words, 24);
    } else {
      switch (command) {
      case MAP_CREATE: {
        auto attr =
            map_attr(static_cast<uint32_t>(below(2) ? 1 + below(2) : below(34)),
                     one_of<uint32_t>({4, 4, 0, 8}), static_cast<uint32_t>(below(40)),
                     static_cast<uint32_t>(below(20)), static_cast<uint32_t>(below(4) ? 0 : 1u << below(12)));
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case PROG_LOAD: {
        kbpf_attr_prog_load attr{};
        attr.prog_type = below(2) ? kKprobe : one_of<uint32_t>({5, 17, 1, 6, 31});
        attr.expected_attach_type = below(3) ? 0 : 42;
        program_ = some_program();
        const bool is_whole = below(8) != 0;
        attr.insns = is_whole ? address(program_.data()) : address(code_.data());
        attr.insn_cnt = static_cast<uint32_t>(is_whole ? program_.size() : below(code_.size() + 1));
        attr.license = below(4) ? address(license_copy_) : some_address();
        attr.log_level = static_cast<uint32_t>(below(3));
        attr.log_size = static_cast<uint32_t>(below(200));
        attr.log_buf = below(2) ? address(memory_) : 0;
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case MAP_LOOKUP_BATCH:
      case MAP_LOOKUP_AND_DELETE_BATCH:
      case MAP_UPDATE_BATCH:
      case MAP_DELETE_BATCH: {
        kbpf_attr_map_batch attr{};
        attr.in_batch = below(2) ? 0 : some_address();
        attr.out_batch = below(2) ? address(memory_ + 8192) : some_address();
        attr.keys = below(2) ? address(memory_) : some_address();
        attr.values = below(2) ? address(memory_ + 16384) : some_address();
        attr.count = one_of<uint32_t>({0, 1, 2, 16, 100, 1u << 20, 1u << 31, ~0u});
        attr.map_fd = some_fd();
        attr.elem_flags = below(8) ? 0 : below(8);
        attr.flags = below(20) ? 0 : random_();
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case OBJ_PIN:
      case OBJ_GET: {
        kbpf_attr_obj attr{};
        attr.pathname = below(6) ? address(some_path()) : some_address();
        attr.bpf_fd = command == OBJ_PIN ? some_fd() : 0;
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case LINK_UPDATE: {
        const kbpf_attr_link_update attr{some_fd(), some_fd(), static_cast<uint32_t>(below(8)), some_fd()};
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case PROG_LOAD_EX: {
        kbpf_attr_prog_load_ex attr{};
        attr.elf = address(object_.data());
        attr.elf_size = static_cast<uint32_t>(below(4) ? object_.size() : below(object_.size()));
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case BTF_LOAD: {
        kbpf_attr_btf_load attr{};
        attr.btf = below(4) ? address(btf_copy_) : some_address();
        attr.btf_size = static_cast<uint32_t>(below(4) ? btf_.size() : below(btf_.size() + 8));
        attr.btf_log_level = static_cast<uint32_t>(below(3));
        attr.btf_log_size = static_cast<uint32_t>(below(300));
        attr.btf_log_buf = below(2) ? address(memory_) : 0;
        if (below(2))
          btf_copy_[below(btf_.size())] = static_cast<char>(below(256));
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case LINK_CREATE: {
        kbpf_attr_link_create attr{};
        attr.prog_fd = some_fd();
        attr.target_fd = some_fd();
        attr.attach_type = below(2) ? 41 : 42;
        attr.kprobe_multi.cnt = static_cast<uint32_t>(below(3));
        attr.kprobe_multi.syms = below(2) ? address(&symbol_) : 0;
        attr.kprobe_multi.addrs = below(3) ? 0 : some_address();
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case RAW_TRACEPOINT_OPEN: {
        kbpf_attr_raw_tracepoint attr{below(3) ? address(event_.name) : some_address(), some_fd(), 0, 5};
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case PROG_TEST_RUN: {
        kbpf_attr_prog_test_run attr{};
        attr.prog_fd = some_fd();
        attr.data_size_in = static_cast<uint32_t>(below(100));
        attr.data_in = some_address();
        attr.ctx_size_in = static_cast<uint32_t>(below(3) ? 0 : below(300));
        attr.ctx_in = some_address();
        attr.data_size_out = static_cast<uint32_t>(below(100));
        attr.data_out = address(memory_ + 5000);
        attr.repeat = static_cast<uint32_t>(below(4));
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case OBJ_GET_INFO_BY_FD: {
        kbpf_attr_info_by_fd attr{some_fd(), static_cast<uint32_t>(below(300)), address(memory_)};
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      case PROG_ATTACH:
      case PROG_DETACH: {
        kbpf_attr_attach attr{address(target_), 11, some_fd()};
        memcpy(words, &attr, sizeof(attr));
        break;
      }
      default: {
        auto attr = elem_attr(some_fd(), memory_ + 8 * below(8), memory_ + 1000, below(4));
        memcpy(words, &attr, sizeof(attr));
      }
      }
    }
    if (below(20) == 0)
      hostport::fail_allocation(static_cast<int64_t>(below(8)));
    int64_t result = kbpf_syscall(command, below(50) ? address(words) : some_address(), size);
    hostport::fail_allocation(-1);
    return result;
  }

  std::mt19937_64 random_{12345};
  // Writable, so that a call that is told to write there does no harm.
  char memory_[1 << 17] = {};
  char license_[4] = "GPL";
  char target_[12] = "kprobe$open";
  std::vector<Insn> program_;
  uint64_t edge_ = 0; // behind it no memory is mapped
  const std::vector<Insn> code_ = assemble({mov64_imm(R0, 0), exit_insn(), mov64_imm(R0, 0), exit_insn()});
  static inline kbpf_event event_{"sys", "random_event", 1, 24, 2, nullptr, nullptr, 0};
  std::string object_, btf_;
  char symbol_text_[8] = "open";
  uint64_t symbol_ = address(symbol_text_);
  static constexpr size_t kRoom = 4096;
  char license_copy_[kRoom] = {}, target_copy_[kRoom] = {}, code_copy_[kRoom] = {}, btf_copy_[kRoom] = {};
  std::vector<char> object_copy_;
};

TEST_F(RandomCalls, NothingBreaks) {
  KbpfObjectBuilder object;
  object.add_data_map(".data", std::string(8, 0), 0);
  object.add_prog("reader", assemble({ld_map_value(R1, 0, 0), mov64_imm(R0, 0), exit_insn()}));
  object_ = object.build();
  BtfBuilder btf;
  uint32_t integer = btf.integer();
  btf.structure("pair", 8, {{"first", integer, 0}, {"second", integer, 32}});
  btf_ = btf.build();
  static const bool registered = (kbpf_event_register(&event_), true);
  ASSERT_TRUE(registered);
  keep_record_buffers();
  alignas(8) uint32_t text[2] = {0x00150513, 0x00008067};
  const uint32_t original[2] = {text[0], text[1]};
  hostport::add_text(text, sizeof(text));
  hostport::add_symbol("open", "open", reinterpret_cast<uintptr_t>(text), sizeof(text));

  // Two pages of a file that has one: the second one is not there, and nobody else gets its place.
  const int file = memfd_create("edge", MFD_CLOEXEC);
  ASSERT_EQ(ftruncate(file, 4096), 0);
  void *mapping = mmap(nullptr, 2 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ASSERT_NE(mapping, MAP_FAILED);
  close(file);
  edge_ = address(static_cast<char *>(mapping)) + 4096;
  hostport::open_foreign_fd();

  size_t succeeded = 0;
  const char *asked = getenv("RANDOM_CALLS"); // a longer run by hand
  const int calls = asked ? atoi(asked) : 60000;
  for (int i = 0; i < calls; i++) {
    succeeded += one_call() >= 0;
    if (hostport::open_fds() > 12)
      for (int fd = 3; fd < 16; fd++)
        if (kbpf_object *open = below(2) ? hostport::object_of(fd) : nullptr) {
          kbpf_object_release(open);
          hostport::close_fd(fd);
        }
    if (i % 1000 == 0) {
      hostport::take_log();
      for (const char *path : {"/sys/fs/bpf/a", "/sys/fs/bpf/b", "/sys/fs/bpf/c"})
        if (hostport::has_path(path))
          hostport::unlink_path(path);
    }
  }
  EXPECT_GT(succeeded, 1000u);
  munmap(mapping, 2 * 4096);

  char buffer[256];
  TextBuffer why(buffer, sizeof(buffer));
  (void)detach_probe(nullptr, "kprobe$open", why).ok(); // programs whose descriptor is gone
  hostport::reset(false);                               // and programs of events whose descriptor is open
  EXPECT_EQ(memcmp(text, original, sizeof(text)), 0) << buffer;
}

} // namespace
} // namespace kbpf::test
