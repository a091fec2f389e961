// Parses IDX with every count checked against the file's length.
#include "data/idx.h"

#include <array>
#include <cstring>

#include "data/file.h"

namespace inkling {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t kImagesMagic = 0x00000803, kLabelsMagic = 0x00000801;

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// Checks magic and length; returns the dimensions, outermost first.
template <std::size_t kRank>
std::array<std::int64_t, kRank> read_header(const std::string& bytes, std::uint32_t magic,
                                            const fs::path& path) {
  constexpr std::size_t kHeader = 4 + 4 * kRank;
  if (bytes.size() < kHeader || big_endian(bytes, 0) != magic) {
    throw Failure(path.string() + " is not an IDX file of " +
                  (kRank == 3 ? "images (it should begin with 00 00 08 03)"
                              : "labels (it should begin with 00 00 08 01)"));
  }
  std::array<std::int64_t, kRank> dims{};
  std::uint64_t expected = 1;
  bool too_large = false;
  for (std::size_t i = 0; i < kRank; ++i) {
    dims[i] = big_endian(bytes, 4 + 4 * i);
    expected *= static_cast<std::uint64_t>(dims[i]);
    too_large = too_large || expected > bytes.size();
  }
  if (too_large || expected != bytes.size() - kHeader) {
    throw Failure(path.string() + " says that it holds " + std::to_string(dims[0]) +
                  " entries, but its length disagrees; fetch it again");
  }
  return dims;
}

fs::path find_part(const fs::path& folder, const std::string& name) {
  std::error_code error;
  if (fs::is_regular_file(folder, error)) {
    throw Failure(folder.string() + " is not a folder; name the one with MNIST's four IDX files");
  }
  for (const char* ending : {"", ".gz"}) {
    if (fs::path path = folder / (name + ending); fs::exists(path, error)) return path;
    if (error) throw Failure("cannot look into " + folder.string() + ": " + error.message());
  }
  throw Failure("there is no " + name + "[.gz] in " + folder.string() +
                "; fetch it with: inkling fetch mnist --out " + folder.string());
}

}  // namespace

torch::Tensor read_idx_images(const fs::path& path) {
  const std::string bytes = read_file(path);
  const auto dims = read_header<3>(bytes, kImagesMagic, path);
  if (dims[1] != kSide || dims[2] != kSide) {
    throw Failure(path.string() + " holds images of " + std::to_string(dims[1]) + "x" +
                  std::to_string(dims[2]) + " pixels; 28x28 are needed");
  }
  torch::Tensor images = torch::empty({dims[0], kSide, kSide}, torch::kUInt8);
  std::memcpy(images.data_ptr(), bytes.data() + 16, bytes.size() - 16);
  return images;
}

torch::Tensor read_idx_labels(const fs::path& path) {
  const std::string bytes = read_file(path);
  const auto dims = read_header<1>(bytes, kLabelsMagic, path);
  torch::Tensor labels = torch::empty({dims[0]}, torch::kInt64);
  auto* out = labels.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < dims[0]; ++i) {
    const int label = static_cast<std::uint8_t>(bytes[8 + static_cast<std::size_t>(i)]);
    if (label >= kClasses) {
      throw Failure(path.string() + ": label " + std::to_string(i) + " is " +
                    std::to_string(label) + "; a digit is 0 to 9");
    }
    out[i] = label;
  }
  return labels;
}

Dataset read_mnist(const fs::path& folder, MnistPart part) {
  if (part == MnistPart::kAll) {
    return concatenate(read_mnist(folder, MnistPart::kTrain), read_mnist(folder, MnistPart::kTest));
  }
  const std::string name = part == MnistPart::kTrain ? "train" : "t10k";
  const fs::path images_path = find_part(folder, name + "-images-idx3-ubyte");
  const fs::path labels_path = find_part(folder, name + "-labels-idx1-ubyte");
  Dataset data{read_idx_images(images_path), read_idx_labels(labels_path)};
  if (data.images.size(0) != data.labels.size(0)) {
    throw Failure(images_path.string() + " holds " + std::to_string(data.images.size(0)) +
                  " images, but " + labels_path.string() + " holds " +
                  std::to_string(data.labels.size(0)) + " labels; fetch both again");
  }
  if (data.size() == 0) throw Failure(images_path.string() + " holds no images");
  return data;
}

}  // namespace inkling
