// The reader against files that are broken, hostile or no models at all: each must end in a Status
// with its own sentence. Under the sanitizers this suite also shows that nothing is read out of
// bounds.
#include "onnx_reader.h"

#include <gtest/gtest.h>

#include <cmath>

#include "onnx_builder.h"
#include "tensor_values.h"

namespace inkling {
namespace {

using namespace inkling::testing;

Status read_status(const std::string& file, const Limits& limits = {}) {
  Model model;
  return read_onnx(bytes_of(file), {}, limits, model);
}

void expect_status(const std::string& file, StatusCode code, const std::string& part,
                   const Limits& limits = {}) {
  const Status status = read_status(file, limits);
  EXPECT_EQ(static_cast<int>(status.code()), static_cast<int>(code)) << status.message();
  EXPECT_NE(status.message().find(part), std::string::npos) << status.message();
}

TEST(OnnxReader, ReadsNodesAttributesConstantsAndMetadata) {
  const std::string file = small_model().metadata("preset", "test").build();
  Model model;
  const Status status = read_onnx(bytes_of(file), {}, {}, model);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opset, 17);
  EXPECT_EQ(model.metadata.at("preset"), "test");
  ASSERT_EQ(model.nodes.size(), 6u);
  const Node& conv = model.nodes[0];
  EXPECT_EQ(conv.name, "node_c");
  EXPECT_EQ(conv.op_type, "Conv");
  EXPECT_EQ(conv.inputs, (std::vector<std::string>{"image", "w1", "b1"}));
  EXPECT_EQ(find_attribute(conv.attributes, "pads")->ints, (testing::Dims{1, 1, 1, 1}));
  ASSERT_EQ(model.initializers.size(), 4u);
  EXPECT_EQ(model.initializers[0].elements, 36u);
  EXPECT_EQ(model.inputs.at(0).dims, (testing::Dims{kDynamicDim, 1, 28, 28}));
}

TEST(OnnxReader, RefusesEveryCutOfAValidFile) {
  const std::string file = small_model().metadata("preset", "test").build();
  // Every cut near the ends and in the small parts; inside the large constant every 97th.
  for (std::size_t size = 0; size < file.size();
       size += size > 400 && size + 800 < file.size() ? 97 : 1) {
    const Status status = read_status(file.substr(0, size));
    ASSERT_EQ(static_cast<int>(status.code()), static_cast<int>(StatusCode::kMalformedModel))
        << "at " << size;
    if (size > 20) {
      ASSERT_NE(status.message().find("cut off"), std::string::npos) << status.message();
    }
  }
}

TEST(OnnxReader, SurvivesEveryFlippedByte) {
  std::string file = small_model().build();
  for (std::size_t i = 0; i < file.size(); i += i > 400 && i + 800 < file.size() ? 97 : 1) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string broken = file;
      broken[i] = static_cast<char>(broken[i] ^ flip);
      const Status status = read_status(broken);  // may be readable still; must not crash
      if (!status.ok()) {
        EXPECT_FALSE(status.message().empty());
      }
    }
  }
}

// A length of 2^31 or more is negative to 32-bit arithmetic, and one of 2^32 or more is small to
// it.
TEST(OnnxReader, RefusesLengthsBeyondTheFileWhateverTheirSize) {
  for (const std::uint64_t length :
       {std::uint64_t{200}, std::uint64_t{0x7fffffff}, std::uint64_t{0x80000000},
        std::uint64_t{0xffffffff}, std::uint64_t{0x100000002}, UINT64_MAX}) {
    for (const int field : {2, 7, 14, 99}) {  // a skipped one, the graph, metadata, an unknown one
      std::string file;
      protozero::pbf_writer(file).add_int64(1, 8);
      protozero::add_varint_to_buffer(&file, static_cast<std::uint64_t>(field) << 3 | 2);
      protozero::add_varint_to_buffer(&file, length);
      file += "some bytes";
      expect_status(file, StatusCode::kMalformedModel, "cut off");
    }
  }
}

TEST(OnnxReader, NamesWhatAFileIsInstead) {
  expect_status("", StatusCode::kMalformedModel, "empty");
  expect_status("\x89PNG\r\n\x1a\n....", StatusCode::kMalformedModel, "PNG picture");
  expect_status("<!DOCTYPE html><html>404</html>", StatusCode::kMalformedModel, "HTML");
  expect_status("\n\n  <html>", StatusCode::kMalformedModel, "HTML");
  expect_status("\n\n  ", StatusCode::kMalformedModel, "not an ONNX file");
  expect_status("{\"error\": 404}", StatusCode::kMalformedModel, "JSON");
  expect_status("PK\x03\x04....", StatusCode::kMalformedModel, "ZIP archive");
  expect_status("\x1f\x8b\x08....", StatusCode::kMalformedModel, "gzip");
  expect_status("\x89HDF....", StatusCode::kMalformedModel, "HDF5");
  expect_status("version https://git-lfs.github.com/spec/v1", StatusCode::kMalformedModel,
                "Git LFS");
}

TEST(OnnxReader, SaysOfAnythingElseThatItIsNotOnnx) {
  expect_status("This is a text about digits.", StatusCode::kMalformedModel, "not an ONNX file");
  expect_status(std::string(100, '\0'), StatusCode::kMalformedModel, "not an ONNX file");
  Numbers numbers(1);
  for (int round = 0; round < 200; ++round) {
    std::string noise;
    for (int i = 0; i < 64; ++i) noise += static_cast<char>(numbers.next() * 127);
    EXPECT_FALSE(read_status(noise).ok());
  }
}

TEST(OnnxReader, NamesTheFileThatWeightsAreIn) {
  std::string entry, external;
  protozero::pbf_writer entry_writer(entry);
  entry_writer.add_string(1, "location");
  entry_writer.add_string(2, "weights.bin");
  protozero::pbf_writer writer(external);
  writer.add_int64(1, 4);
  writer.add_int32(2, kFloatType);
  writer.add_string(8, "w_far");
  writer.add_message(13, entry);
  writer.add_int32(14, 1);
  expect_status(small_model().initializer(external).build(), StatusCode::kUnsupportedModel,
                "in another file: 'weights.bin'");
}

TEST(OnnxReader, RefusesElementTypesItDoesNotRead) {
  expect_status(small_model().initializer(tensor("d", 16, {1}, "12")).build(),
                StatusCode::kUnsupportedModel, "bfloat16");
  expect_status(small_model().initializer(tensor("d", 99, {1}, "1234")).build(),
                StatusCode::kUnsupportedModel, "unknown");
  expect_status(small_model().initializer(tensor("d", -5, {1}, "1234")).build(),
                StatusCode::kUnsupportedModel, "unknown");
}

TEST(OnnxReader, RefusesDimensionsThatAreNegativeHugeOrOverflow) {
  expect_status(small_model().initializer(tensor("t", 1, {-4}, "")).build(),
                StatusCode::kMalformedModel, "negative size -4");
  expect_status(small_model().initializer(tensor("t", 1, {INT64_MAX}, "")).build(),
                StatusCode::kLimitExceeded, "'t'");
  expect_status(small_model()
                    .initializer(tensor("t", 1, {1LL << 16, 1LL << 16, 1LL << 16, 1LL << 16}, ""))
                    .build(),
                StatusCode::kLimitExceeded, "'t'");
  expect_status(small_model().initializer(tensor("t", 1, {1LL << 32, 1LL << 32, 0}, "")).build(),
                StatusCode::kLimitExceeded, "'t'");
  expect_status(
      small_model().initializer(tensor("t", 1, testing::Dims(9, 1), raw<float>({1}))).build(),
      StatusCode::kLimitExceeded, "9 dimensions");
}

TEST(OnnxReader, RefusesValuesThatDoNotFitTheirDimensions) {
  expect_status(small_model().initializer(tensor("t", 1, {3}, raw<float>({1, 2}))).build(),
                StatusCode::kMalformedModel, "should have 12 bytes of values and has 8");
  expect_status(small_model().initializer(tensor("t", 1, {1000000}, "")).build(),
                StatusCode::kMalformedModel, "should have 4000000 bytes");
}

TEST(OnnxReader, ReadsValuesFromTypedFields) {
  std::string floats, halves;
  const std::vector<float> values = {1.5f, -2.0f};
  protozero::pbf_writer writer(floats);
  writer.add_int64(1, 2);  // dims, one field each: not packed
  writer.add_int32(2, kFloatType);
  writer.add_packed_float(4, values.begin(), values.end());
  writer.add_string(8, "f");
  const std::vector<std::int32_t> bits = {0x3c00, 0xc000};  // 1 and -2 as binary16
  protozero::pbf_writer half_writer(halves);
  half_writer.add_int64(1, 2);
  half_writer.add_int32(2, kFloat16Type);
  half_writer.add_packed_int32(5, bits.begin(), bits.end());
  half_writer.add_string(8, "h");
  const std::string file = small_model().initializer(floats).initializer(halves).build();
  Model model;
  const Status status = read_onnx(bytes_of(file), {}, {}, model);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(to_floats(model.initializers[4]), values);
  EXPECT_EQ(to_floats(model.initializers[5]), (std::vector<float>{1.0f, -2.0f}));
}

TEST(OnnxReader, KeepsToItsLimits) {
  const std::string file = small_model().build();
  expect_status(file, StatusCode::kLimitExceeded, "bytes", {.file_bytes = file.size() - 1});
  expect_status(file, StatusCode::kLimitExceeded, "more than 5 nodes", {.nodes = 5});
  expect_status(file, StatusCode::kLimitExceeded, "more than 7839 elements",
                {.tensor_elements = 7839});
  EXPECT_TRUE(
      read_status(file, {.file_bytes = file.size(), .nodes = 6, .tensor_elements = 7840}).ok());
}

TEST(OnnxReader, RefusesNamesAndListsWithoutEnd) {
  expect_status(ModelBuilder().node("Relu", {std::string(5000, 'x')}, {"y"}).build(),
                StatusCode::kLimitExceeded, "name");
  expect_status(ModelBuilder()
                    .node("Conv", {"x"}, {"y"}, {attribute("pads", testing::Dims(70000, 1))})
                    .build(),
                StatusCode::kLimitExceeded, "list");
}

TEST(OnnxReader, ConvertsEveryFloat16Exactly) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const std::uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float sign = bits & 0x8000 ? -1.0f : 1.0f;
    const float value = float_from_half(static_cast<std::uint16_t>(bits));
    if (exponent == 31) {
      ASSERT_EQ(std::isnan(value), fraction != 0) << bits;
      if (fraction == 0) {
        ASSERT_EQ(value, sign * INFINITY) << bits;
      }
    } else if (exponent == 0) {
      ASSERT_EQ(value, sign * std::ldexp(static_cast<float>(fraction), -24)) << bits;
    } else {
      const float expected =
          sign * std::ldexp(static_cast<float>(1024 + fraction), static_cast<int>(exponent) - 25);
      ASSERT_EQ(value, expected) << bits;
    }
  }
}

}  // namespace
}  // namespace inkling
