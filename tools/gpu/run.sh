#!/usr/bin/env bash
# run.sh [RESULTS]: on a machine with an NVIDIA GPU, in the unpacked folder of tools/gpu/publish.sh: looks at the machine, runs the tests of category Gpu, then
# times nets on the GPU, beside PyTorch where Python has it. Writes all it prints into RESULTS (default results).
set -uo pipefail
cd "$(dirname "$0")" || exit
results=${1:-results}
mkdir -p "$results"
status=0
# CUDA's libraries may lie in Python's packages only.
python_libraries=$(python3 -c 'import glob, os, site; print(os.pathsep.join(f for s in site.getsitepackages() for f in glob.glob(s + "/nvidia/**/lib", recursive=True)))' 2> /dev/null)
export EVENNET_CUDA="${EVENNET_CUDA:-}:$python_libraries"

# part NAME SECONDS COMMAND…: one part, whose failure does not stop the others.
part() {
  local name=$1 seconds=$2 code=0
  shift 2
  echo "== $name"
  timeout "$seconds" "$@" > "$results/$name.txt" 2>&1 || code=$?
  tail -25 "$results/$name.txt"
  echo "== $name ended with $code"
  [ "$code" -eq 0 ] || status=1
}

part machine 60 nvidia-smi
part doctor 120 bin/evennet doctor
part tests 300 bin/EvenNet.Tests --filter 'TestCategory=Gpu' --output Detailed
# Which of the libraries' algorithms were the fastest is kept with the results.
mkdir -p "$results/data"
XDG_DATA_HOME=$(cd "$results/data" && pwd)
export XDG_DATA_HOME
for net in caffenet googlenet vgg16; do
  for precision in fp32 tf32 bf16; do
    part "bench-$net-$precision" 120 bin/evennet bench net "$net" --device cuda:0 --precision "$precision" --batch 64 --layers
  done
done
# Beside PyTorch, where Python has it for this GPU.
if python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2> /dev/null; then
  for precision in tf32 bf16; do
    part "pytorch-$precision" 900 python3 compare/compare.py --device cuda:0 --precision "$precision" --evennet bin/evennet --out "$results/pytorch-$precision"
  done
fi
EVENNET_CUDA_ENGINES=own part bench-caffenet-own 120 bin/evennet bench net caffenet --device cuda:0 --batch 64 --layers
EVENNET_CUDA_CHECK=1 part checked 120 bin/EvenNet.Tests --filter 'TestCategory=Gpu&FullyQualifiedName~CudaLayerTests'

echo
printf '%-16s %s\n' part 'last line'
for file in "$results"/*.txt; do printf '%-16s %s\n' "$(basename "$file" .txt)" "$(tail -1 "$file")"; done
exit "$status"
