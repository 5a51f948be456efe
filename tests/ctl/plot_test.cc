#include "ctl/plot.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

Bar bar(const std::string& name, double started, double ready, double end) {
  return {name,
          "running",
          {{"waiting", 0, started}, {"starting", started, ready}, {"running", ready, end}},
          started,
          ready};
}

TEST(Plot, ABarHasAPieceForEachPhaseInItsColour) {
  const std::string svg = render_plot({"s", 0.4, 100, {bar("a", 0.1, 0.4, 100)}}, false);
  EXPECT_EQ(count(svg, "<g class=\"coprocess\">"), 1U);
  EXPECT_EQ(count(svg, "<rect class="), 3U);
  EXPECT_NE(svg.find("<title>a: starting from 0.100s to 0.400s</title>"), std::string::npos);
  // Each colour also in the legend.
  EXPECT_EQ(count(svg, "fill=\"#ffc845\""), 2U);
  EXPECT_EQ(count(svg, "fill=\"#e8605a\""), 1U);
  EXPECT_NE(svg.find(">a (300ms)</text>"), std::string::npos);
}

TEST(Plot, TheBringUpIsShownAndWithAllEverything) {
  Timeline timeline{"s", 0.4, 100, {bar("a", 0.1, 0.4, 100)}};
  timeline.bars[0].phases.push_back({"failed", 50, 100});
  const std::string svg = render_plot(timeline, false);
  EXPECT_EQ(count(svg, "class=\"failed\""), 0U);
  EXPECT_NE(svg.find(">400ms</text>"), std::string::npos);
  const std::string all = render_plot(timeline, true);
  EXPECT_EQ(count(all, "class=\"failed\""), 1U);
  EXPECT_NE(all.find(">100s</text>"), std::string::npos);
}

TEST(Plot, ASessionThatIsNotReadyIsShownAsFarAsItGot) {
  const std::string svg =
      render_plot({"s", {}, 3, {{"a", "starting", {{"starting", 0, 3}}, 0.0, {}}}}, false);
  EXPECT_NE(svg.find("s: not ready after 3.000s"), std::string::npos);
  EXPECT_NE(svg.find("width=\"1000.0\""), std::string::npos);  // the whole axis
}

TEST(Plot, TheTitleSaysHowManyNeverCameUp) {
  const Bar failed{"b", "failed", {{"failed", 0, 1}}, {}, {}};
  const std::string svg = render_plot({"s", 0.4, 1, {bar("a", 0.1, 0.4, 1), failed}}, false);
  EXPECT_NE(svg.find("<title>s: ready after 0.400s, 1 failed</title>"), std::string::npos);
}

TEST(Plot, TheFirstToStartStandsAtTheTop) {
  const std::string svg = render_plot(
      {"s",
       1,
       1,
       {{"never", "waiting", {}, {}, {}}, bar("second", 0.5, 1, 1), bar("first", 0, 1, 1)}},
      false);
  EXPECT_LT(svg.find(">first ("), svg.find(">second ("));
  EXPECT_LT(svg.find(">second ("), svg.find(">never<"));
}

TEST(Plot, AMomentIsStillSeenAndNothingIsLeftOfTheAxis) {
  const std::string svg = render_plot({"s", 0, 0, {bar("a", 0, 0, 0)}}, false);
  EXPECT_EQ(count(svg, "width=\"1.0\""), 3U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Plot, TheAxisHasFewRoundTicksWhateverTheSpan) {
  for (const double span : {0.001, 0.0035, 0.09, 0.7, 1.0, 13.0, 59.0, 3600.0, 1e6}) {
    const std::string svg = render_plot({"s", {}, span, {}}, false);
    EXPECT_GE(count(svg, "class=\"tick\""), 2U) << span;
    EXPECT_LE(count(svg, "class=\"tick\""), 13U) << span;
  }
  EXPECT_NE(render_plot({"s", {}, 0.7, {}}, false).find(">700ms</text>"), std::string::npos);
}

TEST(Plot, FiveHundredHaveARowEach) {
  Timeline timeline{"big", 5, 5, {}};
  for (int i = 0; i < 500; ++i) {
    timeline.bars.push_back(bar(fmt::format("c{}", i), i * 0.01, i * 0.01 + 0.5, 5));
  }
  const std::string svg = render_plot(timeline, false);
  EXPECT_EQ(count(svg, "<g class=\"coprocess\">"), 500U);
  EXPECT_LT(svg.size(), 500'000U);
  EXPECT_NE(svg.find("y=\"9068.0\""), std::string::npos);  // of the last bar: 84 + 499 * 18 + 2
}

TEST(Plot, NamesAreEscaped) {
  const std::string evil = "<script>&\"'\x1b\xff]]>";
  const std::string svg =
      render_plot({evil, 1, 1, {{evil, evil, {{evil, 0, 1}}, 0.0, 1.0}}}, false);
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find('\x1b'), std::string::npos);
  EXPECT_EQ(svg.find('\xff'), std::string::npos);
}

TEST(XmlEscaped, MarkupBecomesEntities) {
  EXPECT_EQ(xml_escaped("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&apos;");
  EXPECT_EQ(xml_escaped("grün\n"), "grün\n");
}

TEST(XmlEscaped, WhatNoXmlMayContainIsReplaced) {
  EXPECT_EQ(xml_escaped(std::string_view{"a\0b\x1b\x7f", 5}),
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\x7f");
  EXPECT_EQ(xml_escaped("\xEF\xBF\xBE\xEF\xBF\xBF\xff"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace masterd::ctl
