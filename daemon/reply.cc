#include "daemon/reply.h"

#include <utility>

namespace masterd::daemon {

namespace json = boost::json;

Exchange::Exchange(std::weak_ptr<AnswerPort> port, Frames envelope, bool batch)
    : port_{std::move(port)}, envelope_{std::move(envelope)}, batch_{batch} {}

std::size_t Exchange::take_place() {
  ++missing_;
  answers_.emplace_back();
  return answers_.size() - 1;
}

void Exchange::fill(std::size_t place, json::value answer) {
  answers_[place] = std::move(answer);
  if (--missing_ > 0) return;
  const auto port = port_.lock();
  if (!port) return;
  if (batch_) {
    port->send(envelope_, json::array(answers_.begin(), answers_.end()));
  } else {
    port->send(envelope_, answers_.front());
  }
}

Reply::Reply(std::shared_ptr<Exchange> exchange, std::optional<proto::Id> id)
    : exchange_{std::move(exchange)}, id_{std::move(id)} {
  if (const auto port = exchange_->port_.lock()) port->opened(exchange_->envelope_.front());
  if (id_) place_ = exchange_->take_place();
}

Reply& Reply::operator=(Reply&& other) noexcept {
  if (this != &other) {
    Reply old{std::move(*this)};
    exchange_ = std::move(other.exchange_);
    id_ = std::move(other.id_);
    place_ = other.place_;
  }
  return *this;
}

Reply::~Reply() {
  if (answered()) return;
  error({proto::kInternalError, "the request was dropped without an answer", {}});
}

void Reply::result(json::value value) {
  if (answered()) return;
  answer(id_ ? proto::result_value(*id_, std::move(value)) : json::value{});
}

void Reply::error(const proto::Error& error) {
  if (answered()) return;
  answer(id_ ? proto::error_value(*id_, error) : json::value{});
}

std::size_t Reply::open_of_client() const {
  const auto port = exchange_ ? exchange_->port_.lock() : nullptr;
  return port ? port->open(exchange_->envelope_.front()) : 0;
}

void Reply::answer(json::value value) {
  const auto exchange = std::exchange(exchange_, nullptr);
  if (const auto port = exchange->port_.lock()) port->closed(exchange->envelope_.front());
  if (id_) exchange->fill(place_, std::move(value));
}

}  // namespace masterd::daemon
