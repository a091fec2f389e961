// Models that are valid protobuf and yet cannot be run: what is said about them, and that
// everything is said at once. And what may be left out or folded without a word.
#include <gtest/gtest.h>

#include <cmath>

#include "inkling/engine.h"
#include "onnx_builder.h"

namespace inkling {
namespace {

using namespace inkling::testing;

void expect_refused(const ModelBuilder& model, StatusCode code,
                    const std::vector<std::string>& parts, const Limits& limits = {}) {
  const std::string file = model.build();
  const auto engine = Engine::load(bytes_of(file), limits);
  EXPECT_EQ(static_cast<int>(engine.status().code()), static_cast<int>(code))
      << engine.status().message();
  for (const std::string& part : parts) {
    EXPECT_NE(engine.status().message().find(part), std::string::npos)
        << "'" << part << "' is not in: " << engine.status().message();
  }
}

void expect_loads(const ModelBuilder& model) {
  const std::string file = model.build();
  const auto engine = Engine::load(bytes_of(file));
  EXPECT_TRUE(engine.ok()) << engine.status().message();
}

// The end that makes a classifier of anything flat: [N, k] -> [N, 10].
ModelBuilder& finish(ModelBuilder& model, const std::string& flat, int k) {
  Numbers numbers(1);
  model.floats("w_end", {k, 10}, numbers.vector(static_cast<std::size_t>(k) * 10, 0.01f));
  return model.node("MatMul", {flat, "w_end"}, {"m_end"})
      .node("Softmax", {"m_end"}, {"probabilities"});
}

TEST(Graph, NamesEveryNodeItCannotRunAtOnce) {
  ModelBuilder model;
  model.node("LSTM", {"image"}, {"a"})
      .node("Einsum", {"a"}, {"b"})
      .node("FusedMagic", {"b"}, {"c"}, {}, "com.example")
      .node("Flatten", {"c"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kUnsupportedModel,
                 {"3 nodes", "node 'node_a' (LSTM)", "node 'node_b' (Einsum)",
                  "node 'node_c' (com.example.FusedMagic)"});
}

TEST(Graph, NamesNodeOperatorAndReason) {
  ModelBuilder model;
  model.node("Relu", {"image"}, {"r"})
      .node("MaxPool", {"r"}, {"p"},
            {attribute("kernel_shape", Dims{1, 1}), attribute("auto_pad", "SOMEHOW")})
      .node("Flatten", {"p"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kUnsupportedModel,
                 {"a node", "node 'node_p' (MaxPool)", "auto_pad is 'SOMEHOW'"});
}

TEST(Graph, NamesTheInputItFinds) {
  const auto with_input = [](const std::string& input) { return small_model().inputs({input}); };
  expect_refused(with_input(value_info("image", 8, {-1, 1, 28, 28})), StatusCode::kUnsupportedModel,
                 {"'image' is string [N,1,28,28]"});
  expect_refused(with_input(value_info("image", 1, {1, 0, 28, 28})), StatusCode::kUnsupportedModel,
                 {"float32 [1,0,28,28]"});
  expect_refused(with_input(value_info("image", 1, {})), StatusCode::kUnsupportedModel,
                 {"'image'"});
  expect_refused(with_input(value_info("image", 1, {-1, 3, 224, 224})), StatusCode::kMalformedModel,
                 {"(Conv)", "[1,3,224,224]"});
  expect_refused(with_input(value_info("image", 1, {-1, 784})), StatusCode::kUnsupportedModel,
                 {"(Conv)", "[1,784]"});
  expect_loads(with_input(value_info("image", 1, {1, 1, 28, 28})));
  expect_loads(with_input(value_info("image", 2, {-1, 1, 28, 28})));
}

TEST(Graph, ClassesMayBeAnyNumberAndLieAlongAnyAxis) {
  Numbers numbers(3);
  ModelBuilder seven;
  seven.floats("w", {7, 1, 28, 28}, numbers.vector(7 * 784))
      .node("Conv", {"image", "w"}, {"probabilities"});
  const std::string file = seven.build();
  const auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  EXPECT_EQ(engine.value().classes(), 7u);
  EXPECT_EQ(engine.value().input_size(), 784u);
}

TEST(Graph, NamesTheOutputShapeItFinds) {
  Numbers numbers(3);
  ModelBuilder map;
  map.floats("w", {10, 1, 27, 28}, numbers.vector(7560))
      .node("Conv", {"image", "w"}, {"probabilities"});
  expect_refused(map, StatusCode::kUnsupportedModel, {"'probabilities' is [1,10,2,1]", "[N,10]"});
}

TEST(Graph, RefusesSeveralInputsAndNone) {
  expect_refused(
      small_model().inputs({value_info("image", 1, {-1, 1, 28, 28}), value_info("mask", 1, {-1})}),
      StatusCode::kUnsupportedModel, {"'image'", "'mask'"});
  expect_refused(small_model().inputs({}), StatusCode::kMalformedModel, {"no input"});
  expect_refused(small_model().outputs({}), StatusCode::kMalformedModel, {"no output"});
}

TEST(Graph, ConstantsListedAsInputsAreConstants) {
  expect_loads(
      small_model().inputs({value_info("w1", 1, {4, 1, 3, 3}),
                            value_info("image", 1, {-1, 1, 28, 28}), value_info("b1", 1, {4})}));
}

TEST(Graph, RefusesEdgesThatLeadNowhereOrInCircles) {
  ModelBuilder dangling;
  dangling.node("Relu", {"nobody"}, {"r"}).node("Flatten", {"r"}, {"f"});
  expect_refused(finish(dangling, "f", 784), StatusCode::kMalformedModel,
                 {"node 'node_r' (Relu)", "'nobody'"});
  ModelBuilder circle;
  circle.node("Add", {"image", "b"}, {"a"})
      .node("Relu", {"a"}, {"b"})
      .node("Flatten", {"b"}, {"f"});
  expect_refused(finish(circle, "f", 784), StatusCode::kMalformedModel,
                 {"node 'node_a' (Add)", "'b'"});
  ModelBuilder itself;
  itself.node("Relu", {"a"}, {"a"}).node("Flatten", {"a"}, {"f"});
  expect_refused(finish(itself, "f", 784), StatusCode::kMalformedModel, {"'a'"});
  ModelBuilder missing;
  missing.node("Conv", {"image", "w"}, {"c"}).node("Flatten", {"c"}, {"f"});
  expect_refused(finish(missing, "f", 784), StatusCode::kMalformedModel, {"(Conv)", "'w'"});
  expect_refused(small_model().outputs({value_info("nothing", 1, {-1, 10})}),
                 StatusCode::kMalformedModel, {"'nothing'"});
}

TEST(Graph, RefusesTwoDefinitionsOfOneName) {
  ModelBuilder twice;
  twice.node("Relu", {"image"}, {"r"})
      .node("Sigmoid", {"image"}, {"r"})
      .node("Flatten", {"r"}, {"f"});
  expect_refused(finish(twice, "f", 784), StatusCode::kMalformedModel, {"'r'", "twice"});
  expect_refused(small_model().floats("w1", {1}, {0}), StatusCode::kMalformedModel, {"'w1'"});
}

TEST(Graph, RefusesAnOutputThatDoesNotDependOnTheImage) {
  ModelBuilder model;
  model.floats("k", {1, 10}, std::vector<float>(10, 0.1f))
      .node("Identity", {"k"}, {"probabilities"});
  expect_refused(model, StatusCode::kUnsupportedModel, {"does not depend"});
}

TEST(Graph, RefusesWeightsThatDoNotFit) {
  Numbers numbers(4);
  ModelBuilder conv;
  conv.floats("w", {4, 2, 3, 3}, numbers.vector(72))
      .node("Conv", {"image", "w"}, {"c"})
      .node("Flatten", {"c"}, {"f"});
  expect_refused(finish(conv, "f", 784), StatusCode::kMalformedModel, {"(Conv)", "2 channels"});
  ModelBuilder bias;
  bias.floats("w", {4, 1, 3, 3}, numbers.vector(36)).floats("b", {3}, {1, 2, 3});
  bias.node("Conv", {"image", "w", "b"}, {"c"}).node("Flatten", {"c"}, {"f"});
  expect_refused(finish(bias, "f", 784), StatusCode::kMalformedModel, {"bias"});
  ModelBuilder gemm;
  gemm.node("Flatten", {"image"}, {"f"});
  expect_refused(finish(gemm, "f", 100), StatusCode::kMalformedModel,
                 {"(MatMul)", "takes 100 values", "[1,784]"});
  ModelBuilder large;
  large.floats("w", {1, 1, 30, 30}, numbers.vector(900)).node("Conv", {"image", "w"}, {"c"});
  large.node("Flatten", {"c"}, {"f"});
  expect_refused(finish(large, "f", 1), StatusCode::kMalformedModel, {"larger than its input"});
}

TEST(Graph, RefusesWeightsThatAreNotNumbers) {
  ModelBuilder model;
  model.floats("w", {1, 1, 1, 1}, {NAN})
      .node("Conv", {"image", "w"}, {"c"})
      .node("Flatten", {"c"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kMalformedModel, {"NaN"});
}

TEST(Graph, RefusesConstantsWithoutElements) {
  for (const Dims& dims : {Dims{0}, Dims{0, 1, 1}, Dims{1, 0, 28}, Dims{28, 0}}) {
    for (const char* op : {"Add", "Mul", "Sub", "Div"}) {
      ModelBuilder model;
      model.floats("nothing", dims, {}).node("Relu", {"image"}, {"r"});
      model.node(op, {"r", "nothing"}, {"a"}).node("Flatten", {"a"}, {"f"});
      expect_refused(finish(model, "f", 784), StatusCode::kMalformedModel,
                     {"node 'node_a'", "its constant input is empty"});
    }
  }
  ModelBuilder conv;
  conv.floats("nothing", {1, 1, 0, 0}, {}).node("Conv", {"image", "nothing"}, {"c"});
  conv.node("Flatten", {"c"}, {"f"});
  expect_refused(finish(conv, "f", 784), StatusCode::kMalformedModel, {"its weight is empty"});
  ModelBuilder bias;
  bias.floats("w", {1, 1, 1, 1}, {1}).floats("nothing", {0}, {});
  bias.node("Conv", {"image", "w", "nothing"}, {"c"}).node("Flatten", {"c"}, {"f"});
  expect_refused(finish(bias, "f", 784), StatusCode::kMalformedModel, {"its bias is empty"});
  ModelBuilder gemm;
  gemm.floats("nothing", {784, 0}, {}).node("Flatten", {"image"}, {"f"});
  gemm.node("Gemm", {"f", "nothing"}, {"probabilities"});
  expect_refused(gemm, StatusCode::kMalformedModel, {"(Gemm)", "its matrix is empty"});
}

TEST(Graph, RefusesConstantNodesWithoutElements) {
  // AttributeProto "value_floats" with no floats in it, and "value" with no tensor.
  const std::vector<std::string> empty = {attribute("value_floats", Dims{}),
                                          attribute("value", Dims{})};
  for (const std::string& value : empty) {
    for (const bool cast : {false, true}) {
      ModelBuilder model;
      model.node("Constant", {}, {"nothing"}, {value}).node("Relu", {"image"}, {"r"});
      if (cast) model.node("Cast", {"nothing"}, {"cast"}, {attribute("to", 1)});
      model.node("Add", {"r", cast ? "cast" : "nothing"}, {"a"}).node("Flatten", {"a"}, {"f"});
      expect_refused(finish(model, "f", 784), StatusCode::kMalformedModel,
                     {"node 'node_a'", "is empty"});
    }
  }
}

TEST(Graph, RefusesShapesWithoutElements) {
  ModelBuilder value;
  value.initializer(int_tensor("s", {})).node("Reshape", {"image", "s"}, {"f"});
  expect_refused(finish(value, "f", 784), StatusCode::kUnsupportedModel, {"(Reshape)", "shape []"});
  ModelBuilder floats;
  floats.node("Constant", {}, {"s"}, {attribute("value_floats", Dims{})});
  floats.node("Reshape", {"image", "s"}, {"f"});
  expect_refused(finish(floats, "f", 784), StatusCode::kUnsupportedModel, {"(Reshape)"});
  ModelBuilder constant;
  constant.floats("nothing", {0}, {}).initializer(int_tensor("s", {-1, 1, 1}));
  constant.node("Reshape", {"nothing", "s"}, {"k"}).node("Add", {"image", "k"}, {"a"});
  constant.node("Flatten", {"a"}, {"f"});
  expect_refused(finish(constant, "f", 784), StatusCode::kMalformedModel, {"does not fit"});
}

// Their products are 2^32 + 131072 and 2^32: where sizes have 32 bits, 131072 and 0.
TEST(Graph, ShapesCannotWrapAround) {
  for (const Dims& shape : {Dims{131072, 32769}, Dims{65536, 65536, -1}, Dims{65536, 65536, 0},
                            Dims{-1, 65536, 65536}}) {
    ModelBuilder model;
    model.floats("k", {131072}, std::vector<float>(131072, 1.0f))
        .initializer(int_tensor("s", shape));
    model.node("Reshape", {"k", "s"}, {"m"}).node("Flatten", {"image"}, {"f"});
    model.node("MatMul", {"f", "m"}, {"probabilities"});
    expect_refused(model, StatusCode::kMalformedModel, {"(Reshape)", "does not fit its input"});
  }
}

TEST(Graph, RefusesShapesOfTooManyDimensions) {
  ModelBuilder model;
  model.floats("k", {1}, {1.0f}).initializer(int_tensor("s", Dims(9, 1)));
  model.node("Reshape", {"k", "s"}, {"one"}).node("Mul", {"image", "one"}, {"a"});
  model.node("Flatten", {"a"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kUnsupportedModel, {"(Reshape)", "few"});
}

TEST(Graph, RefusesWindowsBeyondReason) {
  const std::string size = attribute("kernel_shape", Dims{2, 2});
  for (const std::vector<std::string>& bad :
       std::vector<std::vector<std::string>>{{size, attribute("strides", Dims{0, 1})},
                                             {size, attribute("strides", Dims{1, INT64_MAX})},
                                             {size, attribute("pads", Dims{-1, 0, 0, 0})},
                                             {size, attribute("pads", Dims{1LL << 40, 0, 0, 0})},
                                             {size, attribute("dilations", Dims{1, 0})},
                                             {size, attribute("strides", Dims{1, 1, 1})},
                                             {attribute("kernel_shape", Dims{INT64_MIN, 2})},
                                             {attribute("kernel_shape", Dims{})}}) {
    ModelBuilder model;
    model.node("MaxPool", {"image"}, {"p"}, bad).node("Flatten", {"p"}, {"f"});
    expect_refused(finish(model, "f", 784), StatusCode::kUnsupportedModel, {"(MaxPool)"});
  }
  ModelBuilder padding;
  padding.node("MaxPool", {"image"}, {"p"},
               {attribute("kernel_shape", Dims{2, 2}), attribute("pads", Dims{2, 0, 0, 0})});
  padding.node("Flatten", {"p"}, {"f"});
  expect_refused(finish(padding, "f", 784), StatusCode::kMalformedModel, {"padding"});
}

TEST(Graph, BroadcastingCannotExceedTheLimits) {
  ModelBuilder model;
  model.floats("column", {5000, 1, 1}, std::vector<float>(5000, 1.0f));
  model.node("GlobalAveragePool", {"image"}, {"g"}).node("Sigmoid", {"g"}, {"s"});
  model.node("Mul", {"s", "column"}, {"wide"})
      .node("Mul", {"wide", "image"}, {"huge"})
      .node("Flatten", {"huge"}, {"f"});
  expect_refused(finish(model, "f", 10), StatusCode::kLimitExceeded, {"[1,5000,28,28]"},
                 {.tensor_elements = 1000000});
}

TEST(Graph, MemoryCannotExceedTheLimits) {
  ModelBuilder model;
  model.node("Flatten", {"image"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kLimitExceeded, {"more than 20000 bytes"},
                 {.total_bytes = 20000});
}

// Time is bounded as memory is: that of an image, and that of folding constants.
TEST(Graph, WorkCannotExceedTheLimits) {
  ModelBuilder plain;
  plain.node("Flatten", {"image"}, {"f"});
  expect_refused(finish(plain, "f", 784), StatusCode::kLimitExceeded,
                 {"more than 7000 multiply-adds"}, {.multiply_adds = 7000});
  ModelBuilder folded;
  folded.floats("a", {28, 64}, std::vector<float>(28 * 64, 0.1f))
      .floats("b", {64, 28}, std::vector<float>(64 * 28, 0.1f))
      .node("MatMul", {"a", "b"}, {"c"})
      .node("Add", {"image", "c"}, {"d"})
      .node("Flatten", {"d"}, {"f"});
  expect_refused(finish(folded, "f", 784), StatusCode::kLimitExceeded,
                 {"node 'node_c' (MatMul)", "more than 50000 multiply-adds"},
                 {.multiply_adds = 50000});
}

// A file of a few kilobytes, in which each node would keep 3136 bytes of the one constant.
TEST(Graph, CopiesOfOneConstantCountEach) {
  ModelBuilder model;
  model.floats("k", {28, 28}, std::vector<float>(784, 0.01f))
      .initializer(int_tensor("rows", {-1, 28}))
      .initializer(int_tensor("flat", {-1, 784}))
      .node("Reshape", {"image", "rows"}, {"v"});
  std::string last = "v";
  for (int i = 0; i < 50; ++i) {
    const std::string next = "v" + std::to_string(i);
    model.node("MatMul", {last, "k"}, {next});
    last = next;
  }
  model.node("Reshape", {last, "flat"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kLimitExceeded,
                 {"node 'node_v9' (MatMul)", "more than 32000 bytes"}, {.total_bytes = 32000});
}

TEST(Graph, CastsOfOneConstantCountEach) {
  ModelBuilder model;
  model.initializer(tensor("half", kFloat16Type, {1, 28, 28}, std::string(2 * 784, '\x20')));
  model.node("Cast", {"half"}, {"a"}, {attribute("to", 1)});
  model.node("Cast", {"half"}, {"b"}, {attribute("to", 1)});
  model.node("Mul", {"image", "a"}, {"x"}).node("Mul", {"x", "b"}, {"y"});
  model.node("Flatten", {"y"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kLimitExceeded,
                 {"node 'node_b' (Cast)", "more than 5000 bytes"}, {.total_bytes = 5000});
}

// Each layer's 784 windows of 784 pixels take a table of 5 MB, and 36 kB of weights and buffers.
TEST(Graph, TablesOfWindowsCountTogether) {
  for (const std::string op : {"MaxPool", "Conv"}) {
    ModelBuilder model;
    model.floats("w", {1, 1, 28, 28}, std::vector<float>(784, 0.001f));
    std::string last = "image";
    for (int i = 0; i < 6; ++i) {
      const std::string next = "v" + std::to_string(i);
      std::vector<std::string> inputs = {last};
      if (op == "Conv") inputs.push_back("w");
      model.node(op, inputs, {next},
                 {attribute("kernel_shape", Dims{28, 28}), attribute("auto_pad", "SAME_UPPER")});
      last = next;
    }
    model.node("Flatten", {last}, {"f"});
    finish(model, "f", 784);
    expect_refused(model, StatusCode::kLimitExceeded,
                   {"node 'node_v3' (" + op + ")", "more than 20000000 bytes"},
                   {.total_bytes = 20000000});
    expect_loads(model);
  }
}

// 500 groups of one output each: 4 kB of weights, and 320 kB when each is packed by itself.
TEST(Graph, PackedWeightsCountAsTheyArePacked) {
  ModelBuilder model;
  model.floats("column", {1000, 1, 1}, std::vector<float>(1000, 1.0f));
  model.floats("w", {500, 2, 1, 1}, std::vector<float>(1000, 0.5f));
  model.node("GlobalAveragePool", {"image"}, {"g"}).node("Mul", {"g", "column"}, {"wide"});
  model.node("Conv", {"wide", "w"}, {"c"}, {attribute("group", 500)});
  model.node("Flatten", {"c"}, {"f"});
  finish(model, "f", 500);
  expect_refused(model, StatusCode::kLimitExceeded, {"more than 300000 bytes"},
                 {.total_bytes = 300000});
  expect_loads(model);
}

TEST(Graph, WhatOnlyASecondOutputNeedsMayBeAnything) {
  ModelBuilder model = small_model();
  model.node("NoSuchThing", {"f"}, {"is_digit"});
  model.outputs({value_info("probabilities", 1, {-1, 10}), value_info("is_digit", 1, {-1, 1})});
  expect_loads(model);
}

TEST(Graph, IdentityAndDropoutDisappear) {
  ModelBuilder model;
  model.node("Identity", {"image"}, {"i"})
      .node("Dropout", {"i"}, {"d", "mask"})
      .node("Flatten", {"d"}, {"f"});
  const std::string file = finish(model, "f", 784).build();
  const auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  EXPECT_EQ(engine.value().plan().size(), 2u);  // MatMul, Softmax
}

TEST(Graph, RefusesAMaskThatIsUsed) {
  ModelBuilder model;
  model.node("Dropout", {"image"}, {"d", "mask"})
      .node("Mul", {"d", "mask"}, {"m"})
      .node("Flatten", {"m"}, {"f"});
  expect_refused(finish(model, "f", 784), StatusCode::kUnsupportedModel, {"(Dropout)", "'mask'"});
}

TEST(Graph, Float16WeightsAreCastOnce) {
  std::vector<std::uint16_t> halves(784 * 10);
  for (std::size_t i = 0; i < halves.size(); ++i)
    halves[i] = static_cast<std::uint16_t>(0x2000 + i % 512);
  ModelBuilder model;
  model.initializer(tensor("w16", kFloat16Type, {784, 10}, raw(halves)));
  model.node("Cast", {"w16"}, {"w"}, {attribute("to", 1)}).node("Flatten", {"image"}, {"f"});
  model.node("MatMul", {"f", "w"}, {"m"}).node("Softmax", {"m"}, {"probabilities"});
  const std::string file = model.build();
  auto engine = Engine::load(bytes_of(file));
  ASSERT_TRUE(engine.ok()) << engine.status().message();
  EXPECT_EQ(engine.value().plan().size(), 2u);
  EXPECT_TRUE(engine.value().classify(std::vector<float>(kPixelCount, 0.5f)).ok());
}

// 0 / 0 in a shape's arithmetic is no number, and no number is no whole number.
TEST(Graph, AShapeThatDividesByZeroIsZeroThere) {
  ModelBuilder model;
  model.initializer(int_tensor("none", {0})).initializer(int_tensor("rest", {-1}));
  model.node("Div", {"none", "none"}, {"quotient"})
      .node("Concat", {"quotient", "rest"}, {"shape"}, {attribute("axis", 0)})
      .node("Reshape", {"image", "shape"}, {"f"});
  expect_loads(finish(model, "f", 784));
}

TEST(Graph, ConstantNodesAreConstants) {
  Numbers numbers(5);
  ModelBuilder model;
  model.node("Constant", {}, {"w"},
             {tensor_attribute("value", float_tensor("", {784, 10}, numbers.vector(7840)))});
  model.node("Constant", {}, {"half"}, {attribute("value_float", 0.5f)});
  model.node("Mul", {"image", "half"}, {"s"}).node("Flatten", {"s"}, {"f"});
  model.node("MatMul", {"f", "w"}, {"m"}).node("Softmax", {"m"}, {"probabilities"});
  expect_loads(model);
}

TEST(Graph, ReshapeMustKeepImagesApart) {
  ModelBuilder model;
  model.initializer(int_tensor("s", {-1, 1568})).node("Reshape", {"image", "s"}, {"f"});
  expect_refused(finish(model, "f", 1568), StatusCode::kUnsupportedModel,
                 {"(Reshape)", "[-1,1568]"});
}

TEST(Graph, RefusesOperatorVersionsItDoesNotKnow) {
  expect_refused(small_model().opset(3), StatusCode::kUnsupportedModel, {"version 3"});
  expect_refused(small_model().opset(99), StatusCode::kUnsupportedModel, {"version 99"});
}

}  // namespace
}  // namespace inkling
