// Reads recipe.json and compares.
#include "cli/recipe.h"

#include <algorithm>

#include "data/file.h"
#include "data/json.h"

namespace inkling {
namespace {

using Json = nlohmann::json;

}  // namespace

Json read_recipe(const std::filesystem::path& run_folder) {
  const std::filesystem::path path = recipe_path(run_folder);
  if (!std::filesystem::exists(path)) {
    throw Failure(
        run_folder.string() + " holds no run to resume (there is no " + path.filename().string() +
        " in it); begin one with: inkling train --mnist DIR --out " + run_folder.string());
  }
  try {
    Json json = parse_json(read_file(path));
    json.at("arguments").get<std::vector<std::string>>();
    json.at("recipe").get<std::map<std::string, std::string>>();
    json.at("command").get<std::string>();
    json.value("teachers", std::vector<std::string>());
    return json;
  } catch (const Json::exception&) {
    throw Failure(path.string() + " is damaged: a value is missing or of the wrong type");
  }
}

void require_same_recipe(const Json& kept, const std::map<std::string, std::string>& recipe,
                         const std::string& folder) {
  for (const auto& [flag, value] : recipe) {
    const std::string before = kept.at("recipe").value(flag, "");
    if (before == value) continue;
    throw Failure("--" + flag + " was '" + before + "' when the run in " + folder +
                  " began and is '" + value + "' now; resume it with: inkling train --resume " +
                  folder);
  }
}

void require_same_teachers(const Json& kept, const std::vector<std::string>& paths,
                           const std::vector<std::string>& checksums, const std::string& folder) {
  const auto before = kept.value("teachers", std::vector<std::string>());
  for (std::size_t i = 0; i < std::min(before.size(), checksums.size()); ++i) {
    if (before[i] == checksums[i]) continue;
    throw Failure("--teacher " + paths[i] + " is not what it was when the run in " + folder +
                  " began; put it back, or begin another run");
  }
}

}  // namespace inkling
