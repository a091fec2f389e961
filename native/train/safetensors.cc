// Writes and reads safetensors with every offset checked.
#include "train/safetensors.h"

#include <zlib.h>

#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "data/file.h"
#include "data/json.h"

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

constexpr char kMetadata[] = "__metadata__", kChecksum[] = "crc32";

// Of the header as it is without the checksum, then of the tensors' bytes; 8 hexadecimal digits.
std::string checksum(const Json& header, const char* data, std::size_t size) {
  const std::string text = header.dump();
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
  crc = crc32_z(crc, reinterpret_cast<const Bytef*>(data), size);
  char hex[9];
  std::snprintf(hex, sizeof hex, "%08lx", crc);
  return hex;
}

// Throws Failure when the file's checksum is not its own, or is required and missing; takes it out
// of the header.
void verify(Json& header, const std::string& bytes, std::size_t data_start, Checksum need) {
  const auto metadata = header.find(kMetadata);
  if (metadata == header.end() || !metadata->contains(kChecksum)) {
    if (need == Checksum::kRequired) throw Failure("its checksum is missing");
    return;
  }
  const auto said = metadata->at(kChecksum).get<std::string>();
  metadata->erase(kChecksum);
  if (checksum(header, bytes.data() + data_start, bytes.size() - data_start) != said) {
    throw Failure("its checksum does not fit its bytes");
  }
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
  header[kMetadata] = file.metadata;
  std::map<std::string, torch::Tensor> flat;  // on the CPU
  std::size_t size = 0;
  for (const auto& [name, tensor] : file.tensors) {
    torch::Tensor& t = flat[name] = tensor.detach().to(torch::kCPU).contiguous();
    header[name] = {{"dtype", name_of(t.scalar_type())},
                    {"shape", t.sizes().vec()},
                    {"data_offsets", {size, size + t.nbytes()}}};
    size += t.nbytes();
  }
  // Tensors begin at a multiple of 8 and the checksum's length is known: their place can be kept.
  Json with_checksum = header;
  with_checksum[kMetadata][kChecksum] = "00000000";
  const std::size_t text_size = (with_checksum.dump().size() + 7) / 8 * 8;
  std::string bytes;
  bytes.reserve(8 + text_size + size);
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(text_size >> 8 * i & 0xff);
  bytes.append(text_size, ' ');
  for (const auto& [name, t] : flat) {
    bytes.append(static_cast<const char*>(t.data_ptr()), t.nbytes());
  }
  with_checksum[kMetadata][kChecksum] = checksum(header, bytes.data() + 8 + text_size, size);
  const std::string text = with_checksum.dump();
  bytes.replace(8, text.size(), text);
  write_file(path, bytes);
}

TensorFile load_tensors(const std::filesystem::path& path, Checksum need) {
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
    Json header = parse_json(std::string_view(bytes).substr(8, length));
    verify(header, bytes, 8 + length, need);
    std::size_t size = 0;  // of the tensors, which could each name the same bytes
    for (const auto& [name, entry] : header.items()) {
      if (name == kMetadata) {
        file.metadata = entry.get<std::map<std::string, std::string>>();
      } else {
        const torch::Tensor& t = file.tensors[name] = read_tensor(entry, bytes, 8 + length);
        size += t.nbytes();
        if (size > bytes.size() - 8 - length) throw Failure("its tensors share bytes");
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
