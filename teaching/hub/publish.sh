#!/usr/bin/env bash
# publish.sh EDITION REPOSITORY: records a folder of notebooks as the newest version of a git
# repository, from which each student's server pulls when it starts.
set -euo pipefail
edition=$(realpath "$1") repository=$2
[ -d "$repository" ] || git init --quiet --bare --initial-branch=main "$repository"
repository=$(realpath "$repository")
in_repository=(git -C "$edition" --git-dir="$repository" --work-tree="$edition")
"${in_repository[@]}" add --all .
if "${in_repository[@]}" diff --cached --quiet 2>/dev/null; then
    echo "Nothing has changed since the last version."
else
    "${in_repository[@]}" -c user.name="The instructor" -c user.email=instructor@localhost \
        commit --quiet --message "Edition of $(date +%F)"
    echo "Published: students get it when their servers start again."
fi
