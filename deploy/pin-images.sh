#!/bin/sh
# Writes the images of compose.yaml with their current digests into .env, so that a later
# build or start uses exactly these. Run it again to update them.
#
#   deploy/pin-images.sh [FILE]    default: .env
set -eu

file=${1:-.env}
folder=$(dirname "$0")

touch "$file"
chmod 600 "$file"
sed -n 's/.*\${\([A-Z]*_IMAGE\):-\([^}]*\)}.*/\1 \2/p' "$folder/compose.yaml" | sort -u |
while read -r name image; do
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image" </dev/null)
    case $digest in
        sha256:*) ;;
        *) echo "no digest for $image: $digest" >&2; exit 1 ;;
    esac
    kept=$(grep -v "^$name=" "$file" || true)
    printf '%s%s=%s@%s\n' "${kept:+$kept
}" "$name" "$image" "$digest" > "$file"
    echo "$name=$image@$digest"
done
