#include "daemon/envelope.h"

#include <gmock/gmock.h>

namespace masterd::daemon {
namespace {

using testing::ElementsAre;

Parcel open(const std::vector<std::string_view>& frames) { return open_envelope(frames); }

TEST(Envelope, RequestOfAReqEndsItsEnvelopeAtTheDelimiter) {
  const Parcel parcel = open({"id", "", "body"});
  EXPECT_THAT(parcel.envelope, ElementsAre("id", ""));
  EXPECT_EQ(parcel.body, "body");
  EXPECT_EQ(parcel.fault, nullptr);
}

TEST(Envelope, WithoutADelimiterTheIdentityAloneIsTheEnvelope) {
  const Parcel parcel = open({"id", "body"});
  EXPECT_THAT(parcel.envelope, ElementsAre("id"));
  EXPECT_EQ(parcel.body, "body");
}

TEST(Envelope, WhatProxiesAddIsEchoed) {
  const Parcel parcel = open({"id", "hop", "", "body"});
  EXPECT_THAT(parcel.envelope, ElementsAre("id", "hop", ""));
  EXPECT_EQ(parcel.body, "body");
}

TEST(Envelope, NoFrameAfterTheDelimiterIsAnEmptyBody) {
  const Parcel parcel = open({"id", ""});
  EXPECT_THAT(parcel.envelope, ElementsAre("id", ""));
  EXPECT_TRUE(parcel.body.empty());
  EXPECT_EQ(parcel.fault, nullptr);
}

TEST(Envelope, EmptyBodyOfAReqIsNoDelimiter) {
  const Parcel parcel = open({"id", "", ""});
  EXPECT_THAT(parcel.envelope, ElementsAre("id", ""));
  EXPECT_TRUE(parcel.body.empty());
}

TEST(Envelope, TwoBodyFramesAreAFault) {
  EXPECT_NE(open({"id", "a", "b"}).fault, nullptr);
  EXPECT_NE(open({"id", "", "a", "b"}).fault, nullptr);
}

TEST(Envelope, IdentityAloneIsAnEmptyBody) {
  const Parcel parcel = open({"id"});
  EXPECT_THAT(parcel.envelope, ElementsAre("id"));
  EXPECT_TRUE(parcel.body.empty());
}

TEST(Envelope, TooManyFramesAreNotEchoed) {
  std::vector<std::string_view> frames(kMaxEnvelopeFrames + 1, "x");
  frames.emplace_back("");
  frames.emplace_back("body");
  const Parcel parcel = open(frames);
  EXPECT_NE(parcel.fault, nullptr);
  EXPECT_THAT(parcel.envelope, ElementsAre("x", ""));
}

TEST(Envelope, TooManyBytesAreNotEchoed) {
  const std::string big(kMaxEnvelopeBytes, 'x');
  const Parcel parcel = open({"id", big, "", "body"});
  EXPECT_NE(parcel.fault, nullptr);
  EXPECT_THAT(parcel.envelope, ElementsAre("id", ""));
}

}  // namespace
}  // namespace masterd::daemon
