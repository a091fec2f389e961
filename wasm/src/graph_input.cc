// The model's input: which one it is, and what of its shape is one image.
#include "graph_builder.h"
#include "text.h"

namespace inkling {
namespace {

std::string dims_to_string(const std::vector<std::int64_t>& dims) {
  std::string text = "[";
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) text += ',';
    if (dims[i] == kDynamicDim) {
      text += i == 0 ? "N" : "?";
    } else {
      append(text, dims[i]);
    }
  }
  return cat(text, "]");
}

std::string describe_input(const ValueInfo& input) {
  if (kIsCore) return {};  // no sentence is made of it
  return cat("The model's input '", input.name, "' is ", data_type_name(input.type), " ",
             input.has_shape ? dims_to_string(input.dims) : "without a shape");
}

// Sizes that the file leaves open are those of a digit: 28 pixels a side, one channel.
void close_dims(std::vector<std::int64_t>& dims) {
  const auto is_channels = [](std::int64_t dim) { return dim == 1 || dim == 3; };
  const std::size_t rank = dims.size();
  std::size_t channels = rank == 4 ? 1 : rank;  // which axis
  if (rank == 4 && !is_channels(dims[1]) && is_channels(dims[3])) channels = 3;
  for (std::size_t i = 1; i < rank; ++i) {
    if (dims[i] == kDynamicDim) dims[i] = i == channels ? 1 : rank == 2 ? kPixelCount : kImageSide;
  }
}

// Whether a fixed first size counts images, rather than being a row of the one image or its
// channels: then the output has it too.
bool counts_images(const std::vector<std::int64_t>& dims, const ValueInfo& output) {
  if (dims.size() < 2) return false;
  if (output.has_shape && !output.dims.empty() && output.dims[0] != kDynamicDim) {
    return output.dims.size() > 1 && output.dims[0] == dims[0];
  }
  return dims.size() == 4;
}

}  // namespace

// Old files list constants as inputs too; the input is the one that is no constant.
Status GraphBuilder::declare_input() {
  const ValueInfo* image = nullptr;
  for (const ValueInfo& input : model_.inputs) {
    if (operands_[input.name].is_declared) continue;
    if (image != nullptr) {
      return load_error(StatusCode::kUnsupportedModel, "The model has several inputs ('",
                        image->name, "', '", input.name, "'); this engine needs one, an image.");
    }
    image = &input;
  }
  if (image == nullptr) return load_error(StatusCode::kMalformedModel, "The model has no input.");
  if (data_type_size(image->type) == 0 || image->type == DataType::kBool) {
    return load_error(StatusCode::kUnsupportedModel, describe_input(*image),
                      "; this engine feeds numbers.");
  }
  std::vector<std::int64_t> dims = image->dims;
  if (!image->has_shape) dims = {kDynamicDim, 1, kImageSide, kImageSide};
  close_dims(dims);
  if (dims.empty() || dims.size() > kMaxDims) {
    return load_error(StatusCode::kUnsupportedModel, describe_input(*image),
                      "; this engine needs an image.");
  }
  Value value{.name = image->name};
  if (dims[0] == kDynamicDim) {
    value.batch_axis = dims.size() > 1 ? 0 : -1;
    dims[0] = dims.size() > 1 ? 1 : kPixelCount;
  } else if (dims[0] > 1 && counts_images(dims, model_.outputs[output_])) {
    declared_batch_ = dims[0];
    value.batch_axis = 0;
    dims[0] = 1;
  }
  std::uint64_t elements = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 1 || static_cast<std::uint64_t>(dim) > limits_.tensor_elements / elements) {
      return load_error(StatusCode::kUnsupportedModel, describe_input(*image),
                        "; this engine needs an image.");
    }
    elements *= static_cast<std::uint64_t>(dim);
    value.dims.push_back(static_cast<std::size_t>(dim));
  }
  value.strides = packed_strides(value.dims, rows_order(dims.size()));
  graph_.input = 0;
  graph_.values.push_back(std::move(value));
  add_buffer({.floats = static_cast<std::size_t>(elements)}, kUnknown);
  declare(image->name);
  operands_[image->name].value = graph_.input;
  return {};
}

}  // namespace inkling
