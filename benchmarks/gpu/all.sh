#!/bin/sh
# Everything that docs/gpu-agenda.md asks of a GPU, each part for ten minutes at most.
#
#     sh benchmarks/gpu/all.sh build/gpu
#
# A part that fails or runs out of time is named, and the others still run.
out=${1:?the folder to write the results into}
failed=
part() {
  name=$1
  shift
  timeout 600 "${PYTHON:-python}" -m "$@" || failed="$failed $name"
}
part base-large benchmarks.gpu.flan_t5 --device cuda --sizes base,large --out "$out/base-large"
part memory benchmarks.training_memory --device cuda --size base \
  --work "$out/memory" --out "$out/memory"
part xl benchmarks.gpu.flan_t5 --device cuda --sizes xl --out "$out/xl"
[ -z "$failed" ] || { echo "Failed:$failed"; exit 1; }
