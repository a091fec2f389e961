// From the sources a person names to what a run trains and validates on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/strokes.h"

namespace inkling {

// The flags that every command with data takes.
struct Sources {
  std::string mnist;                 // folder of the four IDX files; empty: none
  std::vector<std::string> strokes;  // stroke files

  bool empty() const { return mnist.empty() && strokes.empty(); }
};

struct NamedDataset {
  std::string name;  // "mnist" or the stroke file's name
  Dataset data;
};

// Training data, with the part held out by which every choice is made.
struct TrainingData {
  Dataset images;                        // ready pictures (MNIST)
  std::vector<Drawing> drawings;         // strokes, drawn anew each epoch with another pen
  std::vector<NamedDataset> validation;  // held out of each source; drawings with the page's pen

  // All held-out pictures, one source after the other.
  Dataset all_validation() const;
};

// Holds out `share` of the images at random and `share` of the drawings by whole writers, so that a
// validation writer is a stranger (with one writer: drawings at random). Each drawing to learn from
// is there `drawing_repeat` times (pens differ), so that few drawings are not lost among many
// pictures. Reads only training parts. Throws Failure.
TrainingData load_training_data(const Sources& sources, double share, std::int64_t seed,
                                std::int64_t drawing_repeat = 1);

// MNIST's test part and the whole of each stroke file. Throws Failure.
std::vector<NamedDataset> load_evaluation_data(const Sources& sources);

}  // namespace inkling
