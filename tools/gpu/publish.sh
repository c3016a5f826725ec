#!/usr/bin/env bash
# tools/gpu/publish.sh [FOLDER]: makes FOLDER/evennet-gpu.tar.xz (default artifacts/gpu), the tests, the tool and the kernels' source for a Linux machine
# with an NVIDIA GPU; neither .NET nor CUDA need be there, only the driver. Carry it there, unpack it, start run.sh in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-artifacts/gpu}
limit=60000000
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack=$work/evennet-gpu
# Outputs of their own: a self-contained build beside the usual one would be mistaken for it.
dotnet publish Tests/Tests.csproj -c Release -r linux-x64 --self-contained -p:OwnRunner=true -p:SatelliteResourceLanguages=en \
  --artifacts-path "$work/build" -o "$pack/bin" -nologo -v:quiet
dotnet publish tools/Cli/Cli.csproj -c Release -r linux-x64 --self-contained -p:SatelliteResourceLanguages=en -p:PackAsTool=false \
  --artifacts-path "$work/build" -o "$pack/bin" -nologo -v:quiet
# What the tests look for by walking up from their folder.
cp EvenNet.slnx NativeKernels.cu tools/gpu/run.sh "$pack/"
mkdir -p "$pack/Tests" "$folder"
cp -r Tests/CudaEmulator "$pack/Tests/"
cp -r tools/compare "$pack/"
# Values recorded from Caffe, where they lie beside the checkout.
if [ -f ../shared/goldens/index.json ]; then
  mkdir -p "$pack/shared"
  cp -r ../shared/goldens "$pack/shared/"
fi
find "$pack" -name '*.pdb' -delete
tar -C "$work" -c evennet-gpu | xz -T0 -6 > "$folder/evennet-gpu.tar.xz"
size=$(wc -c < "$folder/evennet-gpu.tar.xz")
echo "$folder/evennet-gpu.tar.xz: $size bytes"
[ "$size" -le "$limit" ] || { echo "more than $limit bytes" >&2; exit 1; }
