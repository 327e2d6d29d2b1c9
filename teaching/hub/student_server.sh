#!/usr/bin/env bash
# Starts the server of one student, in the student's home and under the student's account: first the
# newest notebooks, then JupyterLab. nbgitpuller merges; where both sides changed a line, it keeps
# the student's. If it cannot pull, the student works with what is there.
cd "$HOME" || exit 1
gitpuller "$NST_HUB_COURSE" main course >pull.log 2>&1 ||
    echo "The newest notebooks could not be pulled; see pull.log in the student's home." >&2
mkdir -p course
exec jupyterhub-singleuser "$@"
