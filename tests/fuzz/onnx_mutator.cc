// A file as a tree of fields: which of them are messages stands in kChildren, by onnx.proto's
// numbers; all others are leaves.
#include "onnx_mutator.h"

#include <algorithm>
#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <random>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace inkling::fuzz {
namespace {

using protozero::pbf_wire_type;

enum class Kind {
  kModel,
  kGraph,
  kNode,
  kAttribute,
  kTensor,
  kValueInfo,
  kType,
  kTensorType,
  kShape,
  kDimension,
  kEntry,
  kOpset,
  kFunction,
  kLeaf
};

struct Child {
  Kind parent;
  std::uint32_t number;
  Kind kind;
};
constexpr Child kChildren[] = {
    {Kind::kModel, 7, Kind::kGraph},         {Kind::kModel, 8, Kind::kOpset},
    {Kind::kModel, 14, Kind::kEntry},        {Kind::kModel, 25, Kind::kFunction},
    {Kind::kGraph, 1, Kind::kNode},          {Kind::kGraph, 5, Kind::kTensor},
    {Kind::kGraph, 11, Kind::kValueInfo},    {Kind::kGraph, 12, Kind::kValueInfo},
    {Kind::kNode, 5, Kind::kAttribute},      {Kind::kAttribute, 5, Kind::kTensor},
    {Kind::kAttribute, 6, Kind::kGraph},     {Kind::kTensor, 13, Kind::kEntry},
    {Kind::kValueInfo, 2, Kind::kType},      {Kind::kType, 1, Kind::kTensorType},
    {Kind::kTensorType, 2, Kind::kShape},    {Kind::kShape, 1, Kind::kDimension},
    {Kind::kFunction, 7, Kind::kNode},       {Kind::kFunction, 9, Kind::kOpset},
    {Kind::kFunction, 11, Kind::kAttribute},
};

constexpr int kMaxDepth = 24;
constexpr std::size_t kMaxTensorBytes = 1 << 14;  // of one that is made to fit its dims

struct Field {
  Kind parent = Kind::kModel, kind = Kind::kLeaf;
  std::uint32_t number = 0;
  pbf_wire_type wire = pbf_wire_type::varint;
  std::uint64_t value = 0;  // a number's
  std::string bytes;        // a leaf's
  std::vector<Field> fields;
};

Kind kind_of(Kind parent, std::uint32_t number) {
  for (const Child& child : kChildren) {
    if (child.parent == parent && child.number == number) return child.kind;
  }
  return Kind::kLeaf;
}

// Throws protozero's exceptions.
std::vector<Field> parse(protozero::data_view bytes, Kind kind, int depth) {
  std::vector<Field> fields;
  protozero::pbf_reader reader(bytes);
  while (reader.next()) {
    Field field{.parent = kind, .number = reader.tag(), .wire = reader.wire_type()};
    switch (field.wire) {
      case pbf_wire_type::varint:
        field.value = reader.get_uint64();
        break;
      case pbf_wire_type::fixed32:
        field.value = reader.get_fixed32();
        break;
      case pbf_wire_type::fixed64:
        field.value = reader.get_fixed64();
        break;
      default: {
        const protozero::data_view view = reader.get_view();
        field.kind = depth < kMaxDepth ? kind_of(kind, field.number) : Kind::kLeaf;
        if (field.kind == Kind::kLeaf) {
          field.bytes.assign(view.data(), view.size());
        } else {
          field.fields = parse(view, field.kind, depth + 1);
        }
      }
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string serialize(const std::vector<Field>& fields) {
  std::string out;
  protozero::pbf_writer writer(out);
  for (const Field& field : fields) {
    switch (field.wire) {
      case pbf_wire_type::varint:
        writer.add_uint64(field.number, field.value);
        break;
      case pbf_wire_type::fixed32:
        writer.add_fixed32(field.number, static_cast<std::uint32_t>(field.value));
        break;
      case pbf_wire_type::fixed64:
        writer.add_fixed64(field.number, field.value);
        break;
      default:
        writer.add_bytes(field.number,
                         field.kind == Kind::kLeaf ? field.bytes : serialize(field.fields));
    }
  }
  return out;
}

// Where a field is: in which list, at which place.
struct Place {
  std::vector<Field>* list;
  std::size_t index;
  Field& field() const { return (*list)[index]; }
};

void list_places(std::vector<Field>& fields, std::vector<Place>& places) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    places.push_back({&fields, i});
    list_places(fields[i].fields, places);
  }
}

class Mutation {
 public:
  explicit Mutation(unsigned int seed) : random_(seed) {}

  void change(std::vector<Field>& fields) {
    std::vector<Place> places;
    list_places(fields, places);
    if (places.empty()) return;
    // Weights' values matter less than all the rest: they are looked at once more.
    Place place = places[below(places.size())];
    if (place.field().parent == Kind::kTensor) place = places[below(places.size())];
    switch (below(8)) {
      case 0:
        place.list->erase(place.list->begin() + static_cast<std::ptrdiff_t>(place.index));
        return;
      case 1: {
        const Field copy = place.field();
        place.list->insert(
            place.list->begin() + static_cast<std::ptrdiff_t>(below(place.list->size() + 1)), copy);
        return;
      }
      case 2:
      case 3:
        replace(place.field(), places);
        return;
      default:
        change_leaf(place.field());
    }
  }

  // By another that stands in the same place of another message of its kind.
  void replace(Field& field, const std::vector<Place>& others) {
    std::vector<const Field*> same;
    for (const Place& other : others) {
      const Field& candidate = other.field();
      const bool is_name = field.parent == Kind::kNode && candidate.parent == Kind::kNode &&
                           field.number <= 2 && candidate.number <= 2;  // inputs, outputs
      if (is_name || (candidate.parent == field.parent && candidate.number == field.number)) {
        same.push_back(&candidate);
      }
    }
    if (same.empty()) return;
    Field copy = *same[below(same.size())];
    copy.number = field.number;
    field = std::move(copy);
  }

  void change_leaf(Field& field) {
    if (field.kind != Kind::kLeaf) return change(field.fields);
    if (field.wire != pbf_wire_type::length_delimited) {
      field.value = number(field.value);
      return;
    }
    // A packed list of small numbers (dims, pads): one of them.
    if (!field.bytes.empty() && below(2) == 0) {
      field.bytes[below(field.bytes.size())] = static_cast<char>(number(1));
      return;
    }
    const std::size_t room = field.bytes.size() + 16;
    std::vector<std::uint8_t> buffer(field.bytes.begin(), field.bytes.end());
    const std::size_t size = buffer.size();
    buffer.resize(room);
    const std::size_t changed = LLVMFuzzerMutate(buffer.data(), size, room);
    field.bytes.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(changed));
  }

  std::uint64_t number(std::uint64_t value) {
    static constexpr std::uint64_t kNumbers[] = {
        0,    1,    2,        3,        4,         5,          7,          8,         9,
        10,   11,   16,       28,       127,       128,        255,        256,       784,
        4096, 4097, 1u << 16, 1u << 24, INT32_MAX, 1ull << 31, 1ull << 32, INT64_MAX, 1ull << 63};
    switch (below(4)) {
      case 0:
        return value + 1;
      case 1:
        return value - 1;
      case 2:
        return ~std::uint64_t{0} - below(8);  // -1, -2, ...
      default:
        return kNumbers[below(std::size(kNumbers))];
    }
  }

  // Gives constants as many values as their dims say, so that reading goes on.
  void fit_constants(std::vector<Field>& fields) {
    for (Field& field : fields) {
      if (field.kind == Kind::kTensor) fit(field);
      fit_constants(field.fields);
    }
  }

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

 private:
  static void fit(Field& tensor) {
    std::size_t elements = 1, size = 4;
    Field* raw = nullptr;
    for (Field& field : tensor.fields) {
      if (field.number == 1) {
        std::vector<std::uint64_t> dims = {field.value};
        if (field.wire == pbf_wire_type::length_delimited) {
          dims.clear();
          const char* at = field.bytes.data();
          const char* const end = at + field.bytes.size();
          try {
            while (at != end) dims.push_back(protozero::decode_varint(&at, end));
          } catch (const protozero::exception&) {
            return;
          }
        }
        for (const std::uint64_t dim : dims) {
          if (dim > kMaxTensorBytes || elements > kMaxTensorBytes) return;
          elements *= static_cast<std::size_t>(dim);
        }
      } else if (field.number == 2) {
        static constexpr std::size_t kSizes[] = {4, 4, 1, 1, 2, 2, 4, 8, 4, 1, 2, 8};
        if (field.value < std::size(kSizes)) size = kSizes[field.value];
      } else if (field.number == 9) {
        raw = &field;
      }
    }
    if (raw != nullptr && elements * size <= kMaxTensorBytes) {
      raw->bytes.resize(elements * size, '\x3d');
    }
  }

  std::minstd_rand random_;
};

std::string limited(const std::vector<Field>& fields, std::size_t max_size) {
  std::string out = serialize(fields);
  if (out.size() > max_size) out.clear();
  return out;
}

}  // namespace

std::string mutate_onnx(const std::string& file, std::size_t max_size, unsigned int seed) try {
  std::vector<Field> fields = parse(file, Kind::kModel, 0);
  Mutation mutation(seed);
  const std::size_t changes = 1 + mutation.below(4);
  for (std::size_t i = 0; i < changes; ++i) mutation.change(fields);
  if (mutation.below(4) != 0) mutation.fit_constants(fields);
  return limited(fields, max_size);
} catch (const protozero::exception&) {
  return {};
}

std::string cross_onnx(const std::string& file, const std::string& other, std::size_t max_size,
                       unsigned int seed) try {
  std::vector<Field> fields = parse(file, Kind::kModel, 0);
  std::vector<Field> more = parse(other, Kind::kModel, 0);
  Mutation mutation(seed);
  std::vector<Place> theirs;
  list_places(more, theirs);
  const std::size_t changes = 1 + mutation.below(3);
  for (std::size_t i = 0; i < changes; ++i) {
    std::vector<Place> ours;
    list_places(fields, ours);
    if (ours.empty()) break;
    mutation.replace(ours[mutation.below(ours.size())].field(), theirs);
  }
  return limited(fields, max_size);
} catch (const protozero::exception&) {
  return {};
}

}  // namespace inkling::fuzz
