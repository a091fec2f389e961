// `inkling predict`: pictures and stroke files in, digits out.
#include <torch/utils.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/classifier.h"
#include "cli/commands.h"
#include "data/file.h"
#include "data/picture.h"
#include "data/strokes.h"
#include "train/run.h"

namespace inkling {
namespace {

using Json = nlohmann::json;

struct PredictFlags {
  ClassifierOptions classifier;
  std::string model;
  std::vector<std::string> more_models, files;
  bool json = false;
};

// One thing to read: a picture, or a line of a stroke file.
struct Question {
  std::string file;
  std::size_t drawing = 0;  // from 1; 0: the file is a picture
  Pixels pixels{};

  std::string name() const { return drawing == 0 ? file : file + ":" + std::to_string(drawing); }
};

// By its content: each line of a stroke file is JSON.
bool is_stroke_file(const std::string& path) {
  const std::string bytes = read_file(path, kMaxPictureBytes);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  return first != std::string::npos && bytes[first] == '{';
}

void add_questions(const std::string& path, std::vector<Question>& questions) {
  if (!is_stroke_file(path)) {
    const Picture picture = read_picture(path);
    try {
      questions.push_back({path, 0, pixels_of(picture)});
    } catch (const Failure& failure) {
      throw Failure(path + ": " + failure.what());
    }
    return;
  }
  const std::vector<Drawing> drawings = read_strokes(path);
  for (std::size_t i = 0; i < drawings.size(); ++i) {
    // read_strokes() has drawn each once, so each can be drawn.
    questions.push_back({path, i + 1, pixels_from_strokes(drawings[i].strokes).value()});
  }
}

torch::Tensor to_tensor(const std::vector<Question>& questions) {
  torch::Tensor pixels =
      torch::empty({static_cast<std::int64_t>(questions.size()), kSide, kSide}, torch::kFloat32);
  float* out = pixels.data_ptr<float>();
  for (const Question& question : questions) {
    out = std::copy(question.pixels.begin(), question.pixels.end(), out);
  }
  return pixels;
}

// The answers one a line, or as JSON; a file that could not be read has its sentence there.
void print_answers(const PredictFlags& flags, const Classifier& classifier,
                   const std::vector<Question>& questions, const Json& errors) {
  const torch::Tensor p = classifier.probabilities(to_tensor(questions));
  Json answers = Json::array();
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const float* row = p.data_ptr<float>() + i * kClasses;
    const auto digit = std::max_element(row, row + kClasses) - row;
    const bool sure = row[digit] >= classifier.threshold();
    Json answer = {{"file", questions[i].file},
                   {"digit", sure ? Json(digit) : Json()},
                   {"most_likely", digit},
                   {"confidence", row[digit]},
                   {"probabilities", std::vector<float>(row, row + kClasses)}};
    if (questions[i].drawing > 0) answer["drawing"] = questions[i].drawing;
    answers.push_back(std::move(answer));
    if (flags.json) continue;
    const std::string guess = sure ? "" : "  (" + std::to_string(digit) + "?)";
    std::printf("%s  %s  %.1f %%%s\n", questions[i].name().c_str(),
                sure ? std::to_string(digit).c_str() : "?", 100.0 * row[digit], guess.c_str());
  }
  if (!flags.json) return;
  const Json report = {{"models", flags.classifier.models},
                       {"threshold", classifier.threshold()},
                       {"answers", answers},
                       {"errors", errors}};
  std::printf("%s\n", to_text(report).c_str());
}

void run_predict(PredictFlags flags) {
  flags.classifier.models = {flags.model};
  flags.classifier.models.insert(flags.classifier.models.end(), flags.more_models.begin(),
                                 flags.more_models.end());
  const Classifier classifier(flags.classifier);
  classifier.require_input_scale();
  std::vector<Question> questions;
  Json errors = Json::array();
  std::string sentences;
  for (const std::string& file : flags.files) {
    try {
      add_questions(file, questions);
    } catch (const Failure& failure) {
      errors.push_back({{"file", file}, {"error", failure.what()}});
      sentences += (sentences.empty() ? "" : "; ") + std::string(failure.what());
    }
  }
  if (!questions.empty() || flags.json) print_answers(flags, classifier, questions, errors);
  if (!errors.empty()) throw Failure(sentences);
}

}  // namespace

void add_predict(CLI::App& app) {
  auto flags = std::make_shared<PredictFlags>();
  CLI::App* command = app.add_subcommand(
      "predict",
      "Read digits from pictures (PNG, JPEG, PGM, PPM) and stroke files: prints file, digit or "
      "\"?\", confidence. A picture of 28x28 pixels is taken as it is, as MNIST's are; of any "
      "other the ink is found, scaled and centred first");
  command->add_option("model", flags->model, "The .onnx file or the run's folder")->required();
  command->add_option("files", flags->files, "Pictures and stroke files")->required();
  command
      ->add_option("--with", flags->more_models,
                   "Average with this model too; may be given several times")
      ->allow_extra_args(false);
  add_reading_flags(*command, flags->classifier);
  command->add_flag("--json", flags->json,
                    "Print JSON for programs: digit (null for \"?\"), most_likely, confidence and "
                    "probabilities of each, and the files that could not be read");
  command->callback([flags] { run_predict(*flags); });
}

}  // namespace inkling
