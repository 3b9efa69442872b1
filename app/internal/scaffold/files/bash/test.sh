#!/usr/bin/env bash
# Tests the catalog, the configuration and the program: the last command repeats each
# operation, kills it in the middle, and says what the program does not do right.
set -euo pipefail
cd "$(dirname "$0")"
bash -n broker.sh
openbroker lint --strict --config openbroker.yaml
openbroker config check openbroker.yaml
openbroker provider test openbroker.yaml
