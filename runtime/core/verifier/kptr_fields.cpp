// SPDX-License-Identifier: MIT OR Apache-2.0
#include "core/verifier/kptr_fields.h"
#include "core/btf/check.h"
#include <algorithm>

namespace kbpf {
namespace {

// Structures that Linux can give back when a map's value goes, and what protects those that are kept (its
// rcu_protected_types; other ones of 6.12 are for tests).
constexpr std::string_view kWithDestructor[] = {"task_struct", "cgroup", "bpf_cpumask", "bpf_crypto_ctx"};

class Finder {
public:
  Finder(const Btf &types, const Btf &kernel, std::span<KptrField> fields)
      : types_(types), kernel_(kernel), fields_(fields) {}

  Result<size_t> find(uint32_t type, uint64_t offset) {
    KBPF_TRY(put_off(type, offset));
    while (waiting_count_ > 0) {
      const Place place = waiting_[--waiting_count_];
      if (++steps_ > kMostSteps)
        return Error::too_big;
      KBPF_TRY(look_at(place));
    }
    std::sort(fields_.begin(), fields_.begin() + static_cast<ptrdiff_t>(count_),
              [](const KptrField &a, const KptrField &b) { return a.offset < b.offset; });
    return count_;
  }

private:
  struct Place {
    uint32_t type;
    uint64_t offset;
  };
  static constexpr size_t kMostWaiting = 512, kMostSteps = 4096;

  Result<void> put_off(uint32_t type, uint64_t offset) {
    if (waiting_count_ == kMostWaiting || offset > UINT32_MAX)
      return Error::too_big;
    waiting_[waiting_count_++] = {type, offset};
    return {};
  }

  Result<void> look_at(const Place &place) {
    const uint32_t id = types_.strip_modifiers(place.type);
    const BtfType type = types_.type(id);
    switch (type.kind) {
    case BtfKind::structure:
      for (uint32_t i = 0; i < type.count; i++) {
        const auto member = type.part<kbpf_btf_member>(i);
        if (!type.bitfield_size(member) && may_keep(member.type))
          KBPF_TRY(put_off(member.type, place.offset + type.bit_offset(member) / 8));
      }
      return {};
    case BtfKind::data_section:
      for (uint32_t i = 0; i < type.count; i++) {
        const auto variable = type.part<kbpf_btf_var_secinfo>(i);
        KBPF_TRY(put_off(types_.type(variable.type).size_or_type, place.offset + variable.offset));
      }
      return {};
    case BtfKind::array: {
      const auto array = type.part<kbpf_btf_array>();
      const Result<uint32_t> size = size_of(types_, array.type);
      if (!size.ok() || !may_keep(array.type))
        return {};
      for (uint64_t i = 0; i < array.nelems; i++)
        KBPF_TRY(put_off(array.type, place.offset + i * *size));
      return {};
    }
    case BtfKind::pointer:
      return note(type, place.offset);
    default:
      return {};
    }
  }

  bool may_keep(uint32_t id) const {
    const BtfType type = types_.type(types_.strip_modifiers(id));
    return type.is(BtfKind::structure) || type.is(BtfKind::array) || is_kptr(type);
  }
  bool is_kptr(const BtfType &type) const {
    const BtfType tag = types_.type(type.size_or_type);
    return type.is(BtfKind::pointer) && tag.is(BtfKind::type_tag) &&
           (types_.name(tag) == "kptr" || types_.name(tag) == "kptr_untrusted" ||
            types_.name(tag) == "percpu_kptr");
  }

  Result<void> note(const BtfType &pointer, uint64_t offset) {
    if (!is_kptr(pointer))
      return {};
    if (count_ == fields_.size())
      return Error::too_big;
    const BtfType tag = types_.type(pointer.size_or_type);
    const BtfType target = types_.type(types_.strip_modifiers(tag.size_or_type));
    const std::string_view name = types_.name(target);
    KptrField field{.offset = static_cast<uint32_t>(offset), .kind = KptrField::Kind::unusable};
    field.type_id = target.is(BtfKind::structure) ? kernel_.find(name, BtfKind::structure) : 0;
    const bool has_destructor = std::ranges::find(kWithDestructor, name) != std::end(kWithDestructor);
    if (field.type_id != 0 && types_.name(tag) == "kptr_untrusted")
      field.kind = KptrField::Kind::untrusted;
    else if (field.type_id != 0 && types_.name(tag) == "kptr" && has_destructor)
      field.kind = KptrField::Kind::held;
    fields_[count_++] = field;
    return {};
  }

  const Btf &types_, &kernel_;
  const std::span<KptrField> fields_;
  size_t count_ = 0, waiting_count_ = 0, steps_ = 0;
  Place waiting_[kMostWaiting];
};

} // namespace

Result<size_t> find_kptrs(const Btf &types, uint32_t type, uint64_t offset, const Btf &kernel,
                          std::span<KptrField> fields) {
  return Finder(types, kernel, fields).find(type, offset);
}

} // namespace kbpf
