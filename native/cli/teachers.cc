// A folder is computed as it was trained, a file as it was folded.
#include "cli/teachers.h"

#include <c10/util/hash.h>

#include <filesystem>

#include "data/file.h"
#include "train/run.h"
#ifdef INKLING_HAS_EXPORT
#include "export/onnx_reader.h"
#endif

namespace inkling {
namespace {

namespace fs = std::filesystem;

Teacher::Member teach_by_file(const std::string& path, torch::Device device) {
#ifdef INKLING_HAS_EXPORT
  std::vector<FoldedLayer> layers = from_onnx(read_file(path), path);
  for (FoldedLayer& layer : layers) {
    if (!layer.weight.defined()) continue;
    layer.weight = layer.weight.to(device), layer.bias = layer.bias.to(device);
  }
  return [layers](const torch::Tensor& pixels) {
    return folded_logits(layers, pixels).to(torch::kFloat32).softmax(1);
  };
#else
  static_cast<void>(device);
  throw Failure("--teacher " + path +
                ": this build reads no ONNX; name a run's folder, or build with INKLING_EXPORT on");
#endif
}

}  // namespace

std::shared_ptr<const Teacher> load_teacher(const std::vector<std::string>& paths,
                                            torch::Device device) {
  if (paths.empty()) return nullptr;
  std::vector<Teacher::Member> members;
  members.reserve(paths.size());
  for (const std::string& path : paths) {
    members.push_back(fs::is_directory(path) ? teach_by_run(path, device)
                                             : teach_by_file(path, device));
  }
  return std::make_shared<const Teacher>(std::move(members));
}

std::vector<std::string> teacher_checksums(const std::vector<std::string>& paths) {
  std::vector<std::string> checksums;
  checksums.reserve(paths.size());
  for (const std::string& path : paths) {
    const fs::path weights =
        fs::is_directory(path) ? checkpoint_path(path, "best") : fs::path(path);
    checksums.push_back(fs::is_regular_file(weights) ? c10::sha1(read_file(weights)).str() : "");
  }
  return checksums;
}

}  // namespace inkling
