// SHA-1 of each image (LibTorch brings it), sorted hashes, and the run's file of them.
#include "data/image_hashes.h"

#include <ATen/Parallel.h>
#include <c10/util/hash.h>

#include <algorithm>
#include <cstring>

#include "data/dataset.h"
#include "data/file.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

constexpr char kMagic[9] = "INKHASH1";  // 8 bytes, then two counts of 8 bytes, little-endian
constexpr std::size_t kHeader = 24, kHashBytes = sizeof(ImageHash::bytes);

int digit_of(char hex) { return hex <= '9' ? hex - '0' : hex - 'a' + 10; }

ImageHash hash_one(const std::uint8_t* image) {
  // c10::sha1 gives its digest as hexadecimal text only.
  const std::string hex = c10::sha1(std::string(image, image + kSide * kSide)).str();
  ImageHash hash;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    hash.bytes[i] = static_cast<std::uint8_t>(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
  }
  return hash;
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::uint64_t read_little_endian(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[at + i - 1]);
  }
  return value;
}

void append(std::string& bytes, const ImageHashes& hashes) {
  for (const ImageHash& hash : hashes.sorted()) bytes.append(hash.bytes.begin(), hash.bytes.end());
}

ImageHashes parse(const std::string& bytes, std::size_t at, std::uint64_t count) {
  std::vector<ImageHash> hashes(count);
  for (ImageHash& hash : hashes) {
    std::memcpy(hash.bytes.data(), bytes.data() + at, kHashBytes);
    at += kHashBytes;
  }
  return ImageHashes(std::move(hashes));
}

}  // namespace

std::vector<ImageHash> hash_images(const torch::Tensor& images) {
  const torch::Tensor bytes = images.contiguous();
  TORCH_CHECK(bytes.scalar_type() == torch::kUInt8 && bytes.numel() % (kSide * kSide) == 0);
  const auto* data = bytes.data_ptr<std::uint8_t>();
  std::vector<ImageHash> hashes(static_cast<std::size_t>(bytes.size(0)));
  constexpr std::int64_t kGrain = 256;
  at::parallel_for(0, bytes.size(0), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      hashes[static_cast<std::size_t>(i)] = hash_one(data + i * kSide * kSide);
    }
  });
  return hashes;
}

ImageHashes::ImageHashes(std::vector<ImageHash> hashes) : sorted_(std::move(hashes)) {
  std::sort(sorted_.begin(), sorted_.end());
  sorted_.erase(std::unique(sorted_.begin(), sorted_.end()), sorted_.end());
}

void ImageHashes::add(const ImageHashes& others) {
  std::vector<ImageHash> all = sorted_;
  all.insert(all.end(), others.sorted_.begin(), others.sorted_.end());
  *this = ImageHashes(std::move(all));
}

bool ImageHashes::contains(const ImageHash& hash) const {
  return std::binary_search(sorted_.begin(), sorted_.end(), hash);
}

std::int64_t ImageHashes::count_in(const std::vector<ImageHash>& others) const {
  return std::count_if(others.begin(), others.end(),
                       [this](const ImageHash& hash) { return contains(hash); });
}

void save_seen_images(const SeenImages& seen, const fs::path& path) {
  std::string bytes = kMagic;
  bytes += little_endian(seen.training.sorted().size());
  bytes += little_endian(seen.validation.sorted().size());
  append(bytes, seen.training);
  append(bytes, seen.validation);
  write_file(path, bytes);
}

SeenImages load_seen_images(const fs::path& path) {
  const std::string bytes = read_file(path);
  const Failure damaged(path.string() +
                        " is not whole, so leaks cannot be counted; train again, or remove it");
  if (bytes.size() < kHeader || !bytes.starts_with(kMagic)) throw damaged;
  const std::uint64_t training = read_little_endian(bytes, 8);
  const std::uint64_t validation = read_little_endian(bytes, 16);
  const std::uint64_t there = (bytes.size() - kHeader) / kHashBytes;
  if (training > there || validation != there - training ||
      kHeader + there * kHashBytes != bytes.size()) {
    throw damaged;
  }
  return {parse(bytes, kHeader, training),
          parse(bytes, kHeader + training * kHashBytes, validation)};
}

std::optional<SeenImages> all_seen_images(const fs::path& run_folder) {
  if (!fs::exists(seen_images_path(run_folder))) return std::nullopt;
  SeenImages seen = load_seen_images(seen_images_path(run_folder));
  const fs::path inherited = inherited_images_path(run_folder);
  if (fs::exists(inherited)) seen.add(load_seen_images(inherited));
  return seen;
}

}  // namespace inkling
