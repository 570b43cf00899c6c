// The machine's peak in float32: fused multiply-adds that wait for nothing, on every thread.
// Prints GFLOP/s. Compiled by bench/convolution.ts for the machine it runs on.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif
typedef float Vec __attribute__((vector_size(4 * LANES)));

constexpr int SUMS = 12;  // More than a multiply-add takes cycles, times two units; fits the registers.
constexpr long ROUNDS = 20'000'000;

float spin() {
  Vec sums[SUMS], scale = Vec{} + 0.999f, step = Vec{} + 0.001f;
  for (int i = 0; i < SUMS; i++) sums[i] = Vec{} + static_cast<float>(2 + i);  // Equal or constant ones would be folded.
  for (long i = 0; i < ROUNDS; i++)
    for (auto& sum : sums) sum = sum * scale + step;
  float total = 0;
  for (const auto& sum : sums) total += sum[0];
  return total;
}

int main(int, char** argv) {
  const int threads = std::atoi(argv[1]);
  double best = 0;
  volatile float sink = 0;
  for (int run = 0; run < 5; run++) {
    const auto started = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (int i = 0; i < threads; i++) running.emplace_back([&] { sink = spin(); });
    for (auto& each : running) each.join();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    best = std::max(best, 2.0 * LANES * SUMS * ROUNDS * threads / seconds.count() / 1e9);
  }
  std::printf("%.1f\n", best);
}
