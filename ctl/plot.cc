#include "ctl/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "ctl/state_colours.h"
#include "proto/text.h"

namespace masterd::ctl {
namespace {

// All lengths are pixels.
constexpr double kMargin = 20;
constexpr double kRow = 18;
constexpr double kBar = 14;
constexpr double kCharacter = 7.3;  // of 12 px monospace, rounded up
constexpr double kWidest = 1000;    // of the time axis
constexpr double kHead = 84;        // title, legend, the labels of the axis
constexpr int kMostTicks = 12;
constexpr double kThinnest = 1;  // a moment is still seen

/// The least of 1, 2, 5 times a power of ten milliseconds that needs no more than kMostTicks.
double tick_step(double span) {
  double step = 0.001;
  while (span / step > kMostTicks) {
    if (span / (2 * step) <= kMostTicks) return 2 * step;
    if (span / (5 * step) <= kMostTicks) return 5 * step;
    step *= 10;
  }
  return step;
}

std::string tick_label(double at, double step) {
  return step < 1 ? fmt::format("{:.0f}ms", at * 1000) : fmt::format("{:.0f}s", at);
}

class Plot {
 public:
  Plot(const Timeline& timeline, bool all) : timeline_{timeline} {
    for (const Bar& bar : timeline.bars) {
      bars_.push_back(&bar);
      longest_ = std::max(longest_, label(bar).size());
    }
    const auto first = [](const Bar* bar) {
      return bar->started_s.value_or(std::numeric_limits<double>::infinity());
    };
    std::stable_sort(bars_.begin(), bars_.end(),
                     [&](const Bar* a, const Bar* b) { return first(a) < first(b); });
    end_ = timeline.end_s;
    if (!all && timeline.ready_s) end_ = std::min(end_, *timeline.ready_s * 1.1 + 0.001);
    end_ = std::max(end_, 0.001);
    left_ = kMargin + static_cast<double>(longest_) * kCharacter + 8;
    bottom_ = kHead + kRow * static_cast<double>(bars_.size());
  }

  std::string str() {
    begin();
    legend();
    axis();
    for (std::size_t i = 0; i < bars_.size(); ++i) row(i);
    return out_ + "</svg>\n";
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> form, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<Args>(args)...);
    out_ += '\n';
  }

  [[nodiscard]] double x(double seconds) const { return left_ + kWidest * seconds / end_; }

  /// How long it took to be ready stands behind the name.
  static std::string label(const Bar& bar) {
    if (!bar.ready_s) return bar.name;
    const double took = *bar.ready_s - *bar.started_s;
    return took < 1 ? fmt::format("{} ({:.0f}ms)", bar.name, took * 1000)
                    : fmt::format("{} ({:.3f}s)", bar.name, took);
  }

  void begin() {
    const double width = left_ + kWidest + 60;  // the last tick's label may stand out
    const double height = bottom_ + kMargin;
    add("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" font-family=\"monospace\" "
        "font-size=\"12\">",
        width, height);
    const std::string session = xml_escaped(timeline_.session);
    std::string whole = timeline_.ready_s ? fmt::format("ready after {:.3f}s", *timeline_.ready_s)
                                          : fmt::format("not ready after {:.3f}s", timeline_.end_s);
    if (const std::size_t failed = never_came_up(timeline_); failed > 0) {
      whole += fmt::format(", {} failed", failed);
    }
    add("<title>{}: {}</title>", session, whole);
    add("<rect width=\"100%\" height=\"100%\" fill=\"white\"/>");
    add("<text x=\"{}\" y=\"24\" font-size=\"16\">{}: {}</text>", kMargin, session, whole);
  }

  void legend() {
    double at = kMargin;
    for (const auto& [state, colour] : kStateColours) {
      add("<rect x=\"{:.1f}\" y=\"36\" width=\"14\" height=\"14\" fill=\"{}\" stroke=\"#808080\"/>",
          at, colour);
      add("<text x=\"{:.1f}\" y=\"48\">{}</text>", at + 19, state);
      at += 19 + static_cast<double>(state.size()) * kCharacter + 16;
    }
  }

  void axis() {
    const double step = tick_step(end_);
    const int ticks = static_cast<int>(end_ / step + 1e-9);
    for (int i = 0; i <= ticks; ++i) {
      const double at = step * i;
      add("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#c8c8c8\"/>", x(at),
          kHead - 6, bottom_);
      add("<text class=\"tick\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", x(at),
          kHead - 10, tick_label(at, step));
    }
    if (timeline_.ready_s && *timeline_.ready_s <= end_) {
      add("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#206020\" "
          "stroke-dasharray=\"4 3\"><title>the session was ready</title></line>",
          x(*timeline_.ready_s), kHead - 6, bottom_);
    }
  }

  void row(std::size_t i) {
    const Bar& bar = *bars_[i];
    const double top = kHead + kRow * static_cast<double>(i);
    const std::string name = xml_escaped(bar.name);
    add("<g class=\"coprocess\">");
    add("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", left_ - 8, top + 12,
        xml_escaped(label(bar)));
    for (const Phase& phase : bar.phases) {
      if (phase.from_s > end_) break;
      const double from = x(phase.from_s);
      const double width = std::max(x(std::min(phase.to_s, end_)) - from, kThinnest);
      const std::string state = xml_escaped(phase.state);
      add("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" "
          "fill=\"{}\"><title>{}: {} from {:.3f}s to {:.3f}s</title></rect>",
          state, from, top + 2, width, kBar, state_colour(phase.state), name, state, phase.from_s,
          phase.to_s);
    }
    add("</g>");
  }

  const Timeline& timeline_;
  std::vector<const Bar*> bars_;
  std::size_t longest_ = 0;
  double end_ = 0;
  double left_ = 0;
  double bottom_ = 0;
  std::string out_;
};

}  // namespace

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  while (!text.empty()) {
    const std::size_t length = proto::utf8_sequence(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const char c = character.front();
    if (length == 0 || character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") {
      out += kReplacement;
    } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      out += kReplacement;
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\'') {
      out += "&apos;";
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

std::string render_plot(const Timeline& timeline, bool all) { return Plot{timeline, all}.str(); }

}  // namespace masterd::ctl
