// Augmentation's flags, the same for `train` and `preview`; each at 0 is off.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include "cli/numbers.h"
#include "train/batches.h"

namespace inkling {

inline void add_augment_flags(CLI::App& command, BatchOptions& options) {
  AffineRange& affine = options.augment.affine;
  add_number(command, "--rotation", affine.rotation, 0.0, 180.0,
             "Augmentation: up to so many degrees");
  add_number(command, "--scale", affine.scale, 0.0, 0.9,
             "Augmentation: up to this share of the size, each axis by itself");
  add_number(command, "--shear", affine.shear, 0.0, 2.0, "Augmentation: slant up to this");
  add_number(command, "--shift", affine.shift, 0.0, 14.0, "Augmentation: up to so many pixels");
  add_number(command, "--elastic", options.augment.elastic, 0.0, 10.0,
             "Augmentation: bend, so that a pixel moves so far (root mean square, in pixels)");
  add_number(command, "--cutout", options.augment.cutout, std::int64_t{0}, std::int64_t{28},
             "Augmentation: erase a square with sides of so many pixels");
  // Below 0.01 LibTorch's Beta leaves the numbers of a double, and gives halves.
  const auto check_mixup = [](const std::string& text) -> std::string {
    double number = 0;
    const bool is_one = CLI::detail::lexical_cast(text, number);
    if (is_one && (number == 0 || (number >= 0.01 && number <= 100))) return "";
    return text + " is neither 0 nor a number from 0.01 to 100";
  };
  command
      .add_option("--mixup", options.mixup,
                  "Augmentation: mix each image with another, by a share from Beta(MIXUP, MIXUP); "
                  "0: none, else 0.01 or more")
      ->check(CLI::Validator(check_mixup, ""))
      ->capture_default_str();
  add_number(
      command, "--hand", options.hand.variation, 0.0, 3.0,
      "Drawings: how far the hand strays (bends, slants, trembles, tapers), 1 being the range "
      "of real hands; every other image and drawing is then left without augmentation");
  add_number(command, "--not-digits", options.not_digits, 0.0, 1.0,
             "Drawings of letters, shapes and scribbles to learn \"?\" from, as a share of the "
             "digits");
}

}  // namespace inkling
