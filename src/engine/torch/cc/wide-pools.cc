#include "wide-pools.h"

#include <limits>

namespace mocolab {
namespace {

template <typename W>
constexpr W lowest() {
  return std::numeric_limits<W>::has_infinity ? -std::numeric_limits<W>::infinity() : std::numeric_limits<W>::min();
}

float widen(float value) { return value; }
float widen(Bfloat16 value) { return toFloat(value); }
int32_t widen(int32_t value) { return value; }

}  // namespace

template <typename T, typename I>
void wideLargest(const T* x, const Taps& taps, int64_t channels, T* y, I* winners) {
  using W = decltype(widen(T()));
  for (int64_t c = 0; c < channels; c++) {
    W best = lowest<W>();
    I winner = std::numeric_limits<I>::max();
    for (const Tap& tap : taps) {
      const W value = widen(x[tap.offset + c]);
      if (!(value > best)) continue;
      best = value;
      winner = static_cast<I>(tap.number);
    }
    if constexpr (std::is_same_v<W, float>) y[c] = fromFloat<T>(best);
    else y[c] = best;
    winners[c] = winner;
  }
}

template <typename T>
void wideWon(const T* dy, const uint16_t* winners, const Taps& taps, int64_t channels, T* dx) {
  for (int64_t c = 0; c < channels; c++) {
    float sum = 0;
    for (const Tap& tap : taps)
      if (winners[tap.offset + c] == tap.number) sum += toFloat(dy[tap.offset + c]);
    dx[c] = fromFloat<T>(sum);
  }
}

template void wideLargest(const float*, const Taps&, int64_t, float*, uint16_t*);
template void wideLargest(const Bfloat16*, const Taps&, int64_t, Bfloat16*, uint16_t*);
template void wideLargest(const int32_t*, const Taps&, int64_t, int32_t*, uint8_t*);
template void wideLargest(const int32_t*, const Taps&, int64_t, int32_t*, uint16_t*);
template void wideWon(const float*, const uint16_t*, const Taps&, int64_t, float*);
template void wideWon(const Bfloat16*, const uint16_t*, const Taps&, int64_t, Bfloat16*);

}  // namespace mocolab
