// The engine: ONNX bytes in, digit probabilities out. Loading reads the file (onnx_reader), folds
// its constants into a graph (graph) and lays that out as XNNPACK operators (plan); classifying
// runs them. No exception leaves it, nothing is printed, and the model's bytes are not trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inkling/ink.h"
#include "inkling/status.h"

namespace inkling {

inline constexpr int kDigitCount = 10;

// What a model file may ask for at most. The defaults admit every digit-sized classifier (170 MB of
// float weights among them) and stop a hostile file before it exhausts the tab.
struct Limits {
  std::size_t file_bytes = std::size_t{256} << 20;
  std::size_t nodes = 4096;
  std::size_t tensor_elements = std::size_t{64} << 20;  // of any one tensor
  std::size_t total_bytes = std::size_t{1} << 30;       // weights, buffers, workspaces, tables
  // For one image, and for what is computed while loading: VGG-16 on 224x224 takes 15.5e9. Memory
  // does not bound it: two matrices of a few megabytes can be multiplied for hours.
  std::uint64_t multiply_adds = std::uint64_t{1} << 34;
  std::size_t batch = 1024;  // images planned at once; the engine itself takes 4 to 64 at most
};

// A file beside the model that holds some of its weights, by the name that the model calls it.
struct SideFile {
  std::string_view name;
  std::span<const std::byte> bytes;  // used while the model is loaded, not after
};

struct Classification {
  int digit = 0;         // the most probable digit, 0..9
  float confidence = 0;  // its probability; of logits, by their softmax
  bool sure = false;     // confidence >= Engine::rejection_threshold()
  // The model's own numbers: they add up to 1 where it ends in softmax, as it should.
  std::array<float, kDigitCount> probabilities{};
};

// One step of the plan, for people to read.
struct PlanStep {
  std::string name;                // the ONNX node's name (or its output's)
  std::string op;                  // "Conv 3x3 + Relu"
  std::vector<std::size_t> shape;  // of its output in ONNX's order, for one image
  std::size_t multiply_adds = 0;   // for one image
  std::size_t weight_bytes = 0;
  // Where its output lies: results that are not needed at once share a piece of memory.
  std::size_t memory = 0;        // which one; 0 is the input's own
  std::size_t memory_bytes = 0;  // what the output takes of it, for one image
};

// The plan as a table for people: a line for each step and one for all, columns aligned.
// microseconds: those of Engine::profile, or none.
std::string to_string(std::span<const PlanStep> plan, std::span<const double> microseconds = {});

// An activation: the tensor's shape in the file, for one image, and its values in that order.
struct Activation {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

class Engine {
 public:
  // Reads a model of one input, an image, and the first output that has a number for each class.
  // Errors: kMalformedModel, kUnsupportedModel (names node, operator and reason), kLimitExceeded,
  // kOutOfMemory, kInternal.
  static Result<Engine> load(std::span<const std::byte> onnx, const Limits& limits = {});
  // The same for a model that keeps weights beside itself; when one of its files is not given,
  // kUnsupportedModel names it.
  static Result<Engine> load(std::span<const std::byte> onnx, std::span<const SideFile> side_files,
                             const Limits& limits = {});

  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;
  ~Engine();

  // One image as the file has it, its batch being 1: [1,1,28,28] and [1,28,28,1] are both 28 rows
  // of 28 pixels.
  const std::vector<std::size_t>& input_shape() const;
  std::size_t input_size() const;  // the floats of one image, 784 for most
  std::size_t classes() const;     // the numbers that come of it, 10 for most

  // pixels: [input_size()], each finite; a model of ten classes. Errors: those of classify_batch.
  Result<Classification> classify(std::span<const float> pixels);

  // pixels: [count][input_size()]; outputs: [count][classes()], written as the file computes them.
  // Errors: kInvalidArgument, kUnsupportedModel (the model computes NaN or infinity), kOutOfMemory,
  // kInternal; the outputs are then of no use, and the engine can be used again.
  Status classify_batch(std::span<const float> pixels, std::span<float> outputs);

  // The named tensor's values for the last image of the last classify call. Errors:
  // kInvalidArgument when no such tensor is kept (names are those of plan()) or nothing has been
  // classified, kOutOfMemory.
  Result<Activation> activations(std::string_view name) const;

  const std::vector<PlanStep>& plan() const;

  // One of plan()'s steps alone, `times` times over, for the images of the last classify call (of
  // many, the last that were run at once): what a clock outside needs to measure it.
  // Errors: kInvalidArgument when there is no such step or nothing has been classified,
  // kOutOfMemory, kInternal.
  Status run_step(std::size_t index, std::size_t times = 1);

  // Runs pixels [count][input_size()], 1 <= count <= 64, `times` times, reading the clock after
  // every step: the median microseconds of each of plan()'s steps, for all of the images. Nothing
  // of it costs a classify call anything. Errors: those of classify_batch and run_step;
  // kInvalidArgument when times is 0.
  Result<std::vector<double>> profile(std::span<const float> pixels, std::size_t times = 100);

  // The file's metadata_props (preset, command, data, accuracy, rejection_threshold, ...).
  const std::map<std::string, std::string, std::less<>>& metadata() const;

  // Below this confidence the answer is "?"; 0 when the file does not say.
  float rejection_threshold() const;

 private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace inkling
