// Writes and reads safetensors with every offset checked.
#include "train/safetensors.h"

#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/file.h"

namespace inkling {
namespace {

using Json = nlohmann::json;

struct DtypeName {
  torch::ScalarType type;
  const char* name;
};
constexpr DtypeName kDtypes[] = {
    {torch::kFloat32, "F32"}, {torch::kInt64, "I64"}, {torch::kUInt8, "U8"}};

const char* name_of(torch::ScalarType type) {
  for (const DtypeName& entry : kDtypes) {
    if (entry.type == type) return entry.name;
  }
  throw Failure(std::string("a checkpoint cannot hold a tensor of type ") + c10::toString(type));
}

torch::ScalarType type_of(const std::string& name) {
  for (const DtypeName& entry : kDtypes) {
    if (name == entry.name) return entry.type;
  }
  throw Failure("tensor type " + name + " is not one of F32, I64, U8");
}

// `data` holds the tensors' bytes; offsets are relative to its start.
torch::Tensor read_tensor(const Json& entry, const std::string& file, std::size_t data_start) {
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  const torch::ScalarType type = type_of(entry.at("dtype").get<std::string>());
  std::uint64_t bytes = c10::elementSize(type);
  for (std::int64_t side : shape) {
    if (side < 0 || (side > 0 && bytes > file.size() / static_cast<std::uint64_t>(side))) {
      throw Failure("a tensor's shape disagrees with the file's length");
    }
    bytes *= static_cast<std::uint64_t>(side);
  }
  const std::uint64_t available = file.size() - data_start;
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > available ||
      offsets[1] - offsets[0] != bytes) {
    throw Failure("a tensor's offsets disagree with the file's length");
  }
  torch::Tensor tensor = torch::empty(shape, type);
  std::memcpy(tensor.data_ptr(), file.data() + data_start + offsets[0], bytes);
  return tensor;
}

}  // namespace

void save_tensors(const TensorFile& file, const std::filesystem::path& path) {
  Json header = Json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  std::string data;
  for (const auto& [name, tensor] : file.tensors) {
    const torch::Tensor flat = tensor.detach().to(torch::kCPU).contiguous();
    const std::size_t begin = data.size();
    data.append(static_cast<const char*>(flat.data_ptr()), flat.nbytes());
    header[name] = {{"dtype", name_of(flat.scalar_type())},
                    {"shape", flat.sizes().vec()},
                    {"data_offsets", {begin, data.size()}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // tensors begin at a multiple of 8
  std::string bytes(8, '\0');
  const std::uint64_t length = text.size();
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> 8 * i & 0xff);
  write_file(path, bytes + text + data);
}

TensorFile load_tensors(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0 && bytes.size() >= 8; --i) {
    length = length << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  if (bytes.size() < 8 || length > bytes.size() - 8) {
    throw Failure(path.string() + " is not a checkpoint, or is cut short");
  }
  TensorFile file;
  try {
    const Json header =
        Json::parse(bytes.begin() + 8, bytes.begin() + 8 + static_cast<long>(length));
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") {
        file.metadata = entry.get<std::map<std::string, std::string>>();
      } else {
        file.tensors[name] = read_tensor(entry, bytes, 8 + length);
      }
    }
  } catch (const Json::exception&) {
    throw Failure(path.string() + " is not a checkpoint: its header is not what safetensors says");
  } catch (const Failure& failure) {
    throw Failure(path.string() + " is damaged: " + failure.what());
  }
  return file;
}

}  // namespace inkling
