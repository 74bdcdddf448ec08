#!/bin/sh
# Make /opt/venv of requirements/$1.lock, for the Dockerfile; leaves nothing else behind.
# STORE=s3 adds what IMAGE_STORE=s3://... needs; without it, what the file beside says to leave out is left out.
set -eu
set -- --requirement "requirements/$1.lock"
if [ -n "${STORE-}" ]; then
    set -- "$@" --requirement "requirements/$STORE.lock"
elif [ -e requirements/not-in-crawler.txt ]; then
    set -- "$@" --excludes requirements/not-in-crawler.txt
fi
python -m venv /opt/uv
/opt/uv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check uv==0.13.9
/opt/uv/bin/uv venv --python python3.11 /opt/venv
/opt/uv/bin/uv pip install --require-hashes "$@"
rm -rf /opt/uv
