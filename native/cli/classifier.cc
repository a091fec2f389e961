// Loads models and averages them. Shapes: pixels float32 [N,1,28,28], probabilities float32 [N,10].
#include "cli/classifier.h"

#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/nn/functional/vision.h>
#include <torch/utils.h>

#include <cmath>
#include <filesystem>
#include <numbers>

#include "cli/numbers.h"
#include "data/file.h"
#include "data/leaks.h"
#include "train/run.h"
#include "train/scoring.h"
#ifdef INKLING_HAS_EXPORT
#include "export/engine_runner.h"
#endif

namespace inkling {
namespace {

namespace fs = std::filesystem;
namespace F = torch::nn::functional;

constexpr std::int64_t kBatch = 1000;        // images seen at once; bounds the views' memory
constexpr std::int64_t kScaleImages = 1000;  // tried for "auto": tells scales apart by far
constexpr double kReads = 0.5;               // what reads less of digits does not read
constexpr char kAuto[] = "auto";
constexpr const char* kTriedScales[] = {"0..1", "0..255", "0.1307,0.3081", "-1..1", "1..0"};
// Float32 sums of a softmax differ from 1 by about 1e-6; half-precision models' by 1e-3.
constexpr double kSumTolerance = 1e-2;

// One view of test-time augmentation; small enough that a digit stays what it is.
struct View {
  double rotation = 0;              // degrees
  double zoom = 1;                  // above 1: larger
  double shift_x = 0, shift_y = 0;  // pixels
};
constexpr View kViews[kMaxViews] = {
    {},           {7, 1, 0, 0},  {-7, 1, 0, 0},   {0, 1, 1, 0},   {0, 1, -1, 0},
    {0, 1, 0, 1}, {0, 1, 0, -1}, {0, 1.08, 0, 0}, {0, 0.93, 0, 0}};

torch::Tensor seen(const torch::Tensor& pixels, const View& view) {
  const double angle = view.rotation * std::numbers::pi / 180.0;
  const double c = std::cos(angle) / view.zoom, s = std::sin(angle) / view.zoom;
  const double unit = 2.0 / static_cast<double>(kSide);  // of grid_sample: half a picture is 1
  const torch::Tensor theta =
      torch::tensor({c, -s, -view.shift_x * unit, s, c, -view.shift_y * unit}, torch::kFloat32)
          .view({1, 2, 3})
          .expand({pixels.size(0), 2, 3});
  const torch::Tensor grid = F::affine_grid(theta, pixels.sizes().vec(), /*align_corners=*/false);
  return F::grid_sample(pixels, grid,
                        F::GridSampleFuncOptions()
                            .mode(torch::kBilinear)
                            .padding_mode(torch::kZeros)
                            .align_corners(false));
}

torch::Tensor as_distribution(const torch::Tensor& answers) {
  const bool sums = (answers.sum(1) - 1).abs().max().item<double>() < kSumTolerance;
  return sums && answers.min().item<double>() >= 0 ? answers : answers.softmax(1);
}

}  // namespace

struct Classifier::Member {
  std::string path;
  double threshold = 0;
  bool is_run = false;  // a run's network knows its scale
  bool wants_scale = false;
  InputScale scale;
  std::function<torch::Tensor(const torch::Tensor& pixels)> answer;
};

InputScale parse_input_scale(const std::string& text) {
  if (text == "0..1") return {text, 0, 1};
  if (text == "0..255") return {text, 0, 1.0 / 255};
  if (text == "-1..1") return {text, 0.5, 0.5};
  if (text == "1..0") return {text, 1, -1};
  const std::size_t comma = text.find(',');
  InputScale scale{text};
  if (comma != std::string::npos && CLI::detail::lexical_cast(text.substr(0, comma), scale.mean) &&
      CLI::detail::lexical_cast(text.substr(comma + 1), scale.deviation) &&
      std::isfinite(scale.mean) && std::isfinite(scale.deviation) && scale.deviation != 0) {
    return scale;
  }
  throw Failure("--input-scale " + text +
                ": say 0..1, 0..255, -1..1, 1..0 or MEAN,DEVIATION of ink from 0 to 1 "
                "(such as 0.1307,0.3081)");
}

namespace {

using Answer = std::function<torch::Tensor(const torch::Tensor& pixels)>;

struct Loaded {
  Answer answer;
  double threshold;
};

Loaded load_network(const std::string& folder) {
  Run run = load_run(folder);
  Network network = load_best(run, folder);
  const torch::Device device = torch::cuda::is_available() ? torch::kCUDA : torch::kCPU;
  network->to(device);
  network->eval();
  return {[network, device, temperature = run.temperature](const torch::Tensor& pixels) mutable {
            const torch::NoGradGuard no_grad;
            const torch::Tensor logits = network->forward(pixels.to(device)).to(torch::kCPU);
            return (logits / temperature).softmax(1);
          },
          run.rejection_threshold};
}

Loaded load_onnx(const std::string& path) {
#ifdef INKLING_HAS_EXPORT
  const auto runner = std::make_shared<EngineRunner>(read_file(path), path);
  return {[runner](const torch::Tensor& pixels) { return runner->answers(pixels); },
          runner->threshold()};
#else
  throw Failure(path + " is not a run's folder, and this build has no engine to read ONNX with");
#endif
}

}  // namespace

Classifier::Classifier(const ClassifierOptions& options)
    : views_(options.views), own_threshold_(options.threshold < 0) {
  const std::size_t scales = options.input_scales.size();
  if (scales > 1 && scales != options.models.size()) {
    throw Failure("--input-scale is given " + std::to_string(scales) + " times for " +
                  std::to_string(options.models.size()) +
                  " models; give it once, or once for each model in their order");
  }
  for (std::size_t i = 0; i < options.models.size(); ++i) {
    auto member = std::make_shared<Member>();
    member->path = options.models[i];
    member->is_run = fs::is_directory(member->path);
    if (scales > 0 && !member->is_run) {
      const std::string& scale = options.input_scales[scales == 1 ? 0 : i];
      member->wants_scale = scale == kAuto;
      if (!member->wants_scale) member->scale = parse_input_scale(scale);
    }
    Loaded loaded = member->is_run ? load_network(member->path) : load_onnx(member->path);
    member->answer = std::move(loaded.answer), member->threshold = loaded.threshold;
    threshold_ += member->threshold / static_cast<double>(options.models.size());
    members_.push_back(std::move(member));
  }
  if (!own_threshold_) threshold_ = options.threshold;
}

torch::Tensor Classifier::of_member(const Member& member, const torch::Tensor& pixels) const {
  torch::Tensor sum;
  for (std::int64_t v = 0; v < views_; ++v) {
    torch::Tensor input = v == 0 ? pixels : seen(pixels, kViews[v]);
    // Ink that is passed on as it is keeps its bits.
    if (member.scale.mean != 0 || member.scale.deviation != 1) {
      input = (input - member.scale.mean) / member.scale.deviation;
    }
    const torch::Tensor answers = as_distribution(member.answer(input.contiguous()));
    sum = sum.defined() ? sum + answers : answers;
  }
  return views_ == 1 ? sum : sum / static_cast<double>(views_);
}

torch::Tensor Classifier::probabilities(const torch::Tensor& images) const {
  std::vector<torch::Tensor> batches;
  for (std::int64_t at = 0; at < images.size(0); at += kBatch) {
    const torch::Tensor part = images.slice(0, at, std::min(at + kBatch, images.size(0)));
    const torch::Tensor pixels =
        part.scalar_type() == torch::kUInt8 ? to_pixels(part) : part.unsqueeze(1);
    torch::Tensor sum;
    for (const auto& member : members_) {
      const torch::Tensor answers = of_member(*member, pixels);
      sum = sum.defined() ? sum + answers : answers;
    }
    batches.push_back(members_.size() == 1 ? sum : sum / static_cast<double>(members_.size()));
  }
  return batches.empty() ? torch::empty({0, kClasses}) : torch::cat(batches).contiguous();
}

bool Classifier::wants_input_scale() const {
  for (const auto& member : members_) {
    if (member->wants_scale) return true;
  }
  return false;
}

void Classifier::require_input_scale() const {
  if (!wants_input_scale()) return;
  throw Failure(
      "--input-scale auto needs labels to choose by; ask inkling evaluate, and name here what it "
      "chose");
}

// Nothing where the model computes NaN: with another scale it may not.
std::optional<Score> Classifier::score_of(const Member& member, const torch::Tensor& pixels,
                                          const torch::Tensor& labels) const {
  try {
    return score(of_member(member, pixels), labels);
  } catch (const Failure&) {
    return std::nullopt;
  }
}

std::vector<std::string> Classifier::choose_input_scale(const Dataset& data) {
  std::vector<std::string> sentences;
  // Every n-th, since a file may hold one digit after the other.
  const std::int64_t stride = std::max<std::int64_t>(1, data.size() / kScaleImages);
  const torch::Tensor pixels = to_pixels(data.images.slice(0, 0, c10::nullopt, stride));
  const torch::Tensor labels = data.labels.slice(0, 0, c10::nullopt, stride).contiguous();
  for (const auto& member : members_) {
    if (!member->wants_scale) continue;
    Score best;
    InputScale chosen;
    for (const char* name : kTriedScales) {
      member->scale = parse_input_scale(name);
      const std::optional<Score> tried = score_of(*member, pixels, labels);
      if (!tried) continue;
      const Score& s = *tried;
      const bool better = best.count == 0 || s.correct > best.correct ||
                          (s.correct == best.correct && s.loss < best.loss);
      if (better) best = s, chosen = member->scale;
    }
    if (best.count == 0) {
      throw Failure(member->path + ": computes no numbers with any input scale that was tried; " +
                    "name another with --input-scale MEAN,DEVIATION");
    }
    member->scale = chosen, member->wants_scale = false;
    char accuracy[32];
    std::snprintf(accuracy, sizeof accuracy, "%.1f %%", 100 * best.accuracy());
    sentences.push_back(member->path + ": --input-scale " + chosen.name + " reads " + accuracy +
                        " of " + std::to_string(best.count) + " images right, the best of " +
                        std::to_string(std::size(kTriedScales)) + " tried" +
                        (best.accuracy() < kReads ? ": none of them fits this model" : ""));
  }
  return sentences;
}

std::vector<std::string> Classifier::input_scales() const {
  std::vector<std::string> names;
  for (const auto& member : members_) names.push_back(member->is_run ? "run" : member->scale.name);
  return names;
}

std::string Classifier::description() const {
  if (members_.size() == 1 && views_ == 1) return "";
  std::string text = "probabilities averaged over " + std::to_string(members_.size()) +
                     (members_.size() == 1 ? " model" : " models");
  if (views_ > 1) {
    text += ", each seeing " + std::to_string(views_) +
            " views (turned by 7 degrees, shifted by a pixel, zoomed by a twelfth)";
  }
  char value[32];
  std::snprintf(value, sizeof value, "%.3f", threshold_);
  text += std::string("; \"?\" below a confidence of ") + value;
  if (!own_threshold_) return text + ", as asked";
  return text +
         (members_.size() > 1 ? ", the mean of the models' own thresholds" : ", the model's own") +
         ": an average is less extreme than one answer, so it may refuse more than the share that "
         "was meant; --threshold sets another";
}

std::string leaks_of(const std::vector<std::string>& models, const NamedDataset& set) {
  std::string text;
  for (const std::string& model : models) {
    const std::optional<SeenImages> seen = all_seen_images(model);
    std::string sentence =
        seen ? describe(count_leaks(*seen, set.name, set.data.images))
             : "not known: what it was trained on, and so whether this is a test score";
    if (seen && fs::exists(fs::path(model) / "run.json")) {
      for (const std::string& teacher : unknown_teachers(load_run(model))) {
        sentence += "; not known: what " + teacher + ", which it learned from, had learned from";
      }
    }
    const std::string line = models.size() == 1 ? sentence : model + ": " + sentence;
    text += (text.empty() ? "" : "; ") + line;
  }
  return text;
}

void add_reading_flags(CLI::App& command, ClassifierOptions& options) {
  command
      .add_option("--tta", options.views,
                  "Test-time augmentation: average over so many views of each image (the image "
                  "itself, slightly turned, shifted, zoomed)")
      ->check(within(std::int64_t{1}, kMaxViews))
      ->capture_default_str();
  command
      .add_option(
          "--input-scale", options.input_scales,
          "What an .onnx file of others wants ink (0 to 1) as: 0..1 (the default), "
          "0..255, -1..1, 1..0, or MEAN,DEVIATION; evaluate also tries them: auto. Give it once, "
          "or once for each model in their order")
      ->allow_extra_args(false);
  command
      .add_option("--threshold", options.threshold,
                  "Answer \"?\" below this confidence; else below the model's own threshold (of "
                  "several models: the mean of theirs)")
      ->check(within(0.0, 1.0));
}

void add_classifier_flags(CLI::App& command, ClassifierOptions& options) {
  command
      .add_option("model", options.models,
                  "The .onnx file or the run's folder; of several, the probabilities are averaged")
      ->required();
  add_reading_flags(command, options);
}

}  // namespace inkling
