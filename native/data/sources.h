// From the sources a person names to what a run trains and validates on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/idx.h"
#include "data/strokes.h"

namespace inkling {

// The flags that every command with data takes. Any number of sources become one.
struct Sources {
  std::vector<std::string> mnist;       // folders of the four IDX files
  std::optional<MnistPart> mnist_part;  // none: train learns from kTrain, evaluate reads kTest
  std::vector<std::string> kaggle;      // CSV files of images
  std::vector<std::string> strokes;     // stroke files

  std::vector<std::filesystem::path> paths() const;
  // Of a file of images or strokes: its own name, or the path where several have that name.
  std::string name_of(const std::string& path) const;
  bool empty() const { return mnist.empty() && kaggle.empty() && strokes.empty(); }
};

struct NamedDataset {
  std::string name;  // "mnist", "mnist test" or the file's name; its path where two have one name
  Dataset data;
  std::string note{};  // what must be said beside its scores ("a simulation ..."); mostly empty
};

// Training data, with the part held out by which every choice is made.
struct TrainingData {
  Dataset images;                        // ready pictures (MNIST, CSV)
  std::vector<Drawing> drawings;         // strokes, drawn anew each epoch with another pen
  std::vector<NamedDataset> validation;  // held out of each source; drawings with the page's pen
  std::int64_t drawing_repeat = 1;       // each drawing is there so many times, one after the other

  // All held-out pictures, one source after the other.
  Dataset all_validation() const;
};

// Holds out `share` of the images at random, the same images (byte by byte, in whatever source)
// always together so that no validation image is learned from, and `share` of the drawings by whole
// writers, so that a validation writer is a stranger (with one writer: drawings at random). Each
// drawing to learn from is there `drawing_repeat` times (pens differ), so that few drawings are not
// lost among many pictures. Reads MNIST's training part unless the sources name another. Throws
// Failure.
TrainingData load_training_data(const Sources& sources, double share, std::int64_t seed,
                                std::int64_t drawing_repeat = 1);

// Each source as a set of its own: MNIST's test part (unless the sources name another), the CSV
// files, which must have labels, and the whole of each stroke file. Throws Failure.
std::vector<NamedDataset> load_evaluation_data(const Sources& sources);

// A stroke file's drawings that have a digit for a label; how many have none is said. Throws
// Failure.
std::vector<Drawing> read_labelled_strokes(const std::string& path);

// What run.json calls "data": "MNIST train + train.csv (a simulation of Kaggle's files ...)".
// `part` is what --mnist reads where the sources name none.
std::string describe(const Sources& sources, MnistPart part = MnistPart::kTrain);

}  // namespace inkling
