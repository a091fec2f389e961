// WebAssembly gets the engine twice: a core that pages load first, with what most exported
// classifiers need, and the full engine, fetched when the core refuses a model as unsupported.
// Natively there is the full one alone.
#pragma once

#include <cstddef>
#include <string_view>

#include "text.h"

namespace inkling {

#ifdef INKLING_CORE
inline constexpr bool kIsCore = true;
#else
inline constexpr bool kIsCore = false;
#endif

// Why a model is not loaded. The core does not say why: it leaves the model to the full engine,
// whose answer is the one that counts, and so does without the sentences and what they are made of.
Status leave_to_full();
template <typename... T>
Status load_error(StatusCode code, const T&... pieces) {
  if constexpr (kIsCore) {
    return leave_to_full();
  } else {
    return error(code, pieces...);
  }
}

// The entry for that operator, in the core module one of `core`; null when there is none.
template <typename Entry, std::size_t kCoreSize, std::size_t kMoreSize>
inline const Entry* find_operator(const Entry (&core)[kCoreSize], const Entry (&more)[kMoreSize],
                                  std::string_view op_type) {
  for (const Entry& entry : core) {
    if (entry.op_type == op_type) return &entry;
  }
  if constexpr (!kIsCore) {
    for (const Entry& entry : more) {
      if (entry.op_type == op_type) return &entry;
    }
  }
  return nullptr;
}

}  // namespace inkling
