#include "ctl/complete.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "ctl/grammar.h"
#include "proto/client.h"
#include "proto/endpoint.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

struct Candidate {
  std::string word;
  std::string about;
};
using Candidates = std::vector<Candidate>;

/// What the words before the last one have said.
struct Typed {
  const CLI::App* verb = nullptr;        // none yet
  std::vector<std::string> positionals;  // of the verb
  const CLI::Option* open = nullptr;     // its value is to be completed
  std::string endpoint;
};

const CLI::App* find_verb(const Grammar& grammar, const std::string& name) {
  for (const CLI::App* verb : grammar.app.get_subcommands(nullptr)) {
    if (verb->get_name() == name) return verb;
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

const CLI::Option* find_option(const Grammar& grammar, const CLI::App* verb,
                               const std::string& name) {
  const CLI::Option* found = verb == nullptr ? nullptr : verb->get_option_no_throw(name);
  return found != nullptr ? found : grammar.app.get_option_no_throw(name);
}

Typed read(const Grammar& grammar, const std::vector<std::string>& words) {
  Typed typed;
  for (const std::string& word : words) {
    if (typed.open != nullptr) {
      if (typed.open->check_lname("endpoint")) typed.endpoint = word;
      typed.open = nullptr;
    } else if (word.size() > 1 && word.front() == '-') {
      const auto equals = word.find('=');
      const CLI::Option* option = find_option(grammar, typed.verb, word.substr(0, equals));
      if (option == nullptr || !takes_value(*option)) continue;
      if (equals == std::string::npos) {
        typed.open = option;
      } else if (option->check_lname("endpoint")) {
        typed.endpoint = word.substr(equals + 1);
      }
    } else if (typed.verb == nullptr) {
      typed.verb = find_verb(grammar, word);
    } else {
      typed.positionals.push_back(word);
    }
  }
  return typed;
}

// ---- what the daemon knows ----

/// nullopt when nobody answers in time.
std::optional<json::value> ask(const std::string& given, std::string_view method) {
  const std::string endpoint = given.empty() ? proto::default_control_endpoint() : given;
  // Connecting to a socket that is not there succeeds, so the wait would be in vain.
  constexpr std::string_view kIpc = "ipc://";
  if (endpoint.starts_with(kIpc) && endpoint.compare(kIpc.size(), 1, "@") != 0 &&
      ::access(endpoint.c_str() + kIpc.size(), W_OK) != 0) {
    return std::nullopt;
  }
  try {
    proto::Client client{endpoint};
    return client.call(method, {}, kPatience);
  } catch (const std::exception&) {  // whatever it is, it can't be completed
    return std::nullopt;
  }
}

/// An object of `list` for each candidate: `word` names it, `about` tells of it.
Candidates members(const std::optional<json::value>& result, json::string_view list,
                   json::string_view word, json::string_view about) {
  Candidates found;
  const auto* object = result ? result->if_object() : nullptr;
  const auto* items = object == nullptr ? nullptr : object->if_contains(list);
  if (items == nullptr || !items->is_array()) return found;
  const auto text = [](const json::object& from, json::string_view key) {
    const auto* value = from.if_contains(key);
    const auto* string = value == nullptr ? nullptr : value->if_string();
    return string == nullptr ? std::string{} : std::string{*string};
  };
  for (const json::value& item : items->get_array()) {
    if (!item.is_object()) continue;
    found.push_back({text(item.get_object(), word), text(item.get_object(), about)});
  }
  return found;
}

Candidates coprocesses(const Typed& typed) {
  return members(ask(typed.endpoint, "status"), "coprocesses", "name", "state");
}

Candidates configs(const Typed& typed) {
  Candidates found = members(ask(typed.endpoint, "list_configs"), "configs", "name", "description");
  found.push_back({kFiles, {}});
  return found;
}

Candidates topics(const Typed& typed) {
  Candidates found{{"session.", "changes of the session"},
                   {"coprocess.", "changes of all coprocesses"},
                   {"log.", "output of all coprocesses"},
                   {"heartbeat.", "once a second"}};
  for (const Candidate& one : coprocesses(typed)) {
    found.push_back({"coprocess." + one.word + ".", {}});
    found.push_back({"log." + one.word + ".", {}});
  }
  return found;
}

Candidates words(std::initializer_list<const char*> list) {
  Candidates found;
  for (const char* word : list) found.push_back({word, {}});
  return found;
}

/// By the name that --help gives to the value.
Candidates values(const CLI::Option& option, const Typed& typed) {
  const std::string name = option.get_name();
  if (name == "NAME" || name == "NAMES") return coprocesses(typed);
  if (name == "CONFIG" || name == "FILE") return configs(typed);
  if (name == "TOPIC") return topics(typed);
  if (name == "METHOD") {
    return members(ask(typed.endpoint, "rpc.discover"), "methods", "name", "summary");
  }
  if (name == "STATE") {
    return words(
        {"waiting", "starting", "running", "stopping", "backoff", "exited", "stopped", "failed"});
  }
  if (name == "SIGNAL") {
    return words({"HUP", "INT", "QUIT", "USR1", "USR2", "TERM", "KILL", "STOP", "CONT", "WINCH"});
  }
  if (option.check_lname("text")) return words({kFiles});
  return {};
}

Candidates verbs(const Grammar& grammar) {
  Candidates found;
  for (const CLI::App* verb : grammar.app.get_subcommands(nullptr)) {
    found.push_back({verb->get_name(), verb->get_description()});
  }
  return found;
}

Candidates options(const Grammar& grammar, const CLI::App* verb) {
  Candidates found;
  const auto add = [&found](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        found.push_back({"--" + name, option->get_description()});
      }
    }
  };
  if (verb != nullptr) add(*verb);
  add(grammar.app);
  // Both have --help.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.word < b.word; });
  found.erase(std::unique(found.begin(), found.end(),
                          [](const auto& a, const auto& b) { return a.word == b.word; }),
              found.end());
  return found;
}

/// The values of the positional that comes next.
Candidates positional(const Typed& typed) {
  std::size_t index = typed.positionals.size();
  for (const CLI::Option* option : typed.verb->get_options()) {
    if (!option->get_positional()) continue;
    const bool many = option->get_items_expected_max() > 1;
    if (!many && index-- > 0) continue;
    Candidates found = values(*option, typed);
    if (many) {  // nobody names one twice
      std::erase_if(found, [&](const Candidate& candidate) {
        return std::find(typed.positionals.begin(), typed.positionals.end(), candidate.word) !=
               typed.positionals.end();
      });
    }
    return found;
  }
  return {};
}

/// `prefix` becomes what the candidates have to begin with.
Candidates candidates(const Grammar& grammar, const Typed& typed, std::string& prefix) {
  if (typed.open != nullptr) return values(*typed.open, typed);
  if (!prefix.empty() && prefix.front() == '-') {
    const auto equals = prefix.find('=');
    if (equals == std::string::npos) return options(grammar, typed.verb);
    const CLI::Option* option = find_option(grammar, typed.verb, prefix.substr(0, equals));
    prefix.erase(0, equals + 1);
    return option == nullptr || !takes_value(*option) ? Candidates{} : values(*option, typed);
  }
  return typed.verb == nullptr ? verbs(grammar) : positional(typed);
}

}  // namespace

std::string complete(const std::vector<std::string>& args) {
  auto begin = args.begin();
  if (begin != args.end() && *begin == "--") ++begin;
  std::vector<std::string> typed_words{begin, args.end()};
  std::string prefix;
  if (!typed_words.empty()) {
    prefix = std::move(typed_words.back());
    typed_words.pop_back();
  }
  const Grammar grammar;
  const Typed typed = read(grammar, typed_words);
  std::string out;
  for (const Candidate& candidate : candidates(grammar, typed, prefix)) {
    if (candidate.word != kFiles && !candidate.word.starts_with(prefix)) continue;
    out += candidate.word;
    if (!candidate.about.empty()) out += '\t' + candidate.about;
    out += '\n';
  }
  return out;
}

}  // namespace masterd::ctl
