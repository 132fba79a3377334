// SPDX-License-Identifier: MIT OR Apache-2.0
// A hash table of singly linked sites. The table itself is fixed, so that a lookup is one multiplication and,
// as long as there are fewer probes than buckets, one or two cache lines.
#include "kernel/probes/registry.h"

namespace kbpf::probes {
namespace {

constexpr unsigned kBucketBits = 10;
constinit std::atomic<Site *> buckets[size_t(1) << kBucketBits] = {};

std::atomic<Site *> &bucket_of(uintptr_t address) {
  return buckets[uint64_t(address) * 0x9e3779b97f4a7c15 >> (64 - kBucketBits)];
}

} // namespace

Site *find_site(uintptr_t address) {
  Site *site = bucket_of(address).load(std::memory_order_acquire);
  while (site && site->address != address)
    site = site->next.load(std::memory_order_acquire);
  return site;
}

void link_site(Site &site) {
  std::atomic<Site *> &bucket = bucket_of(site.address);
  site.next.store(bucket.load(std::memory_order_relaxed), std::memory_order_relaxed);
  bucket.store(&site, std::memory_order_release);
}

void unlink_site(Site &site) {
  std::atomic<Site *> *link = &bucket_of(site.address);
  while (Site *at = link->load(std::memory_order_relaxed)) {
    if (at == &site) {
      link->store(site.next.load(std::memory_order_relaxed), std::memory_order_release);
      return;
    }
    link = &at->next;
  }
}

void append_attachment(Site &site, Attachment &attachment) {
  std::atomic<Attachment *> *link = &site.attachments;
  while (Attachment *at = link->load(std::memory_order_relaxed))
    link = &at->next;
  link->store(&attachment, std::memory_order_release);
  note_single(site);
}

void note_single(Site &site) {
  const Attachment *first = site.attachments.load(std::memory_order_relaxed);
  const bool is_alone = first && !first->next.load(std::memory_order_relaxed);
  const bool is_simple = is_alone &&
                         (first->kind == AttachKind::fentry || first->kind == AttachKind::fexit) &&
                         first->program->tracing().arguments <= kArgumentRegisters;
  site.single.store(is_simple ? first : nullptr, std::memory_order_release);
}

} // namespace kbpf::probes
