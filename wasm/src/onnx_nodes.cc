// NodeProto and what hangs on it: attributes, the branches of an If, and the functions that a file
// may define for itself. A call of one is written out as its nodes, so that nothing after this
// file knows of functions.
#include <algorithm>

#include "onnx_wire.h"

namespace inkling::onnx {
namespace {

void push_name(Reader& reader, std::vector<std::string>& names) {
  if (names.size() >= kMaxListEntries) {
    return too_large(reader.context(), "a node with more than 65536 inputs or outputs");
  }
  names.push_back(reader.get_name());
}

// GraphProto of a branch: it has no inputs of its own.
std::shared_ptr<Subgraph> read_subgraph(Reader reader, std::size_t depth) {
  const Context& limits = reader.context();
  auto graph = std::make_shared<Subgraph>();
  if (depth > kMaxNesting) too_large(limits, "branches within branches");
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        if (graph->nodes.size() >= limits.nodes) too_large(limits, "the nodes of a branch");
        graph->nodes.push_back(read_node(reader.get_message(), depth));
        break;
      case tag_and_type(5, kBytes):
        if (graph->initializers.size() >= limits.nodes) {
          too_large(limits, "the constants of a branch");
        }
        graph->initializers.push_back(read_tensor(reader.get_message()));
        break;
      case tag_and_type(12, kBytes): {
        Reader info = reader.get_message();  // ValueInfoProto, of which only the name matters
        if (info.next() && info.tag_and_type() == tag_and_type(1, kBytes)) {
          push_name(info, graph->outputs);
        }
        break;
      }
      default:
        reader.skip();
    }
  }
  return graph;
}

// What a call of a function puts in place of the function's own names and attributes.
class Call {
 public:
  Call(const Function& function, const Node& node, const std::string& prefix,
       const Context& context)
      : caller_(node), prefix_(prefix) {
    bind(function.inputs, node.inputs);
    bind(function.outputs, node.outputs);
    for (const std::string_view view : function.defaults) {
      defaults_.push_back(read_attribute(Reader(view, context), 0));
    }
  }

  void apply(Node& node) const {
    for (std::string& name : node.inputs) rename(name);
    for (std::string& name : node.outputs) rename(name);
    if (!node.name.empty()) node.name = cat(prefix_, node.name);
    for (Attribute& attribute : node.attributes) {
      if (attribute.g) apply(*attribute.g);
      if (!attribute.reference.empty() && !resolve(attribute)) attribute.name.clear();
    }
    std::erase_if(node.attributes, [](const Attribute& a) { return a.name.empty(); });
  }

 private:
  void bind(const std::vector<std::string>& formal, const std::vector<std::string>& actual) {
    for (std::size_t i = 0; i < formal.size(); ++i) {
      names_[formal[i]] = i < actual.size() ? actual[i] : std::string();
    }
  }

  void rename(std::string& name) const {
    if (name.empty()) return;
    const auto found = names_.find(name);
    name = found != names_.end() ? found->second : cat(prefix_, name);
  }

  void apply(Subgraph& graph) const {
    for (Node& node : graph.nodes) apply(node);
    for (Tensor& tensor : graph.initializers) rename(tensor.name);
    for (std::string& name : graph.outputs) rename(name);
  }

  // False when neither the caller nor the function says what the attribute is.
  bool resolve(Attribute& attribute) const {
    const Attribute* found = find_attribute(caller_.attributes, attribute.reference);
    if (found == nullptr) found = find_attribute(defaults_, attribute.reference);
    if (found == nullptr) return false;
    const Attribute& from = *found;
    attribute.reference.clear();
    attribute.g = from.g;
    attribute.f = from.f;
    attribute.i = from.i;
    attribute.s = from.s;
    attribute.floats = from.floats;
    attribute.ints = from.ints;
    attribute.t.type = from.t.type;
    attribute.t.dims = from.t.dims;
    attribute.t.elements = from.t.elements;
    attribute.t.owned.assign(from.t.bytes.begin(), from.t.bytes.end());
    attribute.t.bytes = attribute.t.owned;
    return true;
  }

  const Node& caller_;
  const std::string& prefix_;
  std::map<std::string, std::string, std::less<>> names_;
  std::vector<Attribute> defaults_;
};

class Inliner {
 public:
  Inliner(const std::vector<Function>& functions, const Context& limits)
      : functions_(functions), limits_(limits) {}

  // The nodes with every call written out, `depth` calls deep.
  void expand(std::vector<Node> nodes, std::size_t depth, std::vector<Node>& out) {
    for (Node& node : nodes) {
      for (Attribute& attribute : node.attributes) {
        if (!attribute.g) continue;
        std::vector<Node> inner;
        expand(std::move(attribute.g->nodes), depth + 1, inner);
        attribute.g->nodes = std::move(inner);
        capture(*attribute.g, node.captures);
      }
      const Function* function = find(node);
      if (function != nullptr) {
        call(*function, node, depth, out);
      } else {
        if (++count_ > limits_.nodes) {
          return too_large(limits_, "more than ", limits_.nodes, " nodes");
        }
        out.push_back(std::move(node));
      }
    }
  }

 private:
  const Function* find(const Node& node) const {
    for (const Function& f : functions_) {
      if (f.name == node.op_type && f.domain == node.domain) return &f;
    }
    return nullptr;
  }

  void call(const Function& function, const Node& node, std::size_t depth, std::vector<Node>& out) {
    if (depth >= kMaxNesting) {
      return too_large(limits_, "function '", function.name, "' calls too deep");
    }
    const std::string prefix = cat(node.outputs.empty() ? node.name : node.outputs[0], "/");
    if (prefix.size() > kMaxNameBytes) {
      return too_large(limits_, "names of functions in functions");
    }
    const Call call(function, node, prefix, limits_);
    std::vector<Node> body;
    for (const std::string_view view : function.nodes) {
      if (body.size() > limits_.nodes) {
        return too_large(limits_, "more than ", limits_.nodes, " nodes");
      }
      body.push_back(read_node(Reader(view, limits_), 0));
      if (limits_.failed) return;
      call.apply(body.back());
    }
    expand(std::move(body), depth + 1, out);
  }

  static void capture(const Subgraph& graph, std::vector<std::string>& names) {
    for (const Node& node : graph.nodes) {
      names.insert(names.end(), node.inputs.begin(), node.inputs.end());
      names.insert(names.end(), node.captures.begin(), node.captures.end());
    }
    names.insert(names.end(), graph.outputs.begin(), graph.outputs.end());
  }

  const std::vector<Function>& functions_;
  const Context& limits_;
  std::size_t count_ = 0;
};

}  // namespace

// StringStringEntryProto
std::pair<std::string, std::string> read_entry(Reader reader) {
  std::pair<std::string, std::string> entry;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        entry.first = reader.get_name();
        break;
      case tag_and_type(2, kBytes):
        entry.second = reader.get_view();
        break;
      default:
        reader.skip();
    }
  }
  return entry;
}

// AttributeProto
Attribute read_attribute(Reader reader, std::size_t depth) {
  Attribute attribute;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        attribute.name = reader.get_name();
        break;
      case tag_and_type(2, kFixed32):
        attribute.f = reader.get_fixed<float>();
        break;
      case tag_and_type(3, kVarint):
        attribute.i = reader.get_int64();
        break;
      case tag_and_type(4, kBytes):
        attribute.s = reader.get_name();
        break;
      case tag_and_type(5, kBytes):
        attribute.t = read_tensor(reader.get_message());
        break;
      case tag_and_type(6, kBytes):
        if (kIsCore) {
          too_large(reader.context(), "a branch");
        } else {
          attribute.g = read_subgraph(reader.get_message(), depth + 1);
        }
        break;
      case tag_and_type(21, kBytes):
        attribute.reference = reader.get_name();
        break;
      case tag_and_type(7, kFixed32):
      case tag_and_type(7, kBytes):
        read_floats(reader, attribute.floats, kMaxListEntries);
        break;
      case tag_and_type(8, kVarint):
      case tag_and_type(8, kBytes):
        read_ints(reader, attribute.ints, kMaxListEntries);
        break;
      default:
        reader.skip();
    }
  }
  return attribute;
}

// NodeProto
Node read_node(Reader reader, std::size_t depth) {
  Node node;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        push_name(reader, node.inputs);
        break;
      case tag_and_type(2, kBytes):
        push_name(reader, node.outputs);
        break;
      case tag_and_type(3, kBytes):
        node.name = reader.get_name();
        break;
      case tag_and_type(4, kBytes):
        node.op_type = reader.get_name();
        break;
      case tag_and_type(5, kBytes):
        node.attributes.push_back(read_attribute(reader.get_message(), depth));
        break;
      case tag_and_type(7, kBytes):
        node.domain = reader.get_name();
        break;
      default:
        reader.skip();
    }
  }
  if (node.op_type.empty()) malformed(reader.context(), "node '", node.name, "' names no operator");
  if (node.domain == "ai.onnx") node.domain.clear();
  return node;
}

// FunctionProto
Function read_function(Reader reader) {
  Function function;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case tag_and_type(1, kBytes):
        function.name = reader.get_name();
        break;
      case tag_and_type(4, kBytes):
        push_name(reader, function.inputs);
        break;
      case tag_and_type(5, kBytes):
        push_name(reader, function.outputs);
        break;
      case tag_and_type(7, kBytes):
        function.nodes.push_back(reader.get_view());
        break;
      case tag_and_type(10, kBytes):
        function.domain = reader.get_name();
        break;
      case tag_and_type(11, kBytes):
        function.defaults.push_back(reader.get_view());
        break;
      default:
        reader.skip();
    }
  }
  return function;
}

void inline_functions(Model& model, const std::vector<Function>& functions,
                      const Context& context) {
  std::vector<Node> nodes;
  Inliner(functions, context).expand(std::move(model.nodes), 0, nodes);
  model.nodes = std::move(nodes);
}

}  // namespace inkling::onnx
