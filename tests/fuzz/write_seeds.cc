// Writes what the fuzzers start from, a folder a target: models of the unit tests (the golden
// suite's come from write_golden_seeds.mjs), a drawing, a picture, calls.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "../unit/wasm/onnx_foreign.h"

namespace {

using namespace inkling::testing;

void write(const std::filesystem::path& file, const std::string& bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) {
    std::fprintf(stderr, "write_seeds: %s cannot be written\n", file.c_str());
    std::exit(1);
  }
}

ModelBuilder& finish(ModelBuilder& model, const std::string& flat) {
  return model.floats("w_end", {784, 10}, Numbers(1).vector(7840, 0.05f))
      .node("MatMul", {flat, "w_end"}, {"probabilities"});
}

std::string with_functions() {
  ModelBuilder model;
  model
      .function(function("leaky", {"x"}, {"y"},
                         {node("LeakyRelu", {"x"}, {"t"}, {reference("alpha", "slope")}),
                          node("Identity", {"t"}, {"y"})},
                         {attribute("slope", 0.2f)}))
      .function(function("outer", {"x"}, {"y"},
                         {node("leaky", {"x"}, {"t"}, {reference("slope", "given")}, "mine"),
                          node("leaky", {"t"}, {"u"}, {}, "mine"), node("Flatten", {"u"}, {"y"})}))
      .node("outer", {"image"}, {"f"}, {attribute("given", 0.3f)}, "mine");
  return finish(model, "f").build();
}

std::string with_branches() {
  ModelBuilder model;
  model.initializer(tensor("yes", 9, {}, std::string(1, '\1')))
      .node("If", {"yes"}, {"y"},
            {branch("then_branch", {node("Relu", {"image"}, {"a"})}, "a"),
             branch("else_branch", {node("Neg", {"image"}, {"b"})}, "b")})
      .node("Flatten", {"y"}, {"f"});
  return finish(model, "f").build();
}

std::string with_weights_beside() {
  ModelBuilder model;
  model.initializer(external_tensor("w_end", {784, 2}, "0", "6272"))
      .floats("filling", {784}, std::vector<float>(784, 0.5f))
      .floats("more", {784}, std::vector<float>(784, 0.25f))
      .node("Flatten", {"image"}, {"f"})
      .node("Add", {"f", "filling"}, {"g"})
      .node("Mul", {"g", "more"}, {"h"})
      .node("MatMul", {"h", "w_end"}, {"probabilities"});
  return model.build();
}

// A seven, as strokes_fuzz reads it: whole numbers of sixteenths, from the end of the bytes.
std::string drawing() {
  std::string bytes;
  for (int i = 0; i < 64; ++i) bytes += static_cast<char>(i * 37);
  return bytes;
}

// 32 x 32 with a dark bar, as bitmap_fuzz reads it: the sides stand at the end.
std::string picture() {
  std::string bytes;
  for (int i = 0; i < 32 * 32; ++i) {
    const bool is_ink = i % 32 > 14 && i % 32 < 18 && i / 32 > 6 && i / 32 < 25;
    bytes += std::string(3, is_ink ? '\x10' : '\xf0') + '\xff';
  }
  return bytes + std::string("\1\0\x20\0\x20", 5);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: write_seeds FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  write(folder / "onnx/small.onnx", small_model().build());
  write(folder / "onnx/functions.onnx", with_functions());
  write(folder / "onnx/branches.onnx", with_branches());
  write(folder / "onnx/beside.onnx", with_weights_beside());
  write(folder / "strokes/drawing", drawing());
  write(folder / "bitmap/picture", picture());
  std::string calls;
  for (int i = 0; i < 512; ++i) calls += static_cast<char>(i * i >> 3);
  write(folder / "binding/calls", calls);
  return 0;
}
