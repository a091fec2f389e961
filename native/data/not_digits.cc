// The kinds: skeletons written down as points, and shapes made by a few lines of geometry.
#include "data/not_digits.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <sstream>
#include <stdexcept>

namespace inkling {
namespace {

using Strokes = std::vector<Stroke>;

constexpr float kTurn = 2 * std::numbers::pi_v<float>;

// --- skeletons ----------------------------------------------------------------------------------

// Strokes are parted by "|", points are "x,y" in a box of 100; "~" before a stroke makes it a
// smooth curve through its points.
struct Skeleton {
  const char* name;
  const char* strokes;
};

constexpr Skeleton kLearnedSkeletons[] = {
    {"letter A", "10,100 50,0 90,100|27,62 73,62"},
    {"letter E", "85,0 15,0 15,100 88,100|15,50 75,50"},
    {"letter H", "15,0 15,100|85,0 85,100|15,50 85,50"},
    {"letter K", "15,0 15,100|85,0 18,55 88,100"},
    {"letter M", "5,100 15,0 50,70 85,0 95,100"},
    {"letter R", "18,100 18,0|~18,2 70,5 80,28 60,48 20,52|40,52 85,100"},
    {"letter T", "5,2 95,2|50,2 50,100"},
    {"letter X", "10,0 90,100|90,0 10,100"},
    {"letter W", "0,0 25,100 50,30 75,100 100,0"},
    {"letter a", "~80,25 50,15 20,50 35,90 65,80 80,30|~80,20 78,70 85,95 100,90"},
    {"letter e", "~15,55 85,50 70,18 35,15 12,50 25,90 60,98 88,85"},
    {"letter m", "10,100 10,20|~10,50 25,22 45,30 48,100|~48,50 65,22 86,30 90,100"},
    {"letter k", "20,0 20,100|80,35 22,68 82,100"},
    {"letter r", "25,100 25,30|~25,60 45,32 75,35"},
    {"heart", "~50,30 35,5 10,12 5,40 25,70 50,98|~50,30 65,5 90,12 95,40 75,70 50,98"},
    {"triangle", "50,5 95,92 5,92 50,5"},
    {"arrow", "0,50 95,50|65,20 97,50 65,80"},
    {"plus", "50,5 50,95|5,50 95,50"},
    {"lightning", "65,0 25,55 70,50 30,100"},
    {"house", "10,100 10,40 50,2 90,40 90,100 10,100|40,100 40,65 60,65 60,100"},
    {"smile",
     "~50,0 12,18 0,50 15,85 50,100 85,85 100,50 88,18 50,0|30,32 32,38|70,32 70,38"
     "|~25,65 50,82 75,65"},
    {"hash", "30,5 25,95|70,5 65,95|5,32 95,32|5,68 95,68"},
    {"ampersand", "~95,100 45,50 30,20 50,2 68,18 45,45 15,70 25,95 55,95 88,55"},
};

constexpr Skeleton kUnseenSkeletons[] = {
    {"letter F", "85,0 18,0 18,100|18,48 75,48"},
    {"letter N", "12,100 15,0 85,100 88,0"},
    {"letter P", "18,100 18,0|~18,3 75,8 82,32 60,52 20,55"},
    {"letter Y", "10,0 50,50|90,0 50,50 50,100"},
    {"letter f", "~80,15 60,2 45,20 45,60 43,100|20,42 72,42"},
    {"letter h", "18,0 18,100|~18,60 40,38 70,45 75,100"},
    {"letter w", "~5,20 20,95 50,60|~50,30 70,98 95,20"},
    {"square with a cross", "8,8 92,8 92,92 8,92 8,8|8,8 92,92|92,8 8,92"},
    {"diamond in two", "50,0 95,50 50,100 5,50 50,0|5,50 95,50"},
    {"tree", "50,100 50,70|50,0 20,35 40,35 10,70 90,70 60,35 80,35 50,0"},
    {"fish", "~0,50 30,15 65,30 95,75|~0,50 30,85 65,70 95,25|20,45 22,48"},
    {"two bars", "5,30 95,30|5,70 95,70"},
    {"percent", "90,5 10,95|~25,5 10,20 25,38 40,20 25,5|~75,62 60,78 75,96 90,78 75,62"},
    {"house with smoke", "10,100 10,50 50,20 90,50 90,100 10,100|~70,15 60,8 75,0"},
};

constexpr int kSteps = 6;  // points a piece of a curve becomes

Point catmull_rom(const Point& a, const Point& b, const Point& c, const Point& d, float t) {
  const auto blend = [t](float p, float q, float r, float s) {
    return 0.5f *
           (2 * q + t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p))));
  };
  return {blend(a.x, b.x, c.x, d.x), blend(a.y, b.y, c.y, d.y)};
}

Stroke smooth(const Stroke& points) {
  Stroke curve;
  const std::size_t last = points.size() - 1;
  for (std::size_t i = 0; i < last; ++i) {
    const Point &before = points[i == 0 ? 0 : i - 1], &after = points[std::min(i + 2, last)];
    for (int step = 0; step < kSteps; ++step) {
      const float t = static_cast<float>(step) / kSteps;
      curve.push_back(catmull_rom(before, points[i], points[i + 1], after, t));
    }
  }
  curve.push_back(points.back());
  return curve;
}

// Every corner elsewhere, by some of the box, so that no two hearts are alike.
Strokes from_skeleton(const Skeleton& skeleton, Dice& dice) {
  constexpr float kLoose = 7;  // of the box of 100
  std::istringstream strokes(skeleton.strokes);
  Strokes drawing;
  for (std::string text; std::getline(strokes, text, '|');) {
    const bool curved = text.starts_with('~');
    std::istringstream points(curved ? text.substr(1) : text);
    Stroke stroke;
    char comma = 0;
    for (Point p; points >> p.x >> comma >> p.y;) {
      stroke.push_back({p.x + dice.around_zero(kLoose), p.y + dice.around_zero(kLoose)});
    }
    drawing.push_back(curved ? smooth(stroke) : stroke);
  }
  return drawing;
}

// --- shapes -------------------------------------------------------------------------------------

Strokes scribble(Dice& dice) {
  Stroke points;
  const std::size_t count = 8 + dice.below(18);
  for (std::size_t i = 0; i < count; ++i) points.push_back({dice.unit(), dice.unit()});
  return {smooth(points)};
}

Strokes zigzag(Dice& dice) {
  Stroke points;
  const std::size_t count = 5 + dice.below(8);
  const float height = dice.between(0.2f, 1.2f);
  for (std::size_t i = 0; i < count; ++i) {
    const float x = static_cast<float>(i) / static_cast<float>(count - 1);
    points.push_back({x, (i % 2 == 0 ? 0 : height) + dice.around_zero(0.06f)});
  }
  if (dice.chance(0.4f)) {
    for (Point& p : points) p = {p.y, p.x};
  }
  return {dice.chance(0.5f) ? points : smooth(points)};
}

// More than two turns: one and a half may be a 6, or a 9.
Strokes spiral(Dice& dice) {
  Stroke points;
  const float turns = dice.between(2.3f, 4.5f), start = dice.between(0, kTurn);
  const float direction = dice.chance(0.5f) ? 1.0f : -1.0f;
  const int count = static_cast<int>(turns * 16);
  for (int i = 0; i <= count; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(count);
    const float angle = start + direction * kTurn * turns * t;
    points.push_back({t * std::cos(angle), t * std::sin(angle)});
  }
  return {points};
}

Strokes star(Dice& dice) {
  const int tips = dice.chance(0.7f) ? 5 : 6;
  Stroke points;
  if (tips == 5 && dice.chance(0.5f)) {  // in one go, crossing itself
    for (int i = 0; i <= 5; ++i) {
      const float angle = kTurn * static_cast<float>(2 * i) / 5 - kTurn / 4;
      points.push_back({std::cos(angle), std::sin(angle)});
    }
    return {points};
  }
  const float inner = dice.between(0.35f, 0.55f);
  for (int i = 0; i <= 2 * tips; ++i) {
    const float angle = kTurn * static_cast<float>(i) / static_cast<float>(2 * tips) - kTurn / 4;
    const float radius = i % 2 == 0 ? 1 : inner;
    points.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  return {points};
}

// Lying, or leaning at most so far that it is no 1.
Strokes lying_line(Dice& dice) {
  const float angle = dice.around_zero(0.45f);
  Stroke points;
  for (int i = 0; i <= 8; ++i) {
    const float t = static_cast<float>(i) / 8;
    points.push_back({t * std::cos(angle), t * std::sin(angle) + dice.around_zero(0.01f)});
  }
  return {points};
}

Strokes dot(Dice& dice) { return {{{dice.unit(), dice.unit()}}}; }

Strokes dots(Dice& dice) {
  Strokes drawing;
  for (std::size_t count = 2 + dice.below(6); count > 0; --count) {
    drawing.push_back({{dice.unit(), dice.unit()}});
  }
  return drawing;
}

// The pad hatched all over, tightly enough to be full.
Strokes filled(Dice& dice) {
  Stroke points;
  const std::size_t rows = 10 + dice.below(14);
  for (std::size_t i = 0; i < rows; ++i) {
    const float y = static_cast<float>(i) / static_cast<float>(rows - 1);
    const bool leftwards = i % 2 != 0;
    points.push_back({leftwards ? 1.0f : 0.0f, y + dice.around_zero(0.02f)});
    points.push_back({leftwards ? 0.0f : 1.0f, y + dice.around_zero(0.02f)});
  }
  if (dice.chance(0.5f)) {
    for (Point& p : points) p = {p.y, p.x};
  }
  return {points};
}

Strokes wave(Dice& dice) {
  Stroke points;
  const float periods = dice.between(1.5f, 4), height = dice.between(0.08f, 0.35f);
  for (int i = 0; i <= 48; ++i) {
    const float x = static_cast<float>(i) / 48;
    points.push_back({x, height * std::sin(kTurn * periods * x)});
  }
  return {points};
}

Strokes many_lines(Dice& dice) {
  Strokes drawing;
  for (std::size_t count = 4 + dice.below(6); count > 0; --count) {
    drawing.push_back({{dice.unit(), dice.unit()}, {dice.unit(), dice.unit()}});
  }
  return drawing;
}

// Loops along a line, as people try a pen.
Strokes loops(Dice& dice) {
  Stroke points;
  const float count = dice.between(3, 6), height = dice.between(0.15f, 0.35f);
  for (int i = 0; i <= 72; ++i) {
    const float t = static_cast<float>(i) / 72, angle = kTurn * count * t;
    points.push_back({t + 0.12f * std::sin(angle), height * std::cos(angle)});
  }
  return {points};
}

Strokes concentric_circles(Dice& dice) {
  Strokes drawing;
  const int count = 2 + static_cast<int>(dice.below(2));
  for (int ring = 1; ring <= count; ++ring) {
    Stroke& points = drawing.emplace_back();
    for (int i = 0; i <= 24; ++i) {
      const float angle = kTurn * static_cast<float>(i) / 24;
      const auto radius = static_cast<float>(ring);
      points.push_back({radius * std::cos(angle), radius * std::sin(angle)});
    }
  }
  return drawing;
}

// Two that overlap, side by side: no digit is two circles beside each other.
Strokes rings(Dice& dice) {
  Strokes drawing;
  const float apart = dice.between(1.2f, 2.2f);
  for (int ring = 0; ring < 2; ++ring) {
    Stroke& points = drawing.emplace_back();
    for (int i = 0; i <= 24; ++i) {
      const float angle = kTurn * static_cast<float>(i) / 24;
      points.push_back({apart * static_cast<float>(ring) + std::cos(angle), std::sin(angle)});
    }
  }
  return drawing;
}

struct Shape {
  const char* name;
  Strokes (*draw)(Dice&);
};
constexpr Shape kLearnedShapes[] = {
    {"scribble", scribble},     {"zigzag", zigzag}, {"spiral", spiral}, {"star", star},
    {"lying line", lying_line}, {"dot", dot},       {"dots", dots},     {"filled pad", filled}};
constexpr Shape kUnseenShapes[] = {{"wave", wave},
                                   {"many lines", many_lines},
                                   {"loops", loops},
                                   {"concentric circles", concentric_circles},
                                   {"rings", rings}};

struct Kinds {
  std::span<const Skeleton> skeletons;
  std::span<const Shape> shapes;
};

Kinds kinds_of(NotDigits part) {
  if (part == NotDigits::kLearned) return {kLearnedSkeletons, kLearnedShapes};
  return {kUnseenSkeletons, kUnseenShapes};
}

}  // namespace

std::vector<std::string> not_digit_kinds(NotDigits part) {
  const Kinds kinds = kinds_of(part);
  std::vector<std::string> names;
  for (const Skeleton& skeleton : kinds.skeletons) names.emplace_back(skeleton.name);
  for (const Shape& shape : kinds.shapes) names.emplace_back(shape.name);
  return names;
}

std::vector<Stroke> not_a_digit(NotDigits part, std::size_t kind, Dice& dice) {
  const Kinds kinds = kinds_of(part);
  if (kind < kinds.skeletons.size()) return from_skeleton(kinds.skeletons[kind], dice);
  kind -= kinds.skeletons.size();
  if (kind >= kinds.shapes.size()) throw std::out_of_range("not_a_digit: no such kind");
  return kinds.shapes[kind].draw(dice);
}

}  // namespace inkling
