// Reads stroke files and draws them.
#include "data/strokes.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/file.h"

namespace inkling {
namespace {

using Json = nlohmann::json;

int parse_label(const Json& line) {
  const auto label = line.find("label");
  if (label == line.end()) return -1;
  if (label->is_number_integer()) {
    const auto number = label->get<std::int64_t>();
    return number >= 0 && number <= 9 ? static_cast<int>(number) : -1;
  }
  const std::string text = label->is_string() ? label->get<std::string>() : "";
  return text.size() == 1 && text[0] >= '0' && text[0] <= '9' ? text[0] - '0' : -1;
}

// Sides and products of what is smaller than this are numbers still.
constexpr float kMostCoordinate = 1e30f;

Drawing parse_drawing(const std::string& text) {
  const Json line = Json::parse(text);
  Drawing drawing;
  drawing.label = parse_label(line);
  drawing.writer = line.value("writer", "");
  for (const Json& points : line.at("strokes")) {
    Stroke& stroke = drawing.strokes.emplace_back();
    for (const Json& point : points) {
      stroke.push_back({point.at(0).get<float>(), point.at(1).get<float>()});
    }
  }
  return drawing;
}

}  // namespace

void to_bytes(const Pixels& pixels, std::uint8_t* out) {
  for (float ink : pixels) *out++ = static_cast<std::uint8_t>(std::lround(ink * 255.0f));
}

std::vector<Drawing> read_strokes(const std::filesystem::path& path) {
  std::istringstream lines(read_file(path));
  std::vector<Drawing> drawings;
  std::string text;
  for (std::size_t number = 1; std::getline(lines, text); ++number) {
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = path.string() + ", line " + std::to_string(number) + ": ";
    try {
      drawings.push_back(parse_drawing(text));
    } catch (const Json::exception&) {
      throw Failure(where +
                    R"(not a drawing; a line looks like {"label":"7","strokes":[[[x,y],...]]})");
    }
    for (const Stroke& stroke : drawings.back().strokes) {
      for (const Point& p : stroke) {
        if (std::abs(p.x) <= kMostCoordinate && std::abs(p.y) <= kMostCoordinate) continue;
        throw Failure(where + "a coordinate is not a number from -1e30 to 1e30");
      }
    }
    const Result<Pixels> pixels = pixels_from_strokes(drawings.back().strokes);
    if (!pixels.ok()) throw Failure(where + pixels.status().message());
  }
  if (drawings.empty()) throw Failure(path.string() + " holds no drawings");
  return drawings;
}

void draw_into(std::uint8_t* image, const std::vector<Stroke>& strokes, const PenOptions& pen) {
  const Result<Pixels> pixels = pixels_from_strokes(strokes, pen);
  if (!pixels.ok()) throw Failure(pixels.status().message());
  to_bytes(pixels.value(), image);
}

void draw_into(std::uint8_t* image, const std::vector<Stroke>& strokes, const HandOptions& hand,
               Dice& dice) {
  const HandDrawn drawn = draw_by_hand(strokes, hand, dice);
  draw_into(image, drawn.strokes, drawn.pen());
}

void render_into(torch::Tensor images, const std::vector<Drawing>& drawings,
                 const std::function<float(std::size_t)>& pen_width) {
  std::vector<std::size_t> digits;
  for (std::size_t i = 0; i < drawings.size(); ++i) {
    if (drawings[i].label >= 0) digits.push_back(i);
  }
  auto* out = images.data_ptr<std::uint8_t>();
  constexpr std::int64_t kGrain = 64;
  at::parallel_for(0, static_cast<std::int64_t>(digits.size()), kGrain, [&](auto begin, auto end) {
    for (auto row = begin; row < end; ++row) {
      const std::size_t i = digits[static_cast<std::size_t>(row)];
      draw_into(out + row * kSide * kSide, drawings[i].strokes, {pen_width(i)});
    }
  });
}

Dataset render(const std::vector<Drawing>& drawings,
               const std::function<float(std::size_t)>& pen_width) {
  std::vector<std::int64_t> labels;
  for (const Drawing& drawing : drawings) {
    if (drawing.label >= 0) labels.push_back(drawing.label);
  }
  const auto count = static_cast<std::int64_t>(labels.size());
  Dataset data{torch::zeros({count, kSide, kSide}, torch::kUInt8),
               torch::tensor(labels, torch::kInt64)};
  render_into(data.images, drawings, pen_width);
  return data;
}

}  // namespace inkling
