#include "pool-loops.h"

#include <algorithm>
#include <limits>

#include "vector-clones.h"

namespace mocolab {
namespace {

/** Channels that are worked on at once: their sums stay in the first cache. */
constexpr int64_t CHUNK = 64;

inline float widen(float value) { return value; }
inline float widen(Half value) { return toFloat(value); }
inline int32_t widen(int32_t value) { return value; }

/** What numbers are compared and added in is rounded once. */
inline void narrow(float value, float& to) { to = value; }
inline void narrow(float value, Half& to) { to = fromFloat<Half>(value); }
inline void narrow(int32_t value, int32_t& to) { to = value; }

template <typename W>
constexpr W lowest() {
  return std::numeric_limits<W>::has_infinity ? -std::numeric_limits<W>::infinity() : std::numeric_limits<W>::min();
}

template <typename T, typename I>
MOCOLAB_INLINE void largest(const T* x, const Taps& taps, int64_t channels, T* y,
                                                   I* winners) {
  using W = decltype(widen(T()));
  for (int64_t from = 0; from < channels; from += CHUNK) {
    const int64_t count = std::min(CHUNK, channels - from);
    W best[CHUNK];
    int32_t winner[CHUNK];
    for (int64_t c = 0; c < count; c++) best[c] = lowest<W>(), winner[c] = std::numeric_limits<I>::max();
    for (const Tap& tap : taps) {
      const T* at = x + tap.offset + from;
      const int32_t number = tap.number;
      for (int64_t c = 0; c < count; c++) {
        const W value = widen(at[c]);
        const bool wins = value > best[c];
        best[c] = wins ? value : best[c];
        winner[c] = wins ? number : winner[c];
      }
    }
    for (int64_t c = 0; c < count; c++) narrow(best[c], y[from + c]);
    for (int64_t c = 0; c < count; c++) winners[from + c] = static_cast<I>(winner[c]);
  }
}

template <typename T, typename I>
MOCOLAB_INLINE void won(const T* dy, const I* winners, const Taps& taps,
                                               int64_t channels, T* dx) {
  for (int64_t from = 0; from < channels; from += CHUNK) {
    const int64_t count = std::min(CHUNK, channels - from);
    float sum[CHUNK] = {};
    for (const Tap& tap : taps) {
      const T* at = dy + tap.offset + from;
      const I* winner = winners + tap.offset + from;
      const int32_t number = tap.number;
      for (int64_t c = 0; c < count; c++) {
        const float value = widen(at[c]);  // Loaded in any case: only so does it become a mask.
        sum[c] += static_cast<int32_t>(winner[c]) == number ? value : 0.0f;
      }
    }
    for (int64_t c = 0; c < count; c++) narrow(sum[c], dx[from + c]);
  }
}

template <typename T>
MOCOLAB_INLINE void shares(const T* x, const Taps& taps, int64_t channels, T* y) {
  for (int64_t from = 0; from < channels; from += CHUNK) {
    const int64_t count = std::min(CHUNK, channels - from);
    float sum[CHUNK] = {};
    for (const Tap& tap : taps) {
      const T* at = x + tap.offset + from;
      const float share = tap.share;
      for (int64_t c = 0; c < count; c++) sum[c] += widen(at[c]) * share;
    }
    for (int64_t c = 0; c < count; c++) narrow(sum[c], y[from + c]);
  }
}

}  // namespace

#define LARGEST(T, I)                                                                                      \
  VECTOR_CLONES void poolLargest(const T* x, const Taps& taps, int64_t channels, T* y, I* winners) {       \
    largest(x, taps, channels, y, winners);                                                                \
  }
#define WON(T, I)                                                                                          \
  VECTOR_CLONES void poolWon(const T* dy, const I* winners, const Taps& taps, int64_t channels, T* dx) {   \
    won(dy, winners, taps, channels, dx);                                                                  \
  }
#define SHARES(T)                                                                                          \
  VECTOR_CLONES void poolShares(const T* x, const Taps& taps, int64_t channels, T* y) {                    \
    shares(x, taps, channels, y);                                                                          \
  }
MOCOLAB_POOL_LOOPS(LARGEST, WON, SHARES)

}  // namespace mocolab
