#!/bin/sh
# ./build.sh [Build|Test|Format|Kernels|Pack|Bench|Demo|Clean] [msbuild options]
set -eu
cd "$(dirname "$0")"
target=${1:-Build}
[ $# -eq 0 ] || shift
exec dotnet msbuild tools/build/build.proj "-t:$target" "-p:Configuration=${CONFIGURATION:-Release}" "$@"
