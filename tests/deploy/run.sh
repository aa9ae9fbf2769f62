#!/usr/bin/env bash
# Deploys template.yaml with the real functions to an emulator of AWS on this machine and plays customers against it.
# Needs Rust, Python 3.11 or newer and a network (or caches) for pip and cargo. No AWS account, no Docker.
#
#   tests/deploy/run.sh             everything
#   tests/deploy/run.sh template    only what can be read off template.yaml (seconds)
#
# DEPLOY_VENV   where the Python tools go (default: target/deploy-venv)
# CARQUERY_BIN, CARQUERY_LOCAL_BIN  the operator's command and the simulators, instead of building them
# SKIP_BUILD=1  deploy what is in target/deploy-build
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=${DEPLOY_VENV:-$PWD/target/deploy-venv}
what=${1:-all}
export SAM_CLI_TELEMETRY=0 PYTHONDONTWRITEBYTECODE=1

# A pip environment is made anew when its list has changed.
install() {
    local name=$1 list=$2
    if ! cmp -s "$list" "$venv/$name/installed.txt"; then
        rm -rf "${venv:?}/$name"
        python3 -m venv "$venv/$name"
        "$venv/$name/bin/pip" install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement "$list"
        cp "$list" "$venv/$name/installed.txt"
    fi
}
mkdir -p "$venv"
install tools tests/deploy/requirements.txt
install sam tests/deploy/requirements-sam.txt
export PATH=$venv/tools/bin:$venv/sam/bin:$PATH

if [ "$what" = all ]; then
    # This machine's own processor: the emulator runs the functions as processes.
    case $(uname -m) in
        aarch64 | arm64) export DEPLOY_ARCHITECTURE=arm64 ;;
        *) export DEPLOY_ARCHITECTURE=x86_64 ;;
    esac
    # Not .aws-sam/build, where an operator may have a stage's own.
    export DEPLOY_TEMPLATE=$PWD/target/deploy-build/template.yaml
    if [ -z "${SKIP_BUILD:-}" ]; then
        sam build --beta-features --build-dir target/deploy-build --parameter-overrides "Architecture=$DEPLOY_ARCHITECTURE"
    fi
    built=${CARGO_TARGET_DIR:-target}/debug
    if [ -z "${CARQUERY_BIN:-}" ] || [ -z "${CARQUERY_LOCAL_BIN:-}" ]; then
        # Without --package, so that the features are those of the whole workspace, which the tests have compiled already.
        cargo build --bin carquery --bin carquery-local
    fi
    CARQUERY_BIN=$(realpath "${CARQUERY_BIN:-$built/carquery}")
    CARQUERY_LOCAL_BIN=$(realpath "${CARQUERY_LOCAL_BIN:-$built/carquery-local}")
    export CARQUERY_BIN CARQUERY_LOCAL_BIN
fi

exec "$venv/tools/bin/python" tests/deploy/run_tests.py "$what"
