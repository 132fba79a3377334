// SPDX-License-Identifier: MIT OR Apache-2.0
// Where values of maps keep objects of the kernel, by types that may be hostile.
#include "btf_builder.h"
#include "core/btf/check.h"
#include "core/verifier/kptr_fields.h"
#include "insn_builders.h"
#include "verify_fixture.h"
#include <array>
#include <random>

namespace kbpf {
namespace {

using namespace test;
using Kind = KptrField::Kind;

// Types in their own memory.
struct Types {
  explicit Types(std::string blob) : bytes(std::move(blob)) {
    const Result<Btf> parsed = Btf::parse(std::as_bytes(std::span(bytes)), arena, nullptr);
    is_good = parsed.ok() && check_references(*parsed, arena, nullptr).ok();
    if (parsed.ok())
      btf = *parsed;
  }
  std::string bytes;
  Arena arena{malloc_source(), size_t{16} << 20};
  Btf btf;
  bool is_good;
};

const Types &kernel() {
  static const Types types([] {
    BtfBuilder builder;
    const uint32_t number = builder.integer();
    builder.structure("task_struct", 4, {{"pid", number, 0}});
    builder.structure("file", 4, {{"mode", number, 0}});
    return builder.build();
  }());
  return types;
}

// A value's types: ids of pointers to a struct of that name, with a tag.
struct ValueBuilder : BtfBuilder {
  uint32_t number = integer();
  uint32_t index = integer("index");
  uint32_t kept(const std::string &name, const std::string &tag) {
    return pointer(add(KBPF_BTF_KIND_TYPE_TAG, tag, structure(name, 4, {{"unknown", number, 0}})));
  }
};

Result<size_t> find(const ValueBuilder &builder, uint32_t type, std::array<KptrField, kMostKptrs> &fields,
                    uint64_t offset = 0) {
  const Types types(builder.build());
  EXPECT_TRUE(types.is_good && kernel().is_good);
  return find_kptrs(types.btf, type, offset, kernel().btf, fields);
}

TEST(KptrFields, AreFoundInMembersAndArraysByOffset) {
  ValueBuilder builder;
  const uint32_t held = builder.kept("task_struct", "kptr"), loose = builder.kept("file", "kptr_untrusted"),
                 many = builder.array(held, builder.index, 2),
                 inner = builder.structure("inner", 24, {{"number", builder.number, 0}, {"many", many, 64}}),
                 value = builder.structure("value", 40,
                                           {{"first", held, 0}, {"inner", inner, 64}, {"loose", loose, 256}});
  std::array<KptrField, kMostKptrs> fields;
  const Result<size_t> count = find(builder, value, fields, 100);
  ASSERT_TRUE(count.ok());
  ASSERT_EQ(*count, 4u);
  const uint32_t offsets[] = {100, 116, 124, 132};
  for (size_t i = 0; i < 4; i++) {
    EXPECT_EQ(fields[i].offset, offsets[i]);
    EXPECT_EQ(fields[i].kind, i == 3 ? Kind::untrusted : Kind::held);
    EXPECT_EQ(fields[i].type_id, kernel().btf.find(i == 3 ? "file" : "task_struct", BtfKind::structure));
  }
}

TEST(KptrFields, OfOtherTypesCannotBeUsed) {
  ValueBuilder builder;
  const uint32_t value =
      builder.structure("value", 32,
                        {{"no_destructor", builder.kept("file", "kptr"), 0},
                         {"own_type", builder.kept("node", "kptr"), 64},
                         {"own_type_untrusted", builder.kept("node", "kptr_untrusted"), 128},
                         {"per_cpu", builder.kept("task_struct", "percpu_kptr"), 192}});
  std::array<KptrField, kMostKptrs> fields;
  const Result<size_t> count = find(builder, value, fields);
  ASSERT_TRUE(count.ok());
  ASSERT_EQ(*count, 4u);
  for (size_t i = 0; i < 4; i++)
    EXPECT_EQ(fields[i].kind, Kind::unusable) << fields[i].offset;
}

TEST(KptrFields, OtherPointersAreNone) {
  ValueBuilder builder;
  const uint32_t task = builder.structure("task_struct", 4, {{"unknown", builder.number, 0}}),
                 value = builder.structure("value", 16,
                                           {{"plain", builder.pointer(task), 0},
                                            {"user", builder.kept("task_struct", "user"), 64}});
  std::array<KptrField, kMostKptrs> fields;
  const Result<size_t> count = find(builder, value, fields);
  ASSERT_TRUE(count.ok());
  EXPECT_EQ(*count, 0u);
}

TEST(KptrFields, AreNoMoreThanThereIsRoomFor) {
  for (uint32_t elements : {uint32_t{kMostKptrs}, uint32_t{kMostKptrs + 1}, uint32_t{1} << 28}) {
    ValueBuilder builder;
    const uint32_t many = builder.array(builder.kept("task_struct", "kptr"), builder.index, elements);
    std::array<KptrField, kMostKptrs> fields;
    const Result<size_t> count = find(builder, many, fields);
    EXPECT_EQ(count.ok(), elements == kMostKptrs) << elements;
    if (!count.ok())
      EXPECT_EQ(count.error(), Error::too_big);
  }
}

TEST(KptrFields, ChangedTypesBreakNothing) {
  ValueBuilder builder;
  const uint32_t held = builder.kept("task_struct", "kptr"), many = builder.array(held, builder.index, 3),
                 inner = builder.structure("inner", 24, {{"many", many, 0}}),
                 value = builder.structure("value", 56,
                                           {{"inner", inner, 0}, {"again", inner, 192}, {"held", held, 384}});
  const std::string blob = builder.build();
  std::mt19937 random(4711);
  uint32_t found = 0;
  for (int round = 0; round < 4000; round++) {
    std::string changed = blob;
    for (int change = 0; change < 2; change++)
      changed[sizeof(kbpf_btf_header) + random() % (changed.size() - sizeof(kbpf_btf_header))] =
          static_cast<char>(random());
    const Types types(changed);
    std::array<KptrField, kMostKptrs> fields;
    if (!types.is_good)
      continue;
    const Result<size_t> count = find_kptrs(types.btf, value, 0, kernel().btf, fields);
    if (!count.ok())
      continue;
    found += *count > 0;
    ASSERT_LE(*count, fields.size());
    for (size_t i = 1; i < *count; i++)
      EXPECT_LE(fields[i - 1].offset, fields[i].offset);
  }
  EXPECT_GT(found, 0u);
}

} // namespace
} // namespace kbpf
