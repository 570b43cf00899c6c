#!/usr/bin/env bash
# On a machine with an NVIDIA GPU: installs the engine torch for it, proves its numbers there, runs the benchmark
# against PyTorch on the same GPU, and the CIFAR-10 demo with its kNN. Needs a Python with torch for CUDA:
#
#   bench/gpu.sh [python] [epochs]
#
# Results: runs/gpu/. Each step can be repeated alone; the authors' kNN of the demo is 31.98 after epoch 1,
# 37.95 after 5, 48.03 after 10, 61.38 after 20 and 82.58 after 200.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
epochs=${2:-20}
mkdir -p runs/gpu

libtorch=$("$python" -c 'import torch; print(torch.__path__[0])')
npm run --silent setup
node dist/main.js engine install torch --libtorch "$libtorch"
node dist/main.js doctor | tee runs/gpu/doctor.txt
grep -q 'cudnn' runs/gpu/doctor.txt || { echo 'The engine torch does not compute on a GPU: see above.' >&2; exit 1; }

# Every operation against the slow reference, and whole trainings against PyTorch's numbers and as a CUDA graph, on the GPU.
npx vitest run test/engine test/parity test/moco

# Our step takes part as it is and as a graph.
npx tsx bench/engine.ts --device cuda --python "$python" --precisions fp32,tf32,bf16 --json runs/gpu/engine.json

node dist/main.js data fetch cifar10
for precision in tf32 bf16; do
  node dist/main.js run experiments/cifar10-demo.yaml --devices cuda --out "runs/gpu/$precision" \
    --set methods.asymmetric.epochs="$epochs" --set methods.symmetric.epochs="$epochs" \
    --set methods.asymmetric.precision="$precision" --set methods.symmetric.precision="$precision"
done
