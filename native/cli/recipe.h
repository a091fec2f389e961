// recipe.json: what was typed when a training was begun. It lies in the run's folder before the
// first step, so that --resume can do the same again and refuse anything else.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace inkling {

// {"command": "inkling train ...", "arguments": [...], "recipe": {flag: value}, "teachers": [...]}
inline std::filesystem::path recipe_path(const std::filesystem::path& run_folder) {
  return run_folder / "recipe.json";
}

// Throws Failure when there is none, or it is damaged.
nlohmann::json read_recipe(const std::filesystem::path& run_folder);

// Throws Failure when `recipe` differs from what was kept of the run in `folder`, naming the flag.
void require_same_recipe(const nlohmann::json& kept,
                         const std::map<std::string, std::string>& recipe,
                         const std::string& folder);

// Throws Failure when a teacher's weights are others than they were: `paths` as --teacher names
// them, with their checksums now (cli/teachers.h). Runs of earlier versions kept none.
void require_same_teachers(const nlohmann::json& kept, const std::vector<std::string>& paths,
                           const std::vector<std::string>& checksums, const std::string& folder);

}  // namespace inkling
